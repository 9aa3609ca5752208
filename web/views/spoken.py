"""A text as it will be read, cut into what a page shows: written and spoken side by side, piece by piece."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from broadcast.authoring import bulletins
from broadcast.errors import InvalidInput
from tts.lexicon import Lexicon
from tts.types import Sentence, SpokenText, Token, Voice

PREVIEWED = 12_000  # characters read while somebody types: a quarter of an hour of speech
SYLLABLES_A_SECOND = 3.9  # of the ordinary pace, pauses apart
MARKS = " ,.:;!?"


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of one side of a sentence; pieces of both sides with the same number belong together."""

    text: str
    number: int | None = None
    doubt: str = ""
    said: str = ""  # how a written piece is read


@dataclass(frozen=True, slots=True)
class Pair:
    """One sentence: what is written and what is said; ``index`` counts all sentences of the text."""

    index: int
    written: tuple[Piece, ...]
    said: tuple[Piece, ...]
    doubts: tuple[Token, ...]
    silent: bool


@dataclass(frozen=True, slots=True)
class Reading:
    sentences: tuple[Pair, ...]
    doubts: int
    shortened: bool  # only the beginning was read
    estimate_ms: int


def reading(text: str, voice: Voice, lexicon: Lexicon) -> Reading | None:
    """None where there is nothing to read; the form says why when it is saved."""
    return _read(text, voice, lexicon, shortened=False)


def beginning(text: str, voice: Voice, lexicon: Lexicon) -> Reading | None:
    """As ``reading``, for a text that is being typed: a long one is read as far as one sees at once."""
    start = beginning_of(text)
    return _read(start, voice, lexicon, shortened=start != text)


def beginning_of(text: str) -> str:
    return text if len(text) <= PREVIEWED else text[:PREVIEWED].rsplit(".", 1)[0]


@lru_cache(maxsize=64)  # an open page asks again with every change of its bulletin
def _read(text: str, voice: Voice, lexicon: Lexicon, *, shortened: bool) -> Reading | None:
    if not text.strip():
        return None
    try:
        spoken = bulletins.read_aloud(text, voice.language, lexicon)
    except InvalidInput:
        return None
    return _present(spoken, voice.speed, shortened)


def _present(spoken: SpokenText, speed: float, shortened: bool) -> Reading:
    return Reading(
        sentences=tuple(
            _pair(spoken.source, index, sentence) for index, sentence in enumerate(spoken.sentences)
        ),
        doubts=len(spoken.doubts),
        shortened=shortened,
        estimate_ms=round(1000 * sum(_seconds(sentence, speed) for sentence in spoken.sentences)),
    )


def _pair(source: str, index: int, sentence: Sentence) -> Pair:
    return Pair(
        index=index,
        written=tuple(piece for piece in _written(source, sentence) if piece.text),
        said=tuple(piece for piece in _said(sentence) if piece.text),
        doubts=tuple(token for token in sentence.tokens if token.doubt),
        silent=not sentence.spoken,
    )


def _written(source: str, sentence: Sentence) -> Iterator[Piece]:
    """The sentence as typed; only what is said otherwise than written, or doubtful, stands alone."""
    if not sentence.tokens:
        yield Piece(sentence.spoken)
        return
    position = min(token.span.start for token in sentence.tokens)
    for number, token in enumerate(sentence.tokens):
        if not _stands_alone(token) or token.span.start < position:
            continue
        yield Piece(source[position : token.span.start])
        doubt = token.doubt.value if token.doubt else ""
        yield Piece(source[token.span.start : token.span.end], number, doubt, token.spoken.strip(MARKS))
        position = token.span.end
    end = max(token.span.end for token in sentence.tokens)
    yield Piece(source[position:end])


def _said(sentence: Sentence) -> Iterator[Piece]:
    """The sentence as said, cut where its written side is cut; what cannot be found is not cut."""
    position = start = 0
    for number, token in enumerate(sentence.tokens):
        words = token.spoken.strip(MARKS)
        found = sentence.spoken.find(words, position) if words else -1
        if found < 0:
            continue
        position = found + len(words)
        if _stands_alone(token):
            yield Piece(sentence.spoken[start:found])
            yield Piece(words, number, token.doubt.value if token.doubt else "")
            start = position
    yield Piece(sentence.spoken[start:])


def _stands_alone(token: Token) -> bool:
    words = token.spoken.strip(MARKS)
    return token.doubt is not None or bool(words and words.casefold() != token.written.casefold())


def _seconds(sentence: Sentence, speed: float) -> float:
    return len(sentence.spoken.split()) / (SYLLABLES_A_SECOND * speed) + sentence.pause_after
