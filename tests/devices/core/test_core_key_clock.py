"""Keys by a clock nobody vouches for: a box that woke up in a far future must still hear the true time."""

import base64

import pytest

from devices.messages import ClockQuality, Keyset, TrustedKey
from devices.speaker import core as c

HOUR, DAY = 3_600_000, 86_400_000
FIRST, NEXT = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))


@pytest.fixture
def speaker(rig):
    box = rig()
    keys = (
        TrustedKey(key=FIRST, not_after=box.now + 10 * DAY),
        TrustedKey(key=NEXT, not_after=box.now + 730 * DAY),
    )
    box.send(box.desired(keyset=Keyset(version=1, keys=keys)))
    box.medium.sync()
    box.cut_power()
    return box


def wake(box, judged, *, years):
    box.skew = years * 365 * DAY
    box.power_on()
    box.event(judged)
    return box.core.trusted(box.clock)


def test_a_battery_clock_in_a_far_future_ends_no_key_while_nobody_says_how_far_it_is_off(speaker):
    assert wake(speaker, c.ClockJudged(ClockQuality.HOLDOVER), years=20) == (FIRST, NEXT)


@pytest.mark.parametrize("judged", [(ClockQuality.HOLDOVER, 40_000), (ClockQuality.SYNCED, 20)])
def test_a_clock_whose_error_is_known_ends_keys(speaker, judged):
    assert wake(speaker, c.ClockJudged(*judged), years=20) == ()
    assert wake(speaker, c.ClockJudged(*judged), years=1) == (NEXT,)


def test_what_the_server_has_signed_since_ends_keys_by_any_clock(speaker):
    wake(speaker, c.ClockJudged(ClockQuality.HOLDOVER), years=20)
    speaker.send(speaker.desired(issued_at=speaker.now + 11 * DAY))
    assert speaker.core.trusted(speaker.clock) == (NEXT,)
