"""The self-test of a loudspeaker: tries everything that a broadcast needs and names what is wrong."""

from __future__ import annotations

import asyncio

from devices.errors import StoreFailed
from devices.messages import ClockQuality

from .faults import Fault, Faults
from .horn import Horn
from .ports import Samples, World
from .supplies import Supplies
from .voice import Voice

_QUIETEST, _LOUDEST = 5, 20  # percent: enough for a sensor, not for the village
_LISTENS = 1.5  # seconds, a little longer than the tone
_LOOKS, _LOOK = 24, 0.05  # at the load of the horn, seconds apart: a little longer than the tone
_NO_MICROPHONE = "microphone"


class SelfTest:
    """Its codes are those of the faults, and ``microphone`` where one is fitted and hears nothing."""

    def __init__(self, world: World, voice: Voice, horn: Horn, supplies: Supplies, faults: Faults) -> None:
        self._world = world
        self._voice = voice
        self._horn = horn
        self._supplies = supplies
        self._faults = faults

    async def run(self, volume: int) -> tuple[str, ...]:
        """Nothing sounds when ``volume`` is 0: then card, amplifier and horn are not tried."""
        if volume > 0:
            sounding = await self._sound(max(_QUIETEST, min(volume, _LOUDEST)))
        else:
            sounding = set() if self._world.has_card() else {str(Fault.NO_SOUND_CARD)}
        self._supplies.look_at_room()
        known = {code for code in self._faults.codes if code in (Fault.DISK_FULL, Fault.AMPLIFIER)}
        return tuple(sorted(sounding | known | self._clock() | self._store()))

    async def _sound(self, volume: int) -> set[str]:
        hearing = asyncio.create_task(self._hear())
        loading = asyncio.create_task(self._horn.is_loaded(_LOOKS, _LOOK))
        sounded = await self._voice.tone(volume)
        loaded, heard = await asyncio.gather(loading, hearing)
        codes = set()
        if not sounded:
            codes.add(str(Fault.NO_SOUND_CARD))
        elif loaded is False:
            codes.add(str(Fault.DEAD_HORN))
        if sounded and not heard:
            codes.add(_NO_MICROPHONE)
        return codes

    async def _hear(self) -> bool:
        if self._world.microphone is None:
            return True
        recorded = await asyncio.to_thread(self._world.microphone.record, _LISTENS)
        return recorded is not None and _is_live(recorded.samples)

    def _clock(self) -> set[str]:
        unknown = self._world.clock.quality() is ClockQuality.UNKNOWN
        return {str(Fault.CLOCK)} if unknown else set()

    def _store(self) -> set[str]:
        """Write and sync, as before every start."""
        try:
            self._world.store.keep("self_test", "", str(self._world.clock.utc_ms()).encode())
            self._world.store.sync()
        except StoreFailed:
            return {str(Fault.STORE_FAILED)}
        return set()


def _is_live(recorded: Samples) -> bool:
    """A microphone that is not connected shows one value; the noise of a real one never does."""
    return len(recorded) > 0 and min(recorded) != max(recorded)
