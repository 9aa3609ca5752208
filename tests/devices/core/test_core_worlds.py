"""Random histories of a whole box, judged by rules that share nothing with the core."""

import pytest

from benchmarks._core_world import run

BLOCK = 40


@pytest.mark.parametrize("first", range(0, 8 * BLOCK, BLOCK))
def test_no_random_history_breaks_a_rule(first):
    broken = {
        seed: outcome.violations for seed in range(first, first + BLOCK) if (outcome := run(seed)).violations
    }
    assert broken == {}


def test_the_histories_are_about_something():
    happened = sum((run(seed).stats for seed in range(60)), start=run(60).stats)
    for what in ("starts", "done", "partial", "refused", "skipped", "missed", "halts", "forged", "boots"):
        assert happened[what] > 5, what
