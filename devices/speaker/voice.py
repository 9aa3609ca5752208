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
from .ports import RATE, Clock, Playback, Samples, Source, World
from .reel import Reel, Stretch

log = logging.getLogger(__name__)

_TONE_HZ = 880
_TELL_WITHIN = 0.5  # seconds; all loudspeakers start in one moment and shall not all tell of it in the same
_LOOK = 0.1  # seconds between two looks whether a stream is heard at last
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
        self._audio: dict[str, Samples | Reel] = {}
        self._playbacks: dict[str, Playback] = {}
        self._tasks: set[asyncio.Task[object]] = set()

    def await_audio(self, order: Decode) -> None:
        """From now on only the audio of this order is taken for the item."""
        self._awaited[order.item.id] = order

    def awaits(self, order: Decode) -> bool:
        """Whether the item was neither released nor ordered anew since this order."""
        return self._awaited.get(order.item.id) is order

    def load(self, order: Decode, audio: Samples | Reel) -> None:
        """Keep the audio at hand until it is released; streams are called a little before they are due."""
        item = order.item
        del self._awaited[item.id]
        self._audio[item.id] = audio
        if isinstance(audio, Reel):
            audio.expect((max(item.start, item.not_before) - self._clock.utc_ms()) / 1000, 0)

    def release(self, item_id: str) -> None:
        self._awaited.pop(item_id, None)
        audio = self._audio.pop(item_id, None)
        if isinstance(audio, Reel):
            audio.close()

    def play(self, order: Play) -> None:
        """Hand the item to the output for its instant, translated to the monotonic clock at this moment."""
        wait = (order.at - self._clock.utc_ms()) / 1000
        audio = self._audio[order.item_id]
        sound = _sound(audio, wait, order.offset)
        try:
            playback = self._sink.play(sound, self._clock.monotonic() + wait, order.volume / 100)
        except NoSoundCard as error:
            self._fail(error, order.item_id)
            self._post(Finished(order.item_id, 0, failure=error.code))
            return
        self._playbacks[order.item_id] = playback
        self._spawn(self._follow(order, playback, audio, sound))

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
        for item_id in tuple(self._audio):
            self.release(item_id)
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._sink.close()

    async def listen(self) -> None:
        """Tell of what sounds though nothing is played; never ends."""
        if self._ear is None:
            await asyncio.Event().wait()  # deaf
        else:
            await self._ear.watch(lambda: not self._playbacks)

    async def _follow(self, order: Play, playback: Playback, audio: Samples | Reel, sound: Source) -> None:
        """Report the start and the end: the core waits for the end of everything it started."""
        item_id = order.item_id
        try:
            event = await self._hear(order, playback, audio, sound)
        except NoSoundCard as error:
            self._fail(error, item_id)
            event = Finished(item_id, 0, failure=error.code)
        except Exception:
            log.exception("The sound output broke", extra={"action": "sink_broke", "item": item_id})
            event = Finished(item_id, 0, failure="sink_broke")
        self._playbacks.pop(item_id, None)
        if isinstance(audio, Reel):
            audio.pause()
        self._post(event)

    async def _hear(self, order: Play, playback: Playback, audio: Samples | Reel, sound: Source) -> Finished:
        item_id = order.item_id
        sensing: list[asyncio.Task[None]] = []
        with contextlib.suppress(Silent):
            instant = await playback.started()
            if isinstance(sound, Stretch):
                instant += await self._heard(sound, playback) / RATE
            elif self._ear is not None and order.volume > 0:
                listening = self._ear.follow(item_id, instant, order.offset, len(audio))
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
        if not isinstance(sound, Stretch):
            return Finished(item_id, rendered.samples, rendered.underruns)
        return Finished(
            item_id,
            max(0, rendered.samples - sound.lost),
            rendered.underruns,
            lost=min(sound.lost, rendered.samples),
            gaps=sound.gaps,
            trouble=sound.trouble,
        )

    async def _heard(self, sound: Stretch, playback: Playback) -> int:
        """The first sample that is no silence in the place of a stream. Raises Silent when there is none."""
        over = asyncio.ensure_future(playback.finished())
        try:
            while sound.heard_at is None and not over.done():
                await asyncio.wait([over], timeout=_LOOK)
        finally:
            over.cancel()
        if sound.heard_at is None:
            raise Silent("nothing came of the stream")
        return sound.heard_at

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


def _sound(audio: Samples | Reel, wait: float, offset: int) -> Source:
    """What is played from sample ``offset`` on, which is due in ``wait`` seconds."""
    if isinstance(audio, Reel):
        audio.expect(wait, offset)
        return audio.since(offset)
    return audio[offset:]


def _tone() -> Samples:
    step = 2 * math.pi * _TONE_HZ / RATE
    fade = RATE // 50  # 20 ms up and down, or it clicks
    wave = array.array("h")
    for n in range(RATE):
        loudness = min(1.0, n / fade, (RATE - n) / fade)
        wave.append(round(12_000 * loudness * math.sin(step * n)))
    return memoryview(wave)
