"""The sound of an item that carries streams: clips from the disk, and what is live when it is due."""

from __future__ import annotations

import array
import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from .ports import RATE, Feed, Samples

LEAD = 10.0  # seconds before a stream is due: it is called, and some of it comes ahead
STALLED = "relay_stalled"


@dataclass(frozen=True, slots=True)
class Live:
    """A stream that sounds for ``count`` samples."""

    feed: Feed
    count: int


@dataclass(frozen=True, slots=True)
class _Part:
    begin: int
    end: int
    sound: Samples | Feed


class Reel:
    """What an item plays from its first sample to its last, of a length that is known."""

    def __init__(self, parts: Sequence[Samples | Live]) -> None:
        lengths = [part.count if isinstance(part, Live) else len(part) for part in parts]
        ends = list(itertools.accumulate(lengths))
        sounds = [part.feed if isinstance(part, Live) else part for part in parts]
        self.parts = tuple(
            _Part(end - length, end, sound) for end, length, sound in zip(ends, lengths, sounds, strict=True)
        )
        self._length = ends[-1] if ends else 0
        self._calls: list[asyncio.TimerHandle] = []

    def __len__(self) -> int:
        return self._length

    @property
    def live(self) -> tuple[tuple[int, int], ...]:
        """The first sample of each stream, and the first after it."""
        return tuple((part.begin, part.end) for part in self.parts if not isinstance(part.sound, memoryview))

    def expect(self, wait: float, position: int) -> None:
        """Call the streams in time: sample ``position`` is due in ``wait`` seconds."""
        self._cancel()
        loop = asyncio.get_running_loop()
        for part in self.parts:
            if not isinstance(part.sound, memoryview) and part.end > position:
                lead = wait + (part.begin - position) / RATE - LEAD
                self._calls.append(loop.call_later(max(0.0, lead), part.sound.open))

    def since(self, position: int) -> Stretch:
        return Stretch(self, position)

    def pause(self) -> None:
        """It gives way to something else."""
        self._cancel()
        for part in self.parts:
            if not isinstance(part.sound, memoryview):
                part.sound.pause()

    def close(self) -> None:
        self._cancel()
        for part in self.parts:
            if not isinstance(part.sound, memoryview):
                part.sound.close()

    def _cancel(self) -> None:
        for call in self._calls:
            call.cancel()
        self._calls.clear()


class Stretch:
    """A reel from one position on; implements ``ports.Source``.

    What a stream does not bring in time is silence: ``lost`` counts it and ``gaps`` how often it began;
    ``trouble`` is the code of why it last did. ``heard_at`` is the first sample that is no such silence.
    """

    def __init__(self, reel: Reel, position: int) -> None:
        self._reel = reel
        self._first = position
        self._next = position  # the first sample of the reel that was not asked for yet
        self._tail = array.array("h")  # the newest before it: a sink may ask for a last one again
        self._missing = False
        self.lost = 0
        self.gaps = 0
        self.trouble = ""
        self.heard_at: int | None = None

    def __len__(self) -> int:
        return max(0, len(self._reel) - self._first)

    def __getitem__(self, part: slice, /) -> Samples:
        begin = self._first + (part.start or 0)
        end = min(self._first + len(self) if part.stop is None else self._first + part.stop, len(self._reel))
        block = self._tail[len(self._tail) - max(0, self._next - begin) :] if begin < self._next else None
        block = array.array("h") if block is None else block
        if end > self._next:
            block.extend(self._read(end))
        self._tail = block[-2:]
        return memoryview(block)

    def _read(self, end: int) -> array.array[int]:
        block = array.array("h")
        for part in self._reel.parts:
            begin, until = max(part.begin, self._next), min(part.end, end)
            if begin >= until:
                continue
            if isinstance(part.sound, memoryview):
                self._note_heard(begin)
                block.frombytes(part.sound[begin - part.begin : until - part.begin].cast("B"))
            else:
                block.extend(self._live(part.sound, begin, until - begin))
                if until == part.end:
                    part.sound.close()
            self._next = until
        return block

    def _live(self, feed: Feed, begin: int, count: int) -> array.array[int]:
        block = array.array("h")
        block.frombytes(feed.take(count).cast("B"))
        if block:
            self._note_heard(begin)
            self._missing = False
        lacking = count - len(block)
        if lacking:
            self.gaps += not self._missing
            self._missing = True
            self.lost += lacking
            self.trouble = feed.trouble or STALLED
            block.extend(array.array("h", bytes(2 * lacking)))
        return block

    def _note_heard(self, at: int) -> None:
        if self.heard_at is None:
            self.heard_at = at - self._first
