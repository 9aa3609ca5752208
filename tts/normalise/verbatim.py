"""Languages without rules of our own: the engine gets the words as they are written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from tts.types import Token

_PIECE: Final = re.compile(
    r"(?P<stop>[.!?…]+(?=\s|$))|(?P<comma>[,;:](?=\s|$))|(?:(?![.!?…,;:]+(?:\s|$))\S){1,60}"
)


def read_stretch(line: str, start: int, end: int, offset: int) -> Iterator[Token]:
    for piece in _PIECE.finditer(line, start, end):
        said = piece[0][-1].replace("…", ".") if piece["stop"] else piece[0]
        yield Token(offset + piece.start(), piece[0], said)
