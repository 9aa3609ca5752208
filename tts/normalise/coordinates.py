"""Places on the map: degrees with minutes and seconds, and the letters of the four winds."""

from __future__ import annotations

import re
from typing import Final

from tts.normalise import numbers
from tts.normalise.rule import Rule, digits_then, rule
from tts.types import TokenKind

_WINDS: Final = {
    "N": "vĩ bắc", "B": "vĩ bắc", "S": "vĩ nam", "E": "kinh đông", "Đ": "kinh đông", "W": "kinh tây",
}  # fmt: skip


def _position(match: re.Match[str]) -> str:
    words = [numbers.quantity(match["degrees"]), "độ", numbers.quantity(match["minutes"]), "phút"]
    if match["seconds"]:
        words += [numbers.quantity(match["seconds"]), "giây"]
    return " ".join([*words, _WINDS.get(match["wind"] or "", "")]).rstrip()


RULES: Final[tuple[Rule, ...]] = (
    rule(
        r"""(?<![\w.,/]) (?P<degrees>\d{1,3}) \s?[°º˚]\s? (?P<minutes>\d{1,2}(?:[.,]\d{1,4})?) \s?['’′]
            (?:\s?(?P<seconds>\d{1,2}(?:[.,]\d{1,4})?)\s?(?:["”″]|''|’’))?
            (?:\s?(?P<wind>[NSEWBĐ])(?!\w))?""",
        _position,
        kind=TokenKind.MEASURE,
        starts=digits_then("°º˚"),
    ),
)
