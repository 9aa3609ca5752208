"""Measures sound while ffmpeg makes or decodes it: loudness frame by frame, peaks, true peak."""

from __future__ import annotations

import audioop
import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from tts import ffmpeg, loudness
from tts.errors import MasteringFailed
from tts.piece import FRAME, FRAME_S, PEAKS_A_FRAME, RATE

_FULL_SCALE: Final = 32768
_ROOM: Final = 0.5  # the weighting lifts some sounds by 4 dB
_PAUSE: Final = (0.0,) * round(0.4 / FRAME_S)
_FRAMES_AT_ONCE: Final = 1_000
_INTEGRATED: Final = re.compile(r"^\s+I:\s+(-?[\d.]+|-inf|nan) LUFS", re.M)
_PEAK: Final = re.compile(r"Peak level dB: (-?[\d.]+|-inf)$", re.M)
# What ebur128 measures, without the loudness that it measures beside it and that nobody would read.
_TRUE_PEAK: Final = (
    f"aresample={8 * RATE}:filter_size=16,astats=measure_overall=Peak_level:measure_perchannel=none,anullsink"
)


@dataclass(frozen=True, slots=True)
class Measured:
    """A pair of files as ears will get them; the frames are those of the MP3."""

    energies: array[float]
    peaks: bytes  # 0..100, PEAKS_A_FRAME for each frame
    true_peak: float  # dBTP, the higher one of the two


def alone(energies: Sequence[float]) -> float:
    """LUFS of a piece as it will stand: between pauses. Raises MasteringFailed for silence."""
    found = loudness.integrated([*_PAUSE, *energies, *_PAUSE], FRAME_S)
    if found == loudness.SILENCE:
        raise MasteringFailed("there is no sound to measure")
    return found


def filtered(arguments: Sequence[str], filters: str, rate: int) -> float:
    """LUFS of what ffmpeg makes of its input with these filters, whose output has this rate."""
    energies: array[float] = array("f")
    size = round(FRAME_S * rate) * 2

    def take(block: bytes) -> None:
        energies.extend(_energy(frame) for frame in _cut(block, size))

    weighted = f"{filters},{loudness.weighting(rate)},volume={_ROOM}"
    output = ["-af", weighted, "-f", "s16le", "pipe:1"]
    ffmpeg.read(["-v", "error", *arguments, *output], _FRAMES_AT_ONCE * size, take)
    return alone(energies)


def plain(arguments: Sequence[str]) -> float:
    """LUFS of a whole input as it is."""
    return integrated(ffmpeg.run([*arguments, "-af", "ebur128=framelog=quiet", "-f", "null", "-"])[1])


def integrated(messages: str) -> float:
    """What ffmpeg's meter said in the end, LUFS. Raises MasteringFailed for silence."""
    found = _INTEGRATED.findall(messages)
    if not found or found[-1] in {"-inf", "nan"} or float(found[-1]) <= -70:
        raise MasteringFailed("there is no sound to measure")
    return float(found[-1])


def encoded(arguments: Sequence[str]) -> Measured:
    """Have ffmpeg make an MP3 and an Opus file, its outputs 0 and 1, and measure what ears will get of them.

    The same process decodes them as they are made: starting another one costs as much as a sentence.
    """
    energies: array[float] = array("f")
    peaks = bytearray()

    def take(block: bytes) -> None:
        for frame in _cut(block, 4 * FRAME):
            energies.append(_energy(audioop.tomono(frame, 2, 0, 1)))
            heard = audioop.tomono(frame, 2, 1, 0)
            peaks.extend(round(audioop.max(part, 2) * 100 / _FULL_SCALE) for part in _parts(heard))

    graph = (
        f"[dec:0]asplit=3[p][q][r];[q]{loudness.weighting(RATE)},volume={_ROOM}[k];"
        f"[p][k]amerge=inputs=2[out];[r]{_TRUE_PEAK};[dec:1]{_TRUE_PEAK}"
    )
    decoding = ["-dec", "0:0", "-dec", "1:0", "-filter_complex", graph, "-map", "[out]", "-f", "s16le"]
    messages = ffmpeg.read([*arguments, *decoding, "pipe:1"], _FRAMES_AT_ONCE * 4 * FRAME, take)
    found = _PEAK.findall(messages)
    if len(found) != 2:
        raise MasteringFailed("ffmpeg measured no true peak")
    return Measured(energies, bytes(peaks), round(max(map(float, found)), 1))


def _energy(weighted: bytes) -> float:
    return float((audioop.rms(weighted, 2) / _FULL_SCALE / _ROOM) ** 2)


def _cut(block: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(block), size):
        yield block[start : start + size]


def _parts(frame: bytes) -> Iterator[bytes]:
    width = len(frame) // PEAKS_A_FRAME // 2 * 2
    for number in range(PEAKS_A_FRAME):
        yield frame[number * width : (number + 1) * width]
