"""A microphone beside the horn: what is heard stays in memory and never leaves the loudspeaker."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Generator

import miniaudio

from .ports import RATE, Recording

log = logging.getLogger(__name__)

_PATIENCE = 2.0  # seconds that a device may need to begin


class CardMicrophone:
    """Records through ALSA or another ``backend``; the device is open only while it records."""

    def __init__(self, backend: miniaudio.Backend = miniaudio.Backend.ALSA) -> None:
        self._backend = backend

    def record(self, seconds: float) -> Recording | None:
        """The sound from now on, blocking; None when there is no microphone or it says nothing."""
        taken = _Taken(round(seconds * RATE))
        stream = taken.stream()
        next(stream)
        try:
            device = miniaudio.CaptureDevice(
                miniaudio.SampleFormat.SIGNED16,
                nchannels=1,
                sample_rate=RATE,
                backends=[self._backend],
                app_name="truyen-thanh",
            )
        except miniaudio.MiniaudioError as error:
            log.warning("nothing can be heard: %s", error, extra={"action": "microphone_missing"})
            return None
        try:
            device.start(stream)
            taken.complete.wait(seconds + _PATIENCE)
        except miniaudio.MiniaudioError as error:
            log.warning("nothing can be heard: %s", error, extra={"action": "microphone_failed"})
        finally:
            device.close()
        return taken.recording


class _Taken:
    """Collects the first ``count`` samples that the device's thread brings."""

    def __init__(self, count: int) -> None:
        self.complete = threading.Event()
        self._size = 2 * count
        self._body = bytearray()
        self._at = 0.0

    @property
    def recording(self) -> Recording | None:
        """All that was asked for, or None."""
        if not self.complete.is_set():
            return None
        return Recording(memoryview(bytes(self._body)).cast("h"), self._at)

    def stream(self) -> Generator[None, bytes, None]:
        while True:
            piece = yield
            if not self._body:
                self._at = time.monotonic() - len(piece) / (2 * RATE)
            if not self.complete.is_set():
                self._body += piece[: self._size - len(self._body)]
                if len(self._body) == self._size:
                    self.complete.set()
