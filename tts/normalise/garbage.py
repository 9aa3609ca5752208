"""Stretches that are no text, as of a damaged file or a pasted key: marked, only their digits said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from tts.normalise import numbers
from tts.syllables import is_syllable
from tts.types import Doubt, Token, TokenKind

_RUN: Final = re.compile(r"\S{12,200}")
_UNUSUAL: Final = re.compile(r"[\\^~{}\[\]<>|@#$*_=`&\x00-\x1f]")
_CHANGES: Final = re.compile(r"[^\W\d_]+|\d+|([\W_])\1*")
_WORDS: Final = re.compile(r"[^\W\d_]{3,}")
_DIGITS: Final = re.compile(r"\d+")
_ADDRESS: Final = re.compile(r"https?:|www\.|[\w.-]+@[\w-]+\.")
_FEW: Final = 3  # unusual signs that a code or an address may have
_LONG: Final = 48  # characters without a space that no number, list or name has
# Changes between letters, digits and signs for each character; words have a quarter, telephones a half.
_DENSE: Final = 0.45
_DENSER: Final = 0.6
_SYLLABLES: Final = 0.1  # share of the characters that a text with tags in it has more of
_PIECE: Final = 40  # characters of a token, so that it stays short enough for an engine


def stretches(line: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where garbage begins and ends, from left to right."""
    for run in _RUN.finditer(line, start, end):
        if _is_garbage(run[0]):
            yield run.span()


def tokens(line: str, start: int, end: int, offset: int) -> Iterator[Token]:
    for at in range(start, end, _PIECE):
        written = line[at : min(at + _PIECE, end)]
        said = " ".join(map(numbers.spelled, _DIGITS.findall(written)))
        yield Token(offset + at, written, said, Doubt.UNREADABLE, TokenKind.SIGN)


def _is_garbage(run: str) -> bool:
    unusual = len(_UNUSUAL.findall(run)) > _FEW
    if not unusual and len(run) < _LONG:
        return False
    changes = len(_CHANGES.findall(run))
    if changes < (_DENSE if unusual else _DENSER) * len(run) or _ADDRESS.match(run):
        return False
    return sum(len(word) for word in _WORDS.findall(run) if is_syllable(word)) <= _SYLLABLES * len(run)
