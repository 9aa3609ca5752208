"""Slots that name the languages heard in them: each bulletin in those it has, in the order of the slot."""

from __future__ import annotations

import datetime as dt
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules import airings, filling
from schedules.airings import Sitting
from schedules.slots import Airings, Candidate, Entry, Kind, Reason, Slot, Version

MONDAY = dt.datetime(2026, 3, 1, 22, 30, tzinfo=dt.UTC)  # 05:30 in Vietnam
MINUTE = 60_000
FLOW = Entry(Kind.FLOW, fixed=False, classes=frozenset({"priority", "routine"}))
CODES = ("vi", "tyz", "en", "hmn")

orders = st.lists(st.sampled_from(CODES), unique=True).map(tuple)


@st.composite
def bulletins(draw: st.DrawFn) -> list[Candidate]:
    return [
        Candidate(
            id=f"b{number}",
            klass=draw(st.sampled_from(["priority", "routine"])),
            versions=tuple(
                Version(code, draw(st.integers(0, 5 * MINUTE)))
                for code in draw(st.lists(st.sampled_from(CODES), min_size=1, unique=True))
            ),
            valid_from=MONDAY,
            around_ms=draw(st.integers(0, MINUTE)),
        )
        for number in range(draw(st.integers(0, 6)))
    ]


@given(orders, bulletins(), st.integers(1, 40))
def test_each_is_heard_in_the_languages_it_has_in_the_order_of_the_slot_and_takes_that_time(
    order: tuple[str, ...], given_: list[Candidate], minutes: int
) -> None:
    slot = Slot(minutes * MINUTE, (FLOW,), order)
    programme = filling.fill(slot, MONDAY, given_, {})
    known = {each.id: each for each in given_}
    for placed in programme.placed:
        sounding = {each.language: each.length_ms for each in known[placed.ref].versions if each.length_ms}
        expected = [code for code in order if code in sounding] if order else list(sounding)
        assert list(placed.languages) == expected
        assert placed.length_ms == known[placed.ref].around_ms + sum(sounding[code] for code in expected)
    assert programme.used_ms <= slot.length_ms
    left = {each.ref: each.why for each in programme.left_out}
    assert {each.ref for each in programme.placed} | left.keys() == known.keys()
    for each in given_:
        mute = not any(v.length_ms and (not order or v.language in order) for v in each.versions)
        assert (left.get(each.id) is Reason.NO_AUDIO) == mute


@given(orders.filter(bool), bulletins(), st.integers(1, 40), st.randoms(use_true_random=False))
def test_another_order_of_the_same_languages_changes_nothing_else(
    order: tuple[str, ...], given_: list[Candidate], minutes: int, chance: random.Random
) -> None:
    turned = list(order)
    chance.shuffle(turned)
    one, other = (
        filling.fill(Slot(minutes * MINUTE, (FLOW,), tuple(each)), MONDAY, given_, {})
        for each in (order, turned)
    )
    assert [(each.ref, each.offset_ms, set(each.languages)) for each in one.placed] == [
        (each.ref, each.offset_ms, set(each.languages)) for each in other.placed
    ]
    assert one.left_out == other.left_out


SMALL, FOREIGN = Slot(6 * MINUTE, (FLOW,), ("vi",)), Slot(30 * MINUTE, (FLOW,), ("en",))


@pytest.mark.parametrize(
    ("coming", "plays"),
    [
        # In Vietnamese it takes 5 of 6 minutes: there is a chance every day, so it need not hurry.
        ((SMALL, SMALL, SMALL, SMALL), [1, 0, 1, 0]),
        # On the last two days nobody hears it: it cannot wait for them.
        ((SMALL, SMALL, FOREIGN, FOREIGN), [1, 1, 0, 0]),
    ],
)
def test_a_chance_to_air_is_one_in_its_languages_that_has_room_for_them(
    coming: tuple[Slot, ...], plays: list[int]
) -> None:
    versions = (Version("vi", 4 * MINUTE), Version("tyz", 8 * MINUTE))
    wished = Candidate("b", "routine", versions, MONDAY, airings=Airings(2, 4), around_ms=MINUTE)
    day = dt.timedelta(days=1)
    sittings = [Sitting(MONDAY + number * day, slot) for number, slot in enumerate(coming)]
    found = airings.spread(sittings, [wished], {}, horizon=MONDAY + 5 * day)
    assert [len(each.placed) for each in found.programmes] == plays
    assert found.short == ()
