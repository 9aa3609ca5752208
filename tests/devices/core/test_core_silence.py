"""Silence, from the button on the box and from the server: nothing at all sounds until it is ended."""

import itertools

import pytest

from devices.messages import Action
from devices.speaker import core as c

SECOND, MINUTE, HOUR = 1000, 60_000, 3_600_000


@pytest.fixture
def playing(rig):
    """A loudspeaker in the middle of a bulletin of ten minutes, and one more to come."""
    speaker = rig()
    item = speaker.item("s1.a", speaker.now + MINUTE, seconds=600)
    speaker.send(speaker.desired(item, speaker.item("s2.b", speaker.now + 30 * MINUTE)))
    speaker.run(item.start + 10 * SECOND)
    return speaker


def silenced(speaker):
    return speaker.core.state(speaker.clock, 1, "").silenced


def test_the_button_ends_what_sounds_at_once_and_lets_nothing_begin(playing):
    pressed = playing.now
    playing.event(c.SilencePressed(True))
    playing.after(HOUR)
    (heard,) = playing.heard
    assert heard.end - pressed <= 100
    assert (playing.last("s1.a").event, playing.last("s1.a").reason) == ("partial", "silenced")
    assert (playing.last("s2.b").event, playing.last("s2.b").reason) == ("skipped", "silenced")
    assert silenced(playing) == "local"


def test_thach_ha_foreign_under_silence_not_even_an_emergency_sounds(playing):
    playing.send(playing.command(Action.SILENCE))
    playing.after(SECOND)
    playing.send(playing.alerts(playing.emergency("u1", playing.now + SECOND)))
    playing.after(HOUR)
    assert [s.item for s in playing.heard] == ["s1.a"]
    assert (playing.last("u1").event, playing.last("u1").reason) == ("skipped", "silenced")


def test_a_central_silence_is_answered_when_nothing_sounds_any_more(playing):
    order = playing.command(Action.SILENCE)
    playing.send(order)
    assert playing.acks == []
    playing.after(SECOND)
    assert [(ack.command, ack.stage, ack.code) for ack in playing.acks] == [(order.id, "done", "silenced")]


def test_a_silence_when_nothing_plays_is_answered_too(rig):
    speaker = rig()
    speaker.send(speaker.desired())
    speaker.send(speaker.command(Action.SILENCE))
    assert speaker.codes() == [("done", "silenced")]


@pytest.mark.parametrize("who", ["local", "central"])
def test_silence_outlasts_a_power_cut(playing, who):
    playing.event(c.SilencePressed(True)) if who == "local" else playing.send(playing.command(Action.SILENCE))
    playing.cut_power()
    playing.power_on()
    playing.after(HOUR)
    assert len(playing.heard) == 1
    assert playing.last("s2.b").reason == "silenced"
    assert silenced(playing) == who


def test_an_order_from_afar_does_not_undo_the_button(playing):
    playing.event(c.SilencePressed(True))
    playing.send(playing.command(Action.RELEASE))
    playing.after(HOUR)
    assert (len(playing.heard), silenced(playing)) == (1, "local")


def test_the_button_does_not_undo_the_central_silence(playing):
    playing.send(playing.command(Action.SILENCE))
    playing.event(c.SilencePressed(True))
    playing.event(c.SilencePressed(False))
    playing.after(HOUR)
    assert (len(playing.heard), silenced(playing)) == (1, "central")


def test_after_a_release_everything_sounds_again(playing):
    playing.send(playing.command(Action.SILENCE))
    playing.after(MINUTE)
    playing.send(playing.command(Action.RELEASE))
    playing.after(HOUR)
    assert [s.item for s in playing.heard] == ["s1.a", "s2.b"]
    assert silenced(playing) == ""


def test_a_central_silence_ends_by_itself_at_its_time(playing):
    until = playing.now + 10 * MINUTE
    playing.send(playing.command(Action.SILENCE, hold_until=until))
    playing.run(until - 1)
    assert silenced(playing) == "central"
    playing.after(HOUR)
    assert [s.item for s in playing.heard] == ["s1.a", "s2.b"]
    told = [(e.event, e.reason, e.at) for e in playing.medium.journal if "silenced" in e.event]
    assert told == [("silenced", "central", told[0][2]), ("unsilenced", "central", until)]


def test_what_was_preempted_does_not_come_back_under_silence(playing):
    playing.send(playing.alerts(playing.emergency("u1", playing.now)))
    playing.after(5 * SECOND)
    playing.event(c.SilencePressed(True))
    playing.after(HOUR)
    assert [s.item for s in playing.heard] == ["s1.a", "u1"]
    assert [playing.last(name).event for name in ("s1.a", "u1")] == ["partial", "partial"]


def test_pressing_twice_is_told_once(rig):
    speaker = rig()
    for on in (False, True, True, False, False):
        speaker.event(c.SilencePressed(on))
    assert speaker.alarms() == ["silenced", "unsilenced"]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_in_whichever_order_they_come_the_same_holds(rig, order):
    speaker = rig()
    speaker.send(speaker.desired())
    now = speaker.now
    commands = [
        speaker.command(Action.SILENCE, issued_at=now),
        speaker.stop(issued_at=now + 1, hold_until=now + HOUR),
        speaker.command(Action.RELEASE, issued_at=now + 2),
        speaker.command(Action.SILENCE, issued_at=now + 3, hold_until=now + MINUTE),
    ]
    for n in order:
        speaker.send(commands[n])
    state = speaker.core.state(speaker.clock, 1, "")
    assert (state.silenced, state.held_until) == ("central", 0)
    speaker.after(2 * MINUTE)
    assert silenced(speaker) == ""
