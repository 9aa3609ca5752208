"""Decoding real files to what the sinks play."""

from __future__ import annotations

import array
import itertools
import math
import subprocess
import wave
from pathlib import Path

import imageio_ffmpeg
import pytest

from devices.errors import AudioUnreadable
from devices.speaker.decode import decode
from devices.speaker.ports import RATE


def write_tone(path: Path, *, rate: int = 24_000, channels: int = 1, seconds: float = 1.0) -> None:
    wave_form = array.array("h")
    for n in range(int(rate * seconds)):
        wave_form.extend([round(10_000 * math.sin(2 * math.pi * 440 * n / rate))] * channels)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(wave_form.tobytes())


def crossings_a_second(samples: memoryview) -> float:
    ups = sum(1 for a, b in itertools.pairwise(samples) if a < 0 <= b)
    return ups / (len(samples) / RATE)


@pytest.mark.parametrize(("rate", "channels"), [(24_000, 1), (44_100, 2), (48_000, 1)])
def test_a_wav_file_becomes_mono_samples_at_the_rate_of_the_sinks(
    tmp_path: Path, rate: int, channels: int
) -> None:
    path = tmp_path / "clip"  # named by its hash: no suffix
    write_tone(path, rate=rate, channels=channels)
    samples = decode(path)
    assert samples.format == "h"
    assert abs(len(samples) - RATE) <= 10
    assert crossings_a_second(samples) == pytest.approx(440, abs=3)
    assert max(samples) == pytest.approx(10_000, rel=0.05)


def test_an_mp3_file_as_the_server_makes_it_is_decoded(tmp_path: Path) -> None:
    write_tone(tmp_path / "tone.wav", seconds=2)
    mp3 = tmp_path / "clip"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-i", str(tmp_path / "tone.wav")]
    subprocess.run([*command, "-b:a", "48k", "-f", "mp3", str(mp3)], check=True)
    samples = decode(mp3)
    assert len(samples) / RATE == pytest.approx(2, abs=0.15)
    assert crossings_a_second(samples) == pytest.approx(440, abs=25)
    assert max(samples) == pytest.approx(10_000, rel=0.1)


@pytest.mark.parametrize(
    "content", [b"", b"RIFF", b"no audio at all" * 1000, bytes(10_000), b"RIFF\xff\xff\xff\xffWAVE"]
)
def test_what_is_not_audio_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "clip").write_bytes(content)
    with pytest.raises(AudioUnreadable):
        decode(tmp_path / "clip")


def test_a_missing_file_and_an_empty_sound_are_refused(tmp_path: Path) -> None:
    with pytest.raises(AudioUnreadable):
        decode(tmp_path / "missing")
    write_tone(tmp_path / "empty", seconds=0)
    with pytest.raises(AudioUnreadable):
        decode(tmp_path / "empty")
