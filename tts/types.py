"""The values that flow from written text to mastered audio."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import msgspec


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


class TokenKind(enum.StrEnum):
    """What a piece of the source was taken for."""

    WORD = "word"
    NUMBER = "number"
    ORDINAL = "ordinal"
    ROMAN = "roman"
    DATE = "date"
    TIME = "time"
    MONEY = "money"
    MEASURE = "measure"
    TELEPHONE = "telephone"
    WEB = "web"
    DOCUMENT = "document"
    ARTICLE = "article"
    ABBREVIATION = "abbreviation"
    PLACE = "place"
    CODE = "code"
    FOREIGN = "foreign"
    LIST = "list"
    SIGN = "sign"
    LEXICON = "lexicon"


# A long text has a million tokens: no Span within, and nothing for the garbage collector to follow.
class Token(msgspec.Struct, frozen=True, gc=False):
    """A piece of the source and how it is said; ``spoken`` is empty where the piece is silent."""

    start: int
    written: str
    spoken: str
    doubt: Doubt | None = None
    kind: TokenKind = TokenKind.WORD

    @property
    def span(self) -> Span:
        return Span(self.start, self.start + len(self.written))


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


class Preset(enum.StrEnum):
    """Where a clip will be heard: outdoors it is read slower and with longer pauses."""

    STANDARD = "standard"
    OUTDOOR = "outdoor"


@dataclass(frozen=True, slots=True)
class Speech:
    """A text in one language and the voice that reads it; a ``heading`` has a longer pause after it."""

    text: SpokenText
    voice: Voice = Voice()
    heading: bool = False


@dataclass(frozen=True, slots=True)
class Recorded:
    """A file that ``tts.recording.accept`` has made; ``sha256`` names its bytes."""

    path: Path
    sha256: str


Part: TypeAlias = Speech | Recorded


@dataclass(frozen=True, slots=True)
class Script:
    """Everything that decides how a clip sounds; times are in seconds.

    Heard are: lead-in, chime, opening, parts, (gap, parts) for every repeat, closing, tail.
    """

    parts: tuple[Part, ...]
    opening: Speech | None = None
    closing: Speech | None = None
    chime: Chime = Chime.ROUTINE
    preset: Preset = Preset.STANDARD
    repeats: int = 1  # how often the parts are heard
    gap: float = 2.0  # between two readings
    lead_in: float = 1.0  # silence for the amplifier's wake-up
    tail: float = 0.6  # silence, so that the amplifier does not cut the last word
    sections: tuple[int, ...] = ()  # of each part, from 0: the clip is cut between them; empty: it is not


@dataclass(frozen=True, slots=True)
class Mark:
    """When a sentence is heard in the first reading; a recorded part counts as one sentence.

    ``part`` is the index in ``Script.parts``, -1 for the opening, the number of parts for the closing;
    ``sentence`` is the index in ``SpokenText.sentences``, silent ones included.
    """

    part: int
    sentence: int
    start: float  # seconds
    end: float


@dataclass(frozen=True, slots=True)
class SentenceFailure:
    """A sentence that an engine could not speak, counted as in ``Mark``."""

    part: int
    sentence: int
    engine: str
    reason: str


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
    marks: tuple[Mark, ...] = ()
    failures: tuple[SentenceFailure, ...] = ()
    opus: bytes = field(default=b"", repr=False)  # the same sound as Ogg Opus
    quiet: tuple[int, ...] = ()  # parts whose recording could not be made as loud as speech
    cuts: tuple[Cut, ...] = ()  # of a script with sections: each frame of the clip is in one of them


@dataclass(frozen=True, slots=True)
class Cut:
    """What is heard of one section, in all readings: frames of the whole clip as they are, MP3 only.

    ``section`` is -1 for signal and opening, the number of sections for the closing.
    """

    section: int
    clip: AudioClip
