"""How bulletins are spread over the coming days: by example, and whatever is thrown at it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import math
import random
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from schedules import airings, filling
from schedules.airings import Sitting, Spread, spread
from schedules.slots import Airings, Candidate, Entry, Kind, Reason, Slot, Version
from schedules.types import LOCAL

MONDAY = dt.datetime(2026, 3, 2, tzinfo=LOCAL).astimezone(dt.UTC)
DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)
MINUTE = 60_000
FLOW = Entry(Kind.FLOW, fixed=False, classes=frozenset({"priority", "routine"}))
TWICE_A_DAY = (dt.timedelta(hours=5, minutes=30), dt.timedelta(hours=17))
Aired = dict[str, list[dt.datetime]]


def week(
    *times: dt.timedelta, minutes: float = 30, days: int = 7, entries: Sequence[Entry] = (FLOW,)
) -> list[Sitting]:
    slot = Slot(int(minutes * MINUTE), tuple(entries))
    return [Sitting(MONDAY + day * DAY + each, slot) for day in range(days) for each in times or TWICE_A_DAY]


def bulletin(identity: str, times: int = 3, days: int = 5, *, minutes: float = 1, **more: Any) -> Candidate:
    wanted = Airings(times, days, more.pop("gap", dt.timedelta()))
    klass, start = more.pop("klass", "routine"), more.pop("valid_from", MONDAY)
    return Candidate(identity, klass, (Version("vi", int(minutes * MINUTE)),), start, airings=wanted, **more)


def planned(
    sittings: Sequence[Sitting], given_: Sequence[Candidate], heard: Mapping[str, Any] | None = None
) -> Spread:
    horizon = max((each.start for each in sittings), default=MONDAY) + DAY
    return spread(sittings, given_, heard or {}, horizon=horizon)


def aired(made: Spread) -> Aired:
    found: Aired = {}
    for programme in made.programmes:
        for each in programme.bulletins():
            found.setdefault(each.ref, []).append(programme.start)
    return found


def faces(instants: Sequence[dt.datetime]) -> list[str]:
    return [f"{each.astimezone(LOCAL):%a %H:%M}" for each in instants]


def test_three_times_in_five_days_is_at_once_and_then_evenly() -> None:
    made = planned(week(), [bulletin("tiem-chung", 3, 5)])
    assert faces(aired(made)["tiem-chung"]) == ["Mon 05:30", "Wed 05:30", "Thu 17:00"]
    (reach,) = made.reaches
    assert (reach.wanted, reach.done, reach.planned, reach.final, reach.short) == (3, 0, 3, True, False)


def test_as_often_as_there_are_days_is_once_a_day() -> None:
    made = planned(week(), [bulletin("cat-dien", 5, 5)])
    assert [each.astimezone(LOCAL).day for each in aired(made)["cat-dien"]] == [2, 3, 4, 5, 6]


def test_a_bulletin_nobody_counts_airs_whenever_it_holds() -> None:
    always = dataclasses.replace(bulletin("noi-quy"), airings=None)
    assert len(aired(planned(week(), [always]))["noi-quy"]) == 14


def test_only_two_of_three_are_possible_when_the_days_are_nearly_over() -> None:
    late = bulletin("hop-dan", 3, 5, valid_from=MONDAY - 4 * DAY)
    made = planned(week(), [late])
    assert faces(aired(made)["hop-dan"]) == ["Mon 05:30", "Mon 17:00"]
    assert [(each.id, each.possible, each.wanted) for each in made.short] == [("hop-dan", 2, 3)]


def test_the_gap_may_make_the_count_impossible_and_that_is_told() -> None:
    made = planned(week(days=2), [bulletin("hop-dan", 4, 2, gap=20 * HOUR)])
    assert faces(aired(made)["hop-dan"]) == ["Mon 05:30", "Tue 05:30"]
    assert [(each.possible, each.wanted) for each in made.short] == [(2, 4)]


def test_nothing_is_told_short_while_later_days_are_not_planned_yet() -> None:
    made = planned(week(days=3), [bulletin("hop-dan", 6, 20)])
    assert not made.reaches[0].final
    assert made.short == ()
    assert faces(aired(made)["hop-dan"]) == ["Mon 05:30"]


def test_airings_before_count_and_the_rest_is_spread_over_the_time_that_is_left() -> None:
    heard = {"tiem-chung": [MONDAY - DAY]}
    made = planned(week(), [bulletin("tiem-chung", 3, 6, valid_from=MONDAY - DAY)], heard)
    assert faces(aired(made)["tiem-chung"]) == ["Tue 05:30", "Thu 05:30"]
    assert (made.reaches[0].done, made.reaches[0].planned) == (1, 2)


def test_one_that_aired_more_often_than_wanted_is_left_in_peace() -> None:
    heard = {"a": [MONDAY + each * HOUR for each in (1, 2, 3)]}
    made = planned(week(), [bulletin("a", 2, 5)], heard)
    assert aired(made) == {}
    assert (made.reaches[0].possible, made.reaches[0].short) == (3, False)


def test_a_bulletin_waits_for_no_day_on_which_there_is_no_slot() -> None:
    without_some = [each for each in week() if not 2 * DAY <= each.start - MONDAY < 5 * DAY]
    made = planned(without_some, [bulletin("hop-dan", 4, 5)])
    assert faces(aired(made)["hop-dan"]) == ["Mon 05:30", "Mon 17:00", "Tue 05:30", "Tue 17:00"]


def test_a_bulletin_hurries_only_when_it_must() -> None:
    daily = week(dt.timedelta(hours=5, minutes=30))
    assert faces(aired(planned(daily, [bulletin("a", 3, 4)]))["a"]) == ["Mon 05:30", "Wed 05:30", "Thu 05:30"]


def test_the_gap_is_reckoned_with_when_time_runs_out() -> None:
    three_days = week(*(each * HOUR for each in (5, 11, 17)), days=3)
    made = spread(three_days, [bulletin("a", 3, 6, gap=20 * HOUR)], {}, horizon=MONDAY + 7 * DAY)
    assert faces(aired(made)["a"]) == ["Mon 05:00", "Tue 17:00", "Wed 17:00"]


def test_one_that_aired_enough_is_told_so_and_not_that_it_comes_later() -> None:
    made = planned(week(), [bulletin("a", 2, 5)])
    told = [[each.why for each in programme.left_out] for programme in made.programmes]
    assert told[1:5] == [[Reason.LATER]] * 4
    assert told[6:10] == [[Reason.AIRED_ENOUGH]] * 4
    assert told[10:] == [[Reason.EXPIRED]] * 4


def test_slots_that_are_too_short_for_it_are_no_chances() -> None:
    short = week(dt.timedelta(hours=6), minutes=5)
    long = [each for each in week(dt.timedelta(hours=17), minutes=30) if each.start < MONDAY + 2 * DAY]
    made = planned([*short, *long], [bulletin("bai-noi", 2, 5, minutes=10)])
    assert faces(aired(made)["bai-noi"]) == ["Mon 17:00", "Tue 17:00"]


def test_one_that_found_no_room_airs_at_the_next_occurrence_that_has_some() -> None:
    hour_long = [bulletin("a", 1, 5, minutes=30, position=0), bulletin("b", 1, 5, minutes=30, position=1)]
    heard = aired(planned(week(), hour_long))
    assert faces(heard["a"] + heard["b"]) == ["Mon 05:30", "Mon 17:00"]


def test_bulletins_without_an_order_take_turns_when_there_is_room_for_one() -> None:
    three = [dataclasses.replace(bulletin(each, minutes=20), airings=None) for each in "abc"]
    made = planned(week(days=3), three)
    assert [each.ref for programme in made.programmes for each in programme.placed] == list("abcabc")


def test_a_fixed_bulletin_does_not_wait_but_keeps_its_count() -> None:
    made = planned(week(entries=[Entry(Kind.BULLETIN, "gio-xe")]), [bulletin("gio-xe", 3, 5)])
    assert faces(aired(made)["gio-xe"]) == ["Mon 05:30", "Mon 17:00", "Tue 05:30"]


def test_a_village_hears_what_is_for_it_on_the_days_of_all() -> None:
    given_ = [bulletin("ca-xa", areas=frozenset({"XA"})), bulletin("thon-1", areas=frozenset({"XA.1"}))]
    made = {
        each: airings.spread(week(), given_, {}, horizon=MONDAY + 7 * DAY, area=frozenset({each, "XA"}))
        for each in ("XA.1", "XA.2")
    }
    assert set(aired(made["XA.1"])) == {"ca-xa", "thon-1"}
    assert set(aired(made["XA.2"])) == {"ca-xa"}
    assert [each.id for each in made["XA.2"].reaches] == ["ca-xa"]
    assert aired(made["XA.1"])["ca-xa"] == aired(made["XA.2"])["ca-xa"]


hours = st.integers(-60, 9 * 24).map(lambda hour: MONDAY + hour * HOUR)
several = st.lists(
    st.builds(
        Candidate,
        id=st.uuids().map(str),
        klass=st.sampled_from(["priority", "routine", "routine"]),
        versions=st.integers(1, 12).map(lambda minutes: (Version("vi", minutes * MINUTE),)),
        valid_from=st.just(MONDAY) | hours,
        valid_until=st.none() | hours,
        position=st.none() | st.integers(0, 2),
        airings=st.none()
        | st.builds(
            Airings,
            times=st.integers(1, 6),
            days=st.integers(1, 9),
            gap=st.sampled_from([dt.timedelta(), 5 * HOUR, 20 * HOUR]),
        ),
    ),
    max_size=6,
    unique_by=lambda each: each.id,
)
times_of_day = st.sets(st.integers(5, 20), min_size=1, max_size=3).map(
    lambda some: [each * HOUR for each in sorted(some)]
)
weeks = st.builds(
    lambda times, minutes, days: week(*times, minutes=minutes, days=days),
    times_of_day,
    st.sampled_from([10, 20]),
    st.integers(1, 7),
)
pasts = st.lists(
    st.lists(st.integers(-80, -1).map(lambda hour: MONDAY + hour * HOUR), max_size=3), max_size=8
)


def heard_before(given_: Sequence[Candidate], past: Sequence[list[dt.datetime]]) -> Aired:
    return {each.id: instants for each, instants in zip(given_, past, strict=False)}


@given(weeks, several, pasts, st.randoms(use_true_random=False), st.integers(0, 20))
def test_whatever_is_given_counts_and_gaps_hold_and_the_plan_is_the_same_again(
    sittings: list[Sitting],
    given_: list[Candidate],
    past: list[list[dt.datetime]],
    chance: random.Random,
    gone: int,
) -> None:
    heard = heard_before(given_, past)
    made = planned(sittings, given_, heard)
    no_bulletin_airs_more_often_than_wanted_or_closer_than_its_gap(aired(made), given_, heard)
    assert planned(chance.sample(sittings, len(sittings)), chance.sample(given_, len(given_)), heard) == made
    planning_again_after_some_of_it_was_aired_gives_the_same_rest(made, sittings, given_, heard, gone=gone)


def no_bulletin_airs_more_often_than_wanted_or_closer_than_its_gap(
    coming: Aired, given_: Sequence[Candidate], heard: Aired
) -> None:
    for each in given_:
        if each.airings is not None:
            new = coming.get(each.id, [])
            everything = sorted(new + heard.get(each.id, []))
            counted = [at for at in everything if each.valid_from <= at < each.until]
            assert not new or len(counted) <= each.airings.times
            assert all(b - a >= each.airings.gap for a, b in itertools.pairwise(counted) if b in new)


def planning_again_after_some_of_it_was_aired_gives_the_same_rest(
    first: Spread, sittings: Sequence[Sitting], given_: Sequence[Candidate], heard: Aired, *, gone: int
) -> None:
    done = {each.id: list(heard.get(each.id, [])) for each in given_}
    for programme in first.programmes[:gone]:
        for each in programme.bulletins():
            done[each.ref].append(programme.start)
    again = spread(sittings[gone:], given_, done, horizon=sittings[-1].start + DAY)
    assert again.programmes == first.programmes[gone:]
    assert [each.possible for each in again.reaches] == [each.possible for each in first.reaches]


@given(times_of_day, st.integers(1, 9), st.integers(1, 6), st.sampled_from([0, 5, 20, 30]), hours)
def test_where_there_is_room_a_bulletin_airs_as_often_as_its_gap_lets_it(
    times: list[dt.timedelta], wanted: int, days: int, gap: int, valid_from: dt.datetime
) -> None:
    each = bulletin("a", wanted, days, gap=gap * HOUR, valid_from=valid_from)
    sittings = week(*times, days=16)
    most: list[dt.datetime] = []
    for at in (sitting.start for sitting in sittings):
        if each.valid_from <= at < each.until and (not most or at - most[-1] >= gap * HOUR):
            most.append(at)
    assert len(aired(planned(sittings, [each])).get("a", [])) == min(wanted, len(most))


@given(times_of_day, st.integers(1, 12), st.integers(2, 6))
def test_airings_are_spread_over_the_days(times: list[dt.timedelta], wanted: int, days: int) -> None:
    instants = aired(planned(week(*times), [bulletin("a", wanted, days)]))["a"]
    a_day = Counter(each.astimezone(LOCAL).date() for each in instants)
    assert max(a_day.values()) <= math.ceil(wanted / days) + 1
    assert wanted > days or max(a_day.values()) == 1


def static_rank(each: Candidate) -> Any:
    return filling.rank(each, 0)[:3]


@given(weeks, several, several.filter(bool), pasts)
def test_a_new_bulletin_leaves_those_alone_that_go_before_it_and_all_where_there_is_room(
    sittings: list[Sitting], given_: list[Candidate], new: list[Candidate], past: list[list[dt.datetime]]
) -> None:
    heard = heard_before(given_, past)
    before, after = (aired(planned(sittings, all_, heard)) for all_ in (given_, [*given_, new[0]]))
    for each in given_:
        if static_rank(each) < static_rank(new[0]):
            assert after.get(each.id) == before.get(each.id)
    roomy = [
        dataclasses.replace(each, slot=dataclasses.replace(each.slot, length_ms=240 * MINUTE))
        for each in sittings
    ]
    before, after = (aired(planned(roomy, all_, heard)) for all_ in (given_, [*given_, new[0]]))
    after.pop(new[0].id, None)
    assert after == before


def crowd(seed: int, count: int = 40) -> list[Candidate]:
    chance = random.Random(seed)
    return [
        bulletin(
            f"b{number:03}",
            chance.randint(1, 4),
            chance.randint(3, 7),
            minutes=chance.uniform(1, 4),
            klass=chance.choice(["priority", "routine", "routine", "routine"]),
            valid_from=MONDAY + chance.randint(-48, 96) * HOUR,
            position=chance.choice([None, None, number]),
            gap=chance.choice([0, 6, 20]) * HOUR,
        )
        for number in range(count)
    ]


def moved_by_one_more(seed: int, minutes: int) -> tuple[int, int]:
    """How many airings of forty bulletins one more takes away or moves, and how many there are."""
    *old, new = crowd(seed, 41)
    before, after = (aired(planned(week(minutes=minutes), all_)) for all_ in (old, [*old, new]))
    after.pop(new.id, None)
    was, is_now = ({(ref, at) for ref, some in each.items() for at in some} for each in (before, after))
    return len(was - is_now), len(was)


def test_one_more_bulletin_moves_few_airings_in_a_full_week_and_hardly_any_in_another() -> None:
    for minutes, most_percent in ((15, 10), (30, 2)):
        counts = [moved_by_one_more(seed, minutes) for seed in range(12)]
        moved, all_ = (sum(each) for each in zip(*counts, strict=True))
        assert moved * 100 <= most_percent * all_, f"{moved} of {all_} in slots of {minutes} minutes"


def test_a_week_of_three_slots_and_two_hundred_bulletins_costs_as_much_as_its_fillings() -> None:
    many = [
        dataclasses.replace(each, position=number if number % 3 else None)
        for number, each in enumerate(crowd(7, 200))
    ]
    sittings = week(*(each * HOUR for each in (5, 11, 17)))
    slot = sittings[0].slot
    one_s = min(_cpu_seconds(lambda: filling.fill(slot, MONDAY, many, {})) for _ in range(9))
    all_s = min(_cpu_seconds(lambda: planned(sittings, many)) for _ in range(3))
    assert all_s < 5 * len(sittings) * one_s


def _cpu_seconds(work: Any) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun
