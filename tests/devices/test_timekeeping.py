"""The loudspeaker's time from the server's answers: never wronger than it says, whatever the network does."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.speaker.timekeeping import TAME, WILD, Reading, Timekeeper, Verdict, read

EPOCH = 1_780_000_000.0


class Crystal:
    """A monotonic clock that passes at its own rate, and the true time beside it."""

    def __init__(self, ppm: float) -> None:
        self.ppm = ppm
        self.truth = 0.0

    def local(self) -> float:
        return self.truth * (1 - self.ppm * 1e-6)

    def utc(self) -> float:
        return EPOCH + self.truth

    def exchange(self, there: float, back: float, busy: float = 0.001, lie: float = 0.0) -> Reading:
        sent = self.local()
        self.truth += there
        received = self.utc() + lie
        self.truth += busy
        answered = self.utc() + lie
        self.truth += back
        reading = read(sent, round(received * 1e6), round(answered * 1e6), self.local())
        assert reading is not None
        return reading


def wrongness(keeper: Timekeeper, crystal: Crystal) -> float:
    return abs(keeper.utc(crystal.local()) - crystal.utc())


delays = st.floats(0.0005, 4.0)


@given(
    ppm=st.floats(-90, 90),
    ways=st.lists(st.tuples(delays, delays, st.floats(1, 3000)), min_size=1, max_size=30),
    later=st.floats(0, 86_400),
)
def test_it_is_never_further_from_the_truth_than_it_says(ppm, ways, later):
    crystal, keeper = Crystal(ppm), Timekeeper()
    for there, back, pause in ways:
        assert keeper.take(crystal.exchange(there, back)) is Verdict.TAKEN
        assert wrongness(keeper, crystal) <= keeper.error(crystal.local()) + 1e-4
        crystal.truth += pause
    crystal.truth += later
    assert wrongness(keeper, crystal) <= keeper.error(crystal.local()) + 1e-4


def test_one_quick_answer_among_slow_ones_is_the_one_that_counts():
    crystal, keeper = Crystal(30), Timekeeper()
    for there, back in [(2.0, 0.1), (1.4, 0.3), (0.02, 0.02), (3.0, 0.2), (0.9, 0.1)]:
        keeper.take(crystal.exchange(there, back))
        crystal.truth += 2
    assert wrongness(keeper, crystal) < 0.002
    assert keeper.error(crystal.local()) < 0.03


def test_drift_is_learned_and_makes_a_week_without_a_network_bearable():
    crystal, keeper, lots = Crystal(80), Timekeeper(), random.Random(5)
    for _ in range(200):
        keeper.take(crystal.exchange(lots.uniform(0.02, 0.4), lots.uniform(0.02, 0.4)))
        crystal.truth += 600
    assert keeper.drift_ppm == pytest.approx(80, abs=TAME * 1e6)
    crystal.truth += 7 * 86_400
    assert wrongness(keeper, crystal) < 3
    assert keeper.error(crystal.local()) < 2 * 7 * 86_400 * TAME


def test_without_learned_drift_the_doubt_grows_as_fast_as_a_cheap_crystal_may_run():
    crystal, keeper = Crystal(0), Timekeeper()
    keeper.take(crystal.exchange(0.01, 0.01))
    before = keeper.error(crystal.local())
    crystal.truth += 3600
    assert keeper.error(crystal.local()) - before == pytest.approx(3600 * WILD)


def test_one_answer_that_contradicts_all_others_changes_nothing():
    crystal, keeper = Crystal(10), Timekeeper()
    for _ in range(5):
        keeper.take(crystal.exchange(0.05, 0.05))
        crystal.truth += 64
    assert keeper.take(crystal.exchange(0.05, 0.05, lie=-9 * 3600)) is Verdict.DOUBTED
    assert wrongness(keeper, crystal) < 0.02


def test_a_server_that_goes_on_saying_so_is_believed_in_the_end():
    crystal, keeper = Crystal(10), Timekeeper()
    for _ in range(5):
        keeper.take(crystal.exchange(0.05, 0.05))
        crystal.truth += 64
    verdicts = []
    for _ in range(4):
        verdicts.append(keeper.take(crystal.exchange(0.05, 0.05, lie=30)))
        crystal.truth += 64
    assert verdicts == [Verdict.DOUBTED] * 3 + [Verdict.STEPPED]
    assert keeper.utc(crystal.local()) == pytest.approx(crystal.utc() + 30, abs=0.02)


def test_lies_that_contradict_each_other_are_never_believed():
    crystal, keeper, lots = Crystal(10), Timekeeper(), random.Random(3)
    keeper.take(crystal.exchange(0.05, 0.05))
    for _ in range(40):
        crystal.truth += 64
        assert keeper.take(crystal.exchange(0.05, 0.05, lie=lots.uniform(100, 90_000))) is Verdict.DOUBTED
        assert wrongness(keeper, crystal) <= keeper.error(crystal.local())


def test_stamps_that_contradict_each_other_are_no_reading():
    assert read(10.0, 5_000_000, 4_000_000, 11.0) is None  # answered before it was asked
    assert read(10.0, 5_000_000, 9_000_000, 11.0) is None  # thought longer than the whole exchange took


def test_before_the_first_answer_nothing_is_known():
    keeper = Timekeeper()
    assert not keeper.knows
    assert keeper.drift_ppm is None
    with pytest.raises(LookupError):
        keeper.utc(1.0)
