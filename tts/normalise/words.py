"""Abbreviations, words and signs: what is left when numbers, dates and addresses are claimed."""

from __future__ import annotations

import functools
import re
from typing import Final

from tts.normalise import letters, numbers, rest
from tts.normalise.abbreviations import composed, could_be_word
from tts.normalise.data import LOANS, PLACE_NAMES
from tts.normalise.glued import run_together
from tts.normalise.issuers import ministry
from tts.normalise.places import is_highland
from tts.normalise.rule import Reading, Rule, alternatives, first_words, rule, signs
from tts.types import Doubt, TokenKind

_PHRASES: Final = tuple(word for word in LOANS if not word.isalpha())
_PHRASE: Final = alternatives(_PHRASES).replace(r"\ ", r"\s")


def _phrase(match: re.Match[str]) -> str:
    return LOANS[" ".join(match["phrase"].lower().split())]


RULES: Final[tuple[Rule, ...]] = (
    rule(r"\./\.?", lambda _: ".", kind=TokenKind.SIGN, starts=signs(".")),
    rule(
        r"(?: (?<!\d)(?<!\d\s)[-–=]{1,9}> | [-–=]{1,9}>(?!\s?\d) )",
        lambda _: ",",
        kind=TokenKind.SIGN,
        starts=signs("-–="),
    ),
    rule(r"<[-–=]{2,9}", lambda _: ",", kind=TokenKind.SIGN, starts=signs("<")),
    rule(
        r"(?<!\w) v\s?(?:\.{0,3}|/)\s?v (?!\w) \.?(?=\s?[.…,;)]|\s?$)",
        lambda _: "vân vân",
        re.IGNORECASE,
        kind=TokenKind.ABBREVIATION,
        starts=first_words("v", "vv"),
    ),
    rule(
        rf"(?<!\w) (?P<phrase>{_PHRASE}) (?!\w)",
        _phrase,
        re.IGNORECASE,
        kind=TokenKind.FOREIGN,
        starts=first_words(*_PHRASES),
    ),
)


@functools.lru_cache(maxsize=1 << 16)
def word(written: str, *, capitals: bool) -> Reading:
    """A run of letters; ``capitals`` says that the words around it are in capitals too."""
    if not letters.have_names(written):
        return _of_another_script(written)
    known = _known(written, capitals=capitals)
    if known:
        return known
    if written.isupper() and len(written) > 1:
        return _in_capitals(written, capitals=capitals)
    if letters.is_syllable(written):
        return Reading(written)
    if len(written) == 1:
        return Reading(letters.names(written), kind=TokenKind.CODE)
    return _odd(written)


def _of_another_script(written: str) -> Reading:
    if written.isupper() and len(written) > 1:
        return Reading("", Doubt.UNKNOWN_ABBREVIATION, TokenKind.ABBREVIATION)
    return _foreign(written)


def _known(written: str, *, capitals: bool) -> Reading | None:
    lower = written.lower()
    if lower in LOANS and not (capitals and letters.is_syllable(written)):
        return Reading(LOANS[lower], kind=TokenKind.FOREIGN)
    if lower in PLACE_NAMES:
        return Reading(PLACE_NAMES[lower], kind=TokenKind.PLACE)
    return None


def _in_capitals(written: str, *, capitals: bool) -> Reading:
    if could_be_word(written) or (capitals and letters.is_syllable(written)):
        sure = capitals or letters.is_marked(written.replace("Đ", "D"))
        return Reading(written.lower(), None if sure else Doubt.AMBIGUOUS)
    if is_highland(written):
        return Reading(written.lower(), kind=TokenKind.PLACE)
    known = composed(written) or ministry(written)
    if known:
        return Reading(known, kind=TokenKind.ABBREVIATION)
    return run_together(written) or Reading(
        letters.names(written), Doubt.UNKNOWN_ABBREVIATION, TokenKind.ABBREVIATION
    )


def _odd(written: str) -> Reading:
    """No syllable: words run together, a name of the highlands, an abbreviation or a foreign word."""
    if is_highland(written):
        return Reading(written, kind=TokenKind.PLACE)
    parted = run_together(written)
    if parted:
        return parted
    if written[1:] != written[1:].lower() and not _is_camel(written):  # KHh, TTgr: more letters than word
        return Reading(letters.names(written), Doubt.UNKNOWN_ABBREVIATION, TokenKind.ABBREVIATION)
    return _foreign(written)


def _is_camel(written: str) -> bool:
    """iPhone, YouTube: capitals inside of a word that can be read."""
    return not re.search(r"[A-ZĐ]{2}", written)


def _foreign(written: str) -> Reading:
    said = rest.spoken(written)
    return Reading(said, Doubt.FOREIGN, TokenKind.FOREIGN) if said else _unreadable(written)


def digits(written: str) -> Reading:
    """Digits that no rule claimed, of any script: never dropped."""
    return Reading(numbers.spelled(written), kind=TokenKind.NUMBER)


def _unreadable(written: str) -> Reading:
    said = letters.names(written)
    return Reading(said, Doubt.UNREADABLE)
