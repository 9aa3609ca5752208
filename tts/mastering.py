"""Makes a finished piece of a sentence, a signal or a recording: shaped, levelled, encoded and measured."""

from __future__ import annotations

import tempfile
from array import array
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from tts import audio, metering, ogg
from tts.errors import MasteringFailed, storage
from tts.piece import FRAME_BYTES, PEAKS_A_FRAME, RATE, Piece

VERSION: Final = "3"  # part of every key: raise it when the sound changes
MEDIA_TYPE: Final = "audio/mpeg"
LOUDNESS: Final = -16.0  # LUFS, integrated
SPEECH_LOUDNESS: Final = -16.1  # as MP3; as Opus the same sound is about 0.35 LU louder
CHIME_LOUDNESS: Final = -16.5  # never louder than the speech after it
HIGHEST_PEAK: Final = -1.0  # dBTP

QUIET: Final = -17.0  # LUFS; a recording that stays below this is heard to be quieter than the speech

_ROUNDS: Final = 3
_WORKING_LEVEL: Final = -23.0  # what the compressor's threshold is made for
_BAND: Final = "highpass=f=200,highpass=f=200,lowpass=f=7500,equalizer=f=3000:t=o:w=1:g=3,"
_COMPRESSED: Final = "acompressor=threshold=-24dB:ratio=3:attack=5:release=120,"
_SHAPE: Final = _BAND + _COMPRESSED
# For recordings that stay too quiet otherwise, because of voices far away, shouts or blows on the microphone.
_EVENED: Final = "compand=attacks=0.002:decays=0.08:points=-90/-90|-60/-52|-45/-32|-23/-20|0/-14:soft-knee=6,"
_CLIPPED: Final = (
    "compand=attacks=0.0005:decays=0.03:points=-90/-90|-70/-60|-55/-30|-23/-20|0/-18:soft-knee=6,"
    "volume=18dB,asoftclip=type=tanh,lowpass=f=7500,volume=-18dB,"
)
_SHAPES: Final = (_SHAPE, _BAND + _EVENED + _COMPRESSED, _BAND + _CLIPPED)
_MAKE_UP: Final = 17.0  # dB, about what an ordinary voice needs after the shaping
_MOST_MAKE_UP: Final = 30.0
_LEAST_AFTER_LIMITER, _MOST_AFTER_LIMITER = -1.5, 1.0  # dB; more has to go through the limiter
_CEILING: Final = -4.5  # dBFS; leaves room for that, and for what the encoders add to peaks
_LOWEST_CEILING: Final = -14.0
_ENCODER_LOSS: Final = 0.35  # LU
_AFTER: Final = 0.06  # seconds of silence that the encoders get, so that they give out all of the sound
_PADDING: Final = 3  # frames at the end, silent by then, that a decoder in the same process leaves out
MP3: Final = (
    "-c:a", "libmp3lame", "-b:a", "48k", "-compression_level", "5", "-map_metadata", "-1",
    "-id3v2_version", "0", "-write_xing", "0", "-f", "mp3",
)  # fmt: skip
OPUS: Final = (
    "-c:a", "libopus", "-b:a", "24k", "-vbr", "constrained", "-compression_level", "5",
    "-frame_duration", "20", "-map_metadata", "-1", "-f", "ogg",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Source:
    """Sound that is not yet mastered: a file or samples, how loud it is, where it sounds, its target."""

    form: tuple[str, ...]  # ffmpeg's input options
    level: float  # LUFS or, near enough for the compressor, dBFS of the RMS
    path: Path | None = None
    samples: bytes = field(default=b"", repr=False)
    head: float = 0.0  # seconds of silence before the sound
    tail: float = 0.0
    shapes: tuple[str, ...] = (_SHAPE,)  # each one is tried where those before it do not reach the target
    loudness: float = SPEECH_LOUDNESS
    tolerance: float = 0.25  # LU; a clip of many pieces comes nearer to the target than each of them


def sentence(sound: audio.Trimmed) -> Source:
    """A sentence as an engine has spoken it. Raises MasteringFailed for silence."""
    whole = sound.sound
    return Source(_pcm(whole), _level(whole), None, whole.raw_data, sound.head, sound.tail)


def attention(sound: audio.Segment) -> Source:
    """An attention signal: pure tones need no shaping."""
    return Source(_pcm(sound), _level(sound), None, sound.raw_data, shapes=("",), loudness=CHIME_LOUDNESS)


def recording(path: Path) -> Source:
    """A file made by ``tts.recording``; it stays on the disk, however long it is."""
    level = metering.plain(["-f", "flac", "-i", f"file:{path}"])
    return Source(("-f", "flac"), level, path, shapes=_SHAPES, tolerance=0.4)  # an attempt takes minutes


def finish(source: Source) -> Piece:
    """Bring to the target and to at most -1 dBTP as decoded, encode, measure.

    Raises MasteringFailed, StorageFull, StorageFailed.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="truyen-thanh-") as directory:
            return _Bench(source, Path(directory)).finish()
    except OSError as error:
        raise storage(error) from error


@dataclass(frozen=True, slots=True)
class _Level:
    """Shaping, gain before the limiter, its ceiling, and gain after it, in dB."""

    shape: str
    make_up: float = _MAKE_UP
    ceiling: float = _CEILING
    after: float = 0.0

    def corrected(self, off: float, over: float) -> _Level:
        after = min(self.after + off, _MOST_AFTER_LIMITER)
        ceiling = max(self.ceiling - max(0.0, over + 0.1), _LOWEST_CEILING)
        return replace(self, ceiling=ceiling, after=after)


class _Bench:
    """One source on its way, with a folder for its files."""

    def __init__(self, source: Source, folder: Path) -> None:
        self._source = source
        self._mp3, self._opus = folder / "piece.mp3", folder / "piece.opus"
        path = source.path
        if path is None:
            path = folder / "source.pcm"
            path.write_bytes(source.samples)
        self._input = (*source.form, "-i", f"file:{path}")

    def finish(self) -> Piece:
        level = self._before_encoding()
        for _ in range(_ROUNDS):
            piece = self._attempt(level)
            off, over = self._source.loudness - piece.loudness, piece.true_peak - HIGHEST_PEAK
            if over <= 0 and (
                abs(off) <= self._source.tolerance or (off > 0 and level.after >= _MOST_AFTER_LIMITER)
            ):
                return piece
            level = level.corrected(off, over)
        # Sound with extreme peaks: too quiet is better than distorted, or than no announcement.
        while piece.true_peak > HIGHEST_PEAK:
            level = replace(level, after=level.after - (piece.true_peak - HIGHEST_PEAK) - 0.5)
            piece = self._attempt(level)
        return piece

    def _before_encoding(self) -> _Level:
        """The limiter takes some of what the make-up gives: come near the target, go the rest after it."""
        tried: list[tuple[float, _Level]] = []
        for shape in self._source.shapes:
            level, off = self._made_up(_Level(shape))
            tried.append((off, replace(level, after=min(off, _MOST_AFTER_LIMITER))))
            if off <= _MOST_AFTER_LIMITER:
                break
        return min(tried, key=lambda each: each[0])[1]

    def _made_up(self, level: _Level) -> tuple[_Level, float]:
        """With the gain that comes nearest to the target, and what is missing then."""
        for _ in range(_ROUNDS):
            reached = metering.filtered(self._input, self._filters(level), ogg.CLOCK)
            off = self._source.loudness + _ENCODER_LOSS - reached
            near = _LEAST_AFTER_LIMITER <= off <= _MOST_AFTER_LIMITER
            if near or (off > 0 and level.make_up >= _MOST_MAKE_UP):
                break
            level = replace(level, make_up=min(level.make_up + (1.5 if off > 0 else 1) * off, _MOST_MAKE_UP))
        return level, off

    def _filters(self, level: _Level) -> str:
        """The limiter sees the peaks between the samples only at a multiple of the band."""
        return (
            f"volume={_WORKING_LEVEL - self._source.level:.2f}dB,{level.shape}"
            f"volume={level.make_up:.2f}dB,aresample={ogg.CLOCK},"
            f"alimiter=limit={10 ** (level.ceiling / 20):.4f}:attack=3:release=50:level=false:latency=true,"
            f"volume={level.after:.2f}dB"
        )

    def _attempt(self, level: _Level) -> Piece:
        graph = f"[0:a]{self._filters(level)},aresample={RATE},apad=pad_dur={_AFTER},asplit=2[mp3][opus]"
        outputs = [
            "-map",
            "[mp3]",
            *MP3,
            "-y",
            str(self._mp3),
            "-map",
            "[opus]",
            *OPUS,
            "-y",
            str(self._opus),
        ]
        return self._piece(metering.encoded([*self._input, "-filter_complex", graph, *outputs]))

    def _piece(self, measured: metering.Measured) -> Piece:
        mp3 = self._mp3.read_bytes()
        packets, samples = ogg.packets(self._opus.read_bytes())
        frames = len(mp3) // FRAME_BYTES
        missing = frames - len(measured.energies)
        if len(mp3) % FRAME_BYTES or not 0 <= missing <= _PADDING:
            raise MasteringFailed(f"{len(mp3)} bytes of MP3 were decoded to {len(measured.energies)} frames")
        return Piece(
            mp3=mp3,
            opus=packets,
            energies=measured.energies + array("f", bytes(4 * missing)),
            peaks=measured.peaks + bytes(PEAKS_A_FRAME * missing),
            head=self._source.head,
            length=samples / ogg.CLOCK - _AFTER - self._source.head - self._source.tail,
            loudness=metering.alone(measured.energies),
            true_peak=measured.true_peak,
        )


def _level(sound: audio.Segment) -> float:
    if not sound.rms:
        raise MasteringFailed("there is no sound to measure")
    return float(sound.dBFS)


def _pcm(sound: audio.Segment) -> tuple[str, ...]:
    return ("-f", "s16le", "-ar", str(sound.frame_rate), "-ac", "1")
