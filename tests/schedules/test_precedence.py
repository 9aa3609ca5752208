"""The order of announcements that want the same loudspeaker at the same time."""

from __future__ import annotations

import datetime as dt
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.precedence import Claim, Decision, in_order, key, may_decide, preempts

NOON = dt.datetime(2026, 3, 2, 5, tzinfo=dt.UTC)
claims = st.builds(
    Claim,
    id=st.text(max_size=3),
    klass=st.sampled_from(["emergency", "priority", "routine"]),
    level=st.integers(0, 5),
    start=st.integers(0, 60).map(lambda m: NOON + dt.timedelta(minutes=m)),
)


def claim(identity: str, klass: str = "routine", level: int = 3, minute: int = 0) -> Claim:
    return Claim(identity, klass, level, NOON + dt.timedelta(minutes=minute))


def test_class_goes_before_level_level_before_time_and_time_before_id() -> None:
    expected = [
        claim("z", "emergency", level=4, minute=9),
        claim("y", "priority", level=1, minute=8),
        claim("x", "priority", level=2, minute=0),
        claim("w", "routine", level=0, minute=7),
        claim("v", "routine", level=3, minute=1),
        claim("a", "routine", level=3, minute=2),
        claim("b", "routine", level=3, minute=2),
    ]
    assert in_order(reversed(expected)) == expected


@given(st.lists(claims, unique=True), st.randoms())
def test_the_order_does_not_depend_on_the_order_of_arrival(them: list[Claim], random: object) -> None:
    shuffled = list(them)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert in_order(shuffled) == in_order(them)


@given(claims, claims)
def test_no_two_announcements_preempt_each_other(a: Claim, b: Claim) -> None:
    assert not (preempts(a, b) and preempts(b, a))
    assert not preempts(a, a)


@given(claims, claims)
def test_whatever_preempts_also_comes_first(a: Claim, b: Claim) -> None:
    assert not preempts(a, b) or key(a) < key(b)


def test_a_newcomer_of_the_same_class_and_level_waits() -> None:
    assert not preempts(claim("a", minute=-5), claim("b"))
    assert preempts(claim("a", "priority", minute=5), claim("b"))


def test_an_unknown_class_is_a_programming_error() -> None:
    with pytest.raises(KeyError):
        key(claim("a", "loud"))


def decision(first: str, second: str, minute: int = 0, level: int = 3) -> Decision:
    return Decision(first, second, level, "Nguyễn Văn An", NOON + dt.timedelta(minutes=minute))


FROM_ABOVE = claim("province", "priority", level=1)
OWN = claim("own", "priority")
ROUTINE = claim("routine")


def test_a_commune_may_put_its_own_before_a_priority_bulletin_from_above() -> None:
    own_first = decision("own", "province")
    assert in_order([OWN, FROM_ABOVE]) == [FROM_ABOVE, OWN]
    assert in_order([OWN, FROM_ABOVE], [own_first]) == [OWN, FROM_ABOVE]
    assert in_order([OWN, FROM_ABOVE], [own_first, decision("province", "own", 1)]) == [FROM_ABOVE, OWN]


def test_what_is_put_later_overtakes_nothing_else() -> None:
    """The own routine one goes before the province's, and still after the own priority one."""
    ordered = in_order([ROUTINE, OWN, FROM_ABOVE], [decision("routine", "province")])
    assert ordered == [OWN, ROUTINE, FROM_ABOVE]


@pytest.mark.parametrize(
    ("one", "other", "level"),
    [
        (claim("a", "emergency", level=1), OWN, 3),  # an emergency is in nobody's hand
        (FROM_ABOVE, claim("b", "emergency"), 3),
        (claim("a", "routine", level=1), OWN, 3),  # routine goes by the rule
        (FROM_ABOVE, OWN, 1),  # the province has no say about its own order to others
        (FROM_ABOVE, claim("b", "priority", level=2), 3),  # neither is the commune's own
        (OWN, ROUTINE, 3),
    ],
)
def test_a_decision_that_is_not_the_units_to_take_changes_nothing(
    one: Claim, other: Claim, level: int
) -> None:
    both = in_order([one, other])
    assert not may_decide(level, one, other)
    assert in_order([one, other], [decision(both[1].id, both[0].id, level=level)]) == both


def test_a_word_of_a_unit_that_has_no_say_takes_nothing_back() -> None:
    said = [decision("own", "province"), decision("province", "own", minute=1, level=4)]
    assert not may_decide(4, OWN, FROM_ABOVE)
    assert in_order([OWN, FROM_ABOVE], said) == [OWN, FROM_ABOVE]
    assert not preempts(FROM_ABOVE, OWN, said)


@given(st.lists(claims, unique_by=lambda each: each.id), st.randoms(use_true_random=False))
def test_the_order_does_not_depend_on_the_order_of_the_words(them: list[Claim], random: Random) -> None:
    ids = [each.id for each in them] or ["?"]
    said = [
        decision(random.choice(ids), random.choice(ids), random.randrange(2), level) for level in range(6)
    ]
    ordered = in_order(them, said)
    random.shuffle(said)
    assert in_order(them, said) == ordered


def test_a_priority_bulletin_does_not_cut_what_was_put_before_it() -> None:
    assert preempts(FROM_ABOVE, OWN)
    assert not preempts(FROM_ABOVE, OWN, [decision("own", "province")])
    assert not preempts(OWN, FROM_ABOVE, [decision("own", "province")])


@given(st.lists(claims, unique_by=lambda each: each.id), st.randoms())
def test_decisions_keep_every_claim_and_never_delay_an_emergency(them: list[Claim], random: object) -> None:
    ids = [each.id for each in them] or ["?"]
    said = [decision(random.choice(ids), random.choice(ids), minute) for minute in range(4)]  # type: ignore[attr-defined]
    ordered = in_order(them, said)
    assert sorted(ordered, key=key) == in_order(them)
    emergencies = [each for each in ordered if each.klass == "emergency"]
    assert ordered[: len(emergencies)] == emergencies
