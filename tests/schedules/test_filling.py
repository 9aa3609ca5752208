"""What a slot plays at one occurrence: by example, and whatever is thrown at it."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
import time
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

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


def test_villages_hear_what_is_for_them_and_equal_ones_share_a_programme() -> None:
    given_ = [
        bulletin("ca-xa", areas=frozenset({"XA"})),
        bulletin("thon-1", areas=frozenset({"XA.1"})),
        bulletin("moi-noi"),
    ]
    villages = {each: frozenset({each, "XA"}) for each in ("XA.1", "XA.2", "XA.3", "XA.4")}
    wanted = bulletin("mot-lan", airings=Airings(1, 5), areas=frozenset({"XA"}))
    heard = {"XA.4": {"mot-lan": [MONDAY - 2 * HOUR], "thon-1": [MONDAY - 3 * HOUR]}}
    filled = filling.fill_areas(slot(), MONDAY, [*given_, wanted], villages, heard)
    assert played(filled["XA.1"]) == ["mot-lan", "ca-xa", "moi-noi", "thon-1"]
    assert played(filled["XA.2"]) == ["mot-lan", "ca-xa", "moi-noi"]
    assert filled["XA.3"] is filled["XA.2"]
    assert played(filled["XA.4"]) == ["ca-xa", "moi-noi"]


def test_what_is_not_for_an_area_does_not_tell_its_programme_apart() -> None:
    given_ = [bulletin("a", areas=frozenset({"KHAC"})), bulletin("b", areas=frozenset({"KHAC"}))]
    areas = {each: frozenset({each}) for each in ("A", "B")}
    heard = {"A": {"a": [MONDAY - DAY]}}
    filled_ = filling.fill_areas(slot(), MONDAY, given_, areas, heard)
    assert filled_["A"] is filled_["B"]
    assert filled_["A"] == filling.fill(slot(), MONDAY, given_, {}, area=areas["B"])


instants = st.integers(-200, 200).map(lambda hours: MONDAY + hours * HOUR)
wishes = st.none() | st.builds(
    Airings, times=st.integers(1, 4), days=st.integers(1, 9), gap=st.integers(0, 30).map(lambda h: h * HOUR)
)


@st.composite
def bulletins(draw: st.DrawFn, most: int = 8) -> list[Candidate]:
    return [
        Candidate(
            id=f"b{number}",
            klass=draw(st.sampled_from(["priority", "routine", "routine", "emergency"])),
            versions=(Version("vi", draw(st.integers(0, 12 * MINUTE))),),
            valid_from=draw(st.just(MIDNIGHT) | instants),
            valid_until=draw(st.none() | st.integers(0, 40 * MINUTE).map(at) | instants),
            position=draw(st.none() | st.integers(0, 3)),
            airings=draw(wishes),
            areas=draw(st.just(frozenset()) | st.sampled_from([frozenset({"XA"}), frozenset({"KHAC"})])),
        )
        for number in range(draw(st.integers(0, most)))
    ]


def at(ms: int) -> dt.datetime:
    return MONDAY + dt.timedelta(milliseconds=ms)


lengths = st.integers(1, 4 * MINUTE)
frames = st.builds(
    Entry,
    kind=st.sampled_from([Kind.TUNE, Kind.PIECE, Kind.RELAY, Kind.CLOSING]),
    ref=st.just("x"),
    length_ms=lengths,
    fixed=st.booleans(),
)
fixed_bulletins = st.sets(st.integers(0, 8), max_size=2).map(
    lambda numbers: [Entry(Kind.BULLETIN, f"b{number}") for number in sorted(numbers)]
)
flows = st.sampled_from(
    [
        [FLOW],
        [Entry(Kind.FLOW, fixed=False, classes=frozenset({each})) for each in ("priority", "routine")],
    ]
)


@st.composite
def some_slots(draw: st.DrawFn) -> Slot:
    """Slots whose flows stand somewhere among other entries."""
    others = draw(st.lists(frames, max_size=3)) + draw(fixed_bulletins)
    entries = draw(st.permutations(others))
    places = sorted(draw(st.lists(st.integers(0, len(entries)), min_size=2, max_size=2)))
    for place, each in reversed(list(zip(places, draw(flows), strict=False))):
        entries.insert(place, each)
    frame_ms = slots.frame_ms(Slot(0, tuple(entries)))
    return slots.validate(Slot(frame_ms + draw(st.integers(1, 40)) * MINUTE, tuple(entries)))


histories = st.dictionaries(st.integers(0, 8).map("b{}".format), st.lists(instants, max_size=3), max_size=5)
AREA = frozenset({"XA", "TINH"})


def filled(
    where: Slot, given_: Sequence[Candidate], heard: Mapping[str, list[dt.datetime]]
) -> Programme | None:
    try:
        return filling.fill(where, MONDAY, given_, heard, area=AREA)
    except OverFull:
        return None


@given(some_slots(), bulletins(), histories, st.randoms(use_true_random=False))
def test_whatever_is_given_a_slot_keeps_its_rules(
    where: Slot, given_: list[Candidate], heard: dict[str, list[dt.datetime]], chance: random.Random
) -> None:
    programme = filled(where, given_, heard)
    if programme is not None:
        it_is_not_over_full_and_what_is_fixed_is_there(where, programme)
        each_bulletin_is_played_once_or_told_why(programme, given_)
        only_what_goes_before_it_takes_the_room_of_a_bulletin(programme, given_, heard)
        what_is_played_holds_and_keeps_its_count_and_its_gap(programme, given_, heard)
    shuffled = chance.sample(given_, len(given_))
    turned = {each: chance.sample(known, len(known)) for each, known in heard.items()}
    assert filled(where, shuffled, turned) == programme


def it_is_not_over_full_and_what_is_fixed_is_there(where: Slot, programme: Programme) -> None:
    offset = 0
    for each in programme.placed:
        assert each.offset_ms == offset
        offset += each.length_ms
    assert offset == programme.used_ms <= where.length_ms
    assert [each.entry for each in programme.placed] == sorted(each.entry for each in programme.placed)
    always = {n for n, entry in enumerate(where.entries) if entry.fixed and entry.kind != Kind.BULLETIN}
    assert always <= {each.entry for each in programme.placed}


def each_bulletin_is_played_once_or_told_why(programme: Programme, given_: Sequence[Candidate]) -> None:
    on_air = [each.ref for each in programme.bulletins()]
    known = {each.id for each in given_}
    told = [each.ref for each in programme.left_out if each.ref in known]
    assert sorted(on_air + told) == sorted(known)


def only_what_goes_before_it_takes_the_room_of_a_bulletin(
    programme: Programme, given_: Sequence[Candidate], heard: Mapping[str, list[dt.datetime]]
) -> None:
    by_id = {each.id: each for each in given_}

    def order(ref: str) -> filling.Rank:
        return filling.rank(by_id[ref], len(heard.get(ref, ())))

    flowing = [each for each in programme.placed if each.kind is Kind.FLOW]
    assert [each.ref for each in flowing] == sorted((each.ref for each in flowing), key=order)
    fixed_ms = sum(each.length_ms for each in programme.placed if each.why is Why.FIXED)
    for left_out in programme.left_out:
        if left_out.why is Reason.NO_ROOM and left_out.ref in by_id:
            before = sum(each.length_ms for each in flowing if order(each.ref) < order(left_out.ref))
            own = sum(version.length_ms for version in by_id[left_out.ref].versions)
            assert fixed_ms + before + own == programme.length_ms + left_out.params["missing_ms"]
            assert left_out.params["missing_ms"] > 0


def what_is_played_holds_and_keeps_its_count_and_its_gap(
    programme: Programme, given_: Sequence[Candidate], heard: Mapping[str, list[dt.datetime]]
) -> None:
    by_id = {each.id: each for each in given_}
    for placed in programme.bulletins():
        each = by_id[placed.ref]
        assert each.klass != "emergency"
        assert each.valid_from <= MONDAY
        assert at(placed.offset_ms + placed.length_ms) <= each.until
        assert not each.areas or each.areas & AREA
        if each.airings is not None:
            aired = heard.get(placed.ref, [])
            inside = [instant for instant in aired if each.valid_from <= instant < each.until]
            assert len(inside) < each.airings.times
            assert all(abs(instant - MONDAY) >= each.airings.gap for instant in aired)


@given(some_slots(), bulletins(), histories, st.integers(0, 20 * MINUTE))
def test_with_more_room_priority_bulletins_never_get_less_time(
    where: Slot, given_: list[Candidate], heard: dict[str, list[dt.datetime]], more_ms: int
) -> None:
    wider = dataclasses.replace(where, length_ms=where.length_ms + more_ms)
    narrow, wide = filled(where, given_, heard), filled(wider, given_, heard)
    if narrow is None or wide is None:
        assert narrow is None
        return

    def flowing_ms(programme: Programme, why: frozenset[Why]) -> int:
        return sum(each.length_ms for each in programme.placed if each.why in why)

    priority, all_of_them = frozenset({Why.PRIORITY}), frozenset({Why.PRIORITY, Why.ORDERED, Why.VALID})
    assert flowing_ms(wide, priority) >= flowing_ms(narrow, priority)
    assert flowing_ms(wide, all_of_them) >= flowing_ms(narrow, all_of_them)


@given(some_slots(), bulletins(most=5), histories)
def test_areas_share_exactly_what_each_would_play_alone(
    where: Slot, given_: list[Candidate], heard: dict[str, list[dt.datetime]]
) -> None:
    areas = {each: frozenset({each, above}) for each, above in (("A", "XA"), ("B", "XA"), ("C", "KHAC"))}
    apart = {"A": heard, "C": heard}
    try:
        together = filling.fill_areas(where, MONDAY, given_, areas, apart)
    except OverFull:
        return
    for name, area in areas.items():
        alone = filling.fill(where, MONDAY, given_, apart.get(name, {}), area=area)
        assert together[name] == alone


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
