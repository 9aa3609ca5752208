"""Numbers behind thứ: days of the week, their lists and ranges, and other ordinals."""

from __future__ import annotations

import re
from typing import Final

from tts.normalise import numbers
from tts.normalise.rule import Rule, first_words, rule
from tts.types import TokenKind


def _ordinal(match: re.Match[str]) -> str:
    return f"{match['word']} {numbers.ordinal(match['number'])}"


def _weekdays(match: re.Match[str]) -> str:
    """thứ 3, 5, 7 and thứ 2 - 6; thứ 2-4-6 are three days."""
    pieces = re.findall(r"\d|,|và|[^\s\w]", match["days"])
    dashes = sum(not p.isalnum() and p != "," for p in pieces)
    to = "," if dashes > 1 else "đến"
    said = [numbers.ordinal(p) if p.isdigit() else p if p in (",", "và") else to for p in pieces]
    return f"{match['word']} {' '.join(said)}".replace(" ,", ",")


_END: Final = r"(?![\w/]|[.,]\d)"
RULES: Final[tuple[Rule, ...]] = (
    rule(
        rf"""(?<!\w) (?P<word>[Tt]hứ|THỨ) \s{{0,2}} (?P<days>[2-7]
            (?:(?:\s?,\s?|\svà\s|\s?{numbers.DASH}\s?)[2-7]){{1,5}}) {_END}""",
        _weekdays,
        kind=TokenKind.ORDINAL,
        starts=first_words("thứ"),
    ),
    rule(
        r"(?<!\w) (?P<word>[Tt]hứ|THỨ) \s{0,2} 0?(?P<number>\d{1,4}) (?!\w|[.,/]\d)",
        _ordinal,
        kind=TokenKind.ORDINAL,
        starts=first_words("thứ"),
    ),
)
