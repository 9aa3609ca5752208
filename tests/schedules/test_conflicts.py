"""What plays at once, and the next time that is free: by example, and against a walk minute by minute."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules import conflicts, windows
from schedules.conflicts import Booking, Part, Say
from schedules.precedence import Decision
from schedules.types import LOCAL, Window

MONDAY = dt.datetime(2026, 3, 2, tzinfo=LOCAL).astimezone(dt.UTC)
MINUTE = dt.timedelta(minutes=1)
DAY = dt.timedelta(days=1)
MORNING = Window(dt.time(5), dt.time(7))
EVENING = Window(dt.time(17), dt.time(19))


def at(hour: int, minute: float = 0, day: int = 0) -> dt.datetime:
    return MONDAY + day * DAY + (hour * 60 + minute) * MINUTE


def booking(
    identity: str,
    start: dt.datetime,
    minutes: float,
    *,
    where: str = "thon-1 thon-2",
    klass: str = "routine",
    level: int = 3,
) -> Booking:
    places = frozenset(where.split())
    return Booking(identity, start, start + minutes * MINUTE, places, "Xã Trung Lộc", klass, level)


def test_an_overlap_names_the_loudspeakers_and_the_time() -> None:
    new = booking("moi", at(17, 20), 30, where="thon-2 thon-3")
    old = booking("cu", at(17), 30)
    (found,) = conflicts.overlaps([new], [old])
    assert (found.new, found.old) == (new, old)
    assert (found.start, found.end, found.where) == (at(17, 20), at(17, 30), {"thon-2"})


def test_what_ends_when_the_other_begins_does_not_overlap() -> None:
    old = booking("cu", at(17), 30)
    assert conflicts.overlaps([booking("a", at(16, 30), 30), booking("b", at(17, 30), 30)], [old]) == []


def test_other_loudspeakers_are_no_conflict() -> None:
    assert conflicts.overlaps([booking("a", at(17), 30, where="thon-3")], [booking("cu", at(17), 30)]) == []


def test_a_long_one_that_began_hours_ago_is_found() -> None:
    taken = [booking("dai", at(5), 600), booking("ngan", at(12), 5), booking("sau", at(14), 5)]
    assert [each.old.id for each in conflicts.overlaps([booking("a", at(13), 5)], taken)] == ["dai"]


def test_every_occurrence_is_compared_and_told_in_the_order_of_time() -> None:
    new = [booking("moi", at(17, day=day), 20) for day in (2, 0, 1)]
    taken = [booking("b", at(17, 10, day=2), 20), booking("a", at(17, 10), 20), booking("c", at(16, 50), 20)]
    found = conflicts.overlaps(new, taken)
    assert [(each.old.id, each.new.start) for each in found] == [
        ("c", at(17)),
        ("a", at(17)),
        ("b", at(17, day=2)),
    ]


def test_over_it_tells_who_loses_which_part() -> None:
    new = booking("moi", at(17, 10), 10, klass="priority")
    taken = [
        booking("het", at(17, 12), 5),
        booking("dau", at(17, 15), 30),
        booking("giua", at(17), 60),
        booking("cuoi", at(17), 15),
        booking("tren", at(17, 10), 10, klass="priority", level=1),
    ]
    found = {each.overlap.old.id: each for each in conflicts.over([new], taken)}
    told = {key: (each.part, each.left_ms // 60_000, each.say) for key, each in found.items()}
    assert told == {
        "het": (Part.ALL, 0, Say.RULE),
        "dau": (Part.BEGINNING, 25, Say.RULE),
        "giua": (Part.MIDDLE, 50, Say.RULE),
        "cuoi": (Part.END, 10, Say.RULE),
        "tren": (Part.ALL, 0, Say.UNIT),
    }


@pytest.mark.parametrize(
    ("new", "old", "say"),
    [
        (("routine", 3), ("routine", 3), Say.UNIT),
        (("priority", 3), ("priority", 3), Say.UNIT),
        (("priority", 3), ("routine", 3), Say.RULE),
        (("routine", 3), ("priority", 3), Say.NOBODY),
        (("routine", 3), ("priority", 1), Say.UNIT),
        (("priority", 3), ("priority", 1), Say.UNIT),
        (("routine", 3), ("routine", 1), Say.NOBODY),
        (("routine", 3), ("routine", 4), Say.RULE),
        (("routine", 3), ("emergency", 3), Say.NOBODY),
        (("emergency", 3), ("emergency", 3), Say.NOBODY),
        (("emergency", 3), ("priority", 1), Say.RULE),
    ],
)
def test_what_may_sound_over_what(new: tuple[str, int], old: tuple[str, int], say: Say) -> None:
    ours = booking("moi", at(17), 10, klass=new[0], level=new[1])
    theirs = booking("cu", at(17), 10, klass=old[0], level=old[1])
    (found,) = conflicts.over([ours], [theirs])
    assert found.say is say


def test_a_decision_takes_the_rule_s_place() -> None:
    ours, theirs = booking("cua-xa", at(17), 10), booking("tren", at(17), 10, klass="priority", level=1)
    decided = Decision(first="cua-xa", second="tren", level=3, by="Lãnh đạo xã", at=at(8))
    assert [each.say for each in conflicts.over([theirs], [ours])] == [Say.RULE]
    assert [each.say for each in conflicts.over([theirs], [ours], [decided])] == [Say.NOBODY]


def test_after_it_is_right_behind_all_that_follows_without_enough_of_a_gap() -> None:
    taken = [
        booking("a", at(17), 30),
        booking("b", at(17, 35), 10),
        booking("c", at(17, 30), 300, where="thon-9"),
    ]
    moved = conflicts.after(booking("moi", at(17, 10), 20), taken)
    assert (moved.start, moved.end, moved.id) == (at(17, 45), at(18, 5), "moi")
    assert conflicts.after(booking("moi", at(17, 10), 5), taken).start == at(17, 30)


def test_the_next_free_time_is_a_whole_minute_behind_what_plays() -> None:
    taken = [booking("a", at(17), 12.3)]
    assert conflicts.next_free(at(17, 5), 10 * MINUTE, taken, [EVENING]) == at(17, 13)


def test_a_time_that_is_free_stays_as_it_was_given() -> None:
    odd = at(17, 5.5)
    assert conflicts.next_free(odd, 10 * MINUTE, [], [EVENING]) == odd


def test_the_next_free_time_is_in_the_next_opening_when_this_one_is_full() -> None:
    taken = [booking("a", at(6), 55), booking("b", at(17), 110)]
    assert conflicts.next_free(at(6), 10 * MINUTE, taken, [MORNING, EVENING]) == at(18, 50)
    assert conflicts.next_free(at(6), 11 * MINUTE, taken, [MORNING, EVENING]) == at(5, day=1)


def test_the_next_free_time_is_on_an_allowed_weekday() -> None:
    friday = at(6, day=4)
    found = conflicts.next_free(
        friday + 2 * 60 * MINUTE, 10 * MINUTE, [], [MORNING], weekdays=frozenset({0, 1, 2, 3, 4})
    )
    assert found == at(5, day=7)


def test_a_night_belongs_to_the_weekday_on_which_it_begins() -> None:
    night = Window(dt.time(22), dt.time(4))
    only_friday = {"weekdays": frozenset({4})}
    assert conflicts.next_free(at(2, day=5), 10 * MINUTE, [], [night], **only_friday) == at(2, day=5)
    assert conflicts.next_free(at(2, day=4), 10 * MINUTE, [], [night], **only_friday) == at(22, day=4)


def test_no_time_is_free_where_no_hour_is_long_enough_or_no_day_allowed() -> None:
    assert conflicts.next_free(at(6), 121 * MINUTE, [], [MORNING, EVENING]) is None
    assert conflicts.next_free(at(6), 10 * MINUTE, [], []) is None
    assert conflicts.next_free(at(6), 10 * MINUTE, [], [MORNING], weekdays=()) is None


def test_a_time_beyond_the_limit_is_not_proposed() -> None:
    taken = [booking("a", at(0), 3 * 24 * 60)]
    assert conflicts.next_free(at(6), 10 * MINUTE, taken, [MORNING], within=2 * DAY) is None
    assert conflicts.next_free(at(6), 10 * MINUTE, taken, [MORNING], within=4 * DAY) == at(5, day=3)
    assert conflicts.next_free(at(8), 10 * MINUTE, [], [MORNING], within=21 * 60 * MINUTE) is None


def test_a_daily_programme_moves_to_a_time_that_is_free_on_every_day() -> None:
    starts = [at(17, day=day) for day in range(7)]
    taken = [booking("a", at(17, 5, day=2), 20), booking("b", at(17, 20, day=4), 30)]
    shift = conflicts.next_free_for_all(starts, 15 * MINUTE, taken, [EVENING])
    assert shift == 50 * MINUTE
    assert conflicts.next_free_for_all(starts, 15 * MINUTE, [], [EVENING]) == dt.timedelta()
    workdays = frozenset(range(5))
    assert conflicts.next_free_for_all(starts, 15 * MINUTE, taken, [EVENING], weekdays=workdays) is None
    assert conflicts.next_free_for_all(starts[:5], 15 * MINUTE, taken, [EVENING], weekdays=workdays) == shift
    assert conflicts.next_free_for_all(starts, 71 * MINUTE, taken, [EVENING], within=3 * 60 * MINUTE) is None


minutes = st.integers(0, 24 * 60 - 1).map(lambda minute: dt.time(minute // 60, minute % 60))
allowed_hours = st.lists(st.builds(Window, minutes, minutes), min_size=1, max_size=2)
bookings = st.lists(
    st.builds(
        booking,
        st.uuids().map(str),
        st.integers(-300, 3 * 24 * 60).map(lambda minute: MONDAY + minute * MINUTE),
        st.integers(1, 900),
        where=st.sampled_from(["thon-1", "thon-2", "thon-1 thon-2"]),
        klass=st.sampled_from(["priority", "routine"]),
        level=st.integers(1, 3),
    ),
    max_size=6,
)


@given(bookings, bookings)
def test_overlaps_are_all_pairs_that_share_a_time_and_a_loudspeaker(
    new: list[Booking], taken: list[Booking]
) -> None:
    pairs = {
        (a.id, b.id) for a in new for b in taken if a.start < b.end and b.start < a.end and a.where & b.where
    }
    found = conflicts.overlaps(new, taken)
    assert sorted((each.new.id, each.old.id) for each in found) == sorted(pairs)
    for each in found:
        assert each.start < each.end
        assert max(each.new.start, each.old.start) == each.start
        assert min(each.new.end, each.old.end) == each.end


@given(st.integers(0, 2 * 24 * 60), st.integers(1, 400), bookings, allowed_hours)
def test_the_next_free_time_is_the_first_that_a_walk_minute_by_minute_finds(
    begin: int, length: int, taken: list[Booking], allowed: list[Window]
) -> None:
    start, lasts = MONDAY + begin * MINUTE, length * MINUTE

    def is_free(moment: dt.datetime) -> bool:
        if not any(windows.covers(window, moment, moment + lasts) for window in allowed):
            return False
        return all(each.end <= moment or each.start >= moment + lasts for each in taken)

    walk = (start + minute * MINUTE for minute in range(24 * 60))
    first = next((moment for moment in walk if is_free(moment)), None)
    assert conflicts.next_free(start, lasts, taken, allowed, within=DAY) == first


@settings(max_examples=40)
@given(
    st.lists(st.integers(0, 24 * 60), min_size=1, max_size=4), st.integers(1, 200), bookings, allowed_hours
)
def test_the_shift_of_a_series_is_the_first_that_suits_all_of_it(
    begins: Sequence[int], length: int, taken: list[Booking], allowed: list[Window]
) -> None:
    starts, lasts = [MONDAY + begin * MINUTE for begin in begins], length * MINUTE
    shift = conflicts.next_free_for_all(starts, lasts, taken, allowed, within=6 * 60 * MINUTE)
    suits = (
        moved * MINUTE
        for moved in range(6 * 60)
        if all(
            conflicts.next_free(start + moved * MINUTE, lasts, taken, allowed) == start + moved * MINUTE
            for start in starts
        )
    )
    assert shift == next(suits, None)


@given(bookings.filter(bool), bookings)
def test_after_it_overlaps_nothing_and_is_never_earlier(new: list[Booking], taken: list[Booking]) -> None:
    moved = conflicts.after(new[0], taken)
    assert moved.start >= new[0].start
    assert moved.end - moved.start == new[0].end - new[0].start
    assert conflicts.overlaps([moved], taken) == []
    if not conflicts.overlaps([new[0]], taken):
        assert moved == new[0]
