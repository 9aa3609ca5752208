"""What a slot plays at one occurrence, by example."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
import time
from collections.abc import Sequence
from typing import Any

import pytest

from schedules import filling, slots
from schedules.errors import OverFull
from schedules.slots import Airings, Candidate, Entry, Kind, Programme, Reason, Slot, Version, Why

MONDAY = dt.datetime(2026, 3, 1, 22, 30, tzinfo=dt.UTC)  # 05:30 in Vietnam
MIDNIGHT = MONDAY - dt.timedelta(hours=5, minutes=30)
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
MINUTE = 60_000
BOTH = frozenset({"priority", "routine"})
FLOW = Entry(Kind.FLOW, fixed=False, classes=BOTH)
TUNE = Entry(Kind.TUNE, "nhac-hieu", 20_000)
CLOSING = Entry(Kind.CLOSING, length_ms=20_000)
SONG = Entry(Kind.PIECE, "dan-ca", 4 * MINUTE, fixed=False)


def slot(*entries: Entry, minutes: int = 30, languages: Sequence[str] = ()) -> Slot:
    return slots.validate(Slot(minutes * MINUTE, entries or (FLOW,), tuple(languages)))


def bulletin(identity: str, minutes: float = 5, klass: str = "routine", **more: Any) -> Candidate:
    versions = more.pop("versions", (Version("vi", int(minutes * MINUTE)),))
    return Candidate(identity, klass, versions, more.pop("valid_from", MIDNIGHT), **more)


def played(programme: Programme) -> list[str]:
    return [each.ref for each in programme.placed]


def reasons(programme: Programme) -> dict[str, Reason]:
    return {each.ref: each.why for each in programme.left_out}


def test_half_an_hour_fills_itself_between_tune_and_closing() -> None:
    given_ = [bulletin("hop-thon", 6), bulletin("tiem-chung", 5, "priority"), bulletin("cat-dien", 9)]
    programme = filling.fill(slot(TUNE, FLOW, SONG, CLOSING), MONDAY, given_, {})
    assert [(each.ref, each.offset_ms, each.why) for each in programme.placed] == [
        ("nhac-hieu", 0, Why.FIXED),
        ("tiem-chung", 20_000, Why.PRIORITY),
        ("cat-dien", 320_000, Why.VALID),
        ("hop-thon", 860_000, Why.VALID),
        ("dan-ca", 1_220_000, Why.SPARE),
        ("", 1_460_000, Why.FIXED),
    ]
    assert (programme.used_ms, programme.length_ms) == (1_480_000, 1_800_000)  # 24:40 of 30:00
    assert programme.left_out == ()


def test_priority_goes_before_order_order_before_validity_validity_before_airings_and_all_before_the_id() -> (
    None
):
    expected = [
        bulletin("z", 1, "priority", position=2),
        bulletin("y", 1, "priority"),
        bulletin("x", 1, position=0, valid_until=MONDAY + 9 * DAY),
        bulletin("w", 1, position=1, valid_until=MONDAY + 1 * DAY),
        bulletin("v", 1, valid_until=MONDAY + 2 * DAY),
        bulletin("u", 1, valid_until=MONDAY + 3 * DAY),
        bulletin("t", 1),
        bulletin("a", 1),
        bulletin("b", 1),
    ]
    heard = {each: [MONDAY - DAY] for each in ("a", "b")} | {"v": [MONDAY - DAY, MONDAY - 2 * DAY]}
    programme = filling.fill(slot(), MONDAY, reversed(expected), heard)
    assert played(programme) == [each.id for each in expected]


def test_a_shorter_one_goes_in_where_a_longer_did_not_fit() -> None:
    programme = filling.fill(
        slot(minutes=10), MONDAY, [bulletin("a", 6), bulletin("b", 5), bulletin("c", 4)], {}
    )
    assert played(programme) == ["a", "c"]
    (left_out,) = programme.left_out
    assert (left_out.ref, left_out.why, left_out.params) == ("b", Reason.NO_ROOM, {"missing_ms": MINUTE})


def test_the_last_millisecond_decides_what_fits() -> None:
    versions = (Version("vi", 10 * MINUTE + 1),)
    assert played(filling.fill(slot(minutes=10), MONDAY, [bulletin("a", versions=versions)], {})) == []
    with pytest.raises(OverFull):
        filling.fill(
            slot(Entry(Kind.BULLETIN, "a"), minutes=10), MONDAY, [bulletin("a", versions=versions)], {}
        )
    assert played(filling.fill(slot(SONG, SONG, SONG, minutes=11), MONDAY, [], {})) == ["dan-ca", "dan-ca"]


def test_a_priority_bulletin_is_not_left_out_for_two_short_ones() -> None:
    short = [bulletin("a", 3, position=0), bulletin("b", 3, position=1)]
    programme = filling.fill(slot(minutes=8), MONDAY, [*short, bulletin("c", 6, "priority")], {})
    assert played(programme) == ["c"]


def test_what_is_fixed_stays_when_time_is_short() -> None:
    relay = Entry(Kind.RELAY, "dai-tinh", 9 * MINUTE)
    programme = filling.fill(slot(FLOW, SONG, relay, minutes=10), MONDAY, [bulletin("a", 2, "priority")], {})
    assert played(programme) == ["dai-tinh"]
    assert reasons(programme) == {"a": Reason.NO_ROOM, "dan-ca": Reason.NO_ROOM}


def test_fixed_entries_that_are_longer_than_the_slot_are_refused_with_how_much() -> None:
    relay = Entry(Kind.RELAY, "dai-tinh", 9 * MINUTE)
    fixed = Entry(Kind.BULLETIN, "a")
    with pytest.raises(OverFull) as refused:
        filling.fill(slot(relay, fixed, minutes=10), MONDAY, [bulletin("a", 3)], {})
    assert refused.value.over_ms == 2 * MINUTE
    assert refused.value.params == {
        "fixed_ms": 12 * MINUTE,
        "length_ms": 10 * MINUTE,
        "over_ms": 2 * MINUTE,
    }


def test_fixed_entries_may_fill_the_slot_to_the_last_moment() -> None:
    relay = Entry(Kind.RELAY, "dai-tinh", 10 * MINUTE)
    assert filling.fill(slot(relay, minutes=10), MONDAY, [], {}).used_ms == 10 * MINUTE


def test_a_fixed_bulletin_has_its_own_place_and_sounds_only_there() -> None:
    fixed = Entry(Kind.BULLETIN, "gio-xe")
    given_ = [bulletin("gio-xe", 2, "priority"), bulletin("hop-thon", 3)]
    programme = filling.fill(slot(FLOW, fixed), MONDAY, given_, {})
    assert [(each.ref, each.kind, each.why) for each in programme.placed] == [
        ("hop-thon", Kind.FLOW, Why.VALID),
        ("gio-xe", Kind.BULLETIN, Why.FIXED),
    ]


def test_a_fixed_bulletin_that_is_no_longer_true_is_silent_and_gives_its_room_away() -> None:
    fixed = Entry(Kind.BULLETIN, "gio-xe")
    old = bulletin("gio-xe", 8, valid_until=MONDAY)
    programme = filling.fill(slot(fixed, FLOW, minutes=10), MONDAY, [old, bulletin("hop-thon", 9)], {})
    assert played(programme) == ["hop-thon"]
    assert reasons(programme) == {"gio-xe": Reason.EXPIRED}


def test_a_fixed_bulletin_that_nobody_approved_is_silent() -> None:
    programme = filling.fill(slot(Entry(Kind.BULLETIN, "gio-xe"), FLOW), MONDAY, [], {})
    assert programme.placed == ()
    assert reasons(programme) == {"gio-xe": Reason.NOT_APPROVED}


def test_priority_and_routine_may_have_places_of_their_own() -> None:
    first = Entry(Kind.FLOW, fixed=False, classes=frozenset({"priority"}))
    then = Entry(Kind.FLOW, fixed=False, classes=frozenset({"routine"}))
    given_ = [bulletin("a"), bulletin("b", klass="priority")]
    assert played(filling.fill(slot(first, SONG, then), MONDAY, given_, {})) == ["b", "dan-ca", "a"]


def test_each_one_that_is_not_played_is_told_why() -> None:
    given_ = [
        bulletin("tomorrow", valid_from=MONDAY + DAY),
        bulletin("yesterday", valid_until=MONDAY - DAY),
        bulletin("elsewhere", areas=frozenset({"XA-B"})),
        bulletin("mute", versions=(Version("vi", 0),)),
        bulletin("flood", klass="emergency"),
        bulletin("often", airings=Airings(2, 5)),
        bulletin("just-now", airings=Airings(5, 5, gap=12 * HOUR)),
        bulletin("waits"),
        bulletin("long", 31),
        bulletin("plays"),
    ]
    heard = {"often": [MONDAY - 4 * HOUR, MONDAY - 2 * HOUR], "just-now": [MONDAY - 2 * HOUR]}
    programme = filling.fill(
        slot(), MONDAY, given_, heard, area=frozenset({"XA-A", "TINH"}), waiting={"waits"}
    )
    assert played(programme) == ["plays"]
    assert reasons(programme) == {
        "tomorrow": Reason.NOT_VALID_YET,
        "yesterday": Reason.EXPIRED,
        "elsewhere": Reason.OTHER_AREA,
        "mute": Reason.NO_AUDIO,
        "flood": Reason.NO_PLACE,
        "often": Reason.AIRED_ENOUGH,
        "just-now": Reason.TOO_SOON,
        "waits": Reason.LATER,
        "long": Reason.NO_ROOM,
    }


def test_a_bulletin_still_holds_when_its_last_word_is_heard() -> None:
    ten_past = MONDAY + dt.timedelta(minutes=10)
    first = bulletin("a", 6, "priority")
    both = [first, bulletin("b", 4, valid_until=ten_past)]
    assert played(filling.fill(slot(), MONDAY, both, {})) == ["a", "b"]
    late = [first, bulletin("b", 4.1, valid_until=ten_past)]
    assert reasons(filling.fill(slot(), MONDAY, late, {})) == {"b": Reason.EXPIRED}


def test_a_bulletin_waits_for_all_that_may_sound_before_it_when_its_end_is_reckoned() -> None:
    in_five = MONDAY + dt.timedelta(minutes=5)
    brief = [bulletin("a", 2, valid_until=in_five)]
    assert played(filling.fill(slot(FLOW, SONG), MONDAY, brief, {})) == ["a", "dan-ca"]
    for before in (SONG, dataclasses.replace(SONG, fixed=True)):
        assert reasons(filling.fill(slot(before, FLOW), MONDAY, brief, {})) == {"a": Reason.EXPIRED}
    fixed = Entry(Kind.BULLETIN, "a")
    assert played(filling.fill(slot(fixed, FLOW), MONDAY, brief, {})) == ["a"]
    assert reasons(filling.fill(slot(FLOW, fixed), MONDAY, brief, {})) == {"a": Reason.EXPIRED}


def test_a_bulletin_airs_from_the_very_moment_it_is_valid() -> None:
    assert played(filling.fill(slot(), MONDAY, [bulletin("a", valid_from=MONDAY)], {})) == ["a"]


def test_an_emergency_is_part_of_no_programme_not_even_where_it_is_fixed() -> None:
    flood = bulletin("lu", klass="emergency")
    programme = filling.fill(slot(Entry(Kind.BULLETIN, "lu"), FLOW), MONDAY, [flood], {})
    assert reasons(programme) == {"lu": Reason.NO_PLACE}


def test_what_waits_is_told_the_better_reason_when_it_has_one() -> None:
    old = bulletin("a", valid_until=MONDAY)
    programme = filling.fill(slot(), MONDAY, [old], {}, waiting={"a"})
    assert reasons(programme) == {"a": Reason.EXPIRED}


def test_the_gap_is_kept_to_airings_before_and_after() -> None:
    wanted = bulletin("a", airings=Airings(5, 5, gap=6 * HOUR))
    for near in (-5 * HOUR, 5 * HOUR):
        programme = filling.fill(slot(), MONDAY, [wanted], {"a": [MONDAY + near]})
        assert reasons(programme) == {"a": Reason.TOO_SOON}
    for far in (-6 * HOUR, 6 * HOUR):
        assert played(filling.fill(slot(), MONDAY, [wanted], {"a": [MONDAY + far]})) == ["a"]


def test_airings_before_its_days_do_not_count() -> None:
    wanted = bulletin("a", airings=Airings(1, 5))
    assert played(filling.fill(slot(), MONDAY, [wanted], {"a": [MIDNIGHT - DAY]})) == ["a"]


def test_languages_are_heard_in_the_order_of_the_slot() -> None:
    three = (Version("vi", MINUTE), Version("tyz", 2 * MINUTE), Version("hmn", 4 * MINUTE))
    (placed,) = filling.fill(
        slot(languages=("tyz", "vi")), MONDAY, [bulletin("a", versions=three)], {}
    ).placed
    assert (placed.languages, placed.length_ms) == (("tyz", "vi"), 3 * MINUTE)
    none = filling.fill(slot(languages=("nun",)), MONDAY, [bulletin("a", versions=three)], {})
    assert reasons(none) == {"a": Reason.NO_AUDIO}


def test_villages_hear_what_is_for_them() -> None:
    given_ = [
        bulletin("ca-xa", areas=frozenset({"XA"})),
        bulletin("thon-1", areas=frozenset({"XA.1"})),
        bulletin("moi-noi"),
    ]
    villages = {each: frozenset({each, "XA"}) for each in ("XA.1", "XA.2", "XA.3", "XA.4")}
    wanted = bulletin("mot-lan", airings=Airings(1, 5), areas=frozenset({"XA"}))
    heard = {"XA.4": {"mot-lan": [MONDAY - 2 * HOUR], "thon-1": [MONDAY - 3 * HOUR]}}
    filled = {
        name: filling.fill(slot(), MONDAY, [*given_, wanted], heard.get(name, {}), area=area)
        for name, area in villages.items()
    }
    assert played(filled["XA.1"]) == ["mot-lan", "ca-xa", "moi-noi", "thon-1"]
    assert played(filled["XA.2"]) == ["mot-lan", "ca-xa", "moi-noi"]
    assert filled["XA.3"] == filled["XA.2"]
    assert played(filled["XA.4"]) == ["ca-xa", "moi-noi"]


def test_what_is_not_for_an_area_does_not_tell_its_programme_apart() -> None:
    given_ = [bulletin("a", areas=frozenset({"KHAC"})), bulletin("b", areas=frozenset({"KHAC"}))]
    one, other = frozenset({"A"}), frozenset({"B"})
    heard = {"a": [MONDAY - DAY]}
    apart = filling.fill(slot(), MONDAY, given_, heard, area=one)
    assert apart == filling.fill(slot(), MONDAY, given_, {}, area=other)


def test_two_hundred_bulletins_take_no_longer_than_a_few_sorts_of_them() -> None:
    chance = random.Random(5)
    many = [
        bulletin(f"b{n}", chance.uniform(0.5, 4), airings=Airings(3, 5), position=chance.choice([None, n]))
        for n in range(200)
    ]
    where = slot(TUNE, FLOW, SONG, CLOSING)
    heard = {each.id: [MONDAY - DAY] for each in many}
    fill_s = min(_cpu_seconds(lambda: filling.fill(where, MONDAY, many, heard)) for _ in range(10))
    keys = min(_cpu_seconds(lambda: sorted(many, key=lambda each: filling.rank(each, 0))) for _ in range(10))
    assert fill_s < 30 * keys


def _cpu_seconds(work: Any) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun
