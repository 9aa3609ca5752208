"""Words that an area says in its own way; they win over every reading rule."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from tts.text import clean

# What an entry can begin with: a run of letters, a run of digits, or a sign.
_HEAD: Final = re.compile(r"[^\W\d_]+|\d+|[^\w\s]|_|\S")


@dataclass(frozen=True)
class Lexicon:
    """Pairs of a written and a spoken form. Written all in lower case it holds for any case."""

    entries: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> Lexicon:
        """The later of two pairs for the same written form counts; blank ones do not."""
        tidy = {_tidy(written): _tidy(spoken) for written, spoken in pairs}
        return cls(tuple(sorted((written, spoken) for written, spoken in tidy.items() if written)))

    @cached_property
    def digest(self) -> str:
        """Names the content: what was read with it is read the same way while the digest stays."""
        entries = json.dumps(self.entries, ensure_ascii=False).encode()
        return hashlib.sha256(entries).hexdigest() if self.entries else ""

    def find(self, line: str) -> Iterator[tuple[re.Match[str], str]]:
        """Where entries stand in ``line`` and how they are said, from left to right, the longest first."""
        position = 0
        while self.entries and (head := _HEAD.search(line, position)):
            match, spoken = self._at(line, head)
            position = (match or head).end()
            if match:
                yield match, spoken

    def _at(self, line: str, head: re.Match[str]) -> tuple[re.Match[str] | None, str]:
        for pattern, spoken in self._by_head.get(head[0].lower(), ()):
            match = pattern.match(line, head.start())
            if match:
                return match, spoken
        return None, ""

    @cached_property
    def _by_head(self) -> dict[str, list[tuple[re.Pattern[str], str]]]:
        found: dict[str, list[tuple[re.Pattern[str], str]]] = {}
        # Of two that are as long as each other, the one with capitals is the more exact.
        order = sorted(self.entries, key=lambda entry: (-len(entry[0]), entry[0] == entry[0].lower()))
        for written, spoken in order:
            head = _HEAD.match(written)
            if head:
                found.setdefault(head[0].lower(), []).append((_pattern(written), spoken))
        return found


def _tidy(text: str) -> str:
    return " ".join(clean(text).split())


def _pattern(written: str) -> re.Pattern[str]:
    """Whole words only; a number is not found within a longer one, as 114 in 114.000."""
    words = r"\s+".join(map(re.escape, written.split()))
    start = r"(?<!\w)(?<!\d[.,])" if written[0].isdigit() else r"(?<!\w)" if _is_word(written[0]) else ""
    end = r"(?!\w|[.,]\d)" if written[-1].isdigit() else r"(?!\w)" if _is_word(written[-1]) else ""
    return re.compile(start + words + end, re.IGNORECASE if written == written.lower() else 0)


def _is_word(character: str) -> bool:
    return character.isalnum() or character == "_"
