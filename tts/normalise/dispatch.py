"""Finds the few rules that can start at a place, so that a line is read in one pass."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from typing import Final

from tts.normalise.rule import LONGEST_RUN, Rule, follower

# The caps keep a token short enough for an engine even when the source is garbage.
PIECE: Final = re.compile(
    rf"(?:(?P<word>[^\W\d_]{{1,40}})|(?P<digits>\d{{1,{LONGEST_RUN}}}))"
    r"(?=\s{0,3}(?P<next>\d{3}(?!\d)|\S)?)"
    r"|(?P<sign>\.{2,40}|…{1,40}|(?P<same>[^\w\s]|_)(?P=same){0,39})|\S"
)

# The lookbehinds at the head of a pattern, as long as they name no letter or digit of their own.
_LOOKBEHIND: Final = r"\(\?<[!=](?:\[(?:\\[wds\W]|[^\w\\\]])*\]|\\[wds\W]|[^\w\\()\[\]])*\)"
_EDGE: Final = re.compile(rf"(?:\s|{_LOOKBEHIND}|\(\?:{_LOOKBEHIND}(?:\|{_LOOKBEHIND})*\))*")
_HEADS: Final = tuple(f"0#{length}" for length in range(LONGEST_RUN + 1))
_SEEN: Final = 2  # characters that these lookbehinds look back at most


class Dispatch:
    """The table of rules by the places they start at; what was put together once is kept."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(rules)
        self._edges = _by_edge(rules)
        self._by_key = _by_key(rules)
        self._keys = frozenset(self._by_key)
        self._followers = frozenset(key[key.index(":") :] for key in self._keys if ":" in key)
        self._told_apart = frozenset("".join(edge.pattern for edge in self._edges)) - frozenset("wds")
        self._known: dict[tuple[int, str, str], tuple[Rule, ...]] = {}
        self._open_at = functools.cache(self._open)
        self._front = functools.lru_cache(maxsize=1 << 12)(self._behind_what)
        self._head = functools.lru_cache(maxsize=1 << 14)(self._of_word)
        self._chosen = functools.cache(self._choose)
        self._behind = functools.lru_cache(maxsize=1 << 12)(self._followed)

    def at(self, piece: re.Match[str]) -> tuple[Rule, ...]:
        """The rules to try where ``piece`` begins, in the order of the table."""
        word, digits, following, sign, _ = piece.groups()
        if word:
            head, behind = self._head(word), self._behind(following or "")
        elif digits:
            head, behind = _HEADS[len(digits)], self._behind(following or "")
        elif sign and sign[0] in self._keys:
            head, behind = sign[0], ""
        else:
            return ()
        start = piece.start()
        place = (self._front(piece.string[start - _SEEN if start > _SEEN else 0 : start]), head, behind)
        found = self._known.get(place)
        return self._put_together(*place) if found is None else found

    def _of_word(self, word: str) -> str:
        """``a`` or ``A``, and the key for the word itself where a rule begins with it."""
        first = f"={word.lower()}"
        return ("A" if word[0].isupper() else "a") + (first if first in self._keys else "")

    def _followed(self, following: str) -> str:
        """The class of what stands behind a run, where a rule asks for it."""
        behind = follower(following)
        return behind if behind in self._followers else ""

    def _behind_what(self, front: str) -> int:
        return self._open_at("".join(map(self._alike, front)))

    def _alike(self, character: str) -> str:
        """One character for all that no edge tells apart."""
        if character in self._told_apart:
            return character
        if character.isspace():
            return " "
        if character.isdecimal():
            return "0"
        return "a" if character.isalnum() or character == "_" else "\0"

    def _open(self, front: str) -> int:
        """The rules whose edge holds behind ``front``."""
        found = 0
        for edge, rules in self._edges.items():
            if edge.match(front, len(front)):
                found |= rules
        return found

    def _put_together(self, front: int, head: str, behind: str) -> tuple[Rule, ...]:
        first, more = head[0], head[1:]  # ``A`` is an ``a`` too
        starting = 0
        for key in (first, first.lower(), first.lower() + behind, more, more + behind):
            starting |= self._by_key.get(key, 0)
        found = self._chosen(front & starting)
        self._known[front, head, behind] = found
        return found

    def _choose(self, rules: int) -> tuple[Rule, ...]:
        return tuple(rule for place, rule in enumerate(self._rules) if rules >> place & 1)


def _by_key(rules: Sequence[Rule]) -> dict[str, int]:
    """The rules that start with each key, a bit for each rule."""
    found: dict[str, int] = {}
    for place, rule in enumerate(rules):
        for key in rule.starts:
            found[key] = found.get(key, 0) | 1 << place
    return found


def _by_edge(rules: Sequence[Rule]) -> dict[re.Pattern[str], int]:
    found: dict[re.Pattern[str], int] = {}
    for place, rule in enumerate(rules):
        edge = _edge(rule)
        found[edge] = found.get(edge, 0) | 1 << place
    return found


def _edge(rule: Rule) -> re.Pattern[str]:
    """What the pattern asks of the characters in front: most rules are refused by it alone."""
    head = _EDGE.match(rule.pattern.pattern)
    return re.compile(head[0] if head else "", re.VERBOSE)
