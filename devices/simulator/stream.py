"""A sound output without sound: like a card whose stream always runs, it begins at the sample it was told.

The timers of a loop that carries thousands of loudspeakers come late; a card's samples do not. What is handed
over in time therefore begins in time, and what is handed over late begins when it is handed over.
"""

from __future__ import annotations

import asyncio

from devices.speaker.ports import RATE, Playback, Rendered, Samples
from devices.speaker.sink_mixer import FADE
from devices.speaker.sink_playback import Notices


class StreamSink:
    """Two timers a sound; ``rate`` makes the samples pass faster."""

    def __init__(self, rate: float = 1.0) -> None:
        self._per_second = RATE * rate
        self._playing: set[_StreamPlayback] = set()

    def play(self, samples: Samples, at: float, gain: float) -> Playback:
        """Begin at the instant ``at`` of the loop, or now if that is over."""
        playback = _StreamPlayback(len(samples), at, self._per_second, self._playing)
        self._playing.add(playback)
        return playback

    def close(self) -> None:
        for playback in tuple(self._playing):
            playback.finish_at_once()


class _StreamPlayback(Notices):
    def __init__(self, count: int, at: float, per_second: float, playing: set[_StreamPlayback]) -> None:
        super().__init__()
        self._count = count
        self._per_second = per_second
        self._playing = playing
        self._instant = max(at, self._loop.time())
        self._has_begun = False
        self._end_of = count  # samples after which it ends
        self._timer: asyncio.TimerHandle = self._loop.call_at(self._instant, self._begin)

    def stop(self) -> None:
        """End within the time of a fade-out."""
        if not self._has_begun:
            self.finish_at_once()
            return
        self._end_of = min(self._end_of, self._passed() + FADE)
        self._timer.cancel()
        self._timer = self._at_the_end()

    def set_gain(self, gain: float) -> None:
        """Silence has no amplitude."""

    def finish_at_once(self) -> None:
        self._timer.cancel()
        self._end_of = min(self._end_of, self._passed())
        self._finish()

    def _begin(self) -> None:
        self._has_begun = True
        self.tell_began(self._instant)
        self._timer = self._at_the_end()

    def _at_the_end(self) -> asyncio.TimerHandle:
        return self._loop.call_at(self._instant + self._end_of / self._per_second, self._finish)

    def _passed(self) -> int:
        if not self._has_begun:
            return 0
        return min(self._count, int((self._loop.time() - self._instant) * self._per_second))

    def _finish(self) -> None:
        self._playing.discard(self)
        self.tell_ended(Rendered(self._end_of))
