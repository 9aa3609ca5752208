"""The sound of simulated loudspeakers: decoded once for all, and timed by each one's own crystal."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from pathlib import Path

from devices.messages import ClipRef
from devices.speaker.audio import Audio, verify
from devices.speaker.decode import decode
from devices.speaker.ports import Playback, Rendered, Samples, Sink, Source

from .clock import Crystal
from .faults import Fault

_STREAM = memoryview(b"").cast("h")  # a station of this world sends silence
_WATTS = 12.0  # into a horn of 25 W at full volume


class SharedAudio(Audio):
    """Decodes a clip once for all who hold it; each still verifies the file it downloaded itself."""

    def __init__(self) -> None:
        super().__init__(decode)
        self._lock = threading.Lock()
        self._decoded: weakref.WeakValueDictionary[tuple[object, ...], Samples]
        self._decoded = weakref.WeakValueDictionary()

    def load(self, directory: Path, clips: Sequence[ClipRef], repeat: int, gap_ms: int) -> Samples:
        """Raises ClipsLost, AudioUnreadable."""
        verify(directory, clips)
        key = (tuple(clip.sha256 for clip in clips), repeat, gap_ms)
        with self._lock:
            samples = self._decoded.get(key)
            if samples is None:
                samples = self._decoded[key] = self.assemble(directory, clips, repeat, gap_ms)
            return samples


@dataclass(frozen=True, slots=True)
class Sounding:
    """A stretch that plays: ``began`` and the gain as the loudspeaker's program knows them."""

    samples: Samples
    began: float  # monotonic, of the box's crystal
    gain: float


class SoundChain:
    """Output, amplifier and horn of one box, by its own crystal; implements ``ports.Sink`` and ``Amplifier``.

    A dead horn draws nothing. A muted amplifier draws what it should, and only an ear finds it silent.
    """

    def __init__(
        self, inner: Sink, crystal: Crystal, faults: AbstractSet[Fault], *, has_sensor: bool
    ) -> None:
        self._inner = inner
        self._crystal = crystal
        self._faults = faults
        self._has_sensor = has_sensor
        self._is_on = False
        self._playing: dict[_Playback, Sounding] = {}
        self.rendered = 0  # samples that have left the output since the power is on

    def play(self, samples: Source, at: float, gain: float) -> Playback:
        known = samples if isinstance(samples, memoryview) else _STREAM
        return _Playback(self, self._inner.play(samples, self._crystal.true(at), gain), known, gain)

    def close(self) -> None:
        self._inner.close()

    def on(self) -> None:
        self._is_on = True

    def off(self) -> None:
        self._is_on = False

    def load(self) -> float | None:
        if not self._has_sensor:
            return None
        loudest = max((each.gain for each in self._playing.values()), default=0.0)
        flows = self._is_on and Fault.DEAD_HORN not in self._faults
        return _WATTS * loudest if flows else 0.0

    def audible(self) -> tuple[Sounding, ...]:
        """What people below the pole hear now."""
        broken = self._faults & {Fault.DEAD_HORN, Fault.MUTED_AMPLIFIER}
        return tuple(self._playing.values()) if self._is_on and not broken else ()

    def begin(self, playback: _Playback, at: float, samples: Samples, gain: float) -> float:
        """A stretch began at an instant of the loop; returns it by the box's crystal."""
        instant = self._crystal.shown(at)
        self._playing[playback] = Sounding(samples, instant, gain)
        return instant

    def turn(self, playback: _Playback, gain: float) -> None:
        if sounding := self._playing.get(playback):
            self._playing[playback] = replace(sounding, gain=gain)

    def end(self, playback: _Playback, rendered: int) -> None:
        self._playing.pop(playback, None)
        self.rendered += rendered


class _Playback:
    def __init__(self, chain: SoundChain, inner: Playback, samples: Samples, gain: float) -> None:
        self._chain = chain
        self._inner = inner
        self._samples = samples
        self._gain = gain
        self.stop = inner.stop

    async def started(self) -> float:
        return self._chain.begin(self, await self._inner.started(), self._samples, self._gain)

    async def finished(self) -> Rendered:
        rendered = Rendered(0)
        try:
            rendered = await self._inner.finished()
        finally:
            self._chain.end(self, rendered.samples)
        return rendered

    def set_gain(self, gain: float) -> None:
        self._gain = gain
        self._chain.turn(self, gain)
        self._inner.set_gain(gain)
