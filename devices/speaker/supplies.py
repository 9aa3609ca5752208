"""Brings what the core asks for: plans and clips over HTTP, decoded audio from the disk."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import random
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from devices.errors import AudioUnreadable, FetchError, FetchSwapped, Malformed
from devices.messages import ClipRef, Item, PlanPointer, Relay

from .audio import ClipsLost
from .cache import Cache
from .core import (
    ClipEvicted,
    ClipFailed,
    ClipFetched,
    ContentSwapped,
    Decode,
    Decoded,
    DecodeFailed,
    Event,
    FetchClip,
    PlanFailed,
    PlanFetched,
)
from .faults import Fault, Faults
from .ports import RATE, Samples, World
from .reel import Live, Reel
from .voice import Voice

log = logging.getLogger(__name__)

_URGENT_MS = 60_000  # a clip needed sooner than this is fetched at once
_SPREAD = 30.0  # seconds over which loudspeakers spread the download of what is needed later
_AT_ONCE = 2  # downloads that are not urgent


class NoRadio(AudioUnreadable):
    """The item carries a stream, and this box cannot."""

    code = "relay_unsupported"


class Supplies:
    """Every request ends in exactly one event, but for audio that nobody awaits any more: in none."""

    def __init__(
        self,
        world: World,
        cache: Cache,
        voice: Voice,
        post: Callable[[Event], None],
        *,
        rng: random.Random,
        faults: Faults,
    ) -> None:
        self._world = world
        self._cache = cache
        self._voice = voice
        self._post = post
        self._rng = rng
        self._faults = faults
        self._turn = asyncio.Semaphore(_AT_ONCE)
        self._hurry = asyncio.Event()

    def hurry(self) -> None:
        """Let what waits for its time be fetched now."""
        self._hurry.set()
        self._hurry = asyncio.Event()

    async def fetch_plan(self, pointer: PlanPointer) -> None:
        try:
            path = await self._fetch(pointer, urgent=True)
            plan = self._world.read_plan(_take_plan(path, pointer.sha256))
        except (FetchError, Malformed, OSError) as error:
            _log_failure("plan_not_fetched", error)
            self._post(PlanFailed(pointer.sha256, str(error)))
        else:
            self._post(PlanFetched(pointer.sha256, plan))

    async def fetch_clip(self, order: FetchClip) -> None:
        clip = order.clip
        lead = order.needed_at - self._world.clock.utc_ms()
        try:
            if lead > _URGENT_MS:
                await self._wait(self._rng.uniform(0, min(_SPREAD, lead / 10_000)))
                async with self._turn:
                    await self._fetch(clip, urgent=False)
            else:
                await self._fetch(clip, urgent=True)
        except (FetchError, OSError) as error:
            _log_failure("clip_not_fetched", error)
            self._post(ClipFailed(clip.sha256, str(error)))
        else:
            self._post(ClipFetched(clip.sha256))
        self.look_at_room()

    def look_at_room(self) -> None:
        self._faults.note(Fault.DISK_FULL, present=self._cache.is_full)

    def evict(self, now: int) -> None:
        """Delete the audio of yesterday."""
        self._forget(self._cache.evict(now))
        self.look_at_room()

    async def decode(self, order: Decode) -> None:
        item = order.item
        try:
            audio = await asyncio.to_thread(self._load, order)
        except AudioUnreadable as error:
            _log_failure("not_decoded", error)
            lost = error.lost if isinstance(error, ClipsLost) else ()
            if self._voice.awaits(order):
                self._post(DecodeFailed(item, error.code, lost))
        else:
            if self._voice.awaits(order):
                self._voice.load(order, audio)
                self._post(Decoded(item, len(audio), audio.live if isinstance(audio, Reel) else ()))

    def _load(self, order: Decode) -> Samples | Reel:
        """Raises AudioUnreadable."""
        item, directory, load = order.item, self._cache.directory, self._world.loader.load
        if not item.relays:
            return load(directory, item.clips, order.repeat, order.gap_ms)
        if self._world.radio is None:
            raise NoRadio("this loudspeaker carries no streams")
        parts: list[Samples | Live] = []
        done = 0
        for relay in _in_order(item):
            if relay.after > done:
                parts.append(load(directory, item.clips[done : relay.after], 1, 0))
                done = min(relay.after, len(item.clips))
            feed = self._world.radio.feed(relay, order.networks)
            parts.append(Live(feed, max(0, relay.duration_ms) * RATE // 1000))
        if item.clips[done:]:
            parts.append(load(directory, item.clips[done:], 1, 0))
        return Reel(parts)

    async def _fetch(self, wanted: ClipRef | PlanPointer, *, urgent: bool) -> Path:
        """Raises FetchError, OSError."""
        self._forget(self._cache.make_room(wanted.sha256, wanted.size, urgent=urgent))
        with self._cache.bringing(wanted.sha256, wanted.size):
            try:
                return await self._world.fetcher.fetch(
                    wanted.url, wanted.sha256, wanted.size, self._cache.directory
                )
            except FetchSwapped:
                self._post(ContentSwapped(wanted.sha256))
                raise

    def _forget(self, gone: Iterable[str]) -> None:
        for sha256 in gone:
            self._post(ClipEvicted(sha256))

    async def _wait(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._hurry.wait()


def _in_order(item: Item) -> list[Relay]:
    """The streams of an item; one that names more clips than there are comes after the last."""
    last = len(item.clips)
    placed = [msgspec.structs.replace(relay, after=max(0, min(relay.after, last))) for relay in item.relays]
    return sorted(placed, key=lambda relay: relay.after)


def _take_plan(path: Path, sha256: str) -> bytes:
    """Read a plan and remove its file: one that was damaged on the disk is fetched anew. Raises Malformed."""
    body = path.read_bytes()
    path.unlink()
    if hashlib.sha256(body).hexdigest() != sha256:
        raise Malformed("the plan is not what was signed")
    return body


def _log_failure(action: str, error: Exception) -> None:
    log.warning("A supply failed and will be asked for again: %s", error, extra={"action": action})
