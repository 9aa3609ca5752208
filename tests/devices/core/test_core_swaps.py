"""A download that is not what was signed is journaled once, and once when the true one came."""

import pytest

from devices.speaker import core as c

MINUTE, HOUR = 60_000, 3_600_000


def told(speaker):
    found = [e for e in speaker.medium.journal if e.event in ("swapped", "swap_over")]
    return [(e.event, e.reason) for e in found]


@pytest.fixture
def waiting(rig):
    speaker = rig()
    speaker.can_fetch = False
    speaker.send(speaker.desired(speaker.item("s1.a", speaker.now + 20 * HOUR, sha256="a" * 64)))
    speaker.event(c.PlanFetched(*next(iter(speaker.plans.items()))))
    return speaker


def test_a_swapped_clip_is_told_once_and_once_when_the_true_one_came(waiting):
    for _ in range(3):
        waiting.event(c.ContentSwapped("a" * 64))
        waiting.event(c.ClipFailed("a" * 64, "swapped"))
        waiting.after(HOUR)
        waiting.cut_power()
        waiting.power_on()
    assert told(waiting) == [("swapped", "a" * 64)]
    waiting.can_fetch = True
    waiting.after(HOUR)
    assert told(waiting) == [("swapped", "a" * 64), ("swap_over", "a" * 64)]
    assert waiting.states("s1.a") == []  # ready, as if nothing had been


def test_what_lasts_is_told_again_twice_a_day(waiting):
    waiting.event(c.ContentSwapped("a" * 64))
    waiting.after(12 * HOUR)
    waiting.event(c.ContentSwapped("a" * 64))
    assert [event for event, _ in told(waiting)] == ["swapped", "swapped"]


def test_a_swapped_file_that_nothing_wants_any_more_is_over(waiting):
    waiting.event(c.ContentSwapped("a" * 64))
    waiting.event(c.ContentSwapped("f" * 64))
    waiting.can_fetch = True
    waiting.send(waiting.desired())
    waiting.after(2 * HOUR)
    assert sorted(told(waiting)[2:]) == [("swap_over", "a" * 64), ("swap_over", "f" * 64)]
    assert "swapped:" not in str(waiting.medium.facts.keys())
