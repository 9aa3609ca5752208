"""A sound output without sound: like a card whose stream always runs, it begins at the sample it was told.

The timers of a loop that carries thousands of loudspeakers come late; a card's samples do not. What is handed
over in time therefore begins in time, and what is handed over late begins when it is handed over.
"""

from __future__ import annotations

from devices.speaker.ports import Source
from devices.speaker.sink_silent import SilentPlayback, SilentSink


class StreamSink(SilentSink):
    """``rate`` makes the samples pass faster."""

    def __init__(self, rate: float = 1.0) -> None:
        super().__init__(rate, _StreamPlayback)


class _StreamPlayback(SilentPlayback):
    def __init__(self, samples: Source, at: float, per_second: float, playing: set[SilentPlayback]) -> None:
        super().__init__(samples, at, per_second, playing)
        self._told = max(at, self._loop.time())

    def first_sample(self) -> float:
        return self._told
