"""The amplifier and the horn behind it: on for whoever needs them, and watched while something sounds."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from devices.errors import AmplifierFailed

from .core import Electrical, Event
from .faults import Fault, Faults
from .ports import Amplifier

log = logging.getLogger(__name__)

LEAST_LOAD = 0.5  # watts; a quiet voice in one horn of 25 W draws several, an open line next to none
_LOOK = 0.25  # seconds between two looks at the sensor
_LOOKS = 20  # speech pauses; five seconds of it never do
_PAUSE = 2.0  # seconds until it is judged again


class Horn:
    """Every failure of the amplifier is a fault of the box and never stops what plays."""

    def __init__(self, amplifier: Amplifier, faults: Faults, post: Callable[[Event], None]) -> None:
        self._amplifier = amplifier
        self._faults = faults
        self._post = post
        self._ordered = False
        self._held = 0

    def order(self, *, on: bool) -> None:
        """What the core wants; a tone that sounds keeps it on."""
        self._ordered = on
        self._switch()

    @contextmanager
    def held(self) -> Iterator[None]:
        """On as long as the caller needs it, whatever the core wants."""
        self._held += 1
        self._switch()
        try:
            yield
        finally:
            self._held -= 1
            self._switch()

    async def watch(self, item_id: str) -> None:
        """Tell whether current flows while an item sounds, and again whenever that changes; never ends."""
        told: bool | None = None
        while (flows := await self.is_loaded()) is not None:
            if flows is not told:
                told = flows
                self._post(Electrical(item_id, flows))
            await asyncio.sleep(_PAUSE)

    async def is_loaded(self, looks: int = _LOOKS, apart: float | None = None) -> bool | None:
        """Whether current flows into the horn in some looks, ``apart`` seconds; None: nothing can tell."""
        for _ in range(looks):
            await asyncio.sleep(_LOOK if apart is None else apart)
            load = self._load()
            if load is None:
                return None
            if load >= LEAST_LOAD:
                return True
        return False

    def _load(self) -> float | None:
        try:
            return self._amplifier.load()
        except AmplifierFailed as error:
            self._fail(error)
            return None

    def _switch(self) -> None:
        try:
            if self._ordered or self._held:
                self._amplifier.on()
            else:
                self._amplifier.off()
        except AmplifierFailed as error:
            self._fail(error)
        else:
            self._faults.note(Fault.AMPLIFIER, present=False)

    def _fail(self, error: AmplifierFailed) -> None:
        log.error("The amplifier does not answer: %s", error, extra={"action": "amplifier_failed"})
        self._faults.note(Fault.AMPLIFIER, present=True)
