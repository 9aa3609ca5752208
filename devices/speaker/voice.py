"""The hands of the core on the sound output: plays, halts, and reports what was really rendered."""

from __future__ import annotations

import array
import asyncio
import contextlib
import logging
import math
import random
from collections.abc import Callable, Coroutine

from devices.errors import NoSoundCard, Silent

from .core import Decode, Event, Finished, Play, Started
from .ear import Ear
from .faults import Fault, Faults
from .horn import Horn
from .ports import RATE, Clock, Playback, Samples, World

log = logging.getLogger(__name__)

_TONE_HZ = 880
_TELL_WITHIN = 0.5  # seconds; all loudspeakers start in one moment and shall not all tell of it in the same
_TONE_WITHIN = 10.0  # seconds for a tone of one second


class Voice:
    """Keeps the decoded audio of the items at hand and follows what plays."""

    def __init__(
        self,
        world: World,
        horn: Horn,
        faults: Faults,
        post: Callable[[Event], None],
        *,
        rng: random.Random,
    ) -> None:
        self._sink = world.sink
        self._clock: Clock = world.clock
        self._horn = horn
        self._faults = faults
        self._post = post
        self._rng = rng
        self._ear = _ear(world, post)
        self._awaited: dict[str, Decode] = {}
        self._audio: dict[str, Samples] = {}
        self._playbacks: dict[str, Playback] = {}
        self._tasks: set[asyncio.Task[object]] = set()

    def await_audio(self, order: Decode) -> None:
        """From now on only the audio of this order is taken for the item."""
        self._awaited[order.item.id] = order

    def awaits(self, order: Decode) -> bool:
        """Whether the item was neither released nor ordered anew since this order."""
        return self._awaited.get(order.item.id) is order

    def load(self, order: Decode, samples: Samples) -> None:
        del self._awaited[order.item.id]
        self._audio[order.item.id] = samples

    def release(self, item_id: str) -> None:
        self._awaited.pop(item_id, None)
        self._audio.pop(item_id, None)

    def play(self, order: Play) -> None:
        """Hand the item to the output for its instant, translated to the monotonic clock at this moment."""
        at = self._clock.monotonic() + (order.at - self._clock.utc_ms()) / 1000
        try:
            playback = self._sink.play(self._audio[order.item_id][order.offset :], at, order.volume / 100)
        except NoSoundCard as error:
            self._fail(error, order.item_id)
            self._post(Finished(order.item_id, 0, failure=error.code))
            return
        self._playbacks[order.item_id] = playback
        self._spawn(self._follow(order, playback, len(self._audio[order.item_id])))

    def halt(self, item_id: str) -> None:
        playback = self._playbacks.get(item_id)
        if playback is not None:
            playback.stop()

    def set_volume(self, item_id: str, volume: int) -> None:
        playback = self._playbacks.get(item_id)
        if playback is not None:
            playback.set_gain(volume / 100)

    def identify(self, volume: int) -> None:
        """Sound a tone of one second."""
        self._spawn(self.tone(volume))

    async def tone(self, volume: int) -> bool:
        """Sound a tone of one second; returns at its end whether the output took it."""
        try:
            with self._horn.held():
                playback = self._sink.play(_tone(), self._clock.monotonic(), volume / 100)
                async with asyncio.timeout(_TONE_WITHIN):
                    await playback.started()
                    rendered = await playback.finished()
        except NoSoundCard as error:
            self._fail(error, "")
        except TimeoutError:
            playback.stop()
        else:
            return rendered.samples == RATE
        return False

    async def close(self) -> None:
        """Fade out what plays; its end is not reported, the next boot finds it interrupted."""
        for task in self._tasks:
            task.cancel()
        for playback in self._playbacks.values():
            playback.stop()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._sink.close()

    async def listen(self) -> None:
        """Tell of what sounds though nothing is played; never ends."""
        if self._ear is None:
            await asyncio.Event().wait()  # deaf
        else:
            await self._ear.watch(lambda: not self._playbacks)

    async def _follow(self, order: Play, playback: Playback, total: int) -> None:
        """Report the start and the end: the core waits for the end of everything it started."""
        item_id = order.item_id
        try:
            event = await self._hear(order, playback, total)
        except NoSoundCard as error:
            self._fail(error, item_id)
            event = Finished(item_id, 0, failure=error.code)
        except Exception:
            log.exception("The sound output broke", extra={"action": "sink_broke", "item": item_id})
            event = Finished(item_id, 0, failure="sink_broke")
        self._playbacks.pop(item_id, None)
        self._post(event)

    async def _hear(self, order: Play, playback: Playback, total: int) -> Finished:
        item_id = order.item_id
        sensing: list[asyncio.Task[None]] = []
        with contextlib.suppress(Silent):
            instant = await playback.started()
            if self._ear is not None and order.volume > 0:
                listening = self._ear.follow(item_id, instant, order.offset, total)
                sensing.append(asyncio.create_task(listening))
            ago_ms = (self._clock.monotonic() - instant) * 1000
            at = round(self._clock.utc_ms() - ago_ms)
            await asyncio.sleep(self._rng.uniform(0, _TELL_WITHIN))
            self._faults.note(Fault.NO_SOUND_CARD, present=False)
            self._post(Started(item_id, at))
            if order.volume > 0:  # what is sensed of an item counts only once its start is told
                sensing.append(asyncio.create_task(self._horn.watch(item_id)))
        try:
            rendered = await playback.finished()
        finally:
            for task in sensing:
                task.cancel()
        return Finished(item_id, rendered.samples, rendered.underruns)

    def _fail(self, error: NoSoundCard, item_id: str) -> None:
        log.warning(
            "The sound output took nothing: %s", error, extra={"action": "sink_failed", "item": item_id}
        )
        self._faults.note(Fault.NO_SOUND_CARD, present=True)

    def _spawn(self, work: Coroutine[object, object, object]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _ear(world: World, post: Callable[[Event], None]) -> Ear | None:
    if world.microphone is None:
        return None
    return Ear(world.microphone, world.clock, post, listen_every_s=world.listen_every_s)


def _tone() -> Samples:
    step = 2 * math.pi * _TONE_HZ / RATE
    fade = RATE // 50  # 20 ms up and down, or it clicks
    wave = array.array("h")
    for n in range(RATE):
        loudness = min(1.0, n / fade, (RATE - n) / fade)
        wave.append(round(12_000 * loudness * math.sin(step * n)))
    return memoryview(wave)
