"""A time service that lies: what the server has signed contradicts it, and nobody is woken at three."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.messages import ClockQuality
from devices.simulator import VirtualLoop, run_virtual
from devices.speaker.clock import _MARGIN_MS, SystemClock
from devices.speaker.time_exchange import BURST, CHECKS, TimeExchange
from devices.speaker.timekeeping import Reading

HOUR = 3_600_000
NIGHT = 1_800_000_000_000 // 86_400_000 * 86_400_000 + 20 * HOUR  # 03:00 in Vietnam, UTC ms


class Steered(SystemClock):
    """The kernel's clock while somebody who says to be a time service steers it."""

    def __init__(self, lie_ms: float = 0, error_ms: int = 20) -> None:
        super().__init__()
        self.true_ms = float(NIGHT)
        self.lie_ms, self.known_ms = lie_ms, error_ms
        self.steered = True

    @property
    def disciplined(self) -> bool:
        return self.steered

    def monotonic(self) -> float:
        return self.true_ms / 1000 - 1_000_000

    def _steered_ms(self) -> int:
        return round(self.true_ms + self.lie_ms)

    def _steered_error_ms(self) -> int:
        return self.known_ms

    def hear(self, error_s: float = 0.05, off_s: float = 0.0) -> None:
        """A signed answer came."""
        self.keeper.take(Reading(self.monotonic(), 1_000_000 + off_s, error_s))


@pytest.mark.parametrize("lie_ms", [12 * HOUR, -12 * HOUR, 10_000, -10_000])
def test_a_time_service_that_contradicts_the_server_is_not_believed(lie_ms: int) -> None:
    clock = Steered(lie_ms)
    assert clock.utc_ms() == NIGHT + lie_ms  # nobody has said otherwise yet
    clock.hear()
    assert clock.utc_ms() == NIGHT
    assert clock.doubt_ms() == lie_ms
    assert clock.quality() is ClockQuality.HOLDOVER
    assert (clock.error_ms() or 0) <= 51
    clock.lie_ms = 0
    assert (clock.doubt_ms(), clock.quality(), clock.error_ms()) == (0, ClockQuality.SYNCED, 20)


@given(
    off=st.floats(-30, 30), error=st.floats(0, 10), service=st.integers(0, 16_000), lie=st.floats(-30e3, 30e3)
)
def test_two_clocks_that_can_both_be_right_never_doubt_each_other(
    off: float, error: float, service: int, lie: float
) -> None:
    """Both tell the truth within their own bounds; the answer's is off by no more than it admits."""
    clock = Steered(max(-service, min(service, lie)), service)
    clock.hear(error, max(-error, min(error, off)))
    assert clock.doubt_ms() == 0
    assert clock.utc_ms() == clock._steered_ms()


@given(
    lie=st.floats(1, 86_400_000), error=st.floats(0, 10), service=st.integers(0, 16_000), sign=st.booleans()
)
def test_a_lie_beyond_all_bounds_is_always_found(lie: float, error: float, service: int, sign: bool) -> None:
    beyond = lie + 2 * error * 1000 + service + _MARGIN_MS + 2
    clock = Steered(beyond if sign else -beyond, service)
    clock.hear(error)
    assert clock.doubt_ms() != 0


def asked_in(clock: SystemClock, seconds: float, answers: Any = None) -> int:
    """How many questions a box asks in so many seconds of one connection."""
    asked: list[bytes] = []

    async def story(loop: VirtualLoop) -> int:
        clock.monotonic = loop.time  # type: ignore[method-assign]
        exchange = TimeExchange("loa-01", clock, random.Random(1))

        async def publish(body: bytes) -> None:
            asked.append(body)

        asking = asyncio.create_task(exchange.run(publish))
        await asyncio.sleep(seconds)
        asking.cancel()
        return len(asked)

    return run_virtual(story, NIGHT / 1000)


def test_a_time_service_is_compared_at_each_connection_and_rarely_afterwards() -> None:
    assert asked_in(Steered(), 30) == CHECKS
    assert asked_in(Steered(), 3600) in (CHECKS + 2, CHECKS + 3, CHECKS + 4)
    alone = Steered()
    alone.steered = False
    assert asked_in(alone, 30) == BURST
