"""What a written Vietnamese syllable looks like."""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import Final

VOWELS: Final = frozenset("aăâeêioôơuưy")
# Initial, vowels, final of a written syllable without its tone.
_PATTERN: Final = (
    r"(?:ngh|ng|nh|th|tr|ch|ph|kh|gh|gi|qu|[bcdđghklmnprstvx])?"
    r"(?:uyê|uya|uyu|uya|iêu|yêu|ươu|ươi|uôi|oai|oay|oeo|uây|uao|uê|uy|uơ|ua|ưa|ia|iê|yê|ươ|uô|oa|oă|oe|oo|"
    r"ai|ao|au|ay|âu|ây|eo|êu|iu|oi|ôi|ơi|ui|ưi|ưu|uâ|uă|ue|[aăâeêioôơuưy])"
    r"(?:ng|nh|ch|[cmnpt])?"
)
_SYLLABLE: Final = re.compile(_PATTERN)
_TWO: Final = re.compile(_PATTERN * 2)
_TONES: Final = dict.fromkeys(map(ord, "\u0300\u0301\u0303\u0309\u0323"))


def _toneless(letter: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", letter).translate(_TONES))


_TONELESS: Final = {
    code: bare
    for code in range(0xC0, 0x1F00)
    if (bare := _toneless(chr(code))) != chr(code) and bare.lower() in VOWELS
}


def toneless(word: str) -> str:
    """Take the tone away, keep ă â đ ê ô ơ ư; ``word`` is in NFC."""
    return word if word.isascii() else word.translate(_TONELESS)


@functools.lru_cache(maxsize=1 << 15)
def is_syllable(word: str) -> bool:
    """Whether ``word`` can be read as one Vietnamese syllable."""
    return bool(_SYLLABLE.fullmatch(toneless(word.lower())))


def are_two_syllables(word: str) -> bool:
    """Whether ``word`` can be parted into two of them."""
    return bool(_TWO.fullmatch(toneless(word.lower())))


def is_marked(word: str) -> bool:
    """Whether ``word`` carries a tone or a letter that only Vietnamese words have."""
    return not word.isascii()
