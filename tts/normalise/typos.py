"""The letter O typed for a zero (1O/5, 2O26, O912 345 678): read as the zero that was meant, and marked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec

from tts.types import Doubt, Token

_SUSPECT: Final = re.compile(r"\d[Oo]|O\d")
# Figures alone: no letter but the O is near, so neither H2O nor 37oC nor a code such as OM5451.
_FIGURES: Final = re.compile(
    r"(?<![\w.,/-]) (?:[\dO][\dOo.,:/]{0,20}[\dO] | \d{1,2}O) (?:(?!\w)|(?=[hg]\d{0,2}(?!\w))) (?!-\d{3})",
    re.VERBOSE,
)
_SURELY: Final = re.compile(r"(?=.*\d)(?!O\d{1,2}$)(?:O|\d|[.,:/]|(?<=\d)o(?=\d))+")  # O2 is oxygen


def mended(line: str) -> str:
    """The line with zeros for such letters, of the same length: the very line where there are none."""
    if not _SUSPECT.search(line):
        return line
    return _FIGURES.sub(_with_zeros, line)


def _with_zeros(match: re.Match[str]) -> str:
    written = match[0]
    return written.replace("O", "0").replace("o", "0") if _SURELY.fullmatch(written) else written


def marked(tokens: Iterator[Token], line: str, offset: int) -> Iterator[Token]:
    """The tokens as they are written in the source; those that were mended are doubtful."""
    for token in tokens:
        start = token.start - offset
        written = line[start : start + len(token.written)]
        doubt = token.doubt if written == token.written else token.doubt or Doubt.AMBIGUOUS
        yield msgspec.structs.replace(token, written=written, doubt=doubt)
