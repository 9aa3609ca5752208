"""Roman numerals behind a word that counts: quý II, khóa XV, quý I, II và III, thế kỷ XX-XXI, mục I.2."""

from __future__ import annotations

import re
from typing import Final

from tts.normalise import letters, numbers
from tts.normalise.neighbours import in_front
from tts.normalise.rule import CAPITAL, Reading, Rule, before, first_words, rule
from tts.types import Doubt, TokenKind

_COUNTING: Final = in_front("roman", between=r"(?:\s(?:số|thứ))?")
_SMALL: Final = (
    "ii", "iii", "iv", "vii", "viii", "ix", "xii", "xiii", "xiv", "xv", "xvi", "xvii", "xviii", "xix", "xx",
    "xxi", "xxii", "xxiii", "xxiv", "xxv",
)  # fmt: skip
_SINGLE: Final = frozenset("IVX")
_SYLLABLES: Final = frozenset(("VI", "XI"))
_CAPITALS_BEHIND: Final = re.compile(r"\s[A-ZÀ-ỸĐ]{2,7}(?![^\W\d_])")
_CAPITALS_IN_FRONT: Final = re.compile(r"(?<![^\W\d_])[A-ZÀ-ỸĐ]{2,7}\s$")
_ARE_WORDS: Final = re.compile(
    r"VI(?=\s(?i:phạm|khuẩn|rút|sinh|chất|tính|mạch|mô|nhựa|lượng|trùng|ba|xử lý)(?!\w))"
    r"|XI(?=\s(?i:măng|lanh|nhan)(?!\w))"
)


def _listed(match: re.Match[str]) -> str | None:
    if not _COUNTING.search(before(match)) or _ARE_WORDS.match(match.string, match.start()):
        return None
    pieces = re.findall(r"[IVXLC]+|[,;/]|và|đến|hoặc|hay|\.\d+|[^\s\w]", match["list"])
    values = [numbers.roman(piece) for piece in pieces if piece[0] in "IVXLC"]
    if any(value is None for value in values) or (len(values) == 1 and not _is_numeral(match["list"])):
        return None
    ordinal = before(match).endswith("thứ")
    said = " ".join(_piece(piece, ordinal=ordinal) for piece in pieces).replace(" ,", ",")
    return f"{said} năm {numbers.year(match['year'])}" if match["year"] else said


def _among_capitals(match: re.Match[str]) -> bool:
    """HÀNH VI, XI MĂNG in a heading."""
    line, start, end = match.string, match.start(), match.end()
    return bool(
        _CAPITALS_BEHIND.match(line, end) or _CAPITALS_IN_FRONT.search(line[max(0, start - 12) : start])
    )


def _is_numeral(written: str) -> bool:
    return len(written) > 1 or written in _SINGLE


def _piece(piece: str, *, ordinal: bool) -> str:
    if piece[0] in "IVXLC":
        value = numbers.roman(piece) or 0
        return numbers.ordinal(str(value)) if ordinal else numbers.cardinal(value)
    if piece[0] == ".":
        return f"chấm {numbers.number(piece[1:])}"
    return "," if piece in ",;/" else piece if piece.isalpha() else "đến"


def _lettered(match: re.Match[str]) -> str | None:
    """loại IIa, phụ lục Ib; Ia Grai is a place."""
    value = numbers.roman(match["roman"])
    if value is None or not _COUNTING.search(before(match)):
        return None
    if match[0] == "Ia" and match.string[match.end() : match.end() + 2].strip().istitle():
        return None
    return f"{numbers.cardinal(value)} {letters.names(match['letter'])}"


def _quarter(match: re.Match[str]) -> str:
    """Q.IV/2025, QII-III, Q3/2025; without a year Q.3 is a part of a town."""
    pieces = re.findall(r"[IV]+|[1-4](?!\d)|[,&]|[^\s\w]", match["list"] or match["figures"])
    said, year = " ".join(map(_quarter_piece, pieces)).replace(" ,", ","), match["year"] or match["figured"]
    return f"quý {said} năm {numbers.year(year)}" if year else f"quý {said}"


def _quarter_piece(piece: str) -> str:
    if piece[0] in "IV":
        return numbers.cardinal(numbers.roman(piece) or 0)
    return numbers.number(piece) if piece.isdigit() else {",": ",", "&": "và"}.get(piece, "đến")


def _small(match: re.Match[str]) -> str | None:
    """chương iv, mục iii; vi and xi are syllables."""
    if match[0] not in _SMALL or not _COUNTING.search(before(match)):
        return None
    value = numbers.roman(match[0].upper()) or 0
    return numbers.ordinal(str(value)) if before(match).endswith("thứ") else numbers.cardinal(value)


def _alone(match: re.Match[str]) -> Reading | None:
    """XV, VIII without a word that tells: more likely a number than letters, but doubtful."""
    if match["roman"] in _SYLLABLES and _among_capitals(match):
        return None
    value = numbers.roman(match["roman"])
    return None if value is None else Reading(numbers.cardinal(value), Doubt.AMBIGUOUS)


_ROMAN: Final = r"[IVXLC]{1,7}(?!\w)"
_QUARTER: Final = r"(?:IV|I{1,3})(?!\w)"
_AND: Final = rf"(?:\s?(?:[,&]|{numbers.DASH})\s?)"
RULES: Final[tuple[Rule, ...]] = (
    rule(
        r"(?<!\w) TK (?=\s[IVX]{1,5}(?!\w))",
        lambda _: "thế kỷ",
        kind=TokenKind.ABBREVIATION,
        starts=first_words("tk"),
    ),
    rule(
        rf"""(?<!\w) (?P<list>{_ROMAN} (?:(?:\.\d{{1,2}}){{1,3}}(?!\w)
            |(?:\s?[,;]\s?|\s(?:và|đến|hoặc|hay)\s|\s?{numbers.DASH}\s?|/){_ROMAN}){{0,8}})
            (?:\s?[/-]\s?(?P<year>(?:19|20)\d\d)(?!\d))? (?!\w|\.\w)""",
        _listed,
        kind=TokenKind.ROMAN,
        starts=CAPITAL,
    ),
    rule(
        rf"""(?<![\w.]) Q\.?\s? (?:(?P<list>{_QUARTER}(?:{_AND}(?:Q\.?)?{_QUARTER}){{0,3}})
            (?:\s?/\s?(?P<year>20\d\d))?
            |(?P<figures>[1-4](?:{_AND}(?:Q\.?)?[1-4]){{0,3}})\s?/\s?(?P<figured>20\d\d)) (?!\w|[.,/-]\d)""",
        _quarter,
        kind=TokenKind.ROMAN,
        starts=first_words("Q", "QI", "QII", "QIII", "QIV"),
    ),
    rule(
        r"(?<![\w.]) (?P<roman>[IVX]{1,5})(?P<letter>[abcd]) (?!\w|['’])",
        _lettered,
        kind=TokenKind.ROMAN,
        starts=CAPITAL,
    ),
    rule(r"(?<![\w.]) [ivx]{2,5} (?!\w|\.\w)", _small, kind=TokenKind.ROMAN, starts=first_words(*_SMALL)),
    rule(r"(?<![\w.]) (?P<roman>[XVI][XVI]{1,6}) (?!\w|\.\w)", _alone, kind=TokenKind.ROMAN, starts=CAPITAL),
)
