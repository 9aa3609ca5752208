"""List markers at the head of a line: numbers and letters are said, bullets are pauses."""

from __future__ import annotations

import re
from typing import Final

from tts.normalise import letters, numbers

_MARKER: Final = re.compile(
    r"""\s{0,80}(?:
      \(? (?P<number>\d{1,2}(?:\.\d{1,2}){0,3}) (?:[)/](?=\s) | [.)](?=\s|[^\W\d_]) | (?=\s[-–]\s[^\W\d_a-z]))
    | (?P<dotted>\d{1,2}(?:\.\d{1,2}){1,3}) (?=\s[^\W\d_a-z])
    | \(? (?P<letter>[a-zđA-HĐ]) (?: [.)](?=\s) | \)(?=[^\W\d_]) )
    | (?P<section>[IVX]{1,5}(?:\.\d{1,2}){1,2}) (?: [.)](?=\s) | (?=\s[^\W\d_a-z]) )
    | (?P<roman>[IVX]{1,5}) (?: [.)/](?=\s) | (?=\s?[-–]\s) )
    | (?P<bullet>[-–—+*•●▪◦■□·➢►▶❖✓✔★☆◆❑→]{1,3}) (?=\s|[^\W\d])
    )""",
    re.VERBOSE,
)


_PLACE: Final = re.compile(r"\s{0,80}[HXĐpq]\.\s?([^\W\d_]{1,7})\s([^\W\d_]{1,7})(?![^\W\d_])")


def starts(line: str, end: int | None = None) -> re.Match[str] | None:
    """The marker at the head of ``line``; only a capital makes ``1.1`` and ``1 -`` markers."""
    match = _MARKER.match(line) if end is None else _MARKER.match(line, 0, end)
    if match and _is_place(line):
        return None
    if match and not match["bullet"] and line[match.end() - 1].isalnum():
        following = line[match.end() : match.end() + 4].lstrip(" -–")[:1]
        return match if following.isupper() else None
    return match


def _is_place(line: str) -> bool:
    """H. Trùng Khánh, X. Hòa Bình: the sign of a place, both words of whose name have a capital."""
    name = _PLACE.match(line)
    return bool(name and name[1].istitle() and name[2].istitle())


def marker(match: re.Match[str]) -> str:
    number = match["number"] or match["dotted"]
    if number:
        return " chấm ".join(map(numbers.number, number.split("."))) + ","
    if match["section"]:
        head, _, rest = match["section"].partition(".")
        return f"{_roman(head)} chấm {' chấm '.join(map(numbers.number, rest.split('.')))},"
    if match["roman"]:
        return f"{_roman(match['roman'])},"
    return f"{letters.names(match['letter'])}," if match["letter"] else ""


def _roman(written: str) -> str:
    value = numbers.roman(written)
    return letters.names(written) if value is None else numbers.cardinal(value)
