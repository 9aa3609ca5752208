"""Cuts a text into blocks and tokens: rules claim pieces first, words and signs are what is left."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from tts.normalise import contacts, dates, documents, lists, plain, quantities, rest, words
from tts.normalise.rule import Reading, Rule
from tts.sentences import Block, Kind, split
from tts.text import clean
from tts.types import Span, SpokenText, Token

VERSION: Final = f"1+{rest.VERSION}"  # part of every sentence's key: raise it when a reading changes

_RULES: Final[tuple[Rule, ...]] = (
    *contacts.RULES,
    *documents.RULES[:3],
    *dates.RULES,
    *documents.RULES[3:],
    *words.RULES,
    *quantities.RULES,
)
# The caps keep a token short enough for an engine even when the source is garbage.
_PIECE: Final = re.compile(r"(?P<word>[^\W\d_]{1,40})|(?P<digits>\d{1,30})|(?P<sign>\.{2,9}|…+|[^\w\s]|_)|\S")
_WORD: Final = re.compile(r"[^\W\d_]{2,}")
_ENDS: Final = tuple(".!?:;…")


def read(text: str, *, language: str = "vi") -> SpokenText:
    """Never raises and never drops a character: what cannot be read is a token with a doubt."""
    source = clean(text)
    reader = _read_block if language == "vi" else plain.read_block
    blocks = [Block(kind, tuple(reader(source, span))) for kind, span in _blocks(source)]
    return SpokenText(source, split(blocks), language)


def _blocks(source: str) -> Iterator[tuple[Kind, Span]]:
    """Lines that are not blank; a line that goes on in the next one is joined with it."""
    start = end = 0
    for line in re.finditer(r"[^\n]*\S[^\n]*", source):
        goes_on = (
            end
            and source[end : line.start()].count("\n") == 1
            and not source[:end].rstrip().endswith(_ENDS)
            and line[0].lstrip()[0].islower()
            and not lists.MARKER.match(line[0])
        )
        if end and not goes_on:
            yield _kind(source[start:end]), Span(start, end)
        if not goes_on:
            start = line.start()
        end = line.end()
    if end:
        yield _kind(source[start:end]), Span(start, end)


def _kind(line: str) -> Kind:
    if lists.MARKER.match(line):
        return Kind.ITEM
    return Kind.PARAGRAPH if line.rstrip().endswith(_ENDS) or len(line) > 160 else Kind.HEADING


def _read_block(source: str, span: Span) -> Iterator[Token]:
    line = source[span.start : span.end]
    position = 0
    for start, end, reading in _claims(line):
        yield from _left(line, position, start, span.start)
        yield _token(line, start, end, reading, span.start)
        position = end
    yield from _left(line, position, len(line), span.start)


def _claims(line: str) -> list[tuple[int, int, Reading]]:
    """The pieces that rules read, in order; an earlier rule keeps later ones off its piece."""
    taken = bytearray(len(line))
    claims: list[tuple[int, int, Reading]] = []
    for rule in (lists.RULE, *_RULES):
        for match in rule.pattern.finditer(line):
            if any(taken[match.start() : match.end()]):
                continue
            reading = rule.read(match)
            if reading is not None:
                taken[match.start() : match.end()] = b"\1" * (match.end() - match.start())
                said = reading if isinstance(reading, Reading) else Reading(reading)
                claims.append((match.start(), match.end(), said))
    return sorted(claims, key=lambda claim: claim[0])


def _left(line: str, start: int, end: int, offset: int) -> Iterator[Token]:
    for piece in _PIECE.finditer(line, start, end):
        yield _token(line, piece.start(), piece.end(), _read_piece(line, piece), offset)


def _read_piece(line: str, piece: re.Match[str]) -> Reading:
    if piece["word"]:
        return words.word(piece["word"], capitals=_among_capitals(line, piece.start(), piece.end()))
    if piece["digits"]:
        return words.digits(piece["digits"])
    return words.sign(line, piece.start(), piece.end())


def _among_capitals(line: str, start: int, end: int) -> bool:
    """Whether a neighbour is a word in capitals."""
    behind = _WORD.findall(line[max(0, start - 40) : start])[-1:]
    ahead = _WORD.findall(line[end : end + 40])[:1]
    return any(word.isupper() for word in behind + ahead)


def _token(line: str, start: int, end: int, reading: Reading, offset: int) -> Token:
    written = line[start:end]
    lead, trail = len(written) - len(written.lstrip()), len(written.rstrip())
    span = Span(offset + start + lead, offset + start + trail)
    return Token(span, written.strip(), reading.spoken, reading.doubt)
