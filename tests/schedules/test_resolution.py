"""What one loudspeaker plays when announcements collide, by examples and by what must always hold."""

from __future__ import annotations

import datetime as dt
import itertools

from hypothesis import given
from hypothesis import strategies as st

from schedules import precedence
from schedules.precedence import Claim, Decision
from schedules.resolution import LEAST_REST, RESUME_LIMIT, Airing, Ending, play

NOON = dt.datetime(2026, 3, 2, 5, tzinfo=dt.UTC)


def minutes(count: float) -> dt.timedelta:
    return dt.timedelta(minutes=count)


def airing(
    identity: str, start: float, length: float, klass: str = "routine", *, level: int = 3, patience: float = 5
) -> Airing:
    claim = Claim(identity, klass, level, NOON + minutes(start))
    return Airing(claim, minutes(length), claim.start + minutes(patience))


def told(*airings: Airing, decisions: tuple[Decision, ...] = ()) -> list[tuple[str, float, float, str]]:
    return [
        (each.id, (each.start - NOON) / minutes(1), (each.end - NOON) / minutes(1), each.ending.value)
        for each in play(airings, decisions)
    ]


def test_an_emergency_cuts_what_plays_and_the_rest_follows() -> None:
    assert told(airing("news", 0, 10), airing("flood", 4, 2, "emergency")) == [
        ("news", 0, 4, "preempted"),
        ("flood", 4, 6, "done"),
        ("news", 6, 12, "done"),
    ]


def test_of_one_rank_the_second_waits_and_what_waits_too_long_never_begins() -> None:
    assert told(airing("a", 0, 10), airing("b", 6, 3), airing("c", 1, 3)) == [
        ("a", 0, 10, "done"),
        ("c", 10, 10, "waited"),
        ("b", 10, 13, "done"),
    ]


def test_a_few_seconds_or_half_an_hour_later_it_is_not_worth_resuming() -> None:
    least = LEAST_REST / minutes(1)
    assert told(airing("news", 0, 10), airing("flood", 10 - least, 1, "emergency"))[0][3] == "preempted"
    assert told(airing("news", 0, 10), airing("flood", 10.01 - least, 1, "emergency"))[0][3] == "dropped"
    assert told(airing("news", 0, 10), airing("flood", 5, 31, "emergency")) == [
        ("news", 0, 5, "preempted"),
        ("flood", 5, 36, "done"),
        ("news", 36, 36, "dropped"),
    ]


def test_what_was_begun_goes_on_before_another_of_its_rank() -> None:
    found = told(airing("z", 0, 10), airing("flood", 5, 2, "emergency"), airing("a", 6, 1))
    assert [each[0] for each in found] == ["z", "flood", "z", "a"]


def test_a_decided_order_holds_on_the_air() -> None:
    both = airing("own", 0, 4, "priority"), airing("province", 2, 4, "priority", level=1)
    decided = Decision("own", "province", 3, "Trần Thị Bình", NOON)
    assert [each[0] for each in told(*both)] == ["own", "province", "own"]
    assert [each[0] for each in told(*both, decisions=(decided,))] == ["own", "province"]


airings = st.builds(
    airing,
    identity=st.text(st.characters(min_codepoint=97, max_codepoint=122), min_size=1, max_size=2),
    start=st.integers(0, 90),
    length=st.sampled_from([0.05, 1, 2, 5, 20, 40]),
    klass=st.sampled_from(["emergency", "priority", "routine"]),
    level=st.integers(0, 3),
    patience=st.integers(0, 30),
)


@given(st.lists(airings, max_size=8, unique_by=lambda each: each.claim.id))
def test_one_at_a_time_each_to_its_end_or_given_up_for_a_reason(them: list[Airing]) -> None:
    found = play(them)
    by_id = {each.claim.id: each for each in them}
    sounding = [each for each in found if each.end > each.start]
    assert all(a.end <= b.start for a, b in itertools.pairwise(sounding))
    for identity, one in by_id.items():
        stretches = [each for each in found if each.id == identity]
        heard = sum((each.end - each.start for each in stretches), dt.timedelta())
        last = stretches[-1]
        assert all(each.ending is Ending.PREEMPTED for each in stretches[:-1])
        assert (last.ending is Ending.DONE) == (heard == one.length)
        assert stretches[0].start >= one.claim.start
        if last.ending is Ending.WAITED:
            assert last.start > one.latest
            assert heard == dt.timedelta()
        if last.ending is Ending.DROPPED:
            assert one.length - heard < LEAST_REST or last.start - stretches[-2].end > RESUME_LIMIT


@given(st.lists(airings, max_size=8, unique_by=lambda each: each.claim.id))
def test_while_something_plays_nothing_of_a_higher_rank_is_due(them: list[Airing]) -> None:
    found = play(them)
    by_id = {each.claim.id: each.claim for each in them}
    for playing, other in itertools.permutations(found, 2):
        if by_id[other.id].start <= playing.start < other.start and other.end > other.start:
            began = min(each.start for each in found if each.id == other.id)
            waited = began > playing.start
            higher = precedence.key(by_id[other.id])[:2] < precedence.key(by_id[playing.id])[:2]
            assert not (waited and higher and playing.end > playing.start)
