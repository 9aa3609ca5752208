"""Degrees whose small circle was typed or pasted as a zero: 250C, 20-250C, 10 0C, sốt 38,50C."""

from __future__ import annotations

import re
from typing import Final

from tts.normalise import numbers
from tts.normalise.rule import Reading, Rule, before, digits_then, rule
from tts.types import Doubt, TokenKind

_OF_HEAT: Final = re.compile(
    r"(?<!\w)(?:nhiệt|trời|rét|nóng|lạnh|sốt|mát|ấm|bảo quản|nước|đun|sấy|ủ|hấp|luộc|tủ|nung|nền)(?!\w)"
)
_HOTTEST: Final = 50  # degrees of the air and of a body: beyond that 600C may be a name


def _degrees(match: re.Match[str]) -> Reading | None:
    """A class or a code looks alike, so something must tell; without a gap the zero may be a digit yet."""
    first, second = match["first"], match["second"]
    told = match["gap"] or "," in (second or first) or _OF_HEAT.search(before(match))
    if not told and not (second and _is_climb(first, second)):
        return None
    said = [numbers.quantity(first), "đến", numbers.quantity(second)] if second else [numbers.quantity(first)]
    return Reading(f"{' '.join(said)} độ xê", None if match["gap"] else Doubt.AMBIGUOUS)


def _is_climb(first: str, second: str) -> bool:
    return first.isdigit() and int(first) < int(second) <= _HOTTEST


_DEGREES: Final = r"\d{1,3}?(?:,\d)?"
RULES: Final[tuple[Rule, ...]] = (
    rule(
        rf"""(?<![\w.,/%-]) (?P<first>{_DEGREES})(?:0[Cc])?
            (?:\s?(?:{numbers.DASH}|đến|÷)\s?(?P<second>{_DEGREES}))?
            (?P<gap>\s)?0[Cc] (?!\w)""",
        _degrees,
        kind=TokenKind.MEASURE,
        starts=digits_then("0a-,÷", 1, 4),
    ),
)
