"""The always-running stream of a loudspeaker: sounds are put into its blocks at the sample."""

from __future__ import annotations

import array
import threading

from devices.speaker.ports import RATE, Rendered, Samples
from devices.speaker.sink_playback import Notices

FADE = RATE * 40 // 1000  # samples; a hard cut clicks, and after 50 ms people still hear the old item


class StreamClock:
    """Says when a block will sound, from the instants at which the device asked for blocks.

    A request may come late and never early, so that the earliest ones show the true pace; the estimate
    may creep by 500 ppm to follow a card whose crystal is slow.
    """

    def __init__(self, latency: float, reserve: float) -> None:
        """``latency``: seconds from handing over to sounding; ``reserve``: lateness the device bears."""
        self._latency = latency
        self._reserve = reserve
        self._origin: float | None = None
        self._handed = 0
        self._last = 0.0

    def next_block(self, frames: int, now: float) -> tuple[float, bool]:
        """The instant at which the next block sounds, and whether the device ran dry before it."""
        earliest = now - self._handed / RATE
        starved = self._origin is not None and earliest > self._origin + self._reserve
        if self._origin is None or starved:
            self._origin = earliest
        else:
            self._origin = min(earliest, self._origin + (now - self._last) * 500e-6)
        at = self._origin + self._handed / RATE + self._latency
        self._handed += frames
        self._last = now
        return at, starved


class Sound(Notices):
    """One stretch of samples on its way through the blocks."""

    def __init__(self, samples: Samples, at: float, gain: float) -> None:
        super().__init__()
        self._underruns = 0
        self._samples = samples
        self._at = at
        self._position = 0
        self._begun = False
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

    def contribute(
        self, frames: int, block_at: float, sounds_at: float
    ) -> tuple[int, array.array[int]] | None:
        """Its samples in this block and their offset; None when it is over.

        ``block_at`` is the smoothed instant of the block, by which the sound is placed; ``sounds_at`` the
        instant by the clock as the block is handed over, which is reported as the measured start.
        """
        offset = 0
        if not self._begun:
            offset = max(0, round((self._at - block_at) * RATE))
            if self._stopping:
                return None
            if offset >= frames:
                return frames, array.array("h")
            self._begun = True
            self.tell_began(sounds_at + offset / RATE)
        count = min(frames - offset, len(self._samples) - self._position)
        if self._stopping:
            count = min(count, self._fade_left)
        if count == 0:
            return None
        piece = self._shape(count)
        self._position += count
        return offset, piece

    def _shape(self, count: int) -> array.array[int]:
        piece = self._samples[self._position : self._position + count]
        before, after = self._gain, self._wished_gain
        if self._stopping:
            before = self._gain * self._fade_left / FADE
            self._fade_left -= count
            after = self._gain * self._fade_left / FADE
        else:
            self._gain = after
        return _scaled(piece, before, after)


class Mixer:
    """Sums the sounds of one output; shared by the agent's loop and the thread of the device."""

    def __init__(self, latency: float, reserve: float) -> None:
        self._latency = latency
        self._reserve = reserve
        self._clock = StreamClock(latency, reserve)
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
            self._clock = StreamClock(self._latency, self._reserve)

    def render(self, frames: int, now: float) -> array.array[int]:
        """The next block of the stream, asked for at ``now`` (monotonic)."""
        block = array.array("h", bytes(2 * frames))
        filled = 0
        with self._lock:
            block_at, starved = self._clock.next_block(frames, now)
            for sound in tuple(self._sounds):
                if starved:
                    sound.note_gap()
                part = sound.contribute(frames, block_at, now + self._latency)
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
