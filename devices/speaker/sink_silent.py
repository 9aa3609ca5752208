"""A sink without sound: it keeps time as a sound card would, for simulated loudspeakers."""

from __future__ import annotations

import asyncio

from devices.speaker.ports import RATE, Playback, Rendered, Samples
from devices.speaker.sink_mixer import FADE
from devices.speaker.sink_playback import Notices


class SilentSink:
    """Two timers a sound, so that a thousand fit into one loop; ``rate`` makes the samples pass faster."""

    def __init__(self, rate: float = 1.0) -> None:
        self._per_second = RATE * rate
        self._playing: set[_SilentPlayback] = set()

    def play(self, samples: Samples, at: float, gain: float) -> Playback:
        """Begin at the monotonic instant ``at``, or now if that is over."""
        playback = _SilentPlayback(len(samples), at, self._per_second, self._playing)
        self._playing.add(playback)
        return playback

    def close(self) -> None:
        for playback in tuple(self._playing):
            playback.finish_at_once()


class _SilentPlayback(Notices):
    def __init__(self, count: int, at: float, per_second: float, playing: set[_SilentPlayback]) -> None:
        super().__init__()
        self._count = count
        self._per_second = per_second
        self._playing = playing
        self._instant: float | None = None
        self._end_of = count  # samples after which it ends
        self._timer: asyncio.TimerHandle = self._loop.call_at(at, self._begin)

    def stop(self) -> None:
        """End within the time of a fade-out."""
        if self._instant is None:
            self.finish_at_once()
            return
        now = self._passed()
        self._end_of = min(self._end_of, now + FADE)
        self._timer.cancel()
        self._timer = self._loop.call_later((self._end_of - now) / self._per_second, self._finish)

    def set_gain(self, gain: float) -> None:
        """Silence has no amplitude."""

    def finish_at_once(self) -> None:
        self._timer.cancel()
        self._end_of = min(self._end_of, self._passed())
        self._finish()

    def _begin(self) -> None:
        self._instant = self._loop.time()
        self.tell_began(self._instant)
        self._timer = self._loop.call_later(self._count / self._per_second, self._finish)

    def _passed(self) -> int:
        if self._instant is None:
            return 0
        return min(self._count, int((self._loop.time() - self._instant) * self._per_second))

    def _finish(self) -> None:
        self._playing.discard(self)
        self.tell_ended(Rendered(self._end_of))
