"""Words and figures that were typed without the space between them: UBNDxã, củaUBND, tổ5."""

from __future__ import annotations

import re
from typing import Final

from tts.normalise import letters, numbers
from tts.normalise.abbreviations import expansion
from tts.normalise.data import SPELLED
from tts.normalise.rule import Reading, Rule, before, first_words, letters_then, rule
from tts.types import Doubt, TokenKind

_LONGEST: Final = 20  # letters


def run_together(written: str) -> Reading | None:
    """UBNDxã, củaUBND, TânLập: words that were typed without the space between them."""
    if len(written) > _LONGEST or written.islower():
        return _syllables(written)
    for cut in range(1, len(written)):
        head, tail = written[:cut], written[cut:]
        if head[-1].isupper() == tail[0].isupper():
            continue
        said = _piece(head), _piece(tail)
        if all(said):
            return Reading(" ".join(said), kind=TokenKind.ABBREVIATION)
    return None


def _piece(written: str) -> str:
    if len(written) > 1 and written.isupper() and written not in SPELLED:
        return expansion(written)
    whole = written[1:].islower() or letters.is_marked(written)
    return written if whole and letters.is_syllable(written) else ""


def _syllables(written: str) -> Reading | None:
    """nhândân: two syllables, both with a mark that tells where one ends."""
    marks = sum(map(letters.is_marked, written))
    if marks < 2 or len(written) > _LONGEST or not letters.are_two_syllables(written):
        return None
    ways = [
        f"{written[:cut]} {written[cut:]}"
        for cut in range(2, len(written) - 1)
        if letters.is_syllable(written[:cut]) and letters.is_syllable(written[cut:])
    ]
    return Reading(ways[0], Doubt.AMBIGUOUS) if len(ways) == 1 else None


def _glued(match: re.Match[str]) -> str | None:
    """năm2024, tổ5: a word and its number typed without a space."""
    written = match["word"]
    if not letters.is_syllable(written) or written.isupper() or not written[1:].islower():
        return None
    return f"{written} {numbers.number(match['number'])}"


def _numbered(match: re.Match[str]) -> str | None:
    """TDP3, KP3: an abbreviation that is known beyond doubt, and its number."""
    word = match["word"]
    full = "" if word in SPELLED else expansion(word)
    known = full and (len(word) > 2 or word in ("KP", "TW"))
    return f"{full} {numbers.number(match['number'])}" if known else None


def _of_town(match: re.Match[str]) -> str | None:
    """P5, Q10: a ward and a district, where the one stands next to the other or behind who is there."""
    if not (_IN_TOWN.search(before(match)) or _TOWN.match(match.string, match.end())):
        return None
    return f"{_TOWNS[match['sign']]} {numbers.number(match['number'])}"


_TOWNS: Final = {"P": "phường", "Q": "quận"}
_IN_TOWN: Final = re.compile(
    r"(?:(?<!\w)(?:công an|ubnd|hđnd|đảng ủy|mttq|trạm y tế|tại|ở|địa bàn)|[pq]\.?\s?\d{1,2}\s?(?:[,-]|và))$"
)
_TOWN: Final = re.compile(
    r"\s?(?:[,-]\s?|\svà\s)?(?:[PQ]\.?\s?\d{1,2}(?![\w/])|Q\.|[Qq]uận|T[Pp]\.?\s?[A-ZĐ])"
)


def _vitamin(match: re.Match[str]) -> str:
    """vitaminC, VitaminB12: the letter is no part of the word."""
    number = match["number"]
    said = f"vi ta min {letters.names(match['letter'])}"
    return f"{said} {numbers.number(number)}" if number else said


_VITAMINS: Final = ("A", "B", "C", "D", "E", "K", "PP")
RULES: Final[tuple[Rule, ...]] = (
    rule(
        r"(?<![\w.,/-]) (?P<sign>[PQ])\s?(?P<number>\d{1,2}) (?![\w/:%]|[.,-]\d)",
        _of_town,
        kind=TokenKind.PLACE,
        starts=first_words("P", "Q"),
    ),
    rule(
        rf"(?<!\w) [Vv]itamin(?P<letter>{'|'.join(_VITAMINS)})(?P<number>\d{{1,2}})? (?!\w)",
        _vitamin,
        kind=TokenKind.CODE,
        starts=first_words(*(f"vitamin{letter}" for letter in _VITAMINS)),
    ),
    rule(
        r"""(?<![\w.,]) (?P<word>[^\W\d_]{2,7})(?P<number>\d{1,4}) (?![\w/:%]|[.,-]\d)""",
        _glued,
        kind=TokenKind.NUMBER,
        starts=letters_then("0"),
    ),
    rule(
        r"(?<![\w.,]) (?P<word>[A-ZĐ]{2,6})(?P<number>\d{1,3}) (?![\w/:%]|[.,-]\d)",
        _numbered,
        kind=TokenKind.ABBREVIATION,
        starts=letters_then("0"),
    ),
)
