"""What holds of a filled slot whatever it and the bulletins are."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
from collections.abc import Mapping, Sequence

from hypothesis import given
from hypothesis import strategies as st

from schedules import airings, filling, slots
from schedules.airings import Sitting
from schedules.errors import OverFull
from schedules.slots import Airings, Candidate, Entry, Kind, Programme, Reason, Slot, Version, Why

MONDAY = dt.datetime(2026, 3, 1, 22, 30, tzinfo=dt.UTC)  # 05:30 in Vietnam
MIDNIGHT = MONDAY - dt.timedelta(hours=5, minutes=30)
HOUR = dt.timedelta(hours=1)
MINUTE = 60_000
FLOW = Entry(Kind.FLOW, fixed=False, classes=frozenset({"priority", "routine"}))

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
def test_the_server_spreads_over_areas_as_over_one_alone(
    where: Slot, given_: list[Candidate], heard: dict[str, list[dt.datetime]]
) -> None:
    """The vectors ask ``spread``, the server ``spread_below``."""
    starts = [MONDAY + half * dt.timedelta(hours=12) for half in range(6)]
    horizon, area = MONDAY + dt.timedelta(days=3), frozenset({"A", "XA"})
    try:
        alone = airings.spread(
            [Sitting(each, where) for each in starts], given_, heard, horizon=horizon, area=area
        )
    except OverFull:
        return
    coming = [Sitting(each, where, tuple(given_)) for each in starts]
    below = airings.spread_below(coming, {"A": area}, {}, {"A": heard}, horizon=horizon)
    assert below == {"A": alone}
