"""A sink that writes what would have sounded into a WAV file, at the pace at which it would have sounded."""

from __future__ import annotations

import threading
import time
import wave
from pathlib import Path

from devices.errors import NoSoundCard
from devices.speaker.ports import RATE, Playback, Source
from devices.speaker.sink_mixer import Mixer, Sound

_BLOCK = RATE // 50  # samples
_RESERVE = 0.2  # seconds the writing may lag before it counts as an under-run


class WavSink:
    """One file; while nothing plays nothing is written, so that it grows with the sound and not with time.

    ``rate`` makes the samples pass faster. Samples are written as they are: a file has no crystal.
    """

    def __init__(self, path: Path, rate: float = 1.0) -> None:
        """Raises NoSoundCard when the file cannot be written."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._stream = path.open("wb")
        except OSError as error:
            raise NoSoundCard(f"cannot write {path}: {error}") from error
        self._file = wave.open(self._stream, "wb")  # noqa: SIM115 - lives as long as the sink
        self._file.setnchannels(1)
        self._file.setsampwidth(2)
        self._file.setframerate(RATE)
        self._file.writeframes(b"")
        self._per_second = RATE * rate
        self._mixer = Mixer(0.0, _RESERVE, per_second=self._per_second, drifts=False)
        self._wake = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="wav-sink", daemon=True)
        self._thread.start()

    def play(self, samples: Source, at: float, gain: float) -> Playback:
        """Begin at the monotonic instant ``at``, or now if that is over."""
        if self._closing:
            raise NoSoundCard("the sink is closed")
        sound = Sound(samples, at, gain)
        self._mixer.add(sound)
        self._wake.set()
        return sound

    def close(self) -> None:
        """Complete the file; what plays ends."""
        self._closing = True
        self._wake.set()
        self._thread.join()
        self._mixer.end_all()
        self._file.close()
        self._stream.close()

    def _run(self) -> None:
        while not self._closing:
            self._wake.wait()
            self._wake.clear()
            self._mixer.restart_clock()
            try:
                self._write_while_busy()
            except OSError as error:
                self._mixer.end_all(f"the sound file cannot be written: {error}")

    def _write_while_busy(self) -> None:
        due = time.monotonic()
        while self._mixer.busy and not self._closing:
            time.sleep(max(0.0, due - time.monotonic()))
            due = max(due + _BLOCK / self._per_second, time.monotonic() - _RESERVE)
            block = self._mixer.render(_BLOCK, time.monotonic())
            if self._mixer.sounding:
                self._file.writeframes(block.tobytes())
