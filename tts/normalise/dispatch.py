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

_KEPT: Final = 1 << 14  # places; a text can make up any number of them


class Dispatch:
    """The table of rules by the places they start at; what was put together once is kept."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(rules)
        self._keys = frozenset[str]().union(*(rule.starts for rule in rules))
        self._known: dict[tuple[str | None, ...], tuple[Rule, ...]] = {}

    def at(self, piece: re.Match[str]) -> tuple[Rule, ...]:
        """The rules to try where ``piece`` begins, in the order of the table."""
        word, digits, following, sign, _ = piece.groups()
        if sign:
            place: tuple[str | None, ...] = (sign[0],)
            if sign[0] not in self._keys:
                return ()
        elif digits:
            place = ("0", following)
        elif word:
            first = f"={word.lower()}"
            place = ("A" if word[0].isupper() else "a", following, first if first in self._keys else None)
        else:
            return ()
        found = self._known.get(place)
        return self._put_together(place) if found is None else found

    def _put_together(self, place: tuple[str | None, ...]) -> tuple[Rule, ...]:
        kind, following, first = (*place, None, None)[:3]
        keys = {kind, first}
        if kind in ("A", "a", "0"):
            keys |= {
                "a" if kind == "A" else kind,
                f"{kind.lower()}{follower(following)}" if following else None,
            }
        found = tuple(rule for rule in self._rules if not rule.starts.isdisjoint(keys))
        if len(self._known) < _KEPT:
            self._known[place] = found
        return found
