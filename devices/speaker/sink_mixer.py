"""The always-running stream of a loudspeaker: sounds are put into its blocks at the sample."""

from __future__ import annotations

import array
import threading
from collections.abc import Callable
from dataclasses import dataclass

from devices.speaker.ports import RATE, Rendered, Samples, Source
from devices.speaker.servo import Servo, spread, squeezed
from devices.speaker.sink_playback import Notices

FADE = RATE * 40 // 1000  # samples; a hard cut clicks, and after 50 ms people still hear the old item


class StreamClock:
    """Says when a block will sound, from the instants at which the device asked for blocks.

    A request may come late and never early, so that the earliest ones show the true pace; the estimate
    may creep by 500 ppm to follow a card whose crystal is slow.
    """

    def __init__(self, latency: float, reserve: float, per_second: float = RATE) -> None:
        """``latency``: seconds from handing over to sounding; ``reserve``: lateness the device bears."""
        self._latency = latency
        self._reserve = reserve
        self._per_second = per_second
        self._origin: float | None = None
        self._handed = 0
        self._last = 0.0

    def next_block(self, frames: int, now: float) -> tuple[float, bool]:
        """The instant at which the next block sounds, and whether the device ran dry before it."""
        earliest = now - self._handed / self._per_second
        starved = self._origin is not None and earliest > self._origin + self._reserve
        if self._origin is None or starved:
            self._origin = earliest
        else:
            self._origin = min(earliest, self._origin + (now - self._last) * 500e-6)
        at = self._origin + self._handed / self._per_second + self._latency
        self._handed += frames
        self._last = now
        return at, starved


@dataclass(frozen=True, slots=True)
class Block:
    """One request of the device.

    ``at`` is its smoothed instant, by which sounds are placed; ``sounds_at`` the instant by the clock
    as it is handed over, which is reported as the measured start. Where a device ``drifts`` the servo
    keeps sounds beside the clock.
    """

    frames: int
    at: float
    sounds_at: float
    per_second: float
    drifts: bool


class Sound(Notices):
    """One stretch of samples on its way through the blocks."""

    def __init__(self, samples: Source, at: float, gain: float) -> None:
        super().__init__()
        self._underruns = 0
        self._samples = samples
        self._at = at
        self._position = 0
        self._begun = False
        self._servo = Servo()
        self._gain = self._wished_gain = _clamped(gain)
        self._stopping = False
        self._fade_left = FADE

    def stop(self) -> None:
        """Fade out within 50 ms, or never begin."""
        self._stopping = True

    def set_gain(self, gain: float) -> None:
        self._wished_gain = _clamped(gain)

    @property
    def rendered(self) -> Rendered:
        return Rendered(self._position, self._underruns)

    def note_gap(self) -> None:
        """The device ran dry; that harms only what had begun."""
        self._underruns += self._begun

    def contribute(self, block: Block) -> tuple[int, array.array[int]] | None:
        """Its samples in this block and their offset; None when it is over."""
        offset = 0
        if not self._begun:
            offset = max(0, round((self._at - block.at) * block.per_second))
            if self._stopping:
                return None
            if offset >= block.frames:
                return block.frames, array.array("h")
            self._begun = True
            self._at = max(self._at, block.at)  # what began late is not hurried to catch up
            self.tell_began(block.sounds_at + offset / block.per_second)
        piece = self._next(block, offset)
        return (offset, piece) if piece else None

    def _next(self, block: Block, offset: int) -> array.array[int]:
        """The next samples, by the servo one more or fewer than there are places for."""
        rest = len(self._samples) - self._position
        frames = block.frames - offset
        step = 0
        if block.drifts and self._position and not self._stopping:
            behind = (block.at - self._at) * block.per_second - self._position
            step = self._servo.step(frames, behind)
        if step and rest > frames + step:
            count = frames + step
            lines = self._samples[self._position : self._position + count + 1]
            piece = self._shape(memoryview(squeezed(lines) if step > 0 else spread(lines)))
        else:
            count = min(frames, rest, self._fade_left if self._stopping else rest)
            if not count:
                return array.array("h")
            piece = self._shape(self._samples[self._position : self._position + count])
        self._position += count
        return piece

    def _shape(self, piece: Samples) -> array.array[int]:
        before, after = self._gain, self._wished_gain
        if self._stopping:
            before = self._gain * self._fade_left / FADE
            self._fade_left -= len(piece)
            after = self._gain * self._fade_left / FADE
        else:
            self._gain = after
        return _scaled(piece, before, after)


class Mixer:
    """Sums the sounds of one output; shared by the agent's loop and the thread of the device."""

    def __init__(
        self, latency: float, reserve: float, *, per_second: float = RATE, drifts: bool = True
    ) -> None:
        """``per_second``: samples that the device says it takes; if it ``drifts`` nearly so many."""
        self._latency = latency
        self._drifts = drifts
        self._per_second = per_second
        self._new_clock: Callable[[], StreamClock] = lambda: StreamClock(latency, reserve, per_second)
        self._clock = self._new_clock()
        self._lock = threading.Lock()
        self._sounds: list[Sound] = []
        self.sounding = False  # whether the last block holds a piece of a sound

    def add(self, sound: Sound) -> None:
        with self._lock:
            self._sounds.append(sound)

    @property
    def busy(self) -> bool:
        with self._lock:
            return bool(self._sounds)

    def restart_clock(self) -> None:
        """The stream was interrupted on purpose: what comes next is no under-run."""
        with self._lock:
            self._clock = self._new_clock()

    def render(self, frames: int, now: float) -> array.array[int]:
        """The next block of the stream, asked for at ``now`` (monotonic)."""
        block = array.array("h", bytes(2 * frames))
        filled = 0
        with self._lock:
            at, starved = self._clock.next_block(frames, now)
            request = Block(frames, at, now + self._latency, self._per_second, self._drifts)
            for sound in tuple(self._sounds):
                if starved:
                    sound.note_gap()
                part = sound.contribute(request)
                if part is None:
                    self._sounds.remove(sound)
                    sound.tell_ended(sound.rendered, after=self._latency if sound.rendered.samples else 0.0)
                    continue
                offset, piece = part
                if piece:
                    _add(block, offset, piece, filled)
                    filled = max(filled, offset + len(piece))
            self.sounding = filled > 0
        return block

    def end_all(self, failure: str = "") -> None:
        """Take all sounds out: they ended where they are, or failed."""
        with self._lock:
            sounds, self._sounds = self._sounds, []
        for sound in sounds:
            if failure:
                sound.tell_failed(failure)
            else:
                sound.tell_ended(sound.rendered)


def _clamped(gain: float) -> float:
    return min(1.0, max(0.0, gain))


def _scaled(piece: Samples, before: float, after: float) -> array.array[int]:
    if before == after == 1.0:
        return array.array("h", piece)
    if before == after:
        factor = round(before * 65_536)
        return array.array("h", [sample * factor >> 16 for sample in piece])
    step = (after - before) / len(piece)
    return array.array("h", [int(sample * (before + step * n)) for n, sample in enumerate(piece)])


def _add(block: array.array[int], offset: int, piece: array.array[int], filled: int) -> None:
    """Put ``piece`` into the block; up to ``filled`` it already holds another sound."""
    end = offset + len(piece)
    if filled > offset:
        sums = (a + b for a, b in zip(block[offset:end], piece, strict=True))
        piece = array.array("h", [min(32_767, max(-32_768, total)) for total in sums])
    block[offset:end] = piece
