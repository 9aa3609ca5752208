"""Makes one clip of chime, sentences and pauses, shaped and levelled for horn loudspeakers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tts import audio, ffmpeg
from tts.audio import Segment
from tts.chimes import chime
from tts.errors import MasteringFailed
from tts.types import Chime

VERSION: Final = "1"  # part of every clip's key: raise it when the sound changes
MEDIA_TYPE: Final = "audio/mpeg"
LOUDNESS: Final = -16.0  # LUFS, integrated
HIGHEST_PEAK: Final = -1.0  # dBTP
RATE: Final = 24_000

_TOLERANCE: Final = 0.5  # LU
_ROUNDS: Final = 3
_TAIL: Final = 0.6  # seconds; the amplifier must not cut the last word
_WORKING_DBFS: Final = -23.0  # what the compressor's threshold is made for
_CHIME_BELOW_SPEECH: Final = 13.0  # dB of RMS: the compressor takes that much more from speech
_SHAPE: Final = (
    "highpass=f=200,highpass=f=200,lowpass=f=7500,equalizer=f=3000:t=o:w=1:g=3,"
    "acompressor=threshold=-24dB:ratio=5:attack=5:release=120"
)
_MAKE_UP: Final = 17.8  # dB, about what the shaping takes away
_MOST_MAKE_UP: Final = 36.0
_CEILING: Final = -5.0  # dBFS
_LOWEST_CEILING: Final = -14.0
_ENCODER_OVERSHOOT: Final = 3.5  # dB that MP3 at this rate adds to peaks at the most
_ENCODER_LOSS: Final = 0.4  # LU
_MP3: Final = ("-c:a", "libmp3lame", "-b:a", "48k", "-map_metadata", "-1", "-id3v2_version", "0", "-f", "mp3")
_PCM_IN: Final = ("-f", "s16le", "-ar", str(RATE), "-ac", "1", "-i", "pipe:0")
_PCM_OUT: Final = ("-ac", "1", "-ar", str(RATE), "-f", "s16le", "pipe:1")
_INTEGRATED: Final = re.compile(r"^\s+I:\s+(-?[\d.]+|-inf|nan) LUFS", re.M)
_PEAK: Final = re.compile(r"^\s+Peak:\s+(-?[\d.]+|-inf) dBFS", re.M)


@dataclass(frozen=True, slots=True)
class Spoken:
    """A sentence's sound and the pause after it in seconds."""

    sound: Segment
    pause_after: float


@dataclass(frozen=True, slots=True)
class Master:
    """The finished clip with what was measured on it: seconds, LUFS, dBTP, 0..100."""

    data: bytes
    duration: float
    loudness: float
    true_peak: float
    peaks: tuple[int, ...]


def master(sentences: Sequence[Spoken], signal: Chime, lead_in: float) -> Master:
    """Join, shape, bring to -16 LUFS and at most -1 dBTP, encode, measure. Raises MasteringFailed."""
    joined = _join(sentences, signal, lead_in)
    make_up, ceiling = _MAKE_UP, _CEILING
    for _ in range(_ROUNDS):
        shaped, loudness = _shape(joined, make_up, ceiling)
        gain = LOUDNESS + _ENCODER_LOSS - loudness
        result = _encode(shaped, gain)
        if abs(result.loudness - LOUDNESS) <= _TOLERANCE and result.true_peak <= HIGHEST_PEAK:
            return result
        make_up = min(make_up + gain, _MOST_MAKE_UP)
        ceiling = max(ceiling - max(0.0, result.true_peak - HIGHEST_PEAK), _LOWEST_CEILING)
    # Sound with extreme peaks: too quiet is better than distorted, or than no announcement.
    shaped, loudness = _shape(joined, make_up, ceiling)
    gain = LOUDNESS + _ENCODER_LOSS - loudness
    return _encode(shaped, min(gain, HIGHEST_PEAK - _ENCODER_OVERSHOOT - ceiling))


def _join(sentences: Sequence[Spoken], signal: Chime, lead_in: float) -> Segment:
    rate = sentences[0].sound.frame_rate
    speech: list[Segment] = []
    for sentence in sentences:
        sound = sentence.sound
        speech += [sound.apply_gain(_WORKING_DBFS - sound.dBFS), audio.silence(sentence.pause_after, rate)]
    attention = chime(signal, rate)
    if len(attention):
        level = _WORKING_DBFS - _CHIME_BELOW_SPEECH
        attention = attention.apply_gain(level - attention.dBFS)
    return audio.join([audio.silence(lead_in, rate), attention, *speech, audio.silence(_TAIL, rate)])


def _shape(sound: Segment, make_up: float, ceiling: float) -> tuple[bytes, float]:
    """The sound within a horn's band and range, and its loudness in LUFS."""
    source = ["-f", "s16le", "-ar", str(sound.frame_rate), "-ac", "1", "-i", "pipe:0"]
    # The limiter sees the peaks between the samples only at a multiple of the rate.
    limit = (
        f"volume={make_up:.2f}dB,aresample={4 * RATE},"
        f"alimiter=limit={10 ** (ceiling / 20):.4f}:attack=3:release=50:level=false:latency=true,"
        f"aresample={RATE},ebur128"
    )
    shaped, messages = ffmpeg.run([*source, "-af", f"{_SHAPE},{limit}", *_PCM_OUT], sound.raw_data)
    return shaped, _integrated(messages)


def _encode(shaped: bytes, gain: float) -> Master:
    encode = ["-v", "error", *_PCM_IN, "-af", f"volume={gain:.2f}dB", *_MP3, "pipe:1"]
    data, _ = ffmpeg.run(encode, shaped)
    pcm, messages = ffmpeg.run(["-f", "mp3", "-i", "pipe:0", "-af", "ebur128=peak=true", *_PCM_OUT], data)
    sound = audio.segment(pcm, RATE)
    found = _PEAK.findall(messages)
    if not found:
        raise MasteringFailed("ffmpeg measured no true peak")
    return Master(data, sound.duration_seconds, _integrated(messages), float(found[-1]), audio.peaks(sound))


def _integrated(messages: str) -> float:
    found = _INTEGRATED.findall(messages)
    if not found or found[-1] in {"-inf", "nan"} or float(found[-1]) <= -70:
        raise MasteringFailed("there is no sound to measure")
    return float(found[-1])
