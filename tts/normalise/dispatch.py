"""Finds the few rules that can start at a place, so that a line is read in one pass."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Final

from tts.normalise.rule import Rule, follower

# The caps keep a token short enough for an engine even when the source is garbage.
PIECE: Final = re.compile(
    r"(?:(?P<word>[^\W\d_]{1,40})|(?P<digits>\d{1,30}))(?=\s{0,3}(?P<next>\S)?)"
    r"|(?P<sign>\.{2,40}|…{1,40}|(?P<same>[^\w\s]|_)(?P=same){0,39})|\S"
)

# The lookbehinds at the head of a pattern, if they name no letter or digit of their own.
_LOOKBEHIND: Final = r"\(\?<[!=](?:\[(?:\\[wds\W]|[^\w\\\]])*\]|\\[wds\W]|[^\w\\()\[\]])*\)"
_EDGE: Final = re.compile(rf"(?:\s|{_LOOKBEHIND}|\(\?:{_LOOKBEHIND}(?:\|{_LOOKBEHIND})*\))*")
_LENGTHS: Final = tuple(f"#{length}" for length in range(31))
_SEEN: Final = 2  # characters that these lookbehinds look back at most


class Dispatch:
    """The table of rules by the places they start at; what was put together once is kept."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple((rule, _edge(rule)) for rule in rules)
        self._keys = frozenset[str]().union(*(rule.starts for rule in rules))
        self._signs_in_front = frozenset("".join(edge.pattern for _, edge in self._rules)) - frozenset("wds")
        self._known: dict[tuple[str | None, ...], tuple[Rule, ...]] = {}
        self._front = functools.lru_cache(maxsize=4096)(self._shape)
        self._behind = functools.lru_cache(maxsize=4096)(self._key_behind)

    def at(self, piece: re.Match[str]) -> tuple[Rule, ...]:
        """The rules to try where ``piece`` begins, in the order of the table."""
        word, digits, following, sign, _ = piece.groups()
        head = word or digits or (sign and sign[0])
        if not head or (sign and head not in self._keys):
            return ()
        start = piece.start()
        front = self._front(piece.string[start - _SEEN if start > _SEEN else 0 : start])
        place: tuple[str | None, ...]
        if word:
            first = f"={word.lower()}"
            capital = "A" if word[0].isupper() else "a"
            place = (front, capital, self._behind("a", following), first if first in self._keys else None)
        elif digits:
            place = (front, "0", self._behind("0", following), _LENGTHS[len(digits)])
        else:
            place = (front, head)
        found = self._known.get(place)
        return self._put_together(place) if found is None else found

    def _key_behind(self, kind: str, following: str | None) -> str | None:
        """The key for what stands behind a run, where a rule asks for it."""
        if following is None:
            return None
        key = kind + follower(following)
        return key if key in self._keys else None

    def _shape(self, front: str) -> str:
        """What stands in front of a place, each character by one that all edges take for the same."""
        return "".join(map(self._alike, front))

    def _alike(self, character: str) -> str:
        if character in self._signs_in_front:
            return character
        if character.isspace():
            return " "
        if character.isdecimal():
            return "0"
        return "a" if character.isalnum() else "\0"

    def _put_together(self, place: tuple[str | None, ...]) -> tuple[Rule, ...]:
        front, *parts = place
        keys = {*parts, "a"} if parts[0] == "A" else {*parts}
        found = tuple(
            rule
            for rule, edge in self._rules
            if not rule.starts.isdisjoint(keys) and edge.match(front or "", len(front or ""))
        )
        self._known[place] = found
        return found


def _edge(rule: Rule) -> re.Pattern[str]:
    """What the pattern asks of the characters in front: most rules are refused by it alone."""
    head = _EDGE.match(rule.pattern.pattern)
    return re.compile(head[0] if head else "", re.VERBOSE)
