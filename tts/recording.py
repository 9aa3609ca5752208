"""Takes in a recording that somebody uploads: by its content, bounded, trimmed, measured, kept as FLAC."""

from __future__ import annotations

import audioop
import hashlib
import tempfile
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tts import ffmpeg, metering
from tts.audio import waveform
from tts.errors import AudioTooLong, MasteringFailed, NotAudio, SilentAudio, storage
from tts.piece import RATE

LONGEST: Final = 3600.0  # seconds

# What telephones, browsers and recorders write; playlists, pictures and texts are not among them, and no
# form that names another file or address.
_FORMS: Final = "mp3,mov,matroska,ogg,wav,flac,aac"
_CODECS: Final = (
    "mp3,mp3float,aac,alac,opus,libopus,vorbis,libvorbis,flac,pcm_s16le,pcm_s24le,pcm_s32le,pcm_u8,pcm_f32le,"
    "pcm_s16be,pcm_alaw,pcm_mulaw,amrnb,amrwb"
)
_LARGEST_ALLOCATION: Final = 256_000_000  # bytes; a hostile header may ask for much more
_PATIENCE_S: Final = 300.0  # an hour takes a minute on a small machine that has nothing else to do
_WINDOW_S: Final = 0.01
_WINDOW: Final = round(RATE * _WINDOW_S)  # samples
_BELOW_SPEECH: Final = 10 ** (-35 / 20)  # what is this much quieter than speech is silence
_QUIETEST: Final = 32768 * 10 ** (-55 / 20)  # speech that is quieter was not meant to be heard
_STEADY: Final = 5  # windows; a click of the button is shorter
_KEEP_S: Final = 0.15
_FADE_S: Final = 0.01
_SMALL: Final = (
    "-c:a",
    "libmp3lame",
    "-b:a",
    "48k",
    "-map_metadata",
    "-1",
    "-fflags",
    "+bitexact",
    "-f",
    "mp3",
)
_FLAC: Final = ("-c:a", "flac", "-map_metadata", "-1", "-fflags", "+bitexact", "-f", "flac")


@dataclass(frozen=True, slots=True)
class Take:
    """An accepted recording, mono FLAC at 24 kHz."""

    sha256: str
    size: int  # bytes
    duration: float  # seconds
    loudness: float  # LUFS, before mastering
    peaks: tuple[int, ...]  # 0..100, for the waveform
    cut_head: float  # seconds of silence that were cut
    cut_tail: float


@dataclass(frozen=True, slots=True)
class _Levels:
    """RMS and highest sample of each window."""

    rms: array[int]
    peaks: array[int]


def accept(source: Path, target: Path, *, trim: bool = True, longest: float = LONGEST) -> Take:
    """Make a recording out of whatever has sound: mp3, m4a, ogg, opus, webm, wav, flac, a video's sound.

    ``target`` is there as a whole or not at all.
    Raises NotAudio, AudioTooLong, SilentAudio, StorageFull, StorageFailed.
    """
    try:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".take-") as folder:
            whole, cut = Path(folder) / "whole.wav", Path(folder) / "cut.flac"
            levels = _decode(source, whole, longest)
            first, last = _sounding(levels) if trim else (0, len(levels.rms))
            loudness = _cut(whole, cut, first, last)
            take = _take(cut, levels, first, last, loudness)
            cut.chmod(0o644)
            cut.replace(target)
    except OSError as error:
        raise storage(error) from error
    return take


def compact(source: Path, target: Path) -> None:
    """An accepted recording as a small MP3, for listening over a telephone's network.

    Raises MasteringFailed, StorageFull.
    """
    ffmpeg.run(["-f", "flac", "-i", str(source), *_SMALL, "-y", str(target)])


def _decode(source: Path, whole: Path, longest: float) -> _Levels:
    """Write the sound as samples and measure it on the way; never more of it than may be accepted."""
    levels = _Levels(array("i"), array("i"))

    def take(block: bytes) -> None:
        for start in range(0, len(block), 2 * _WINDOW):
            window = block[start : start + 2 * _WINDOW]
            levels.rms.append(audioop.rms(window, 2))
            levels.peaks.append(audioop.max(window, 2))

    bounded = ["-protocol_whitelist", "file,pipe", "-format_whitelist", _FORMS, "-codec_whitelist", _CODECS]
    bounded += ["-max_alloc", str(_LARGEST_ALLOCATION), "-i", f"file:{source.absolute()}"]
    sound = ["-map", "0:a:0", "-t", str(longest + 1), "-ac", "1", "-ar", str(RATE), "-sample_fmt", "s16"]
    outputs = [*sound, "-f", "wav", "-y", str(whole), *sound, "-f", "s16le", "pipe:1"]
    try:
        ffmpeg.read(["-v", "error", *bounded, *outputs], 2_000 * _WINDOW, take, timeout=_PATIENCE_S)
    except MasteringFailed as error:
        raise NotAudio(str(error)) from error
    if not levels.rms:
        raise NotAudio("there is no sound in the file")
    if len(levels.rms) * _WINDOW_S > longest:
        raise AudioTooLong(longest)
    return levels


def _sounding(levels: _Levels) -> tuple[int, int]:
    """The windows between the first and the last that are not silence, with a breath of it."""
    loud = sorted(levels.rms)[len(levels.rms) * 95 // 100]
    if loud < _QUIETEST:
        raise SilentAudio("nothing in the recording can be heard")
    threshold = max(loud * _BELOW_SPEECH, 1)
    heard = [rms > threshold for rms in levels.rms]
    keep = round(_KEEP_S / _WINDOW_S)
    first, last = _first_steady(heard), len(heard) - _first_steady(heard[::-1])
    return max(0, first - keep), min(len(heard), last + keep)


def _first_steady(heard: Sequence[bool]) -> int:
    """Where several windows in a row have sound; the beginning where that is nowhere."""
    return next((n for n in range(len(heard)) if all(heard[n : n + _STEADY])), 0)


def _cut(whole: Path, cut: Path, first: int, last: int) -> float:
    """Write the part that stays, with soft edges; returns its loudness."""
    start, length = first * _WINDOW_S, (last - first) * _WINDOW_S
    filters = (
        f"atrim=start={start:.2f}:duration={length:.2f},asetpts=PTS-STARTPTS,afade=t=in:d={_FADE_S},"
        f"afade=t=out:st={max(0.0, length - _FADE_S):.2f}:d={_FADE_S},ebur128=framelog=quiet,aresample={RATE}"
    )
    output = ["-af", filters, "-ac", "1", "-ar", str(RATE), "-sample_fmt", "s16", *_FLAC, "-y", str(cut)]
    try:
        return metering.integrated(ffmpeg.run(["-f", "wav", "-i", str(whole), *output])[1])
    except MasteringFailed as error:
        raise SilentAudio("nothing in the recording can be heard") from error


def _take(cut: Path, levels: _Levels, first: int, last: int, loudness: float) -> Take:
    with cut.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return Take(
        sha256=sha256,
        size=cut.stat().st_size,
        duration=round((last - first) * _WINDOW_S, 2),
        loudness=loudness,
        peaks=waveform(levels.peaks[first:last], 32768),
        cut_head=round(first * _WINDOW_S, 2),
        cut_tail=round((len(levels.rms) - last) * _WINDOW_S, 2),
    )
