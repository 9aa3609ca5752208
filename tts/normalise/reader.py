"""Reads a text in one pass from left to right: rules claim pieces, words and signs are what is left."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable, Iterator
from typing import Final

import msgspec

from tts.lexicon import Lexicon
from tts.normalise import brackets, garbage, layout, lists, marks, rest, typos, verbatim, words
from tts.normalise.dispatch import PIECE, Dispatch
from tts.normalise.rule import Rule
from tts.normalise.table import RULES
from tts.sentences import Block, say, split
from tts.text import clean
from tts.types import Doubt, Span, SpokenText, Token, TokenKind

VERSION: Final = f"12+{rest.VERSION}"  # part of every sentence's key: raise it when a reading changes

_DISPATCH: Final = Dispatch(RULES)
_WORD: Final = re.compile(r"[^\W\d_]{2,}")
_MARKS: Final = ".,:;!?"
_STOPS: Final = frozenset(".!?")

Reader = Callable[
    [str, int, int, int], Iterator[Token]
]  # a line, from where to where, its place in the source
NO_ENTRIES: Final = Lexicon()


def read(text: str, *, language: str = "vi", lexicon: Lexicon = NO_ENTRIES) -> SpokenText:
    """Never raises and never drops a character: what cannot be read is a token with a doubt."""
    source = clean(text)
    reader = _read_stretch if language == "vi" else verbatim.read_stretch
    own = brackets.definitions(source) if language == "vi" else {}
    blocks = (
        Block(kind, tuple(_taught(own, _read_block(source, span, reader, lexicon))))
        for kind, span in layout.blocks(source)
    )
    return SpokenText(source, split(blocks), language)


def plain(spoken: SpokenText) -> str:
    """What is said without marks and capitals: words and single spaces."""
    text = spoken.text.lower()
    if spoken.language != "vi":
        text = "".join(
            character if unicodedata.category(character)[0] in "LMN" else " " for character in text
        )
    for mark in _MARKS:
        text = text.replace(mark, " ")
    return " ".join(text.split())


def _read_block(source: str, block: Span, reader: Reader, lexicon: Lexicon) -> Iterator[Token]:
    written = source[block.start : block.end]
    if reader is verbatim.read_stretch:
        return _read_line(written, block.start, reader, lexicon)
    line = layout.on_one_line(written)
    slips = typos.mended(line)
    if slips is None:
        tokens = _read_line(line, block.start, reader, lexicon)
    else:
        tokens = typos.marked(_read_line(slips.line, block.start, reader, lexicon), slips, line, block.start)
    return tokens if line == written else _with_edges(tokens, source)


def _with_edges(tokens: Iterator[Token], source: str) -> Iterator[Token]:
    """The tokens as they stand in the source, where the edge of a page parts their words."""
    for token in tokens:
        written = source[token.start : token.start + len(token.written)]
        yield token if written == token.written else msgspec.structs.replace(token, written=written)


def _read_line(line: str, offset: int, reader: Reader, lexicon: Lexicon) -> Iterator[Token]:
    """The words of the lexicon are found first; rules see no further than to the next one."""
    position = 0
    for match, spoken in lexicon.find(line):
        yield from reader(line, position, match.start(), offset)
        said = spoken if reader is verbatim.read_stretch else _in_words(spoken)
        yield _token(match, said, None, TokenKind.LEXICON, offset)
        position = match.end()
    yield from reader(line, position, len(line), offset)


def _taught(own: dict[str, str], tokens: Iterator[Token]) -> Iterator[Token]:
    """An abbreviation that the text itself explains is said so all through it."""
    if not own:
        return tokens
    return (
        msgspec.structs.replace(token, spoken=own[token.written], doubt=None, kind=TokenKind.ABBREVIATION)
        if token.written in own and (token.doubt or token.kind is TokenKind.ABBREVIATION)
        else token
        for token in tokens
    )


@functools.lru_cache(maxsize=4096)
def _in_words(spoken: str) -> str:
    """An entry of a lexicon may hold digits and foreign words too."""
    tokens = _read_stretch(spoken, 0, len(spoken), 0)
    return say([token for token in tokens if token.spoken not in _STOPS])


def _read_stretch(line: str, start: int, end: int, offset: int) -> Iterator[Token]:
    position = start
    marker = None if start else lists.starts(line, end)
    if marker:
        yield _token(marker, lists.marker(marker), None, TokenKind.LIST, offset)
        position = marker.end()
    for first, last in garbage.stretches(line, position, end):
        yield from _read_text(line, position, first, offset)
        yield from garbage.tokens(line, first, last, offset)
        position = last
    yield from _read_text(line, position, end, offset)


def _read_text(line: str, start: int, end: int, offset: int) -> Iterator[Token]:
    position = start
    while piece := PIECE.search(line, position, end):
        rules = _DISPATCH.at(piece)
        token = (rules and _claimed(rules, line, piece.start(), end, offset)) or _left(line, piece, offset)
        yield token
        position = token.start - offset + len(token.written)


def _claimed(rules: tuple[Rule, ...], line: str, start: int, end: int, offset: int) -> Token | None:
    """What the first rule that fits reads."""
    for rule in rules:
        match = rule.pattern.match(line, start, end)
        if match and match[0]:
            said = rule.read(match)
            if isinstance(said, str):
                return _token(match, said, None, rule.kind, offset)
            if said is not None:
                return _token(match, said.spoken, said.doubt, said.kind or rule.kind, offset)
    return None


def _left(line: str, piece: re.Match[str], offset: int) -> Token:
    """A word, digits or a sign that no rule took."""
    start, end = piece.span()
    word, digits, _, _, _ = piece.groups()
    if word:
        capitals = len(word) > 1 and word.isupper() and _among_capitals(line, start, end)
        reading, kind = words.word(word, capitals=capitals), TokenKind.WORD
    elif digits:
        reading, kind = words.digits(digits), TokenKind.NUMBER
    else:
        reading, kind = marks.sign(line, start, end), TokenKind.SIGN
    return Token(offset + start, piece[0], reading.spoken, reading.doubt, reading.kind or kind)


def _among_capitals(line: str, start: int, end: int) -> bool:
    """Whether a neighbour is a word in capitals."""
    behind = _WORD.findall(line[max(0, start - 40) : start])[-1:]
    ahead = _WORD.findall(line[end : end + 40])[:1]
    return any(word.isupper() for word in behind + ahead)


def _token(match: re.Match[str], said: str, doubt: Doubt | None, kind: TokenKind, offset: int) -> Token:
    start, written = match.start(), match[0]
    if written[0].isspace() or written[-1].isspace():
        start += len(written) - len(written.lstrip())
        written = written.strip()
    return Token(offset + start, written, said, doubt, kind)
