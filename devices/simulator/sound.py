"""The sound of simulated loudspeakers: decoded once for all, and timed by each one's own crystal."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Sequence
from pathlib import Path

from devices.messages import ClipRef
from devices.speaker.audio import Audio, verify
from devices.speaker.decode import decode
from devices.speaker.ports import Playback, Rendered, Samples, Sink

from .clock import Crystal


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


class CrystalSink:
    """A sink whose instants are those of a box's own crystal; the sink within keeps the loop's time."""

    def __init__(self, inner: Sink, crystal: Crystal) -> None:
        self._inner = inner
        self._crystal = crystal

    def play(self, samples: Samples, at: float, gain: float) -> Playback:
        return _CrystalPlayback(self._inner.play(samples, self._crystal.true(at), gain), self._crystal)

    def close(self) -> None:
        self._inner.close()


class _CrystalPlayback:
    def __init__(self, inner: Playback, crystal: Crystal) -> None:
        self._inner = inner
        self._crystal = crystal
        self.stop, self.set_gain = inner.stop, inner.set_gain

    async def started(self) -> float:
        return self._crystal.shown(await self._inner.started())

    async def finished(self) -> Rendered:
        return await self._inner.finished()
