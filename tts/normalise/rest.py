"""What our own tables do not know: foreign words, and signs, which go to sea-g2p."""

from __future__ import annotations

import functools
import re
import unicodedata
from importlib.metadata import version
from typing import Final

from sea_g2p import Normalizer

from tts.normalise import foreign, letters, numbers
from tts.syllables import is_syllable

VERSION: Final = version("sea-g2p")
_TAG: Final = re.compile(r"</?\w+>")
_NOT_SAID: Final = re.compile(r"[^\w\s-]+")


@functools.cache
def _normalizer() -> Normalizer:
    return Normalizer()


@functools.lru_cache(maxsize=1 << 14)
def spoken(piece: str) -> str:
    """Vietnamese syllables for ``piece``, or nothing where nobody can tell how it is said."""
    if piece.isalpha():
        return foreign.syllables(piece)
    if any(map(str.isalnum, piece)):
        return _with_numerals(piece)
    return _sign(piece)


def _with_numerals(piece: str) -> str:
    """Letters with ², ½ or the like among them."""
    said = [_part(part) for part in re.findall(r"[^\W\d_]", piece)]
    return " ".join(said) if all(said) else ""


def _part(character: str) -> str:
    if character.isalpha():
        return letters.names(character)
    top, _, bottom = unicodedata.normalize("NFKC", character).partition("\u2044")
    if not top.isdecimal() or not (bottom or "1").isdecimal():
        return ""
    words = numbers.cardinal(int(top))
    if character in "²³":
        return f"mũ {words}"
    return f"{words} phần {numbers.cardinal(int(bottom))}" if bottom else words


def _sign(piece: str) -> str:
    if _normalizer().audit(piece):
        return ""
    said = " ".join(_NOT_SAID.sub(" ", _TAG.sub(" ", _normalizer().normalize(piece))).split())
    return said if all(map(is_syllable, said.split())) else ""
