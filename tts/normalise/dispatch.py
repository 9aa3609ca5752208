"""Finds the few rules that can start at a place, so that a line is read in one pass."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from tts.normalise.rule import Rule, follower

# The caps keep a token short enough for an engine even when the source is garbage.
PIECE: Final = re.compile(
    r"(?:(?P<word>[^\W\d_]{1,40})|(?P<digits>\d{1,30}))(?=\s{0,3}(?P<next>\S)?)"
    r"|(?P<sign>\.{2,40}|…{1,40}|(?P<same>[^\w\s]|_)(?P=same){0,39})|\S"
)


class Dispatch:
    """The table of rules by the places they start at; what was put together once is kept."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(rules)
        self._keys = frozenset[str]().union(*(rule.starts for rule in rules))
        self._known: dict[tuple[str, ...], tuple[Rule, ...]] = {}

    def at(self, piece: re.Match[str]) -> tuple[Rule, ...]:
        """The rules to try where ``piece`` begins, in the order of the table."""
        keys = self._places(piece)
        found = self._known.get(keys)
        if found is None:
            found = tuple(rule for rule in self._rules if not rule.starts.isdisjoint(keys))
            self._known[keys] = found
        return found

    def _places(self, piece: re.Match[str]) -> tuple[str, ...]:
        word, digits, following, sign, _ = piece.groups()
        if sign:
            return (sign[0],) if sign[0] in self._keys else ()
        if not (word or digits):
            return ()
        kind = "a" if word else "0"
        behind = kind + follower(following) if following else ""
        keys = (kind, behind) if behind in self._keys else (kind,)
        if not word:
            return keys
        if word[0].isupper():
            keys = (*keys, "A")
        first = f"={word.lower()}"
        return (*keys, first) if first in self._keys else keys
