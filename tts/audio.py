"""Sound in memory: pydub segments, their checks and their measures."""

from __future__ import annotations

import io
import warnings
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

# pydub looks for an installed ffmpeg when it is imported and warns; it gets only PCM here and needs none.
with warnings.catch_warnings():
    warnings.simplefilter("ignore", RuntimeWarning)
    from pydub import AudioSegment

from tts.errors import ClippedAudio, SilentAudio, TruncatedAudio

# The fastest intelligible reading is far below this; fewer seconds mean that words are missing.
_MOST_CHARACTERS_PER_SECOND: Final = 45.0
_QUIETEST_DBFS: Final = -45.0
_MOST_CLIPPED: Final = 0.002  # share of the samples
_FULL_SCALE: Final = (32767, -32768)
_FADE_IN_MS, _FADE_OUT_MS = 5, 15

Segment = Any  # pydub ships no types


def from_wav(data: bytes) -> Segment:
    """Mono 16-bit PCM WAV to a segment. Raises SilentAudio when there is no sound in it."""
    try:
        with wave.open(io.BytesIO(data)) as wav:
            pcm = wav.readframes(wav.getnframes())
            return segment(pcm, wav.getframerate(), wav.getnchannels())
    except (wave.Error, EOFError) as error:
        raise SilentAudio(f"not a WAV file: {error}") from error


def to_wav(sound: Segment) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as wav:
        wav.setnchannels(sound.channels)
        wav.setsampwidth(sound.sample_width)
        wav.setframerate(sound.frame_rate)
        wav.writeframes(sound.raw_data)
    return out.getvalue()


def segment(pcm: bytes, rate: int, channels: int = 1) -> Segment:
    """Signed 16-bit little-endian samples to a mono segment."""
    whole = pcm[: len(pcm) - len(pcm) % (2 * channels)]
    return AudioSegment(data=whole, sample_width=2, frame_rate=rate, channels=channels).set_channels(1)


def silence(seconds: float, rate: int) -> Segment:
    return AudioSegment.silent(duration=round(seconds * 1000), frame_rate=rate)


def join(parts: Sequence[Segment]) -> Segment:
    """One segment of many at the first one's rate; pydub's ``+`` copies the whole for each part."""
    rate = parts[0].frame_rate
    pcm = b"".join(part.set_frame_rate(rate).raw_data for part in parts)
    return AudioSegment(data=pcm, sample_width=2, frame_rate=rate, channels=1)


def check(sound: Segment, text: str) -> None:
    """Refuse what must not go on air. Raises SilentAudio, TruncatedAudio or ClippedAudio."""
    if sound.duration_seconds == 0 or sound.dBFS < _QUIETEST_DBFS:
        raise SilentAudio(f"{sound.duration_seconds:.2f} s at {sound.dBFS:.0f} dBFS")
    if len(text) > _MOST_CHARACTERS_PER_SECOND * sound.duration_seconds:
        raise TruncatedAudio(f"{sound.duration_seconds:.2f} s for {len(text)} characters")
    clipped = _clipped(sound)
    if clipped > _MOST_CLIPPED:
        raise ClippedAudio(f"{clipped:.1%} of the samples at full scale")


def _clipped(sound: Segment) -> float:
    """Share of the samples at full scale; most sound never comes there, and to count takes long."""
    if sound.max < _FULL_SCALE[0]:
        return 0.0
    samples = sound.get_array_of_samples()
    return float(sum(samples.count(value) for value in _FULL_SCALE) / len(samples))


@dataclass(frozen=True, slots=True)
class Trimmed:
    """Sound with a breath of its own silence at both ends, in seconds."""

    sound: Segment
    head: float
    tail: float


def trim(sound: Segment, *, below: float = 30.0, keep_ms: int = 30) -> Trimmed:
    """Cut the engine's own silence at both ends, so that pauses are ours alone and begin softly.

    Silence is what lies ``below`` decibels under the sound as a whole.
    """
    threshold = sound.dBFS - below
    head, tail = _quiet_ms(sound, threshold), _quiet_ms(sound.reverse(), threshold)
    kept_head, kept_tail = min(head, keep_ms), min(tail, keep_ms)
    cut = sound[head - kept_head : len(sound) - tail + kept_tail]
    return Trimmed(cut.fade_in(_FADE_IN_MS).fade_out(_FADE_OUT_MS), kept_head / 1000, kept_tail / 1000)


def _quiet_ms(sound: Segment, threshold_db: float, step_ms: int = 10) -> int:
    for start in range(0, len(sound), step_ms):
        if sound[start : start + step_ms].dBFS > threshold_db:
            return start
    return len(sound)


def waveform(levels: Sequence[int], full_scale: int, count: int = 400) -> tuple[int, ...]:
    """The highest of each of ``count`` equal parts of these peaks, 0..100."""
    edges = [len(levels) * number // count for number in range(count + 1)]
    parts = (levels[start : max(stop, start + 1)] for start, stop in pairwise(edges))
    return tuple(min(100, round(max(part, default=0) * 100 / full_scale)) for part in parts)
