"""The words around a figure that tell what it is, as patterns made from ``tables/neighbours.toml``."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Final


def _load() -> dict[str, Any]:
    text = (files("tts.normalise") / "tables" / "neighbours.toml").read_text(encoding="utf-8")
    return tomllib.loads(unicodedata.normalize("NFC", text))


_TABLES: Final = _load()
_LOOSE: Final = ":(," + "".join(filter(str.isspace, map(chr, range(0x3001))))


@dataclass(frozen=True, slots=True)
class Front:
    """What may stand in front of a figure; where all of it is words, most fronts are refused by their end."""

    pattern: re.Pattern[str]
    words: bool

    def search(self, front: str) -> re.Match[str] | None:
        if self.words:
            last = front.rstrip(_LOOSE)[-1:]
            if not last.isalnum() or last.isdecimal():
                return None
        return self.pattern.search(front)


def _any(words: list[str]) -> str:
    escaped = (re.escape(word).replace(r"\ ", r"\s+") for word in sorted(words, key=len, reverse=True))
    return f"(?:{'|'.join(escaped)})"


def in_front(name: str, *, more: str = "", between: str = "", words: bool = True) -> Front:
    """Searched in what ``before`` gives.

    ``more`` are patterns besides the words of the table; ``words`` is False where these or what stands
    ``between`` may end in anything but a letter.
    """
    table = _any(_TABLES["in_front"][name])
    return Front(re.compile(rf"(?:(?<!\w){table}{more}){between}[\s:(,]*$"), words)


def links(name: str) -> str:
    """A pattern of the words that may stand in between."""
    return _any(_TABLES["between"][name])


def behind(name: str) -> re.Pattern[str]:
    """Matched against what ``after`` gives."""
    return re.compile(rf"{_any(_TABLES['behind'][name])}(?!\w)")


def words(name: str) -> str:
    """The words of a table of ``behind`` as a part of a larger pattern, safe under re.VERBOSE."""
    return _any(_TABLES["behind"][name])
