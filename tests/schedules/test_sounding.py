"""What a unit has put second is heard right after what goes first, and nothing else moves."""

from __future__ import annotations

import datetime as dt
from random import Random

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


@given(airings, words, st.randoms(use_true_random=False))
def test_what_is_heard_does_not_depend_on_the_order_of_what_is_handed_over(
    planned: list[Airing], said: list[list[Decision]], random: Random
) -> None:
    shuffled = list(planned)
    random.shuffle(shuffled)
    told = {each.airing.id: each for each in when(planned, said)}
    assert {each.airing.id: each for each in when(shuffled, said)} == told


def test_of_a_schedule_that_overlaps_itself_the_earlier_is_waited_for() -> None:
    late, early, other = airing(2, 12, 7), airing(2, 9, 16), airing(1, 2, 16)
    for order in ([late, early, other], [early, late, other], [other, late, early]):
        told = {each.airing.id: each for each in when(order, [[word(2, 1)]])}
        assert told[other.id].behind == early.id


def own(schedule: int, minute: int, length: int) -> Airing:
    """Of schedules 1 and 2 from the province with priority, of 3 the district's, of others the commune's."""
    level = {1: 1, 2: 1, 3: 2}.get(schedule, 3)
    klass = "priority" if level < 3 else "routine"
    return airing(schedule, minute, length, level=level, klass=klass)


def district(first: int, second: int) -> Decision:
    return Decision(str(first), str(second), 2, "dung", SAID)


def test_what_waits_for_what_waits_begins_after_both_whoever_spoke_first() -> None:
    """The province before the district's, and that before the commune's."""
    planned = [own(1, 0, 10), own(3, 0, 10), own(4, 0, 5)]
    for said in ([[district(1, 3)], [word(3, 4)]], [[word(3, 4)], [district(1, 3)]]):
        assert minutes(planned, *said) == [0, 10, 20]


def test_of_words_in_a_circle_the_oldest_gives_way_where_all_of_them_meet() -> None:
    planned = [own(1, 0, 10), own(3, 0, 10), own(4, 0, 10)]
    older, newer = NOON - 3 * MINUTE, NOON - MINUTE
    said = [[Decision("1", "3", 2, "dung", NOON - 2 * MINUTE)], [word(3, 4, newer)], [word(4, 1, older)]]
    for order in (said, said[::-1], [said[1], said[2], said[0]]):
        assert minutes(planned, *order) == [0, 10, 20]
    said = [[Decision("1", "3", 2, "dung", older)], [word(3, 4, newer)], [word(4, 1, NOON - 2 * MINUTE)]]
    assert minutes(planned, *said) == [20, 0, 10]


def test_words_in_a_circle_all_hold_where_no_more_than_two_meet() -> None:
    planned = [own(1, 0, 10), own(3, 5, 10), own(3, 60, 10), own(4, 65, 10), own(4, 120, 10), own(1, 125, 10)]
    said = [[district(1, 3)], [word(3, 4)], [word(4, 1)]]
    assert minutes(planned, *said) == [0, 10, 60, 70, 120, 130]


chained = st.lists(
    st.builds(own, st.integers(1, 6), st.integers(0, 120), st.integers(1, 30)),
    max_size=12,
    unique_by=lambda each: each.id,
)
above_and_own = [(above, below) for above in (1, 2, 3) for below in (4, 5, 6)]


@st.composite
def said_by_units(draw: st.DrawFn) -> list[list[Decision]]:
    """On each pair at most one word, in any order: chains and circles as they come."""
    pairs = draw(st.lists(st.sampled_from(above_and_own), unique=True, max_size=9))
    asked = [(pair, 3) for pair in pairs] + [
        ((above, 3), 2) for above in draw(st.sets(st.sampled_from([1, 2])))
    ]
    found = []
    for number, ((one, other), level) in enumerate(draw(st.permutations(asked))):
        first, second = (one, other) if draw(st.booleans()) else (other, one)
        found.append([Decision(str(first), str(second), level, "lan", SAID + number * MINUTE)])
    return draw(st.permutations(found))


@given(chained, said_by_units(), st.randoms(use_true_random=False))
def test_whatever_chains_and_circles_there_are_all_is_heard_and_in_one_way(
    planned: list[Airing], said: list[list[Decision]], random: Random
) -> None:
    told = {each.airing.id: each for each in when(planned, said)}
    assert all(each.start >= each.airing.start for each in told.values())
    shuffled = list(said)
    random.shuffle(shuffled)
    assert {each.airing.id: each for each in when(planned, shuffled)} == told


@given(chained, said_by_units())
def test_without_a_circle_nothing_sounds_with_what_it_has_to_wait_for(
    planned: list[Airing], said: list[list[Decision]]
) -> None:
    names = sorted({name for words in said for name in (words[0].first, words[0].second)})
    ranks = {name: names.index(name) for name in names}
    straight = [
        words if ranks[words[0].first] < ranks[words[0].second] else [turned(words[0])] for words in said
    ]
    told = when(planned, straight)
    for words in straight:
        for first in (each for each in told if each.airing.schedule == words[0].first):
            for second in (each for each in told if each.airing.schedule == words[0].second):
                apart = first.end <= second.start or second.end <= first.start
                free = not precedence.may_decide(words[0].level, first.airing.claim, second.airing.claim)
                assert apart or free


def turned(each: Decision) -> Decision:
    return Decision(each.second, each.first, each.level, each.by, each.at)
