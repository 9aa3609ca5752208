"""The server's keys on the loudspeaker: which count, until when, and what is never taken."""

import base64

import msgspec
import pytest

from devices.envelope import KeySet, SigningKey, open_order, seal
from devices.errors import BadSignature
from devices.messages import ClockQuality, Keyset, TrustedKey
from devices.speaker import core as c

SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000
FIRST, NEXT, LATER = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2, 3))


@pytest.fixture
def speaker(rig):
    box = rig()
    box.server_keys = (FIRST,)
    box.cut_power()
    box.power_on()
    return box


def keyset(version, **ends):
    names = {"first": FIRST, "next": NEXT, "later": LATER}
    keys = tuple(TrustedKey(key=names[name], not_after=end) for name, end in ends.items())
    return Keyset(version=version, keys=keys)


def trusted(box):
    return box.core.trusted(box.clock)


def test_until_the_server_sends_a_set_the_keys_of_the_first_day_count(speaker):
    speaker.send(speaker.desired())
    assert trusted(speaker) == (FIRST,)


def test_fema_cert_expiry_while_one_key_replaces_the_other_both_count(speaker):
    end = speaker.now + HOUR
    speaker.send(speaker.desired(keyset=keyset(1, first=end, next=end + DAY)))
    assert trusted(speaker) == (FIRST, NEXT)
    speaker.run(end - 1)
    assert trusted(speaker) == (FIRST, NEXT)
    speaker.run(end)
    assert trusted(speaker) == (NEXT,)


def test_fema_cert_expiry_what_only_an_ended_key_has_signed_is_refused(rig):
    old, new = SigningKey.generate(), SigningKey.generate()
    box = rig()
    box.server_keys = (old.public,)
    box.cut_power()
    box.power_on()
    end = box.now + HOUR
    keys = (TrustedKey(key=old.public, not_after=end), TrustedKey(key=new.public, not_after=end + DAY))
    box.send(box.desired(keyset=Keyset(version=1, keys=keys)))
    order = box.stop()
    for signers in ((old,), (new,), (old, new)):
        assert open_order(seal(order, *signers), KeySet(trusted(box))) == order
    box.run(end)
    for signers in ((new,), (old, new)):
        assert open_order(seal(order, *signers), KeySet(trusted(box))) == order
    with pytest.raises(BadSignature):
        open_order(seal(order, old), KeySet(trusted(box)))


def test_when_all_keys_have_ended_none_counts(speaker):
    speaker.send(speaker.desired(keyset=keyset(1, next=speaker.now + HOUR)))
    speaker.after(HOUR)
    assert trusted(speaker) == ()


def test_a_set_outlasts_a_power_cut(speaker):
    speaker.send(speaker.desired(keyset=keyset(1, next=speaker.now + DAY)))
    speaker.medium.sync()
    speaker.cut_power()
    speaker.power_on()
    assert trusted(speaker) == (NEXT,)


def test_a_document_without_a_set_changes_nothing(speaker):
    speaker.send(speaker.desired(keyset=keyset(1, next=speaker.now + DAY)))
    speaker.send(speaker.desired())
    assert trusted(speaker) == (NEXT,)


@pytest.mark.parametrize(
    "bad",
    [
        keyset(2),
        keyset(2, later=0),
        keyset(1, later=1 << 52),
        keyset(0, later=1 << 52),
        Keyset(version=2, keys=(TrustedKey(key="not base64", not_after=1 << 52),)),
        Keyset(version=2, keys=(TrustedKey(key="AAAA", not_after=1 << 52),)),
    ],
    ids=["empty", "ended", "same version", "older", "unreadable", "too short"],
)
def test_a_set_that_leaves_no_key_or_goes_back_is_refused_and_told(speaker, bad):
    speaker.send(speaker.desired(keyset=keyset(1, next=speaker.now + DAY)))
    speaker.send(speaker.desired(speaker.item("s1.a", speaker.now + MINUTE), keyset=bad))
    assert trusted(speaker) == (NEXT,)
    assert speaker.alarms() == ["keyset_refused"]
    speaker.after(5 * MINUTE)
    assert speaker.last("s1.a").event == "done"  # the rest of the document counts


def test_a_new_box_does_not_take_a_recorded_set_with_a_key_that_was_retired_before_its_time(speaker):
    """The broker hands the box that replaced another what it kept of that one, and holds the newer back."""
    recorded = keyset(1, later=speaker.now + DAY, first=speaker.now + 2 * DAY)
    speaker.send(speaker.desired(keyset=recorded))
    assert trusted(speaker) == (FIRST,)
    assert speaker.alarms() == ["keyset_refused"]
    newer = keyset(2, first=speaker.now + 2 * DAY, next=speaker.now + 3 * DAY)
    speaker.send(speaker.desired(keyset=newer))
    assert trusted(speaker) == (FIRST, NEXT)


def test_the_same_set_again_is_normal_and_silent(speaker):
    same = keyset(1, next=speaker.now + DAY)
    for _ in range(3):
        speaker.send(speaker.desired(keyset=same))
    assert speaker.alarms() == []


def test_a_clock_that_is_wrong_ends_no_key(speaker):
    speaker.send(speaker.desired(keyset=keyset(1, next=speaker.now + DAY)))
    speaker.event(c.ClockJudged(ClockQuality.UNKNOWN))
    speaker.skew = 30 * 365 * DAY
    speaker.event(c.Tick())
    assert trusted(speaker) == (NEXT,)


def test_a_box_that_knows_no_time_yet_takes_no_set_that_had_ended_when_it_was_signed(speaker):
    speaker.event(c.ClockJudged(ClockQuality.UNKNOWN))
    speaker.send(speaker.desired(keyset=keyset(1, later=speaker.now - DAY)))
    assert trusted(speaker) == (FIRST,)
    assert "keyset_refused" in speaker.alarms()


def test_a_clock_that_was_set_back_does_not_revive_a_key(speaker):
    end = speaker.now + HOUR
    speaker.event(c.ClockJudged(ClockQuality.HOLDOVER))
    speaker.send(speaker.desired(keyset=keyset(1, first=end, next=end + DAY)))
    speaker.after(2 * HOUR)
    speaker.send(speaker.desired(keyset=keyset(1, first=end, next=end + DAY)))
    speaker.skew = -2 * HOUR
    speaker.event(c.Tick())
    assert trusted(speaker) == (NEXT,)


def test_the_end_of_the_loudspeakers_own_key_is_known(speaker):
    assert speaker.core.key_expires == 0
    speaker.send(speaker.desired(key_expires=speaker.now + 30 * DAY))
    assert speaker.core.key_expires == speaker.now + 30 * DAY


def test_a_set_that_cannot_be_read_from_the_store_leaves_the_first_keys(speaker):
    speaker.send(speaker.desired(keyset=keyset(1, next=speaker.now + DAY)))
    speaker.medium.facts["keyset", ""] = msgspec.json.encode({"version": "x"})
    speaker.medium.sync()
    speaker.cut_power()
    speaker.power_on()
    assert trusted(speaker) == (FIRST,)
    assert "store_damaged" in speaker.alarms()
