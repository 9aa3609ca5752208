"""Digits that count nothing: accounts, identity, tax and postal numbers, codes, licence plates."""

from __future__ import annotations

import re
from typing import Final

from tts.normalise import letters, numbers
from tts.normalise.data import ABBREVIATIONS, AMBIGUOUS
from tts.normalise.neighbours import behind, in_front, links
from tts.normalise.rule import Reading, Rule, after, before, digits_of, digits_then, letters_then, rule
from tts.types import TokenKind

_LABELS: Final = in_front(
    "serial",
    more=r"|(?<!\w)mã\s[^\W\d_]{2,10}(?:\s[^\W\d_]{2,10})?\s?:",
    between=rf"(?:\s{links('serial')}){{0,4}}",
)
_THOUSANDS: Final = re.compile(r"[1-9]\d{0,2}(?:\.\d{3}){1,6}")
_RANK: Final = re.compile(r"(?<!\w)ngạch[\s:]*$")  # 01.003, 15.113
_MONEY: Final = behind("money")
_ROUND: Final = re.compile(r"[1-9]\d{0,11}0{6}")
_LONG: Final = re.compile(r"\d{9}")  # digits in one piece that nobody writes for a quantity


def _serial(match: re.Match[str]) -> str | None:
    """Digit by digit, a breath at each sign."""
    written = match[0]
    counts = written[0] == "0" or not _LONG.search(written) or _ROUND.fullmatch(written)
    if counts and not _labelled(match):
        return None  # a quantity, or a telephone
    if _MONEY.match(after(match)) or (_THOUSANDS.fullmatch(written) and not _RANK.search(before(match))):
        return None
    return ", ".join(map(numbers.spelled, numbers.runs(written)))


def _labelled(match: re.Match[str]) -> bool:
    front = before(match)
    return not front[-1:].isdigit() and bool(_LABELS.search(front))


def _plate(match: re.Match[str]) -> Reading:
    series = " ".join(
        numbers.number(piece) if piece.isdigit() else letters.names(piece)
        for piece in re.findall(r"\d+|[A-ZĐ]+", match["series"])
    )
    rest = ", ".join(numbers.spelled(match[name]) for name in ("a", "b") if match[name])
    return Reading(f"{series}, {rest}")


def _mixed(match: re.Match[str]) -> str | None:
    """000.00.19.H14-240315-0012 behind a word for a code."""
    if not _LABELS.search(before(match)) or not re.search(r"\d", match[0]):
        return None
    pieces = re.findall(r"\d+|[A-ZĐ]+", match[0])
    return ", ".join(numbers.spelled(p) if p.isdigit() else letters.names(p) for p in pieces)


def _coded(match: re.Match[str]) -> str | None:
    word = match["letters"]
    if match[0][len(word)].isspace() and (word in ABBREVIATIONS or word in AMBIGUOUS):
        return None  # STK 1234567, ĐT 0912345678: the letters tell what the digits are
    return f"{letters.names(match['letters'])}, {numbers.spelled(match['digits'])}"


RULES: Final[tuple[Rule, ...]] = (
    rule(
        r"(?<!\w) (?P<letters>[A-ZĐ]{1,4})[ -]?(?P<digits>\d{6,20}) (?![\w/-]|[.,]\d)",
        _coded,
        kind=TokenKind.CODE,
        starts=letters_then("0-"),
    ),
    rule(
        r"""(?<![\w.,/]) (?P<series>\d\d\s?-?[A-ZĐ]{1,2}\d?) \s?[- .]\s?
            (?P<a>\d{3})\.?(?P<b>\d{1,2}) (?![\w]|[.,]\d)""",
        _plate,
        kind=TokenKind.CODE,
        starts=digits_then("a-", 2, 2),
    ),
    rule(
        r"(?<![\w.,/-]) (?=[A-ZĐ\d.-]{0,30}[A-ZĐ])[A-ZĐ\d]{1,16}(?:[.-][A-ZĐ\d]{1,16}){1,6} (?![\w/])",
        _mixed,
        kind=TokenKind.CODE,
        starts=digits_then(".-a") | letters_then("0-."),
    ),
    rule(
        r"(?<![\w.,/]) \d{1,14}(?:[ .-]\d{1,14}){1,7} (?![\w/]|[.,-]\d)",
        _serial,
        kind=TokenKind.CODE,
        starts=digits_then(".-0"),
    ),
    rule(r"(?<![\w.,/]) \d{4,30} (?![\w/]|[.,-]\d)", _serial, kind=TokenKind.CODE, starts=digits_of(4, 30)),
)
