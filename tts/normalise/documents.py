"""Numbers of official documents: 49/2024/NĐ-CP, 57-KL/TW, 1105/UBND-VX.

The letters of the kind are said by their names and who issued it in full, as the forms of Nghị định
30/2020/NĐ-CP and of Hướng dẫn 36-HD/VPTW put them behind the number.
"""

from __future__ import annotations

import re
from typing import Final

from tts.normalise import letters, numbers
from tts.normalise.data import ABBREVIATIONS, BODIES, COURT_CASES, COURT_STAGES, DOCUMENT_KINDS
from tts.normalise.issuers import issuer, kind_and_issuer, ministry
from tts.normalise.rule import Rule, after, before, digits_of, digits_then, first_words, letters_then, rule
from tts.types import TokenKind

_ROMAN: Final = re.compile(r"I{1,3}|IV|VI{0,3}|IX|XI{0,3}|XI?[VX]|XVI{0,3}")
_LONGEST_NUMBER: Final = 4  # digits of a document number that are said as a cardinal
_COMMITTEES: Final = frozenset(
    ("TW", "TU", "HU", "ĐU", "QU", "ThU", "TWĐTN", "TWĐ", "ĐTN", "TWH", "TLĐ", "LĐLĐ", "CĐ")
)
_SEPARATOR: Final = re.compile(r"\s?[-–—/.]\s?")
_LOWER: Final = {known.lower(): known for known in (*BODIES, *DOCUMENT_KINDS)}
_UNMARKED: Final = {
    "ND": "NĐ",
    "QD": "QĐ",
    "HDND": "HĐND",
    "DU": "ĐU",
    "TTG": "TTg",
    "BCD": "BCĐ",
    "CD": "CĐ",
}
_NAMES: Final = (
    "nghị định|thông tư liên tịch|thông tư|nghị quyết liên tịch|nghị quyết|quyết định|luật|chỉ thị|kế hoạch"
    "|công văn|văn bản|pháp lệnh|hướng dẫn|thông báo|báo cáo|tờ trình|kết luận|quy định|công điện|đề án"
)
_NAMED: Final = re.compile(rf"(?<!\w)(?:{_NAMES}|nđ|tt|nq|qđ|ct|kh|cv)(?:\s+số)?[\s:]*$")
_KINDS: Final = {
    "NĐ": "nghị định", "TT": "thông tư", "QĐ": "quyết định", "NQ": "nghị quyết", "CT": "chỉ thị",
    "KH": "kế hoạch", "CV": "công văn", "TB": "thông báo", "HD": "hướng dẫn", "BC": "báo cáo",
    "KL": "kết luận",
}  # fmt: skip
_HEAD: Final = rf"(?<![\w/.,-]) (?P<kind>{'|'.join(_KINDS)})? (?P<number>\d{{1,6}}) (?P<suffix>[a-zđ]?)"
_YEAR: Final = r"(?:\s?/\s?(?P<year>(?:19|20)\d\d))?"
_PART: Final = r"[A-ZĐƯ][A-ZĐƯa-zđ0-9&]{0,13}"
_BETWEEN: Final = r"(?:[-–—/]|\s[-–—/]\s?(?=[A-ZĐ]{2})|[-–—/]\s(?=[A-ZĐ]{2})|\.(?=[A-ZĐ]{2}))"
_CODE: Final = rf"(?:{_PART}(?:{_BETWEEN}{_PART}){{0,5}}|[a-zđư]{{1,4}}(?:[-–/][a-zđư]{{2,8}}){{1,3}})"
_JOINT: Final = r"(?:\s?/\s?|[-–]|\s?[-–]\s?(?=[A-ZĐ]{1,4}/)|(?<=/\d{4})\s)"


def _number(match: re.Match[str]) -> str | None:
    parts = _parts(match["code"])
    if not _is_document(parts, numbered="số" in before(match)[-6:]):
        return None
    said = _say(match["number"], match["suffix"], match["year"], parts)
    return f"{_KINDS[match['kind']]} {said}" if match["kind"] else said  # NĐ49/2024/NĐ-CP


def _parts(code: str) -> list[str]:
    first, *others = map(_restored, _SEPARATOR.split(code))
    kind, body = ("", "") if issuer(first) or first in DOCUMENT_KINDS else kind_and_issuer(first)
    return [kind, body, *others] if kind else [first, *others]


def _restored(part: str) -> str:
    """kh, ubnd, ND: capitals and the stroke of Đ come back."""
    known = _LOWER.get(part, part) if part.islower() else part
    return _UNMARKED.get(known, known)


def _is_document(parts: list[str], *, numbered: bool) -> bool:
    known = any(part in DOCUMENT_KINDS or issuer(part) for part in parts)
    capitals = sum(letter.isupper() for part in parts for letter in part)
    if any(part.islower() for part in parts) or capitals < 2:
        return False
    return known or numbered or len(parts) > 1


def _say(number: str, suffix: str, year: str | None, parts: list[str]) -> str:
    said = [_serial(number), letters.names(suffix)]
    if year:
        said.append(f"năm {numbers.year(year)}")
    alone = len(parts) == 1
    if len(parts) == 2 and parts[0] in COURT_CASES and parts[1] in COURT_STAGES:
        said += [COURT_CASES[parts[0]], COURT_STAGES[parts[1]]]
    elif parts == ["NQ", "BCH"]:  # a committee resolves, a command does not
        said += [letters.names("NQ"), "ban chấp hành"]
    else:
        bodies = _own_boards(parts)
        said += [_part(part, kind=index == 0 and not alone) for index, part in enumerate(bodies)]
    return " ".join(filter(None, said))


def _own_boards(parts: list[str]) -> list[str]:
    """25-HD/TWĐTN-BTC: behind the Party or a union it is their board, no ministry."""
    if "BTC" not in parts[1:] or _COMMITTEES.isdisjoint(parts):
        return parts
    return ["BanTC" if part == "BTC" else part for part in parts]


def _serial(digits: str) -> str:
    return numbers.spelled(digits) if len(digits) > _LONGEST_NUMBER else numbers.number(digits)


def _part(part: str, *, kind: bool) -> str:
    if _ROMAN.fullmatch(part):
        return numbers.cardinal(numbers.roman(part) or 0)
    if kind and part in DOCUMENT_KINDS:
        return letters.names(part)
    body = issuer(part)
    if body:
        return body
    if len(part) > 2 and part not in DOCUMENT_KINDS:
        return ABBREVIATIONS.get(part) or code(part)
    return code(part)


def code(written: str) -> str:
    """Letters by their names, digits as a number: 12A3 -> mười hai a ba."""
    pieces = re.findall(r"[^\W\d_]+|\d+", written)
    return " ".join(numbers.number(p) if p.isdigit() else letters.names(p) for p in pieces)


def _blank(match: re.Match[str]) -> str | None:
    """Số: …/KH-UBND, whose number is still to be given."""
    parts = _parts(match["code"])
    if not _is_document(parts, numbered=False) or len(parts) < 2:
        return None
    return " ".join([match["word"], *(_part(part, kind=index == 0) for index, part in enumerate(parts))])


def _year_of_issue(match: re.Match[str]) -> str | None:
    """Nghị định 100/2019: here the figure behind the slash is a year, never a month's."""
    if not _NAMED.search(before(match)) or after(match).startswith(("/", "-")):
        return None
    return f"{_serial(match['number'])} năm {numbers.year(match['year'])}"


def _padded(match: re.Match[str]) -> str | None:
    """Chỉ thị số 07: a document's number keeps its không."""
    return numbers.number(match[0]) if _NAMED.search(before(match)) else None


def _glued(match: re.Match[str]) -> str:
    """NQ57, NĐ168: as people call a document they know."""
    return f"{_KINDS[match['kind']]} {_serial(match['number'])}"


def _assembly(match: re.Match[str]) -> str:
    """QH15 where no number stands in front."""
    return issuer(match[0])


def _regulation(match: re.Match[str]) -> str | None:
    """theo TT-BYT: a kind and its ministry without a number."""
    body = ministry(match["body"])
    return f"{_KINDS[match['kind']]} {body}" if body else None


def _unnumbered(match: re.Match[str]) -> str | None:
    """HD/TWĐTN-BTC, KH/HU: a kind and who issued it."""
    bodies = [issuer(part) for part in _own_boards(re.split(r"[-–]", match["bodies"]))]
    return " ".join([_KINDS[match["kind"]], *bodies]) if all(bodies) else None


RULES: Final[tuple[Rule, ...]] = (
    rule(
        rf"{_HEAD}{_YEAR}{_JOINT} (?P<code>{_CODE}) (?![\w&])",
        _number,
        kind=TokenKind.DOCUMENT,
        starts=digits_then("/-a", 1, 6) | letters_then("0"),
    ),
    rule(
        r"(?<![\w/.,-]) (?P<number>\d{1,4})/(?P<year>(?:19|20)\d\d) (?![\w/-])",
        _year_of_issue,
        kind=TokenKind.DOCUMENT,
        starts=digits_then("/", 1, 4),
    ),
    rule(
        r"(?<![\w/.,-]) 0\d{1,2} (?![\w/%]|[.,-]\d)", _padded, kind=TokenKind.DOCUMENT, starts=digits_of(2, 3)
    ),
    rule(
        rf"(?<!\w) (?P<word>[Ss]ố)\s?:?[\s.…_]{{0,30}}/\s?(?P<code>{_CODE}) (?![\w&])",
        _blank,
        kind=TokenKind.DOCUMENT,
        starts=first_words("số"),
    ),
    rule(
        r"(?<![\w/.-]) (?P<kind>NĐ|NQ|QĐ|KL)(?P<number>\d{2,4}) (?![\w/-])",
        _glued,
        kind=TokenKind.DOCUMENT,
        starts=first_words("NĐ", "NQ", "QĐ", "KL"),
    ),
    rule(
        r"(?<![\w/-]) (?:UBTV)?QH(?:9|1\d) (?![\w/-])",
        _assembly,
        kind=TokenKind.DOCUMENT,
        starts=first_words("QH", "UBTVQH"),
    ),
    rule(
        r"(?<![\w/.-]) (?P<kind>TT|QĐ|CT)-(?P<body>B[A-ZĐ&]{2,7}) (?![\w/-])",
        _regulation,
        kind=TokenKind.DOCUMENT,
        starts=first_words("TT", "QĐ", "CT"),
    ),
    rule(
        r"""(?<![\w/.-]) (?P<kind>NQ|QĐ|HD|KH|CV|TB|BC|KL)/
            (?P<bodies>[A-ZĐƯ][A-ZĐƯa-z]{1,8}(?:[-–][A-ZĐƯ]{2,8})?) (?![\w/-])""",
        _unnumbered,
        kind=TokenKind.DOCUMENT,
        starts=first_words("NQ", "QĐ", "HD", "KH", "CV", "TB", "BC", "KL"),
    ),
)
