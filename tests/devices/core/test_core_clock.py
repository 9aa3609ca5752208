"""Jumps of the wall clock: nothing sounds twice, early, or far too late."""

import pytest

from devices.messages import AllowedWindow, ClockQuality, GuardPolicy
from devices.speaker import core as c

SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000


def planned(rig, seconds=20, late_s=60, **fields):
    speaker = rig(**fields)
    item = speaker.item("s1.a", speaker.now + 10 * MINUTE, seconds=seconds, late_s=late_s)
    speaker.send(speaker.desired(item))
    return speaker, item


def step(speaker, by):
    speaker.skew += by
    speaker.event(c.Tick())


def first(speaker):
    """When, by the loudspeaker's clock of then, the first sample sounded."""
    return [s.start + speaker.skew for s in speaker.heard]


@pytest.mark.parametrize("before", [20 * SECOND, 1_500, 300])
@pytest.mark.parametrize("seconds", [2, 20])
def test_a_start_at_hand_waits_when_the_clock_is_set_back(rig, before, seconds):
    speaker, item = planned(rig, seconds)
    speaker.run(item.start - before)
    step(speaker, -90 * SECOND)
    speaker.after(HOUR)
    assert first(speaker) == [item.start]
    assert speaker.states("s1.a").count("starting") == 1
    assert speaker.last("s1.a").event == "done"


@pytest.mark.parametrize("before", [20 * SECOND, 1_500, 300])
def test_a_start_that_the_clock_jumps_over_by_little_is_made_good(rig, before):
    speaker, item = planned(rig)
    speaker.run(item.start - before)
    step(speaker, before + 3 * SECOND)
    speaker.after(HOUR)
    (heard,) = first(speaker)
    assert item.start <= heard <= item.start + 5 * SECOND


@pytest.mark.parametrize(
    ("before", "end"), [(20 * SECOND, "missed"), (1_500, "cancelled"), (300, "cancelled")]
)
def test_a_start_that_the_clock_jumps_far_over_is_not_begun_beside_neighbours_who_are_on(rig, before, end):
    speaker, item = planned(rig)
    speaker.run(item.start - before)
    step(speaker, before + 30 * SECOND)
    speaker.after(HOUR)
    assert speaker.heard == []
    assert (speaker.last("s1.a").event, speaker.last("s1.a").reason) == (end, "clock_stepped")


def test_an_urgent_announcement_is_begun_after_a_jump_while_it_is_in_time(rig):
    speaker = rig()
    speaker.send(speaker.desired())
    item = speaker.emergency("u1", speaker.now + 10 * SECOND)
    speaker.send(speaker.alerts(item))
    speaker.after(SECOND)
    step(speaker, MINUTE)
    speaker.after(HOUR)
    assert speaker.last("u1").event == "done"


@pytest.mark.parametrize("by", [-HOUR, -MINUTE, MINUTE, HOUR])
def test_what_plays_goes_on_through_a_jump_and_never_plays_again(rig, by):
    speaker, item = planned(rig, late_s=7200)
    speaker.run(item.start + 5 * SECOND)
    step(speaker, by)
    speaker.after(3 * HOUR)
    (heard,) = speaker.heard
    assert heard.end - heard.start == 20 * SECOND
    assert speaker.last("s1.a").event == "done"


def test_what_plays_is_cut_when_the_clock_turns_out_to_be_outside_the_hours(rig):
    policy = GuardPolicy(windows=(AllowedWindow(start="05:00", end="21:30"),))
    speaker, item = planned(rig, seconds=600, policy=policy)
    speaker.run(item.start + 5 * SECOND)
    step(speaker, 10 * HOUR)
    speaker.after(SECOND)
    assert (speaker.last("s1.a").event, speaker.last("s1.a").reason) == ("partial", "outside_hours")


def test_a_box_that_learns_the_time_after_its_start_does_not_begin_late(rig):
    speaker, item = planned(rig)
    speaker.event(c.ClockJudged(ClockQuality.UNKNOWN))
    speaker.run(item.start + 20 * SECOND)
    speaker.event(c.ClockJudged(ClockQuality.SYNCED))
    speaker.after(HOUR)
    assert speaker.heard == []
    assert (speaker.last("s1.a").event, speaker.last("s1.a").reason) == ("missed", "clock_unknown")


def test_a_clock_in_a_far_future_gives_nothing_up_while_it_is_known_to_be_wrong(rig):
    speaker, item = planned(rig)
    speaker.event(c.ClockJudged(ClockQuality.UNKNOWN))
    step(speaker, 1000 * DAY)
    speaker.after(MINUTE)
    step(speaker, -1000 * DAY)
    speaker.event(c.ClockJudged(ClockQuality.SYNCED))
    speaker.after(HOUR)
    assert first(speaker) == [item.start]


def test_a_jump_is_told_and_slewing_is_not(rig):
    speaker = rig()
    for _ in range(50):
        speaker.after(MINUTE)
        step(speaker, 100)
    assert speaker.alarms() == []
    step(speaker, -7_000)
    assert speaker.alarms() == ["clock_stepped"]
    assert speaker.medium.journal[-1].reason == "-7000 ms"


def test_a_jump_can_be_seen_before_anything_is_due(rig):
    speaker = rig()
    assert not speaker.core.is_stepped(speaker.clock, speaker.now - rig().now)
    speaker.event(c.Tick())
    elapsed = speaker.core._clock._origin
    assert speaker.core.is_stepped(speaker.clock + 300, speaker.clock - elapsed)


def test_by_a_slow_clock_nothing_plays_that_was_over_when_the_plan_was_made(rig):
    speaker, item = planned(rig)
    step(speaker, -3 * HOUR)
    speaker.run(item.start + 2 * HOUR)
    speaker.send(speaker.desired())  # its plan begins an hour before it was made
    speaker.after(3 * HOUR)
    assert speaker.heard == []
    assert (speaker.last("s1.a").event, speaker.last("s1.a").reason) == ("cancelled", "withdrawn")
