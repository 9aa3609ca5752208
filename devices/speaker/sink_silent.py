"""A sink without sound: it keeps time as a sound card would, for simulated loudspeakers."""

from __future__ import annotations

import asyncio

from devices.speaker.ports import RATE, Playback, Rendered, Source
from devices.speaker.sink_mixer import FADE
from devices.speaker.sink_playback import Notices

_LISTEN = 1.0  # seconds


class SilentSink:
    """Two timers a sound, so that a thousand fit into one loop; ``rate`` makes the samples pass faster."""

    def __init__(self, rate: float = 1.0, sound: type[SilentPlayback] | None = None) -> None:
        self._sound = sound or SilentPlayback
        self._per_second = RATE * rate
        self._playing: set[SilentPlayback] = set()

    def play(self, samples: Source, at: float, gain: float) -> Playback:
        """Begin at the monotonic instant ``at``, or now if that is over."""
        playback = self._sound(samples, at, self._per_second, self._playing)
        self._playing.add(playback)
        return playback

    def close(self) -> None:
        for playback in tuple(self._playing):
            playback.finish_at_once()


class SilentPlayback(Notices):
    """Begins when its timer does, as late as that is."""

    def __init__(self, samples: Source, at: float, per_second: float, playing: set[SilentPlayback]) -> None:
        super().__init__()
        self._samples = samples
        self._count = count = len(samples)
        self._taken = 0
        self._per_second = per_second
        self._playing = playing
        self._instant: float | None = None
        self._end_of = count  # samples after which it ends
        self._timer: asyncio.TimerHandle = self._loop.call_at(at, self._begin)
        self._listening: asyncio.TimerHandle | None = None

    def stop(self) -> None:
        """End within the time of a fade-out."""
        if self._instant is None:
            self.finish_at_once()
            return
        self._end_of = min(self._end_of, self._passed() + FADE)
        self._timer.cancel()
        self._timer = self._at_the_end(self._instant)

    def set_gain(self, gain: float) -> None:
        """Silence has no amplitude."""

    def finish_at_once(self) -> None:
        self._timer.cancel()
        self._end_of = min(self._end_of, self._passed())
        self._finish()

    def first_sample(self) -> float:
        """The instant of the loop at which it begins, asked for when it does."""
        return self._loop.time()

    def _begin(self) -> None:
        self._instant = self.first_sample()
        self.tell_began(self._instant)
        self._timer = self._at_the_end(self._instant)
        if not isinstance(self._samples, memoryview):
            self._listen()

    def _listen(self) -> None:
        """Take what is due of a live sound, which nobody hears: it passes all the same, or is missing."""
        self._take(self._passed())
        self._listening = self._loop.call_later(_LISTEN, self._listen)

    def _take(self, until: int) -> None:
        if until > self._taken:
            _ = self._samples[self._taken : until]
            self._taken = until

    def _at_the_end(self, began: float) -> asyncio.TimerHandle:
        return self._loop.call_at(began + self._end_of / self._per_second, self._finish)

    def _passed(self) -> int:
        if self._instant is None:
            return 0
        return min(self._count, int((self._loop.time() - self._instant) * self._per_second))

    def _finish(self) -> None:
        self._playing.discard(self)
        if self._listening is not None:
            self._listening.cancel()
            self._take(self._end_of)
        self.tell_ended(Rendered(self._end_of))
