"""chigasaki_59: clocks alone do not cure echo; horns that reach the same ears sound in turn."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadcast.plans.staggering import BESIDE, REACH, Position, distance, propose

METRE = 1 / 111_195  # degrees of latitude


def along_a_road(*metres: float) -> list[Position]:
    return [Position(number, 21.0 + at * METRE, 105.8) for number, at in enumerate(metres)]


positions = st.lists(st.tuples(st.floats(0, 1500), st.floats(0, 1500)), max_size=25).map(
    lambda places: [
        Position(number, 21.0 + north * METRE, 105.8 + east * METRE)
        for number, (north, east) in enumerate(places)
    ]
)


def test_sound_needs_292_ms_for_100_metres() -> None:
    assert propose(along_a_road(0, 100)).echo_ms == pytest.approx(292, abs=1)


def test_horns_along_a_road_take_turns_by_twos() -> None:
    proposal = propose(along_a_road(0, 300, 600, 900))
    assert proposal.count == 2
    turns = [proposal.turns[number] for number in range(4)]
    assert turns[0] == turns[2] != turns[1] == turns[3]


def test_far_horns_start_together() -> None:
    proposal = propose(along_a_road(0, 1000, 2000))
    assert set(proposal.turns.values()) == {0}
    assert proposal.echo_ms == 0


def test_horns_on_one_pole_are_one_voice() -> None:
    proposal = propose(along_a_road(0, 5, 250))
    assert proposal.turns[0] == proposal.turns[1] != proposal.turns[2]


def test_nobody_placed_needs_no_turns() -> None:
    assert (propose([]).count, propose([]).echo_ms) == (1, 0)


@settings(max_examples=60, deadline=None)
@given(positions)
def test_no_two_horns_that_reach_the_same_ears_have_one_turn_unless_they_are_one_voice(
    placed: list[Position],
) -> None:
    turns = propose(placed).turns
    chained = {each.id: each.id for each in placed}
    for _ in placed:  # the brute force: what is beside what, through others
        for a, b in itertools.permutations(placed, 2):
            if distance(a, b) <= BESIDE:
                chained[b.id] = chained[a.id] = min(chained[a.id], chained[b.id])
    for a, b in itertools.combinations(placed, 2):
        if chained[a.id] == chained[b.id]:
            assert turns[a.id] == turns[b.id]
        elif distance(a, b) <= REACH:
            assert turns[a.id] != turns[b.id]


@settings(max_examples=20, deadline=None)
@given(positions, st.randoms(use_true_random=False))
def test_the_order_of_entry_does_not_matter(placed: list[Position], lots) -> None:
    shuffled = list(placed)
    lots.shuffle(shuffled)
    assert propose(shuffled) == propose(placed)


def test_five_thousand_horns_are_planned_without_comparing_all_with_all() -> None:
    grid = [Position(n, 21.0 + n // 70 * 350 * METRE, 105.8 + n % 70 * 350 * METRE) for n in range(4900)]
    assert propose(grid).count <= 4
