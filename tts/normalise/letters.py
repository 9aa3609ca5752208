"""Names of letters."""

from __future__ import annotations

import functools
import unicodedata
from typing import Final

from tts.syllables import are_two_syllables, is_marked, is_syllable, toneless

__all__ = ["are_two_syllables", "have_names", "is_marked", "is_syllable", "names", "toneless"]

_NAMES: Final = {
    "A": "a", "Ă": "á", "Â": "ớ", "B": "bê", "C": "xê", "D": "dê", "Đ": "đê", "E": "e", "Ê": "ê",
    "F": "ép", "G": "gờ", "H": "hát", "I": "i", "J": "gi", "K": "ca", "L": "lờ", "M": "mờ", "N": "nờ",
    "O": "ô", "Ô": "ô", "Ơ": "ơ", "P": "pê", "Q": "quy", "R": "rờ", "S": "ét", "T": "tê", "U": "u",
    "Ư": "ư", "V": "vê", "W": "vê kép", "X": "ích", "Y": "y", "Z": "dét",
}  # fmt: skip


def names(written: str) -> str:
    """Letter by letter: KH -> ca hát; a letter that is not Vietnamese is said by its base letter."""
    return " ".join(filter(None, map(_name, written.upper())))


def have_names(written: str) -> bool:
    """Whether any of the letters has one."""
    return any(map(_name, written.upper()))


@functools.lru_cache(maxsize=4096)
def _name(letter: str) -> str:
    bare = toneless(letter)
    return _NAMES.get(bare) or _NAMES.get(unicodedata.normalize("NFD", letter)[0], "")
