"""What our own tables do not know: foreign words, and numerals that are no digits."""

from __future__ import annotations

import functools
import re
import unicodedata
from importlib.metadata import version
from typing import Final

from tts.normalise import foreign, letters, numbers

VERSION: Final = version("sea-g2p")


@functools.lru_cache(maxsize=1 << 14)
def spoken(piece: str) -> str:
    """Vietnamese syllables for ``piece``, or nothing where nobody can tell how it is said."""
    if piece.isalpha():
        return foreign.syllables(piece)
    return _with_numerals(piece)


def _with_numerals(piece: str) -> str:
    """Letters with ⁶, ½ or the like among them."""
    said = [_part(part) for part in re.findall(r"[^\W\d_]", piece)]
    return " ".join(said) if all(said) else ""


def _part(character: str) -> str:
    if character.isalpha():
        return letters.names(character)
    top, _, bottom = unicodedata.normalize("NFKC", character).partition("\u2044")
    if not top.isdecimal() or not (bottom or "1").isdecimal():
        return ""
    words = numbers.cardinal(int(top))
    if unicodedata.decomposition(character).startswith("<super>"):
        return f"mũ {words}"
    return f"{words} phần {numbers.cardinal(int(bottom))}" if bottom else words
