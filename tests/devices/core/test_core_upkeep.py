"""Tones, self-tests, fetching at once and starting anew: answered with the effect, not with the receipt."""

import pytest

from devices.messages import Action, AllowedWindow, ClockQuality, GuardPolicy
from devices.speaker import core as c

SECOND, MINUTE, HOUR = 1000, 60_000, 3_600_000
NIGHT = GuardPolicy(windows=(AllowedWindow(start="05:00", end="06:00"),))


def ordered(rig, action, **fields):
    speaker = rig(**fields)
    speaker.send(speaker.desired())
    speaker.send(speaker.command(action))
    return speaker


def test_a_self_test_is_received_at_once_and_done_with_what_it_found(rig):
    speaker = ordered(rig, Action.SELF_TEST)
    assert speaker.codes() == [("received", "")]
    speaker.after(5 * SECOND)
    (test,) = speaker.done(c.RunSelfTest)
    assert test.volume == 80
    speaker.event(c.SelfTested(test.command_id, ("amplifier", "disk_full")))
    assert speaker.codes()[1:] == [("done", "amplifier,disk_full")]
    assert (speaker.medium.journal[-1].event, speaker.medium.journal[-1].reason) == (
        "self_test",
        "amplifier,disk_full",
    )


def test_a_self_test_that_finds_nothing_is_ok_and_one_that_nobody_ordered_is_only_journaled(rig):
    speaker = ordered(rig, Action.SELF_TEST)
    speaker.after(5 * SECOND)
    (test,) = speaker.done(c.RunSelfTest)
    speaker.event(c.SelfTested(test.command_id, ()))
    speaker.event(c.SelfTested("", ("no_sound_card",)))
    assert speaker.codes() == [("received", ""), ("done", "ok")]
    told = [e.reason for e in speaker.medium.journal if e.event == "self_test"]
    assert told == ["ok", "no_sound_card"]


def test_a_self_test_outside_the_hours_or_under_silence_is_mute(rig):
    speaker = ordered(rig, Action.SELF_TEST, policy=NIGHT)
    assert [test.volume for test in speaker.done(c.RunSelfTest)] == [0]
    silent = rig()
    silent.send(silent.desired())
    silent.event(c.SilencePressed(True))
    silent.send(silent.command(Action.SELF_TEST))
    assert [test.volume for test in silent.done(c.RunSelfTest)] == [0]


def test_by_a_clock_that_is_not_known_no_tone_sounds(rig):
    speaker = rig()
    speaker.send(speaker.desired())
    speaker.event(c.ClockJudged(ClockQuality.UNKNOWN))
    speaker.send(speaker.command(Action.IDENTIFY))
    assert speaker.codes() == [("refused", "clock_unknown")]


def test_a_silence_that_comes_while_the_amplifier_wakes_up_stops_the_tone(rig):
    speaker = ordered(rig, Action.IDENTIFY)
    speaker.event(c.SilencePressed(True))
    speaker.after(MINUTE)
    assert speaker.done(c.Identify) == []
    assert speaker.codes() == [("received", ""), ("refused", "silenced")]


def test_a_tone_is_as_quiet_as_the_hour_wants_and_the_amplifier_is_awake(rig):
    speaker = rig(policy=GuardPolicy(windows=(AllowedWindow(start="00:00", end="24:00"),), max_volume=35))
    speaker.send(speaker.desired())
    speaker.send(speaker.command(Action.IDENTIFY))
    asked = speaker.now
    speaker.after(MINUTE)
    assert speaker.done(c.Identify) == [c.Identify(35)]
    assert [on for _, on in speaker.switched] == [False, True, False]
    assert speaker.switched[1][0] == asked


def test_fetch_asks_again_at_once_and_is_done_when_nothing_is_missing(rig):
    speaker = rig()
    speaker.can_fetch = False
    speaker.send(speaker.desired(speaker.item("s1.a", speaker.now + HOUR)))
    speaker.after(5 * MINUTE)
    speaker.can_fetch = True
    speaker.send(speaker.command(Action.FETCH))
    assert speaker.done(c.FetchNow) == [c.FetchNow()]
    assert speaker.codes() == [("received", "")]
    speaker.after(SECOND)
    assert speaker.codes()[1:] == [("done", "complete")]
    assert speaker.core.state(speaker.clock, 1, "").ready == 1


def test_fetch_fails_when_what_is_missing_was_tried_in_vain(rig):
    speaker = rig()
    speaker.send(speaker.desired(speaker.item("s1.a", speaker.now + HOUR)))
    speaker.can_fetch = False  # the plan was under way already
    speaker.after(MINUTE)
    speaker.send(speaker.command(Action.FETCH))
    speaker.after(SECOND)
    assert speaker.codes()[1:] == [("failed", "incomplete")]


def test_a_reboot_is_done_when_the_box_is_up_again(rig):
    speaker = ordered(rig, Action.REBOOT)
    assert speaker.done(c.Reboot) == [c.Reboot()]
    assert speaker.codes() == [("received", "")]
    speaker.cut_power()
    speaker.power_on()
    speaker.cut_power()
    speaker.power_on()
    assert speaker.codes()[1:] == [("done", "rebooted")]


def test_a_reboot_does_not_cut_what_plays(rig):
    speaker = rig()
    speaker.send(speaker.desired(speaker.item("s1.a", speaker.now + MINUTE)))
    speaker.after(90 * SECOND)
    speaker.send(speaker.command(Action.REBOOT))
    assert (speaker.done(c.Reboot), speaker.codes()) == ([], [("refused", "playing")])


def test_a_second_copy_of_a_reboot_does_not_reboot_again(rig):
    speaker = rig()
    speaker.send(speaker.desired())
    order = speaker.command(Action.REBOOT)
    speaker.send(order)
    speaker.cut_power()
    speaker.power_on()
    speaker.send(order)
    assert len(speaker.done(c.Reboot)) == 1
    assert speaker.codes()[-1] == ("done", "rebooted")


@pytest.mark.parametrize(
    ("action", "answer"),
    [
        (Action.SELF_TEST, ("failed", "power")),
        (Action.STOP, ("done", "stopped")),
        (Action.SILENCE, ("done", "silenced")),
    ],
)
def test_what_was_under_way_when_the_power_went_is_answered_after_it(rig, action, answer):
    speaker = rig()
    speaker.send(speaker.desired(speaker.item("s1.a", speaker.now + MINUTE)))
    speaker.after(90 * SECOND)
    speaker.send(speaker.command(action))
    speaker.medium.sync()
    speaker.cut_power()
    speaker.power_on()
    assert speaker.codes()[-1] == answer
