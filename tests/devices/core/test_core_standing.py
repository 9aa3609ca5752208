"""Orders that the desired state carries: given while the box was off, and obeyed once when it is back."""

import pytest

from devices.messages import Action

SECOND, MINUTE, HOUR = 1000, 60_000, 3_600_000
DEVICE = "loa-1"


@pytest.fixture
def speaker(rig):
    made = rig()
    made.send(made.desired())
    return made


def carried(speaker, action, *, issued_at=None, **fields):
    issued = issued_at or speaker.now
    basics = {"target": DEVICE, "issued_at": issued, "expires_at": speaker.now + 30 * 24 * HOUR}
    return speaker.command(action, **basics | fields)


def silenced(speaker):
    return speaker.core.state(speaker.clock, 1, "").silenced


def test_a_release_that_was_given_while_the_box_was_off_lets_it_sound_again(speaker):
    speaker.send(speaker.command(Action.SILENCE))
    speaker.cut_power()
    speaker.now += 3 * HOUR
    release = carried(speaker, Action.RELEASE, issued_at=speaker.now - 2 * HOUR)
    speaker.power_on()
    assert silenced(speaker) == "central"
    item = speaker.item("s1.a", speaker.now + MINUTE)
    speaker.send(speaker.desired(item, orders=(release,)))
    assert silenced(speaker) == ""
    assert (speaker.acks[-1].command, *speaker.codes()[-1]) == (release.id, "done", "released")
    speaker.after(HOUR)
    assert speaker.states("s1.a")[-1] == "done"


def test_a_silence_and_a_hold_reach_a_box_that_was_off(speaker):
    until = speaker.now + HOUR
    held = carried(speaker, Action.STOP, hold_until=until, expires_at=until)
    item = speaker.item("s1.a", speaker.now + MINUTE)
    speaker.send(speaker.desired(item, orders=(held, carried(speaker, Action.SILENCE, hold_until=until))))
    assert silenced(speaker) == "central"
    speaker.after(HOUR)
    assert (speaker.last("s1.a").event, speaker.heard) == ("skipped", [])
    assert silenced(speaker) == ""


def test_the_same_order_by_message_and_in_document_after_document_is_one_order(speaker):
    message = speaker.command(Action.SILENCE, target=DEVICE)
    silence = carried(speaker, Action.SILENCE, id=message.id)
    speaker.send(message)
    for _ in range(5):
        speaker.after(MINUTE)
        speaker.send(speaker.desired(orders=(silence,)))
    assert [e.event for e in speaker.medium.journal if not e.item] == ["silenced"]  # no "replayed" either
    assert set(speaker.codes()) == {("done", "silenced")}
    assert len(speaker.acks) == 6  # the server asks for as long as it has not heard the answer


def test_an_older_release_in_a_document_does_not_end_a_newer_silence(speaker):
    release = carried(speaker, Action.RELEASE)
    speaker.after(MINUTE)
    speaker.send(speaker.command(Action.SILENCE))
    speaker.send(speaker.desired(orders=(release,)))
    assert silenced(speaker) == "central"


def test_what_has_run_out_is_for_another_or_may_not_stand_does_nothing(speaker):
    for order in (
        carried(speaker, Action.SILENCE, expires_at=speaker.now - 1),
        carried(speaker, Action.SILENCE, target="loa-2"),
        carried(speaker, Action.SILENCE, target="xa"),
        carried(speaker, Action.REBOOT),
        carried(speaker, Action.IDENTIFY),
    ):
        speaker.send(speaker.desired(orders=(order,)))
    assert silenced(speaker) == ""
    assert speaker.acks == []
    assert speaker.alarms() == ["wrong_target"]


def test_an_older_document_brings_no_order_back(speaker):
    old = speaker.desired(orders=(carried(speaker, Action.SILENCE),))
    speaker.send(speaker.desired())
    speaker.send(old)
    assert silenced(speaker) == ""
