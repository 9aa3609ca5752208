"""Abbreviations: of one meaning, of a meaning that their neighbours tell, put together of known ones."""

from __future__ import annotations

import functools
import re
from typing import Final

from tts.normalise import letters
from tts.normalise.data import ABBREVIATIONS, AMBIGUOUS, SPELLED
from tts.normalise.rule import Reading, Rule, first_words, letters_then, rule
from tts.types import Doubt, TokenKind

_NEAR: Final = 80  # characters on either side that may tell the meaning
_TITLES: Final = (
    "GS|PGS|TSKH|TS|ThS|Ths|BS|BSCKI|BSCKII|CKI|CKII|DS|KS|CN|KTS|NSND|NSƯT|NGND|NGƯT|TTND|TTƯT"
    "|TM|KT|TL|TUQ|VP|TT|ĐD"
)
_SIMPLE: Final = frozenset(word for word in (*ABBREVIATIONS, *AMBIGUOUS) if word.isalpha())
_JOINED: Final = tuple(word for word in ABBREVIATIONS if not word.isalpha())
_BY_LOWER: Final = {
    word.lower(): word
    for word in reversed((*ABBREVIATIONS, *AMBIGUOUS))
    if word.isalpha() and (len(word) > 2 or word in ("QĐ", "NĐ")) and not letters.is_syllable(word)
}
_HEADS: Final = frozenset(
    (
        "BCĐ",
        "BCH",
        "BQL",
        "BTV",
        "UBND",
        "HĐND",
        "VP",
        "TTYT",
        "HTX",
        "CLB",
        "CSDL",
        "CTMTQG",
        "QLNN",
        "UBMTTQ",
        "TTHC",
    )
)
_SHORTEST_TAIL: Final = 3
_LONGEST_MIXED: Final = 3  # letters: UBnd is a slip of the finger, tTg may be anything
_WORD: Final = re.compile(r"[^\W\d_]{2,}")


def _flexible(written: str) -> str:
    """The connectors of GD&ĐT, VH-TT may have spaces around them."""
    pattern = re.escape(written).replace(r"\&", "&").replace(r"\-", "-").replace(r"\ ", " ")
    pattern = pattern.replace(", ", ",").replace(" ", r"\s").replace("-", r"\s?[-–]\s?")
    return pattern.replace(",", r",\s?").replace("&", r"(?:\s?&\s?|\svà\s)")


def _tight(written: str) -> str:
    return re.sub(r"\s", "", re.sub(r"\svà\s", "&", written)).replace("–", "-")


_LOOSE: Final = {_tight(word): word for word in _JOINED}
_PATTERN_JOINED: Final = "|".join(map(_flexible, sorted(_JOINED, key=len, reverse=True)))


def _joined(match: re.Match[str]) -> str | None:
    written = match["written"]
    known = written if written in ABBREVIATIONS else _LOOSE.get(_tight(written))
    return ABBREVIATIONS[known] if known else None


def _single(match: re.Match[str]) -> Reading | str | None:
    written = match["written"]
    if written not in _SIMPLE:
        known = _BY_LOWER.get(written.lower())
        if known is None or letters.is_syllable(written) or not _is_plainly_meant(written):
            return None
        written = known
    capitals = could_be_word(written) and among_capitals(match.string, match.start(), match.end())
    if written in AMBIGUOUS:
        return _by_context(match, written, capitals=capitals)
    if capitals:  # in a heading TO is the word to
        return None
    return Reading(
        ABBREVIATIONS[written], kind=TokenKind.FOREIGN if written in SPELLED else TokenKind.ABBREVIATION
    )


def _titled(match: re.Match[str]) -> Reading | str | None:
    """BS. Nông Văn Páo: the dot ends no sentence."""
    return _single(match) if match.string[match.end()].isupper() else None


def _is_plainly_meant(written: str) -> bool:
    """ubnd, Ubnd: typed without the capitals; not a mixture such as uBND."""
    return written[1:].islower() or written.isupper() or len(written) > _LONGEST_MIXED


def _by_context(match: re.Match[str], written: str, *, capitals: bool) -> Reading | None:
    entry = AMBIGUOUS[written]
    front = match.string[max(0, match.start() - _NEAR) : match.start()].rstrip().lower()
    following = match.string[match.end() : match.end() + _NEAR].lstrip()
    behind, capital = following.lower(), following[:1].isupper()
    for sense in entry.senses:
        if sense.fits(front, behind, capital=capital):
            return Reading(sense.spoken)
    if capitals or not (entry.usual or entry.guess):
        return None
    return Reading(entry.usual) if entry.usual else Reading(entry.guess, Doubt.AMBIGUOUS)


def could_be_word(written: str) -> bool:
    """TO may be a word, TYT may not: a syllable that ends in c, p or t has a tone."""
    toned = letters.toneless(written) != written
    return letters.is_syllable(written) and (toned or not written.upper().endswith(("C", "CH", "P", "T")))


def among_capitals(line: str, start: int, end: int) -> bool:
    """Whether a neighbour is a word in capitals that is no abbreviation."""
    neighbours = (
        _WORD.findall(line[max(0, start - 40) : start])[-1:] + _WORD.findall(line[end : end + 40])[:1]
    )
    return any(word.isupper() and word not in _SIMPLE and letters.is_syllable(word) for word in neighbours)


@functools.lru_cache(maxsize=1 << 12)
def composed(written: str) -> str:
    """BCĐATTP: a board and its field, where there is one way only to part them."""
    found = [
        f"{expansion(written[:cut])} {expansion(written[cut:])}"
        for cut in range(2, len(written) - _SHORTEST_TAIL + 1)
        if written[:cut] in _HEADS and expansion(written[cut:])
    ]
    return found[0] if len(found) == 1 else ""


def expansion(written: str) -> str:
    """The one meaning of an abbreviation, or nothing."""
    entry = AMBIGUOUS.get(written)
    return entry.usual if entry else ABBREVIATIONS.get(written, "")


def likely(written: str) -> str:
    """Its one meaning, or that which it has most often."""
    entry = AMBIGUOUS.get(written)
    return entry.usual or entry.guess if entry else ABBREVIATIONS.get(written, "")


def _dotted(match: re.Match[str]) -> str | None:
    """U.B.N.D"""
    return expansion(match["letters"].replace(".", "")) or None


_ADDRESS: Final = (
    r"(?=\s?:\s?(?:số|tổ|thôn|xóm|bản|ấp|khu|đường|phố|ngõ|\d)|\s(?:nhà|liên\shệ|thường\strú)(?!\w))"
)
_SURNAMES: Final = {"Ng": "nguyễn", "Tr": "trần"}

JOINED: Final[tuple[Rule, ...]] = (
    rule(
        rf"(?<!\w) đ/c {_ADDRESS}",
        lambda _: "địa chỉ",
        re.IGNORECASE,
        kind=TokenKind.ABBREVIATION,
        starts=first_words("đ"),
    ),
    rule(
        r"(?<!\w) (?P<written>Ng|Tr(?=\.\s?(?:Văn|Thị|[VT]\.))) \.\s?(?=[A-ZĐ])",  # Ng. Văn Tài
        lambda match: _SURNAMES[match["written"]],
        kind=TokenKind.ABBREVIATION,
        starts=first_words("Ng", "Tr"),
    ),
    rule(
        rf"(?<![\w&]) (?P<written>{_PATTERN_JOINED}) (?![\w&])",
        _joined,
        kind=TokenKind.ABBREVIATION,
        starts=first_words(*_JOINED),
    ),
    rule(
        r"(?<![\w.]) (?P<letters>[A-ZĐ](?:\.[A-ZĐ]){2,5}) (?!\w)",
        _dotted,
        kind=TokenKind.ABBREVIATION,
        starts=letters_then("."),
    ),
)
RULES: Final[tuple[Rule, ...]] = (
    rule(
        r"\A TT \Z",  # the head of a column
        lambda _: "thứ tự",
        kind=TokenKind.ABBREVIATION,
        starts=first_words("tt"),
    ),
    rule(
        rf"(?<!\w) (?:(?P<written>{_TITLES})\.\s?(?=[^\W\d_])) ",
        _titled,
        kind=TokenKind.ABBREVIATION,
        starts=first_words(*_TITLES.split("|")),
    ),
    rule(
        r"(?<!\w) (?P<written>[^\W\d_]{2,14}) (?!\w)",
        _single,
        kind=TokenKind.ABBREVIATION,
        starts=first_words(*_SIMPLE),
    ),
)
