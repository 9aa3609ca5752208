"""Puts finished pieces together to a clip without decoding or encoding anything again."""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from tts import loudness, ogg
from tts.audio import waveform
from tts.composition import Layout, Unit
from tts.piece import FRAME_BYTES, FRAME_S, PEAKS_A_FRAME, RATE, Piece
from tts.types import Mark

_PACKET_S: Final = ogg.PACKET / ogg.CLOCK
_MP3_DELAY_S: Final = 1105 / RATE  # LAME and every decoder together put the sound this much later
# One frame without sound: the header is followed by zeros, which mean "no bits for anything".
_SILENT_FRAME: Final = b"\xff\xf3\x64\xc4" + bytes(FRAME_BYTES - 4)


@dataclass(frozen=True, slots=True)
class Joined:
    """A clip in both forms: seconds, LUFS, dBTP, 0..100."""

    mp3: bytes
    opus: bytes
    duration: float
    loudness: float
    true_peak: float
    peaks: tuple[int, ...]
    marks: tuple[Mark, ...]
    stretches: tuple[Stretch, ...]


@dataclass(frozen=True, slots=True)
class Stretch:
    """What is heard of one section: frames of the whole, from its pieces to the next of another section.

    A piece begins and ends in silence, so nothing is lost where it is cut: to decode the stretches one after
    the other is to decode the whole.
    """

    section: int
    mp3: bytes
    duration: float
    loudness: float
    true_peak: float
    peaks: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Placed:
    piece: Piece
    at: float  # seconds, where its sound begins
    section: int | None


@dataclass(frozen=True, slots=True)
class _Frames:
    """The frames of a clip, their energies and their peaks, and at which of them each piece begins."""

    mp3: bytes
    energies: array[float]
    peaks: bytes
    begins: tuple[int, ...]


def join(layout: Layout, piece_of: Callable[[Unit], Piece]) -> Joined:
    placed, marks, end = _timed(layout, piece_of)
    frames = _mp3(placed, end)
    return Joined(
        mp3=frames.mp3,
        opus=_opus(placed, end),
        duration=len(frames.energies) * FRAME_S,
        loudness=loudness.integrated(frames.energies, FRAME_S),
        true_peak=max((each.piece.true_peak for each in placed), default=-math.inf),
        peaks=waveform(frames.peaks, 100),
        marks=marks,
        stretches=tuple(_stretch(section, placed, frames) for section in layout.sections),
    )


def _timed(
    layout: Layout, piece_of: Callable[[Unit], Piece]
) -> tuple[list[_Placed], tuple[Mark, ...], float]:
    placed: list[_Placed] = []
    marks: list[Mark] = []
    now = sound_end = layout.lead_in
    for step in layout.steps:
        begin = now
        if step.unit is not None:
            piece = piece_of(step.unit)
            placed.append(_Placed(piece, now, step.section))
            sound_end = now + piece.length
            now = sound_end + step.pause
        if step.place:
            end = sound_end if step.unit is not None else begin
            marks.append(Mark(step.place.part, step.place.sentence, round(begin, 3), round(end, 3)))
    return placed, tuple(marks), sound_end + layout.tail


def _mp3(placed: Sequence[_Placed], end: float) -> _Frames:
    """Each piece begins at the frame next to its time."""
    begins: list[int] = []
    parts: list[bytes] = []
    energies: array[float] = array("f")
    peaks = bytearray()

    def rest(until: float) -> None:
        count = round(until / FRAME_S) - len(energies)
        if count > 0:
            parts.append(_SILENT_FRAME * count)
            energies.extend([0.0] * count)
            peaks.extend(bytes(PEAKS_A_FRAME * count))

    for each in placed:
        rest(each.at - each.piece.head - _MP3_DELAY_S)
        begins.append(len(energies))
        parts.append(each.piece.mp3)
        energies.extend(each.piece.energies)
        peaks.extend(each.piece.peaks)
    rest(end)
    return _Frames(b"".join(parts), energies, bytes(peaks), tuple(begins))


def _stretch(section: int, placed: Sequence[_Placed], frames: _Frames) -> Stretch:
    """Silence belongs to what is heard before it, and that at the beginning to what is heard first."""
    starts = (0, *frames.begins[1:], len(frames.energies))
    own = [number for number, each in enumerate(placed) if each.section == section]
    energies: array[float] = array("f")
    for number in own:
        energies.extend(frames.energies[starts[number] : starts[number + 1]])

    def of(data: bytes, size: int) -> bytes:
        return b"".join(data[starts[each] * size : starts[each + 1] * size] for each in own)

    return Stretch(
        section=section,
        mp3=of(frames.mp3, FRAME_BYTES),
        duration=len(energies) * FRAME_S,
        loudness=loudness.integrated(energies, FRAME_S),
        true_peak=max(placed[each].piece.true_peak for each in own),
        peaks=waveform(of(frames.peaks, PEAKS_A_FRAME), 100),
    )


def _opus(placed: Sequence[_Placed], end: float) -> bytes:
    packets: list[bytes] = []
    for each in placed:
        start = round((each.at - each.piece.head) / _PACKET_S)
        packets += [ogg.SILENCE] * (start - len(packets))
        packets += each.piece.opus
    samples = round(end * ogg.CLOCK)
    needed = math.ceil((samples + ogg.PRE_SKIP) / ogg.PACKET)
    packets += [ogg.SILENCE] * (needed - len(packets))
    return ogg.write(packets[:needed], samples)
