"""A text as it will be read, cut into what a page shows: written and spoken side by side."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from broadcast import bulletins
from broadcast.errors import InvalidInput
from tts.types import Sentence, SpokenText, Token

PREVIEWED = 12_000  # characters read while somebody types: a quarter of an hour of speech
SYLLABLES_A_SECOND = 3.9  # of the ordinary pace, pauses apart


@dataclass(frozen=True, slots=True)
class Piece:
    written: str
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    """One sentence: what is written, in pieces, and what is said."""

    pieces: tuple[Piece, ...]
    spoken: str
    doubts: tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    sentences: tuple[Pair, ...]
    doubts: int
    shortened: bool  # only the beginning was read
    estimate_ms: int


def reading(text: str, speed: float) -> Reading | None:
    """None where there is nothing to read; the form says why when it is saved."""
    return _read(text, speed, shortened=False)


def beginning(text: str, speed: float) -> Reading | None:
    """As ``reading``, for a text that is being typed: a long one is read as far as one sees at once."""
    shortened = len(text) > PREVIEWED
    if shortened:
        text = text[:PREVIEWED].rsplit(".", 1)[0]
    return _read(text, speed, shortened=shortened)


@lru_cache(maxsize=64)  # an open page asks again with every change of its bulletin
def _read(text: str, speed: float, *, shortened: bool) -> Reading | None:
    if not text.strip():
        return None
    try:
        spoken = bulletins.read_aloud(text)
    except InvalidInput:
        return None
    return _present(spoken, speed, shortened)


def _present(spoken: SpokenText, speed: float, shortened: bool) -> Reading:
    return Reading(
        sentences=tuple(_pair(spoken.source, sentence) for sentence in spoken.sentences),
        doubts=len(spoken.doubts),
        shortened=shortened,
        estimate_ms=round(1000 * sum(_seconds(sentence, speed) for sentence in spoken.sentences)),
    )


def _pair(source: str, sentence: Sentence) -> Pair:
    doubts = tuple(token for token in sentence.tokens if token.doubt)
    return Pair(pieces=tuple(_pieces(source, sentence)), spoken=sentence.spoken, doubts=doubts)


def _pieces(source: str, sentence: Sentence) -> list[Piece]:
    """The sentence as typed; only doubtful tokens stand alone."""
    if not sentence.tokens:
        return [Piece(sentence.spoken)]
    pieces: list[Piece] = []
    position = min(token.span.start for token in sentence.tokens)
    for token in sentence.tokens:
        if token.doubt is None or token.span.start < position:
            continue
        pieces.append(Piece(source[position : token.span.start]))
        pieces.append(Piece(source[token.span.start : token.span.end], token.doubt.value))
        position = token.span.end
    end = max(token.span.end for token in sentence.tokens)
    return [piece for piece in (*pieces, Piece(source[position:end])) if piece.written]


def _seconds(sentence: Sentence, speed: float) -> float:
    return len(sentence.spoken.split()) / (SYLLABLES_A_SECOND * speed) + sentence.pause_after
