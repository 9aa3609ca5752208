"""List markers at the head of a line: numbers and letters are said, bullets are pauses."""

from __future__ import annotations

import re
from typing import Final

from tts.normalise import letters, numbers
from tts.normalise.rule import Reading, Rule

_MARKER: Final = (
    r"\s*(?:\(?(?P<number>\d{1,2}(?:\.\d{1,2}){0,3})[.)/](?=\s)|\(?(?P<letter>[a-zđA-HĐ])[.)](?=\s)"
    r"|(?P<roman>[IVX]{1,5})[.)/](?=\s)|(?P<bullet>[-–—+*•●▪◦■])(?=\s|[^\W\d]))"
)
MARKER: Final = re.compile(_MARKER)


def marker(match: re.Match[str]) -> Reading:
    if match["number"]:
        return Reading(" chấm ".join(map(numbers.number, match["number"].split("."))) + ",")
    if match["roman"]:
        value = numbers.roman(match["roman"])
        return Reading(f"{letters.names(match['roman']) if value is None else numbers.cardinal(value)},")
    return Reading(f"{letters.names(match['letter'])}," if match["letter"] else "")


RULE: Final = Rule(re.compile(rf"\A{_MARKER}"), marker)
