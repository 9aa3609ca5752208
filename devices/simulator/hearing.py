"""What the microphone of a simulated loudspeaker hears: its own horn, if it sounds, in a room with noise."""

from __future__ import annotations

import array
import math
import random
from collections.abc import Set as AbstractSet
from dataclasses import replace

from devices.acoustics.room import Room
from devices.speaker.ports import RATE, Clock, Recording, Samples

from .faults import Fault
from .sound import SoundChain, Sounding

_ECHO = 1.0  # seconds of what sounded before, which still echo
_HELD = 6  # samples
_FOREIGN_HZ = 3.0  # syllables a second of a programme that nobody ordered


class RoomMicrophone:
    """Implements ``ports.Microphone``; what will sound is known, so nobody waits for it."""

    def __init__(
        self, chain: SoundChain, clock: Clock, faults: AbstractSet[Fault], room: Room, rng: random.Random
    ) -> None:
        self._chain = chain
        self._clock = clock
        self._faults = faults
        self._room = room
        self._rng = rng

    def record(self, seconds: float) -> Recording | None:
        at = self._clock.monotonic()
        dry, room = self._sounds(at - _ECHO, seconds + _ECHO)
        heard = room.hear(dry, self._rng)
        return Recording(heard[round(_ECHO * RATE) :], at)

    def _sounds(self, at: float, seconds: float) -> tuple[Samples, Room]:
        """What comes out of the horn from an instant on, and how loud that is in the room."""
        count = round(seconds * RATE)
        if Fault.FOREIGN_SOUND in self._faults:
            return _foreign(count, self._rng), self._room
        sounding = next(iter(self._chain.audible()), None)
        if sounding is None or sounding.gain <= 0:
            return memoryview(bytes(2 * count)).cast("h"), self._room
        louder = 20 * math.log10(sounding.gain)
        return _stretch(sounding, at, count), replace(self._room, horn_db=self._room.horn_db + louder)


def _stretch(sounding: Sounding, at: float, count: int) -> Samples:
    """The samples from an instant on, silence before the first and after the last."""
    first = round((at - sounding.began) * RATE)
    before = min(count, max(0, -first))
    body = bytes(sounding.samples[max(0, first) : max(0, first + count)])
    return memoryview(bytes(2 * before) + body + bytes(2 * (count - before) - len(body))).cast("h")


def _foreign(count: int, rng: random.Random) -> Samples:
    """Loud noise below 4 kHz that swells like speech."""
    turn = 2 * math.pi * _FOREIGN_HZ / RATE
    sound = array.array("h")
    for n in range(0, count + _HELD, _HELD):
        sound.extend([round(20_000 * abs(math.sin(turn * n)) * rng.uniform(-1, 1))] * _HELD)
    return memoryview(sound)[:count]
