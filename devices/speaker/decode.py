"""Decodes MP3 and WAV files into the samples that the sinks play."""

from __future__ import annotations

from pathlib import Path

import miniaudio

from devices.errors import AudioUnreadable
from devices.speaker.ports import RATE, Samples

_LONGEST = 2 * 60 * 60  # seconds; a longer file is a mistake and would fill the memory of the box


def decode(path: Path) -> Samples:
    """Decode a whole file, blocking, outside the interpreter's lock. Raises AudioUnreadable."""
    try:
        seconds = _duration(path)
        if not 0 < seconds <= _LONGEST:
            raise AudioUnreadable(f"{path.name} lasts {seconds:.0f} s")
        sound = miniaudio.decode_file(
            str(path), miniaudio.SampleFormat.SIGNED16, nchannels=1, sample_rate=RATE
        )
    except (miniaudio.MiniaudioError, OSError) as error:
        raise AudioUnreadable(f"{path.name} is not audio that can be played: {error}") from error
    if not len(sound.samples):
        raise AudioUnreadable(f"{path.name} holds no sound")
    return memoryview(sound.samples)


def _duration(path: Path) -> float:
    """Seconds, judged by the content: files of the cache are named by their hash, without a suffix."""
    with path.open("rb") as file:
        head = file.read(4)
    if head == b"RIFF":
        return float(miniaudio.wav_get_file_info(str(path)).duration)
    return float(miniaudio.mp3_get_file_info(str(path)).duration)
