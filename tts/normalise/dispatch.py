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

_PLAIN: Final = frozenset("/.,:;()%")  # each a class of its own


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
            place = ("0", self._behind("0", following))
        elif word:
            first = f"={word.lower()}"
            capital = "A" if word[0].isupper() else "a"
            place = (capital, self._behind("a", following), first if first in self._keys else None)
        else:
            return ()
        found = self._known.get(place)
        return self._put_together(place) if found is None else found

    def _behind(self, kind: str, following: str | None) -> str | None:
        """The key for what stands behind a run, where a rule asks for it."""
        if following is None:
            return None
        key = kind + (following if following in _PLAIN else follower(following))
        return key if key in self._keys else None

    def _put_together(self, place: tuple[str | None, ...]) -> tuple[Rule, ...]:
        keys = {*place, "a"} if place[0] == "A" else {*place}
        found = tuple(rule for rule in self._rules if not rule.starts.isdisjoint(keys))
        self._known[place] = found
        return found
