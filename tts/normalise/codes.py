"""Codes of letters and digits: viruses, standards, fuels, roads, number plates, classes and lots."""

from __future__ import annotations

import re
from typing import Final

from tts.normalise import letters, numbers
from tts.normalise.abbreviations import among_capitals, could_be_word
from tts.normalise.data import CODES, LOANS, METALS, ROADS, STANDARDS
from tts.normalise.documents import code
from tts.normalise.issuers import issuer
from tts.normalise.rule import (
    CAPITAL,
    Rule,
    alternatives,
    before,
    digits_then,
    first_words,
    letters_then,
    rule,
)
from tts.types import TokenKind

_LONGEST_CARDINAL: Final = 3  # digits of a code that are said as a number; more are said one by one
_WAY: Final = re.compile(r"(?:cao tốc|tuyến|đường|trên|nút giao|qua)$")
_BUILDING: Final = re.compile(
    r"(?<!\w)(?:tòa|toà|tòa nhà|toà nhà|nhà|chung cư|block|khu|lô|căn hộ|đơn nguyên)$"
)
_PLATE_WORDS: Final = re.compile(r"(?:biển|biển số|bks|biển kiểm soát|đăng ký|xe)(?: số)?[\s:]*$")


def _known(match: re.Match[str]) -> str | None:
    return _CODES.get(" ".join(match["code"].lower().split()))


def _covid(_match: re.Match[str]) -> str:
    return f"{LOANS['covid']} mười chín"


def _standard(match: re.Match[str]) -> str:
    name = STANDARDS[" ".join(match["body"].split())]
    head = " ".join(name.split()[:2])  # tiêu chuẩn TCVN 5945
    said = [name.removeprefix(f"{head} ") if before(match).endswith(head) else name]
    said += [numbers.number(digits) for digits in numbers.runs(match["number"])]
    if match["year"]:
        international = match["body"].startswith("ISO")
        said.append(
            ", " + numbers.year(match["year"]) if international else f"năm {numbers.year(match['year'])}"
        )
    if match["issuer"]:
        said.append(issuer(match["issuer"]) or letters.names(match["issuer"]))
    return " ".join(said).replace(" ,", ",")


def _fuel(match: re.Match[str]) -> str:
    grade = numbers.roman(match["grade"]) if match["grade"] else None
    bio = f"e {numbers.cardinal(int(match['bio']))} " if match["bio"] else ""
    said = f"{bio}rôn {numbers.cardinal(int(match['octane']))}"
    return f"{said}, {numbers.cardinal(grade)}" if grade else said


def _sulphur(match: re.Match[str]) -> str:
    name = f"{letters.names(match['oil'])} " if match["oil"] else ""
    return f"{name}{numbers.number(match['share'].replace('.', ','))} ét"


def _road(match: re.Match[str]) -> str | None:
    if match["kind"] == "CT" and match[0][2].isspace() and not _WAY.search(before(match)):
        return None  # chỉ thị 07, chương trình 135
    name, front = ROADS[match["kind"]], before(match)
    if match["kind"] == "CT" and _BUILDING.search(front):
        return None  # tòa CT1
    if front.endswith(name):  # quốc lộ QL4A; of an expressway the letters are a part of its name
        name = letters.names("CT") if match["kind"] == "CT" else ""
    elif front.endswith(name.split()[0]):  # đường ĐT 205
        name = name.split(maxsplit=1)[1]
    return f"{name} {code(match['rest'])}".strip()


def _plate(match: re.Match[str]) -> str | None:
    """The old plates of four figures, where a word tells that it is a plate."""
    if not _PLATE_WORDS.search(before(match)):
        return None
    return f"{code(match['series'])}, {numbers.spelled(match['digits'])}"


def _mixed(match: re.Match[str]) -> str | None:
    if before(match).endswith(("số", "mã", "biển")) and len(match[0]) > 6:
        pieces = re.findall(r"[^\W\d_]|\d", match[0])
        return " ".join(numbers.spelled(p) if p.isdigit() else letters.names(p) for p in pieces)
    return _pieces(match[0])


def _pieces(written: str) -> str:
    said: list[str] = []
    for piece in re.findall(r"[^\W\d_]+|\d+", written):
        if not piece.isdigit():
            said.append(letters.names(piece))
        else:
            long = len(piece) > _LONGEST_CARDINAL and written[0].isalpha()
            said.append(numbers.spelled(piece) if long else numbers.number(piece))
    return " ".join(said)


def _stretch(match: re.Match[str]) -> str | None:
    """đê K12-K15: from one mark to another; A1-A2 are two names."""
    name, first, last = letters.names(match["letters"]), match["first"], match["last"]
    if int(last) - int(first) < 2:
        return None
    return f"{name} {numbers.number(first)} đến {name} {numbers.number(last)}"


def _aircraft(match: re.Match[str]) -> str:
    """VN-A691: the marks of an aeroplane, said one by one."""
    return f"{letters.names(match['marks'].replace('-', ''))} {numbers.spelled(match['digits'])}"


def _variety(match: re.Match[str]) -> str | None:
    """OM 5451, a kind of rice: letters, though they could be a word."""
    written = match["letters"]
    if not could_be_word(written) or among_capitals(match.string, match.start(), match.end()):
        return None
    return f"{letters.names(written)} {numbers.number(match['digits'])}"


def _lineage(match: re.Match[str]) -> str:
    """BA.5, XBB.1.5"""
    steps = " chấm ".join(map(numbers.number, match["steps"].split(".")[1:]))
    return f"{letters.names(match['letters'])} chấm {steps}"


def _line(match: re.Match[str]) -> str:
    """lộ 371 E16.2: a line of the power grid and the station that feeds it."""
    station = " chấm ".join(map(numbers.number, match["station"].split(".")))
    line = f"{numbers.spelled(match['line'])} " if match["line"] else ""
    return f"{line}e {station}"


def _blood(match: re.Match[str]) -> str | None:
    """nhóm máu O-, A Rh+"""
    if not _BLOOD.search(before(match)):
        return None
    factor = "cộng" if match["factor"] == "+" else "trừ"
    rhesus = f"{letters.names('Rh')} " if match["rhesus"] else ""
    return f"{letters.names(match['group'])} {rhesus}{factor}".lstrip()


def _metal(match: re.Match[str]) -> str | None:
    """As < 0,01 mg/l, kim loại nặng (Pb, Cd)."""
    if not (_AMOUNT.match(match.string, match.end()) or _METALS_NEAR.search(before(match))):
        return None
    return METALS[match["metal"]]


def _boat(match: re.Match[str]) -> str:
    return f"{letters.names(match['a'])}, {numbers.spelled(match['b'])}, tê ét"


_AMOUNT: Final = re.compile(r"\s?[<≤>≥=:(]\s?\d|\s\d{1,3}(?:,\d{1,4})?\s?(?:mg|µg|ppm|g/)")
_METALS_NEAR: Final = re.compile(r"(?<!\w)(?:kim loại|hàm lượng|nồng độ|nhiễm|dư lượng)(?!\w)[^.;]{0,30}$")
_BLOOD: Final = re.compile(r"(?<!\w)(?:nhóm )?máu(?!\w)[^.;]{0,40}$")
_SYMBOL: Final = r"(?:(?:Na|Ca|Cl|Mg|Fe|Cu|Zn|Al|Mn|Si|Ba)|[HCNOPSKF])"
_CODES: Final = {written.lower(): spoken for written, spoken in CODES.items()}
_LETTER_CODES: Final = tuple(written for written in CODES if written[0].isalpha())
_DIGIT_CODES: Final = tuple(written for written in CODES if written[0].isdigit())
_STANDARD: Final = alternatives(STANDARDS).replace(r"\ ", r"\s")

RULES: Final[tuple[Rule, ...]] = (
    rule(
        r"(?<!\w) U\.(?P<age>\d\d) (?!\w|[.,]\d)",
        lambda match: f"u {numbers.number(match['age'])}",
        kind=TokenKind.CODE,
        starts=first_words("U"),
    ),
    rule(
        rf"(?<!\w) (?P<code>{alternatives(_LETTER_CODES)}) (?!\w)",
        _known,
        re.IGNORECASE,
        kind=TokenKind.CODE,
        starts=first_words(*_LETTER_CODES),
    ),
    rule(  # CaO, NaCl, CaCO3; without a second letter in lower case it is an abbreviation
        rf"(?<!\w) (?=[A-Z][a-z]?[A-Z0-9]) (?=[A-Z0-9]{{0,6}}[a-z]) (?:{_SYMBOL}\d?){{2,6}} (?!\w)",
        lambda match: _pieces(match[0]),
        kind=TokenKind.CODE,
        starts=CAPITAL,
    ),
    rule(
        r"(?<!\w) (?P<letters>[A-Z]{2})\s(?P<digits>\d{3,5}) (?!\w|[.,]\d|\s[kM]Hz)",
        _variety,
        kind=TokenKind.CODE,
        starts=letters_then("0"),
    ),
    rule(
        rf"(?<![\w.,]) (?P<code>{alternatives(_DIGIT_CODES)}) (?!\w)",
        _known,
        kind=TokenKind.CODE,
        starts=digits_then(",", 1, 1),
    ),
    rule(
        r"(?<!\w) covid\s?[-–]?\s?19 (?!\w)",
        _covid,
        re.IGNORECASE,
        kind=TokenKind.CODE,
        starts=first_words("covid"),
    ),
    rule(
        rf"""(?<!\w) (?P<body>{_STANDARD})[\s-]{{0,2}}(?P<number>\d{{1,5}}(?:-\d{{1,2}}){{0,2}})
            (?:\s?[:-]\s?(?P<year>(?:19|20)\d\d))?
            (?:\s?[/-]\s?(?P<issuer>[A-ZĐ][A-ZĐa-z&]{{1,10}}))? (?!\w)""",
        _standard,
        kind=TokenKind.CODE,
        starts=first_words(*STANDARDS),
    ),
    rule(
        r"(?<!\w) (?:E(?P<bio>\d{1,2})[\s-]?)?RON[\s-]?(?P<octane>\d\d)(?:-(?P<grade>I{2,3}|IV|V))? (?!\w)",
        _fuel,
        re.IGNORECASE,
        kind=TokenKind.CODE,
        starts=first_words("ron", "e"),
    ),
    rule(
        r"(?<!\w) (?:(?P<oil>DO|FO)\s?-?)?(?P<share>\d[.,]\d{1,4})\s?S(?:-(?:I{2,3}|IV|V))? (?!\w)",
        _sulphur,
        kind=TokenKind.CODE,
        starts=first_words("do", "fo") | digits_then(",.", 1, 1),
    ),
    rule(
        r"(?<!\w) (?P<series>\d\d\s?-?\s?[A-ZĐ]{1,2}\d?)\s?[-–\s]\s?(?P<digits>\d{4}) (?!\w)",
        _plate,
        kind=TokenKind.CODE,
        starts=digits_then("a-", 2, 2),
    ),
    rule(
        r"(?<![\w.]) (?P<letters>BA|BQ|JN|XBB|XEC|BF)(?P<steps>(?:\.\d{1,3}){1,4}) (?!\w)",
        _lineage,
        kind=TokenKind.CODE,
        starts=first_words("BA", "BQ", "JN", "XBB", "XEC", "BF"),
    ),
    rule(
        rf"(?<!\w) (?P<metal>{alternatives(METALS)}) (?!\w)",
        _metal,
        kind=TokenKind.CODE,
        starts=first_words(*METALS),
    ),
    rule(
        r"(?<![\w.,]) (?:(?P<line>\d{3})[\s/-]?)? E(?P<station>\d{1,2}\.\d{1,2}) (?!\w|[.,]\d)",
        _line,
        kind=TokenKind.CODE,
        starts=first_words("E") | digits_then("a/-", 3, 3),
    ),
    rule(
        r"(?<!\w) (?P<group>AB|[ABO]|(?=Rh)) \s?(?P<rhesus>Rh)?\s?\(?(?P<factor>[+−–-])\)? (?!\w)",
        _blood,
        kind=TokenKind.CODE,
        starts=first_words("A", "B", "O", "AB", "Rh", "ARh", "BRh", "ORh", "ABRh"),
    ),
    rule(
        r"(?<!\w) (?P<a>[A-ZĐ]{2,3}|[A-ZĐ]{1,2}[a-z])[-\s](?P<b>\d{4,5})[-\s]?TS (?!\w)",
        _boat,
        kind=TokenKind.CODE,
        starts=letters_then("-0"),
    ),
    rule(
        rf"""(?<!\w) (?P<kind>{alternatives(ROADS)})\s?[.-]?\s?(?P<rest>\d{{1,3}}[A-ZĐ]?)
            (?!\w|[.,/-]\d|\s\d{{3}})""",
        _road,
        kind=TokenKind.CODE,
        starts=first_words(*ROADS),
    ),
    rule(
        r"""(?<![\w.,-]) (?P<letters>[A-ZĐ]{1,2})(?P<first>\d{1,3}) \s?[-–]\s?
            (?P=letters)(?P<last>\d{1,3}) (?![\w/-])""",
        _stretch,
        kind=TokenKind.CODE,
        starts=letters_then("0"),
    ),
    rule(
        r"(?<!\w) (?P<marks>VN-[A-Z])(?P<digits>\d{3,4}) (?!\w)",
        _aircraft,
        kind=TokenKind.CODE,
        starts=first_words("VN"),
    ),
    rule(
        r"(?<![\w.,]) [A-ZĐ]{1,2}\d{1,3}[A-Z]?(?:-[A-ZĐ]{0,2}\d{1,3}){1,3} (?![\w/-])",
        _mixed,
        kind=TokenKind.CODE,
        starts=letters_then("0"),
    ),
    rule(
        r"""(?<![\w.,]) (?:[A-ZĐ]{1,4}-?\d{1,6}[A-Z]{0,2}\d{0,6}[A-Z]?|\d{1,4}[A-ZĐ]{1,2}\d{0,6}
            |[A-Z]/[A-Z]\d{1,2}[A-Z]\d{1,2}) (?![\w]|[.,]\d)""",
        _mixed,
        kind=TokenKind.CODE,
        starts=digits_then("a", 1, 4) | letters_then("0-/"),
    ),
)
