"""Places on the map: degrees with minutes and seconds, and the letters of the four winds."""

from __future__ import annotations

import re
from typing import Final

from tts.normalise import numbers
from tts.normalise.rule import Rule, before, digits_then, rule
from tts.types import TokenKind

_WINDS: Final = {
    "N": "vĩ bắc", "B": "vĩ bắc", "S": "vĩ nam", "E": "kinh đông", "Đ": "kinh đông", "W": "kinh tây",
}  # fmt: skip


_NAMED: Final = re.compile(r"(?<!\w)(?:tọa\sđộ|toạ\sđộ|gps|vị\strí)(?:\sgps)?[\s:(]*$")


def _position(match: re.Match[str]) -> str:
    words = [numbers.quantity(match["degrees"]), "độ", numbers.quantity(match["minutes"]), "phút"]
    if match["seconds"]:
        words += [numbers.quantity(match["seconds"]), "giây"]
    return " ".join([*words, _WINDS.get(match["wind"] or "", "")]).rstrip()


def _decimal(match: re.Match[str]) -> str | None:
    """tọa độ 22.665, 106.257: behind such a word the point parts no thousands."""
    if not _NAMED.search(before(match)):
        return None
    return ", ".join(numbers.quantity(match[side].replace(".", ",")) for side in ("north", "east"))


def _letters(match: re.Match[str]) -> str:
    """16,5N-112,3E: the letters take the place of the sign of a degree."""
    sides = (("degrees", "wind"), ("degrees2", "wind2"))
    said = (f"{numbers.quantity(match[d].replace('.', ','))} độ {_WINDS[match[w]]}" for d, w in sides)
    return ", ".join(said)


RULES: Final[tuple[Rule, ...]] = (
    rule(
        r"""(?<![\w.,/]) (?P<north>\d{1,2}[.,]\d{3,8}) \s?[,;-]\s?
            (?P<east>\d{2,3}[.,]\d{3,8}) (?![\w/%°º]|[.,]\d)""",
        _decimal,
        kind=TokenKind.MEASURE,
        starts=digits_then(".,", 1, 2),
    ),
    rule(
        r"""(?<![\w.,/]) (?P<degrees>\d{1,2}[.,]\d{1,4})\s?(?P<wind>[NSB])
            (?:\s?[,;–-]\s?|\s) (?P<degrees2>\d{2,3}[.,]\d{1,4})\s?(?P<wind2>[EWĐ]) (?!\w)""",
        _letters,
        kind=TokenKind.MEASURE,
        starts=digits_then(".,", 1, 2),
    ),
    rule(
        r"""(?<![\w.,/]) (?P<degrees>\d{1,3}) \s?[°º˚]\s? (?P<minutes>\d{1,2}(?:[.,]\d{1,4})?) \s?['’′]
            (?:\s?(?P<seconds>\d{1,2}(?:[.,]\d{1,4})?)\s?(?:["”″]|''|’’))?
            (?:\s?(?P<wind>[NSEWBĐ])(?!\w))?""",
        _position,
        kind=TokenKind.MEASURE,
        starts=digits_then("°º˚", 1, 3),
    ),
)
