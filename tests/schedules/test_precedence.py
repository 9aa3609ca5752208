"""The order of announcements that want the same loudspeaker at the same time."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.precedence import Claim, in_order, key, preempts

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
