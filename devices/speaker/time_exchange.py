"""Asks the server for the time, a few times at first, then rarely; a time service is compared with it."""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
from collections.abc import Awaitable, Callable

from devices.envelope import encode_report
from devices.messages import TimeRequest, TimeResponse

from .ports import Clock
from .timekeeping import Verdict, read

log = logging.getLogger(__name__)

BURST = 6  # questions after each connection: one of them finds the network quiet
CHECKS = 2  # questions after each connection where a time service steers the clock
BURST_PAUSE = 2.0  # seconds
PAUSE = 300.0  # until the drift is known
LONG_PAUSE = 1024.0  # afterwards: less than 3 MB a month
DOUBTED_PAUSE = 60.0  # while a time service contradicts the answers
GLANCE = 60.0  # between two looks whether a time service has come or gone
_AT_ONCE = 0.001  # seconds; what is left of a pause is too short to sleep for
PATIENCE = 10.0  # seconds after which an answer says nothing any more

Publish = Callable[[bytes], Awaitable[None]]
"""Send one question at QoS 0; raises LinkDown."""


class TimeExchange:
    """One question at a time; only an answer to it, that came on the signed way, is read."""

    def __init__(self, device: str, clock: Clock, rng: random.Random) -> None:
        self._device = device
        self._clock = clock
        self._rng = rng
        self._nonce = ""
        self._sent = 0.0

    async def run(self, publish: Publish) -> None:
        """Ask for as long as a connection lasts; raises LinkDown."""
        asked = 0
        while True:
            await self._ask(publish)
            asked, chance = asked + 1, self._rng.uniform(0.8, 1.2)
            while (left := self._pause(asked) * chance - self._clock.monotonic() + self._sent) > _AT_ONCE:
                await asyncio.sleep(min(left, GLANCE * chance))

    def answer(self, response: TimeResponse) -> None:
        """Read a verified answer at the moment it came."""
        arrived = self._clock.monotonic()
        if not self._nonce or arrived - self._sent > PATIENCE:
            return  # no question is out: not even an answer to an empty nonce is one of ours
        if (response.device, response.nonce) != (self._device, self._nonce):
            return
        self._nonce = ""
        reading = read(self._sent, response.received_us, response.sent_us, arrived)
        if reading is None:
            return
        verdict = self._clock.keeper.take(reading)
        if verdict is not Verdict.TAKEN:
            log.warning(
                "the server's time contradicts what is known",
                extra={"action": "time_contradicted", "device": self._device, "verdict": verdict.name},
            )

    async def _ask(self, publish: Publish) -> None:
        self._nonce = secrets.token_hex(8)
        self._sent = self._clock.monotonic()
        await publish(encode_report(TimeRequest(device=self._device, nonce=self._nonce)))

    def _pause(self, asked: int) -> float:
        if asked < (CHECKS if self._clock.disciplined else BURST):
            return BURST_PAUSE
        if self._clock.disciplined:
            return DOUBTED_PAUSE if self._clock.doubt_ms() else LONG_PAUSE
        return PAUSE if self._clock.keeper.drift_ppm is None else LONG_PAUSE
