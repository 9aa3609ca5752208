"""The values that flow from written text to mastered audio."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open range of characters in the source text (NFC)."""

    start: int
    end: int


class Doubt(enum.StrEnum):
    """Why a token may be read wrongly; shown to the officer, never hidden."""

    UNKNOWN_ABBREVIATION = "unknown_abbreviation"
    AMBIGUOUS = "ambiguous"
    FOREIGN = "foreign"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the source and how it is said; ``spoken`` is empty where the piece is silent."""

    span: Span
    written: str
    spoken: str
    doubt: Doubt | None = None


@dataclass(frozen=True, slots=True)
class Sentence:
    """The unit of synthesis and of caching."""

    spoken: str
    tokens: tuple[Token, ...]
    pause_after: float  # seconds


@dataclass(frozen=True, slots=True)
class SpokenText:
    """A text as it will be read: sentences in order, every token linked to its source span."""

    source: str
    sentences: tuple[Sentence, ...]
    language: str = "vi"

    @property
    def text(self) -> str:
        return " ".join(sentence.spoken for sentence in self.sentences)

    @property
    def doubts(self) -> tuple[Token, ...]:
        return tuple(t for s in self.sentences for t in s.tokens if t.doubt)


@dataclass(frozen=True, slots=True)
class Voice:
    """How a text is spoken. ``speed`` is a factor, 1.0 is the engine's ordinary pace."""

    engine: str = "auto"  # "auto", "google", "espeak"
    name: str = "north"
    language: str = "vi"
    speed: float = 1.0


class Chime(enum.StrEnum):
    """The attention signal, one per class of announcement."""

    NONE = "none"
    ROUTINE = "routine"
    PRIORITY = "priority"
    EMERGENCY = "emergency"
    DRILL = "drill"


@dataclass(frozen=True, slots=True)
class Script:
    """Everything that decides how a clip sounds."""

    spoken: SpokenText
    voice: Voice = Voice()
    chime: Chime = Chime.ROUTINE
    lead_in: float = 1.0  # seconds of silence for the amplifier's wake-up


@dataclass(frozen=True, slots=True)
class Progress:
    done: int  # sentences ready
    total: int


@dataclass(frozen=True, slots=True)
class AudioClip:
    """A mastered clip, complete in memory; ``sha256`` names the bytes of ``data``."""

    data: bytes = field(repr=False)
    sha256: str
    media_type: str
    duration: float  # seconds
    key: str  # identity of the request: text, voice, engine, versions, mastering
    engine: str
    engine_version: str
    fallback: str = ""  # why the wished engine was not used; empty when it was
    loudness: float = 0.0  # integrated, LUFS
    true_peak: float = 0.0  # dBTP
    peaks: tuple[int, ...] = ()  # 0..100, for the waveform
