"""The amplifier: awake before the first sample, off when nothing follows, never the reason for a delay."""

from devices.messages import AllowedWindow, GuardPolicy
from devices.speaker import core as c

SECOND, MINUTE, HOUR = 1000, 60_000, 3_600_000


def test_it_is_off_after_the_boot_and_wakes_up_before_the_first_sample(rig):
    speaker = rig()
    item = speaker.item("s1.a", speaker.now + MINUTE)
    speaker.send(speaker.desired(item, wake_ms=7_000))
    speaker.after(HOUR)
    (_, first), woken, (asleep, last) = speaker.switched
    assert (first, woken, last) == (False, (item.start - 7_000, True), False)
    assert item.start + MINUTE + 500 <= asleep <= item.start + MINUTE + 2 * SECOND


def test_an_urgent_announcement_wakes_it_at_once_and_does_not_wait_for_it(rig):
    speaker = rig()
    speaker.send(speaker.desired())
    now = speaker.now
    item = speaker.emergency("u1", now + SECOND)
    speaker.send(speaker.alerts(item))
    speaker.after(5 * SECOND)
    assert speaker.switched[-1] == (now, True)
    assert speaker.heard[0].start == item.start


def test_it_stays_on_when_something_follows_within_thirty_seconds(rig):
    speaker = rig()
    first = speaker.item("s1.a", speaker.now + MINUTE)
    near = speaker.item("s1.b", first.start + MINUTE + 25 * SECOND)
    far = speaker.item("s1.c", near.start + MINUTE + 40 * SECOND)
    speaker.send(speaker.desired(first, near, far))
    speaker.run(far.start + SECOND)
    assert [on for _, on in speaker.switched] == [False, True, False, True]
    assert speaker.switched[-1][0] == far.start - 5_000


def test_it_stays_off_for_what_may_not_sound(rig):
    policy = GuardPolicy(windows=(AllowedWindow(start="05:00", end="06:00"),))
    speaker = rig(policy=policy)
    speaker.send(speaker.desired(speaker.item("s1.a", speaker.now + MINUTE)))
    speaker.after(HOUR)
    speaker.event(c.SilencePressed(True))
    speaker.send(speaker.alerts(speaker.emergency("u1", speaker.now + SECOND)))
    speaker.after(HOUR)
    assert [on for _, on in speaker.switched] == [False]


def test_it_is_on_at_every_first_sample_also_when_what_was_preempted_goes_on(rig):
    speaker = rig()
    item = speaker.item("s1.a", speaker.now + MINUTE, seconds=120)
    speaker.send(speaker.desired(item))
    speaker.run(item.start + 10 * SECOND)
    speaker.send(speaker.alerts(speaker.emergency("u1", speaker.now)))
    speaker.after(HOUR)
    assert [on for _, on in speaker.switched] == [False, True, False]
    assert len(speaker.heard) == 3


def test_a_silence_switches_it_off(rig):
    speaker = rig()
    item = speaker.item("s1.a", speaker.now + MINUTE, seconds=600)
    speaker.send(speaker.desired(item))
    speaker.run(item.start + 10 * SECOND)
    speaker.event(c.SilencePressed(True))
    speaker.after(3 * SECOND)
    assert speaker.switched[-1][1] is False
