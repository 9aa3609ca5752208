"""What a reading rule is: a pattern that claims a piece of a line, and how that piece is said.

A class of tokens is one module with a tuple ``RULES``; ``table.py`` puts the tuples into one. The
reader goes through a line once, from left to right. Where a run of letters, a run of digits or a sign
begins, it tries the rules that can start there, in the order of the table; the first that matches and
gives a reading takes its piece, and the reader goes on behind it. What no rule takes is a word, digits or
a sign, and is read by ``words.py``. So the leftmost piece wins, and at one place the earlier rule.

    rule(r"(?<![\\w/.,-]) (?P<day>\\d{1,2})/(?P<month>\\d{1,2}) (?![\\w/])", _date,
         kind=TokenKind.DATE, starts=digits_then("/"))

The pattern is a verbose one (a space in it is written ``\\ `` or ``\\s``). It is matched *at* the place, so
it never begins with optional space; lookbehinds see the line in front. ``starts`` says where the rule is
worth trying, and must not leave out a place where the pattern matches (a test holds that):

``DIGIT``               every run of digits (the default)
``digits_of(3, 5)``     a run of so many digits, 30 at most
``digits_then("/-")``   a run of digits, then one of these signs, space between them allowed; ``-`` stands
                        for every dash, ``a`` for any letter, ``0`` for another run of digits, ``3`` for one
                        of three; ``digits_then("/", 1, 2)`` where the run has so many digits
``first_words(...)``    these runs of letters, in any case (of ``PM2.5`` only ``PM`` counts)
``LETTER``, ``CAPITAL`` every word, every word with a capital at its head: dear, so rather
``letters_then(".@")``  a word, then one of these signs (``a`` another word, ``0`` digits)
``signs("(+")``         these characters

Several of them are joined with ``|``. ``read`` gets the match and gives the words, or a ``Reading`` with a
doubt or with a kind of its own, or None: then the piece is left to the next rule. No words means that the
piece is silent. Patterns are bounded (``{0,40}``, never ``*`` around a group): a line may be a megabyte.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

import msgspec

from tts.types import Doubt, TokenKind


class Reading(msgspec.Struct, frozen=True, gc=False):
    """How a claimed piece is said; no words means that it is silent."""

    spoken: str
    doubt: Doubt | None = None
    kind: TokenKind | None = None  # where it is not the kind of its rule


Read = Callable[[re.Match[str]], "Reading | str | None"]
Starts = frozenset[str]  # keys of the places where a rule is tried: see ``keys``

DIGIT: Final[Starts] = frozenset({"0"})
LETTER: Final[Starts] = frozenset({"a"})
CAPITAL: Final[Starts] = frozenset({"A"})
THREE: Final = ":3"
LONGEST_RUN: Final = 30  # digits of a piece
_DASHES: Final = frozenset("-\u2010\u2011\u2012\u2013\u2014\u2212")
_LETTERS: Final = re.compile(r"[^\W\d_]+")


@dataclass(frozen=True, slots=True)
class Rule:
    """``read`` may give None: then the piece is left to later rules."""

    pattern: re.Pattern[str]
    read: Read
    kind: TokenKind = TokenKind.WORD
    starts: Starts = DIGIT


def rule(
    pattern: str, read: Read, flags: int = 0, *, kind: TokenKind = TokenKind.WORD, starts: Starts = DIGIT
) -> Rule:
    return Rule(re.compile(pattern, flags | re.VERBOSE), read, kind, starts)


def digits_of(least: int, most: int) -> Starts:
    return frozenset(f"#{length}" for length in range(least, most + 1))


def digits_then(following: str, least: int = 1, most: int = LONGEST_RUN) -> Starts:
    return frozenset(run + behind for run in digits_of(least, most) for behind in _followers(following))


def letters_then(following: str) -> Starts:
    return frozenset("a" + behind for behind in _followers(following))


def _followers(following: str) -> Starts:
    """A run of three digits is another run too."""
    found = {THREE if character == "3" else follower(character) for character in following}
    return frozenset(found | ({THREE} if follower("0") in found else set()))


def first_words(*written: str) -> Starts:
    """The first run of letters of each; all of them must begin with a letter."""
    found = [_LETTERS.match(each) for each in written]
    return frozenset(f"={word[0].lower()}" for word in found if word)


def signs(characters: str) -> Starts:
    return frozenset(characters)


def follower(following: str) -> str:
    """The class of what stands behind a run of letters or digits: a character, or all of three digits."""
    if len(following) > 1:
        return THREE
    if following.isalpha():
        return ":a"
    if following.isdecimal():
        return ":0"
    return ":-" if following in _DASHES else f":{following}"


def before(match: re.Match[str]) -> str:
    """The line up to the match, in lower case and without the space at its end."""
    start = match.start()
    return match.string[start - 60 if start > 60 else 0 : start].rstrip().lower()


def after(match: re.Match[str]) -> str:
    return match.string[match.end() : match.end() + 60].lstrip().lower()


def alternatives(words: Iterable[str]) -> str:
    """A pattern for any of the words, the longest first, safe under re.VERBOSE.

    It branches letter by letter: hundreds of words are refused as fast as a few.
    """
    tails: dict[str, set[str]] = {}
    whole = False
    for word in words:
        whole |= not word
        if word:
            tails.setdefault(word[0], set()).add(word[1:])
    branches = [re.escape(head) + alternatives(tails[head]) for head in sorted(tails)]
    if not branches:
        return ""
    pattern = branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})"
    return f"(?:{pattern})?" if whole else pattern
