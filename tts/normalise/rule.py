"""What a reading rule is: a pattern that claims a piece of a line, and how that piece is said."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tts.types import Doubt


@dataclass(frozen=True, slots=True)
class Reading:
    """How a claimed piece is said; no words means that it is silent."""

    spoken: str
    doubt: Doubt | None = None


Read = Callable[[re.Match[str]], "Reading | str | None"]


@dataclass(frozen=True, slots=True)
class Rule:
    """``read`` may give None: then the piece is left to later rules."""

    pattern: re.Pattern[str]
    read: Read


def rule(pattern: str, read: Read, flags: int = 0) -> Rule:
    return Rule(re.compile(pattern, flags | re.VERBOSE), read)


def before(match: re.Match[str]) -> str:
    """The line up to the match, in lower case and without the space at its end."""
    return match.string[max(0, match.start() - 60) : match.start()].rstrip().lower()


def after(match: re.Match[str]) -> str:
    return match.string[match.end() : match.end() + 60].lstrip().lower()


def alternatives(words: Iterable[str]) -> str:
    """A pattern for any of the words, the longest first, safe under re.VERBOSE."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
