"""Two clocks that disagree about the hour: neither wakes anybody alone; an emergency waits for neither."""

import pytest

from devices.messages import AllowedWindow, ClockQuality, GuardPolicy
from devices.speaker import core as c

SECOND, MINUTE, HOUR = 1000, 60_000, 3_600_000
DAY_HOURS = GuardPolicy(windows=(AllowedWindow(start="05:00", end="21:30"),))


def doubting(rig, doubt_ms):
    """A box that goes by the signed time, noon, while its time service says something else."""
    speaker = rig(policy=DAY_HOURS)
    speaker.event(c.ClockJudged(ClockQuality.HOLDOVER, 50, doubt_ms))
    return speaker


def hear(speaker):
    speaker.send(speaker.desired(speaker.item("s1.a", speaker.now + MINUTE)))
    speaker.after(10 * MINUTE)
    return speaker.last("s1.a").event, speaker.last("s1.a").reason


@pytest.mark.parametrize("doubt_ms", [-14 * HOUR, -9 * HOUR, 12 * HOUR])
def test_nothing_ordinary_sounds_while_one_of_the_clocks_says_night(rig, doubt_ms):
    speaker = doubting(rig, doubt_ms)
    assert hear(speaker) == ("refused", "clock_doubtful")
    assert "clock_doubtful" in speaker.core.state(speaker.clock, 1, "").faults
    assert [e.reason for e in speaker.medium.journal if e.event == "clock_doubtful"] == [f"{doubt_ms:+d} ms"]


def test_at_three_by_the_signed_time_a_service_that_says_fifteen_wakes_nobody(rig):
    speaker = rig(now=rig().now + 15 * HOUR, policy=DAY_HOURS)
    speaker.event(c.ClockJudged(ClockQuality.HOLDOVER, 50, 12 * HOUR))
    assert hear(speaker) == ("refused", "outside_hours")


def test_an_emergency_sounds_by_the_signed_time_alone(rig):
    speaker = doubting(rig, 12 * HOUR)
    speaker.send(speaker.desired())
    speaker.send(speaker.alerts(speaker.emergency("u1", speaker.now + SECOND)))
    speaker.after(MINUTE)
    assert speaker.last("u1").event == "done"


def test_a_day_on_which_both_clocks_say_day_goes_on(rig):
    assert hear(doubting(rig, 2 * HOUR)) == ("done", "")


def test_what_sounds_ends_when_the_doubt_begins_and_it_is_told_once_until_it_is_over(rig):
    speaker = rig(policy=DAY_HOURS)
    speaker.send(speaker.desired(speaker.item("s1.a", speaker.now + MINUTE, seconds=600)))
    speaker.after(2 * MINUTE)
    for doubt_ms in (12 * HOUR, 12 * HOUR + 1000):
        speaker.event(c.ClockJudged(ClockQuality.HOLDOVER, 50, doubt_ms))
        speaker.after(2 * MINUTE)
    assert (speaker.last("s1.a").event, speaker.last("s1.a").reason) == ("partial", "outside_hours")
    assert [e.event for e in speaker.medium.journal].count("clock_doubtful") == 1
    speaker.event(c.ClockJudged(ClockQuality.SYNCED, 20))
    assert speaker.core.state(speaker.clock, 1, "").faults == ()
