"""Listens: to ten seconds of every item, for the server to judge, and for sounds that nobody ordered."""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Callable

from devices.acoustics.energies import PER_SECOND, energies, level_db
from devices.acoustics.match import SECONDS

from .core import Event, Heard, UnorderedSound
from .ports import LOOK, RATE, Clock, Microphone, Recording, Samples

log = logging.getLogger(__name__)

SHORTEST = 3.0  # seconds of an item that can be recognised at all
EARLY = 0.5  # seconds that the microphone is opened before
LOUD_DB = -30.0  # below full scale: no village is so loud beside a horn, only the horn itself
GLANCE = 2.0  # seconds of one look


def stretch(total: int) -> tuple[int, int] | None:
    """Where in an item of so many samples is listened, and how long: the same on every loudspeaker."""
    if total < SHORTEST * RATE:
        return None
    tenth = RATE // PER_SECOND
    length = min(SECONDS * RATE, total) // tenth * tenth
    return (total - length) // 2 // (RATE // 1000) * (RATE // 1000), length


class Ear:
    """What is recorded becomes energies at once and is forgotten."""

    def __init__(
        self,
        microphone: Microphone,
        clock: Clock,
        post: Callable[[Event], None],
        *,
        listen_every_s: float = LOOK,
    ) -> None:
        self._microphone = microphone
        self._clock = clock
        self._post = post
        self._pause = listen_every_s

    async def follow(self, item_id: str, began: float, offset: int, total: int) -> None:
        """Listen once to an item of ``total`` samples whose sample ``offset`` sounded at ``began``."""
        found = stretch(total)
        if found is None or found[0] < offset:
            return
        start, length = found
        at = began + (start - offset) / RATE
        await asyncio.sleep(max(0.0, at - EARLY - self._clock.monotonic()))
        recording = await self._record(EARLY + length / RATE + EARLY)
        heard = _cut(recording, at, length) if recording is not None else None
        if heard is None:
            log.info("nothing was heard", extra={"action": "not_heard", "item": item_id})
            return
        picture = await asyncio.to_thread(energies, heard)
        self._post(Heard(item_id, start * 1000 // RATE, base64.b64encode(picture).decode()))

    async def watch(self, is_silent: Callable[[], bool]) -> None:
        """Tell of a loud sound while nothing is played; it lasts for two looks, or it was a bang."""
        was_loud = False
        while True:
            await asyncio.sleep(GLANCE if was_loud else self._pause)
            recording = await self._record(GLANCE) if is_silent() else None
            level = level_db(recording.samples) if recording is not None and is_silent() else None
            is_loud = level is not None and level > LOUD_DB
            if level is not None and is_loud and was_loud:
                self._post(UnorderedSound(level))
            was_loud = is_loud

    async def _record(self, seconds: float) -> Recording | None:
        return await asyncio.to_thread(self._microphone.record, seconds)


def _cut(recording: Recording, at: float, length: int) -> Samples | None:
    """The samples from the instant ``at``; None when it began too late or ended too soon."""
    first = round((at - recording.at) * RATE)
    if first < 0 or first + length > len(recording.samples):
        return None
    return recording.samples[first : first + length]
