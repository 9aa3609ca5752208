"""The network between one simulated loudspeaker and the world: slow, lossy, and cut at times."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from pathlib import Path

from devices.errors import DiskFull, FetchUnreachable, LinkDown
from devices.speaker.health import free_bytes
from devices.speaker.ports import Fetcher, Link, Message

from .profile import Traits

_SLOW_BYTES_PER_S = 2_000.0
_SLOW_DELAY_S = 1.0
_RESEND_S = 0.2  # the least that TCP waits before it sends a lost packet again
_PACKET = 1_400  # bytes
_GREETING = 400  # bytes to connect and subscribe
_RETRY_S = 60.0  # a loudspeaker that was long without a network tries again at least so often
_DAY = 86_400.0
_FRESH_NS = 2_000_000_000  # a younger folder may change again without showing it, or hold half a file
_RESERVE = 4_000_000  # bytes kept free for the journal


class Line:
    """What passes through it takes its time; while it is cut nothing passes and connections break."""

    def __init__(self, traits: Traits, rng: random.Random) -> None:
        self._traits = traits
        self._rng = rng
        self._why: set[str] = set()
        self._slow = False
        self._links: set[Link] = set()
        self._free_at = 0.0
        self._timers: set[asyncio.TimerHandle] = set()
        self._mended = asyncio.Event()

    @property
    def is_up(self) -> bool:
        return not self._why

    @property
    def is_ideal(self) -> bool:
        """Whether everything passes at once."""
        traits = self._traits
        return not (self._slow or traits.delay_s or traits.jitter_s or traits.loss or traits.bytes_per_s)

    def cut(self, why: str) -> None:
        """Until every reason is mended."""
        self._why.add(why)
        self._break_connections()

    def mend(self, why: str) -> None:
        self._why.discard(why)
        if self.is_up:
            self._mended.set()
            self._mended.clear()

    def set_slow(self, slow: bool) -> None:
        self._slow = slow
        self._break_connections()

    def follow_plan(self) -> None:
        """From now on come the cuts of the profile."""
        for cut in self._traits.cuts:
            self._later(cut.after_s, self._cut_for, cut.lasts_s)
        self._cut_again()

    def forget_plan(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()

    def takes(self, size: int) -> float:
        """Seconds until a message of this size, sent now, has arrived."""
        if self.is_ideal:
            return 0.0
        now = asyncio.get_running_loop().time()
        rate, delay = self._traits.bytes_per_s, self._traits.delay_s
        if self._slow:
            rate, delay = min(rate or _SLOW_BYTES_PER_S, _SLOW_BYTES_PER_S), max(delay, _SLOW_DELAY_S)
        begin = max(now, self._free_at)
        self._free_at = begin + (size / rate if rate else 0.0)
        lost = sum(self._rng.random() < self._traits.loss for _ in range(1 + size // _PACKET))
        again = lost * max(_RESEND_S, 2 * delay)
        return self._free_at - now + delay + again + self._rng.uniform(0, self._traits.jitter_s)

    async def carry(self, size: int) -> None:
        """Wait until so many bytes are over; raises LinkDown when they are not."""
        if self.is_up and (seconds := self.takes(size)):
            await asyncio.sleep(seconds)
        if not self.is_up:
            raise LinkDown(f"the line is cut: {', '.join(sorted(self._why))}")

    async def wait_up(self) -> None:
        """Stand for the attempts to connect that a cut would make fail: the next after it comes by lot."""
        while not self.is_up:
            await self._mended.wait()
            await asyncio.sleep(self._rng.uniform(0, _RETRY_S))

    def connect(self, link: Link) -> None:
        self._links.add(link)

    def _break_connections(self) -> None:
        for link in tuple(self._links):
            link.abort()
        self._links.clear()

    def _cut_again(self) -> None:
        if self._traits.cuts_per_day:
            pause = self._rng.expovariate(self._traits.cuts_per_day / _DAY)
            self._later(pause, self._cut_by_chance)

    def _cut_by_chance(self) -> None:
        self._cut_for(self._traits.cut_s)
        self._later(self._traits.cut_s, self._cut_again)

    def _cut_for(self, seconds: float) -> None:
        self.cut("profile")
        self._later(seconds, self.mend, "profile")

    def _later(self, seconds: float, act: object, *arguments: object) -> None:
        def run() -> None:
            self._timers.discard(timer)
            act(*arguments)  # type: ignore[operator]

        timer = asyncio.get_running_loop().call_later(seconds, run)
        self._timers.add(timer)


class LineLink:
    """A connection over a line; implements ``ports.Link``."""

    def __init__(self, inner: Link, line: Line) -> None:
        self._inner = inner
        self._line = line
        self._ideal = True
        self._coming: asyncio.Queue[tuple[float, Message | LinkDown]] = asyncio.Queue()
        self._bringer: asyncio.Task[None] | None = None

    async def connect(self, will: Message, topics: Sequence[str]) -> None:
        """Raises LinkDown, LinkRefused."""
        await self._line.wait_up()
        await self._line.carry(_GREETING)
        await self._inner.connect(will, topics)
        self._line.connect(self)
        self._ideal = self._line.is_ideal
        if not self._ideal:
            self._coming = asyncio.Queue()
            self._bringer = asyncio.create_task(self._bring())

    async def subscribe(self, topics: Sequence[str]) -> None:
        await self._line.carry(_GREETING)
        await self._inner.subscribe(topics)

    async def unsubscribe(self, topics: Sequence[str]) -> None:
        await self._line.carry(_GREETING)
        await self._inner.unsubscribe(topics)

    async def publish(self, message: Message, *, qos: int = 1) -> None:
        await self._line.carry(len(message.topic) + len(message.payload))
        await self._inner.publish(message, qos=qos)

    async def receive(self) -> Message:
        """Raises LinkDown once the connection is lost."""
        if self._ideal:
            return await self._inner.receive()
        due, came = await self._coming.get()
        await asyncio.sleep(due - asyncio.get_running_loop().time())
        if isinstance(came, LinkDown):
            self._coming.put_nowait((due, came))
            raise came
        return came

    async def close(self) -> None:
        self._stop()
        await self._inner.close()

    def abort(self) -> None:
        self._stop()
        self._inner.abort()

    async def _bring(self) -> None:
        """Stamp what comes at once, so that the delay of one message does not hold up the next."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                message = await self._inner.receive()
            except LinkDown as error:
                self._coming.put_nowait((loop.time(), error))
                return
            self._coming.put_nowait((loop.time() + self._line.takes(len(message.payload)), message))

    def _stop(self) -> None:
        if self._bringer is not None:
            self._bringer.cancel()
            self._bringer = None
            self._coming.put_nowait((0.0, LinkDown("the connection is cut")))


class LineFetcher:
    """Downloads over a line onto a disk that may be full; implements ``ports.Fetcher``."""

    def __init__(self, inner: Fetcher, line: Line, room: int | None) -> None:
        """``room``: bytes of the disk, None for all that this machine has."""
        self._inner = inner
        self._line = line
        self._room = room
        self._seen = (0, 0)  # when the folder changed last (ns), and what it held then
        self.full = False

    async def fetch(self, url: str, sha256: str, size: int, directory: Path) -> Path:
        """Raises FetchError."""
        if not (directory / sha256).exists():
            self._require_room(size, directory)
            try:
                await self._line.carry(size)
            except LinkDown as error:
                raise FetchUnreachable(str(error)) from error
        return await self._inner.fetch(url, sha256, size, directory)

    def free(self, directory: Path) -> int | None:
        """Bytes; without a size of its own a box has the disk of this machine."""
        if self.full:
            return 0
        if self._room is None:
            return free_bytes(directory)
        return max(0, self._room - self._used(directory))

    def _used(self, directory: Path) -> int:
        """Looked for anew only in a folder that has changed, or in this moment may."""
        try:
            changed = directory.stat().st_mtime_ns
        except FileNotFoundError:
            return 0
        if changed != self._seen[0]:
            used = sum(path.stat().st_size for path in directory.iterdir())
            if time.time_ns() - changed < _FRESH_NS:
                return used
            self._seen = changed, used
        return self._seen[1]

    def _require_room(self, size: int, directory: Path) -> None:
        free = self.free(directory)
        if free is not None and free < size + _RESERVE:
            raise DiskFull(f"no room for {size} bytes in {directory}")
