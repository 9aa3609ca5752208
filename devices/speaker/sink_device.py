"""The sound card as a sink: a stream that always runs, into which sounds are put at the sample."""

from __future__ import annotations

import array
import asyncio
import logging
import time
from collections.abc import Generator
from pathlib import Path

import miniaudio

from devices.errors import NoSoundCard
from devices.speaker.ports import RATE, Playback, Source
from devices.speaker.sink_mixer import Mixer, Sound

log = logging.getLogger(__name__)

_PERIOD_MS = 20
_PERIODS = 4  # 80 ms of buffer: a busy interpreter answers late, and STOP must still be heard at once
_BUFFER = _PERIOD_MS * _PERIODS / 1000  # seconds
_DEAD_AFTER = 1.0  # seconds without a request for samples
_CARDS = Path("/dev/snd")


def has_sound_card() -> bool:
    """Whether a card can play; the kernel is asked, since ALSA offers a null device everywhere."""
    return any(_CARDS.glob("pcmC*D*p"))


class DeviceSink:
    """Plays through ALSA or another ``backend`` of miniaudio; the next sound reopens a device that died."""

    def __init__(self, backend: miniaudio.Backend = miniaudio.Backend.ALSA, *, patient: bool = False) -> None:
        """Raises NoSoundCard; a ``patient`` sink looks for its card at the next sound instead."""
        self._backend = backend
        self._mixer = Mixer(latency=_BUFFER, reserve=_BUFFER)
        self._asked = 0.0
        self._watch: asyncio.TimerHandle | None = None
        self._device: miniaudio.PlaybackDevice | None = None
        try:
            self._open()
        except NoSoundCard as error:
            if not patient:
                raise
            log.warning("no sound for now: %s", error, extra={"action": "sink_missing"})

    def play(self, samples: Source, at: float, gain: float) -> Playback:
        """Begin at the monotonic instant ``at``, or now if that is over. Raises NoSoundCard."""
        if self._device is None:
            self._open()
        sound = Sound(samples, at, gain)
        self._mixer.add(sound)
        if self._watch is None:
            self._watch = asyncio.get_running_loop().call_later(_DEAD_AFTER, self._look_after)
        return sound

    def close(self) -> None:
        """Release the card; what plays ends."""
        self._release()
        self._mixer.end_all()

    def _open(self) -> None:
        if self._backend is miniaudio.Backend.ALSA and not has_sound_card():
            raise NoSoundCard("this machine has no sound card")
        self._mixer.restart_clock()
        stream = self._stream()
        next(stream)
        try:
            self._device = miniaudio.PlaybackDevice(
                miniaudio.SampleFormat.SIGNED16,
                nchannels=1,
                sample_rate=RATE,
                buffersize_msec=_PERIOD_MS,
                callback_periods=_PERIODS,
                backends=[self._backend],
                app_name="truyen-thanh",
            )
            self._asked = time.monotonic()
            self._device.start(stream)
        except miniaudio.MiniaudioError as error:
            self._release()
            raise NoSoundCard(f"the sound card cannot be opened: {error}") from error

    def _release(self) -> None:
        device, self._device = self._device, None
        if device is not None:
            device.close()
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    def _stream(self) -> Generator[array.array[int], int, None]:
        """Runs in the device's thread; an error would end the stream for good, so silence takes its place."""
        frames = yield array.array("h")
        while True:
            self._asked = time.monotonic()
            try:
                block = self._mixer.render(frames, self._asked)
            except Exception:
                log.exception("a block of sound was lost", extra={"action": "sink_block_lost"})
                self._mixer.end_all("the stream broke")
                block = array.array("h", bytes(2 * frames))
            frames = yield block

    def _look_after(self) -> None:
        """Notice a card that was pulled out or hangs, while something should sound."""
        self._watch = None
        if time.monotonic() - self._asked > _DEAD_AFTER:
            log.error("the sound card asks for nothing any more", extra={"action": "sink_dead"})
            self._release()
            self._mixer.end_all("the sound card asks for nothing any more")
        elif self._mixer.busy:
            self._watch = asyncio.get_running_loop().call_later(_DEAD_AFTER, self._look_after)
