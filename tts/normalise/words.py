"""Abbreviations, words and signs: what is left when numbers, dates and addresses are claimed."""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import Final

from tts.normalise import letters, numbers, rest
from tts.normalise.data import ABBREVIATIONS, CONTEXTS, LOANS, PLACES, SIGNS, UNITS
from tts.normalise.rule import Reading, Rule, after, alternatives, before, first_words, rule, signs
from tts.types import Doubt, TokenKind

_WRITTEN: Final = (*ABBREVIATIONS, *(context.written for context in CONTEXTS))
_ANY: Final = alternatives(_WRITTEN)


def _abbreviation(match: re.Match[str]) -> str | None:
    written = match["written"]
    following, preceding = after(match), before(match)
    for context in CONTEXTS:
        if context.written == written and (
            (context.next and following.startswith(context.next))
            or (context.previous and preceding.endswith(context.previous))
        ):
            return context.spoken
    return ABBREVIATIONS.get(written)


def _explained(match: re.Match[str]) -> Reading | None:
    """(QPPL) right behind its own full form is silent."""
    full = ABBREVIATIONS.get(match["written"])
    return Reading("") if full and before(match).endswith(full.lower()) else None


def _place(match: re.Match[str]) -> Reading | None:
    following = match.string[match.end() :].lstrip()[:1]
    if not (following.isupper() or (following.isdigit() and match[0].endswith("."))):
        return None
    return Reading(PLACES[match["written"]], Doubt.AMBIGUOUS if match["written"] == "TT" else None)


RULES: Final[tuple[Rule, ...]] = (
    rule(r"\./\.", lambda _: ".", kind=TokenKind.SIGN, starts=signs(".")),
    rule(rf"\( \s?(?P<written>{_ANY})\s? \)", _explained, kind=TokenKind.ABBREVIATION, starts=signs("(")),
    rule(
        rf"(?<![\w&]) (?P<written>{_ANY}) (?![\w&])",
        _abbreviation,
        kind=TokenKind.ABBREVIATION,
        starts=first_words(*_WRITTEN),
    ),
    rule(
        rf"(?<![\w.]) (?P<written>{alternatives(PLACES)}) (?=\s)",
        _place,
        kind=TokenKind.PLACE,
        starts=first_words(*PLACES),
    ),
    rule(
        rf"(?<![\w.]) (?P<written>{alternatives(w for w in PLACES if w.endswith('.'))})",
        _place,
        kind=TokenKind.PLACE,
        starts=first_words(*PLACES),
    ),
)


@functools.lru_cache(maxsize=1 << 16)
def word(written: str, *, capitals: bool) -> Reading:
    """A run of letters; ``capitals`` says that the words around it are in capitals too."""
    lower = written.lower()
    if lower in LOANS and not (capitals and letters.is_syllable(written)):
        return Reading(LOANS[lower], kind=TokenKind.FOREIGN)
    if written in UNITS and len(written) > 1 and not letters.is_syllable(written):
        return Reading(UNITS[written], kind=TokenKind.MEASURE)
    if written.isupper() and len(written) > 1:
        return _in_capitals(written, capitals=capitals)
    if letters.is_syllable(written):
        return Reading(written)
    if len(written) == 1 and letters.names(written):
        return Reading(letters.names(written), kind=TokenKind.CODE)
    return _foreign(written)


def _in_capitals(written: str, *, capitals: bool) -> Reading:
    if letters.is_syllable(written):
        sure = capitals or letters.is_marked(written.replace("Đ", "D"))
        return Reading(written.lower(), None if sure else Doubt.AMBIGUOUS)
    return Reading(letters.names(written), Doubt.UNKNOWN_ABBREVIATION, TokenKind.ABBREVIATION)


def _foreign(written: str) -> Reading:
    said = rest.spoken(written)
    return Reading(said, Doubt.FOREIGN, TokenKind.FOREIGN) if said else _unreadable(written)


def digits(written: str) -> Reading:
    """Digits that no rule claimed, of any script: never dropped."""
    return Reading(numbers.spelled(written), kind=TokenKind.NUMBER)


def _unreadable(written: str) -> Reading:
    said = letters.names(written)
    return Reading(said, Doubt.UNREADABLE)


_MARKS: Final = {**{mark: mark for mark in ",;:!?"}, "(": ",", ")": ","}
_SILENT: Final = frozenset("\"'“”‘’«»„‚`´*•_\\~[]{}·◦▪●■□")


def sign(line: str, start: int, end: int) -> Reading:
    """A sign, or a run of the same sign, where it stands in its line."""
    written = line[start]
    around = line[start - 1 : start], line[end : end + 1]
    if written in ".…":
        return Reading(_stop(line, end, ellipsis=line[start:end] != "."))
    if unicodedata.category(written) == "Pd":  # dashes: silent within a word
        return Reading("," if all(map(str.isspace, around)) else "")
    if written in "/|":
        return Reading("," if all(map(str.isalpha, around)) else "")
    if written in _MARKS:
        return Reading(_MARKS[written])
    if end - start > 1 or written in _SILENT or unicodedata.category(written)[0] in "CMZ":
        return Reading("")  # a run of signs is a rule or an ornament
    return Reading(SIGNS[written]) if written in SIGNS else _other(written)


def _stop(line: str, end: int, *, ellipsis: bool) -> str:
    following = line[end:].lstrip("\"'”’»)]} ")
    if ellipsis:
        return "." if not following or following[0].isupper() else ","
    return "." if not line[end : end + 1] or not line[end].isalnum() else ""


def _other(written: str) -> Reading:
    said = rest.spoken(written)
    return Reading(said) if said else Reading("", Doubt.UNREADABLE)
