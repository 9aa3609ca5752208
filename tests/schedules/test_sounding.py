"""What a unit has put second is heard right after what goes first, and nothing else moves."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from schedules import precedence
from schedules.precedence import Decision
from schedules.sounding import Airing, Why, when

NOON = dt.datetime(2026, 3, 2, 12, 0, tzinfo=dt.UTC)
SAID = NOON - dt.timedelta(days=1)
MINUTE = dt.timedelta(minutes=1)


def airing(schedule: int, minute: int, length: int, **more: object) -> Airing:
    """Of schedule 1 from the province with priority, of any other the commune's own."""
    whose = {"klass": "priority", "level": 1} if schedule == 1 else {"klass": "routine", "level": 3}
    values = {"start": NOON + minute * MINUTE, "length": length * MINUTE, **whose, **more}
    return Airing(f"{schedule} {minute}", str(schedule), **values)


def word(first: int, second: int, at: dt.datetime = SAID) -> Decision:
    return Decision(str(first), str(second), 3, "lan", at)


def minutes(airings: list[Airing], *said: list[Decision]) -> list[int]:
    return [(each.start - NOON) // MINUTE for each in when(airings, said)]


PROVINCE, OWN = airing(1, 0, 10), airing(2, 5, 3)


def test_what_goes_second_begins_when_the_first_is_over() -> None:
    assert minutes([PROVINCE, OWN]) == [0, 5]
    assert minutes([PROVINCE, OWN], [word(2, 1)]) == [8, 5]
    assert minutes([PROVINCE, OWN], [word(1, 2)]) == [0, 10]
    second = when([PROVINCE, OWN], [[word(1, 2)]])[1]
    assert (second.why, second.behind, second.wait) == (Why.BEHIND, PROVINCE.id, 5 * MINUTE)
    assert second.end == NOON + 13 * MINUTE


def test_the_last_word_counts_that_was_said_before_either_began() -> None:
    changed = [word(2, 1), word(1, 2, NOON - MINUTE)]
    assert minutes([PROVINCE, OWN], changed) == [0, 10]
    assert minutes([PROVINCE, OWN], [word(2, 1), word(1, 2, NOON + MINUTE)]) == [8, 5]
    assert minutes([PROVINCE, OWN], [word(2, 1, NOON + MINUTE)]) == [0, 5]


def test_what_nobody_may_decide_stays() -> None:
    routine = airing(1, 0, 10, klass="routine")
    assert minutes([routine, OWN], [word(2, 1)]) == [0, 5]
    own = airing(1, 0, 10, level=3)
    assert minutes([own, OWN], [word(2, 1)]) == [0, 5]


def test_what_would_be_stale_when_its_turn_comes_is_not_heard() -> None:
    short = airing(2, 5, 3, latest=NOON + 9 * MINUTE)
    told = when([PROVINCE, short], [[word(1, 2)]])[1]
    assert (told.why, told.start, told.behind) == (Why.STALE, short.start, PROVINCE.id)
    assert minutes([PROVINCE, airing(2, 5, 3, latest=NOON + 10 * MINUTE)], [word(1, 2)]) == [0, 10]


airings = st.lists(
    st.builds(airing, st.integers(1, 3), st.integers(0, 120), st.integers(1, 30)),
    max_size=10,
    unique_by=lambda each: each.id,
)
words = st.lists(
    st.sampled_from([(1, 2), (2, 1), (1, 3), (3, 1)]).map(lambda pair: [word(*pair)]), max_size=4
)


@given(airings, words)
def test_only_what_meets_moves_and_only_behind_what_it_waits_for(
    planned: list[Airing], said: list[list[Decision]]
) -> None:
    told = when(planned, said)
    by_id = {each.airing.id: each for each in told}
    assert [each.airing for each in told] == planned
    pairs = {frozenset((each[0].first, each[0].second)) for each in said}
    for each in told:
        if each.why is Why.PLANNED:
            assert (each.wait, each.behind) == (dt.timedelta(), "")
            continue
        first = by_id[each.behind].airing
        assert frozenset((first.schedule, each.airing.schedule)) in pairs
        assert precedence.may_decide(3, first.claim, each.airing.claim)
        assert each.wait > dt.timedelta()
