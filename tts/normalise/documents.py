"""Numbers of official documents (49/2024/NĐ-CP), roads and codes of letters and digits."""

from __future__ import annotations

import re
from typing import Final

from tts.normalise import letters, numbers
from tts.normalise.data import ISSUERS, LOANS, ROADS
from tts.normalise.rule import (
    Rule,
    alternatives,
    before,
    digits_then,
    first_words,
    letters_then,
    rule,
)
from tts.types import TokenKind

_ASSEMBLY: Final = re.compile(r"QH(\d{1,2})")
_ROMAN: Final = re.compile(r"I{1,3}|IV|VI{0,3}|IX|XI{0,3}")
_LONGEST_NUMBER: Final = 4  # digits of a document number that are said as a cardinal


def _number(match: re.Match[str]) -> str | None:
    parts = re.split(r"[-/.]", match["code"])
    if sum(letter.isupper() for letter in match["code"]) < 2:
        return None
    said = [_serial(match["number"]), letters.names(match["suffix"])]
    if match["year"]:
        said.append(f"năm {numbers.year(match['year'])}")
    said += [_part(part, first=index == 0, alone=len(parts) == 1) for index, part in enumerate(parts)]
    return " ".join(filter(None, said))


def _serial(digits: str) -> str:
    return numbers.spelled(digits) if len(digits) > _LONGEST_NUMBER else numbers.number(digits)


def _part(part: str, *, first: bool, alone: bool) -> str:
    """The kind of document is said by its letters, who issued it in full."""
    assembly = _ASSEMBLY.fullmatch(part)
    if assembly:
        return f"quốc hội khóa {numbers.cardinal(int(assembly[1]))}"
    if _ROMAN.fullmatch(part):
        return numbers.cardinal(numbers.roman(part) or 0)
    if part in ISSUERS and (not first or alone or part in {"UBND", "HĐND"}):
        return ISSUERS[part]
    return code(part)


def code(written: str) -> str:
    """Letters by their names, digits as a number: 12A3 -> mười hai a ba."""
    pieces = re.findall(r"[^\W\d_]+|\d+", written)
    return " ".join(numbers.number(p) if p.isdigit() else letters.names(p) for p in pieces)


def _clause(match: re.Match[str]) -> str:
    """điểm đ khoản 2: here the letter is a label, never đồng."""
    return f"{match['word']} {letters.names(match['label'])}"


def _road(match: re.Match[str]) -> str:
    return f"{ROADS[match['kind']]} {code(match['rest'])}"


def _plate(match: re.Match[str]) -> str:
    return f"{code(match['series'])}, {numbers.spelled(match['a'])}, {numbers.spelled(match['b'])}"


def _covid(_match: re.Match[str]) -> str:
    return f"{LOANS['covid']} mười chín"


def _mixed(match: re.Match[str]) -> str | None:
    if before(match).endswith(("số", "mã", "biển")) and len(match[0]) > 6:
        pieces = re.findall(r"[^\W\d_]|\d", match[0])
        return " ".join(numbers.spelled(p) if p.isdigit() else letters.names(p) for p in pieces)
    return code(match[0])


RULES: Final[tuple[Rule, ...]] = (
    rule(
        r"(?<!\w) (?P<series>\d\d[A-ZĐ]{1,2}\d?)[- ](?P<a>\d{3})\.?(?P<b>\d\d) (?!\w)",
        _plate,
        kind=TokenKind.CODE,
        starts=digits_then("a"),
    ),
    rule(
        r"""(?<![\w/.,-]) (?P<number>\d{1,6}) (?P<suffix>[a-zđ]?)
            (?:\s?/\s?(?P<year>(?:19|20)\d\d))? \s?[/-]\s?
            (?P<code>[A-ZĐ][A-ZĐƯa-z0-9&]{0,12}(?:[-/.][A-ZĐƯ][A-ZĐƯa-z0-9&]{0,12}){0,4}) (?![\w&])""",
        _number,
        kind=TokenKind.DOCUMENT,
        starts=digits_then("/-a"),
    ),
    rule(
        r"(?<!\w) (?P<word>[Đđ]iểm) \s (?P<label>[a-zđ]) (?!\w)",
        _clause,
        kind=TokenKind.ARTICLE,
        starts=first_words("điểm"),
    ),
    rule(
        rf"(?<!\w) (?P<kind>{alternatives(ROADS)})[ .-]?(?P<rest>\d{{1,4}}[A-Z]?) (?!\w)",
        _road,
        kind=TokenKind.CODE,
        starts=first_words(*ROADS),
    ),
    rule(
        r"(?<!\w) covid[ -]?19 (?!\w)",
        _covid,
        re.IGNORECASE,
        kind=TokenKind.CODE,
        starts=first_words("covid"),
    ),
    rule(
        r"(?<![\w.,]) (?:[A-ZĐ]{1,4}-?\d{1,6}[A-Z]?\d{0,6}|\d{1,4}[A-ZĐ]{1,2}\d{0,6}) (?![\w]|[.,]\d)",
        _mixed,
        kind=TokenKind.CODE,
        starts=digits_then("a") | letters_then("0-"),
    ),
)
