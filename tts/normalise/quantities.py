"""Numbers with their units, money, percentages, ranges, ordinals and Roman numerals."""

from __future__ import annotations

import re
from typing import Final

from tts.normalise import numbers
from tts.normalise.data import UNITS
from tts.normalise.rule import (
    CAPITAL,
    DIGIT,
    Reading,
    Rule,
    alternatives,
    before,
    digits_then,
    first_words,
    rule,
    signs,
)
from tts.types import Doubt, TokenKind

_MONEY: Final = frozenset(("đ", "đồng", "₫", "VNĐ", "VND", "vnđ", "USD", "EUR", "tr", "k"))
_ROMAN_AFTER: Final = re.compile(
    r"(?<!\w)(khóa|khoá|kỳ|kì|quý|quí|chương|phụ lục|đại hội|thế kỷ|loại|hạng|thứ|vùng|mục|phần|cấp|khu|đợt"
    r"|điều|bậc|nhóm|tập|giai đoạn|hội nghị)$"
)
_SCORES: Final = ("tỷ số", "tỉ số", "kết quả", "thắng", "thua", "hòa", "hoà")
_SERIAL_WORDS: Final = re.compile(
    r"(tài khoản|stk|cccd|căn cước|căn cước công dân|cmnd|mã số thuế|mst|mã số|mã|otp)( số)?[\s:.]*$"
)
_NUMBER: Final = r"\d{1,3}(?:\.\d{3})+(?:,\d{1,6})?|\d{1,18}(?:,\d{1,6})?"
_SCALE: Final = r"nghìn|ngàn|triệu|tỷ|tỉ|trăm"


def _unit(written: str) -> str:
    return UNITS.get(written) or UNITS.get(written.lower(), written)


def _amount(match: re.Match[str]) -> Reading:
    words = [("âm " if match["minus"] else "") + numbers.number(match["first"])]
    if match["second"]:
        words.append(f"đến {numbers.number(match['second'])}")
    if match["scale"]:
        words.append(match["scale"])
    words.append(_unit(match["unit"]))
    if match["per"]:
        words.append(f"{_per(match['unit'])} {_unit(match['per'])}")
    if match["hours"]:
        words.append(f"trong {numbers.cardinal(int(match['hours']))} giờ")
    kind = TokenKind.MONEY if match["unit"] in _MONEY else TokenKind.MEASURE
    return Reading(" ".join(words), kind=kind)


def _per(unit: str) -> str:
    return "một" if unit in _MONEY else "trên"


def _rate(match: re.Match[str]) -> str:
    """tấn/ha, người/km2, đồng/tháng after words that were already read."""
    return f"{_unit(match['unit'])} {_per(match['unit'])} {_unit(match['per'])}"


def _range(match: re.Match[str]) -> str | None:
    between = " " if before(match).endswith(_SCORES) else " đến "
    return numbers.number(match["first"]) + between + numbers.number(match["second"])


def _list_of_numbers(match: re.Match[str]) -> str:
    return ", ".join(numbers.number(digits) for digits in re.findall(r"\d+", match[0]))


def _ordinal(match: re.Match[str]) -> str:
    return f"{match['word']} {numbers.ordinal(match['number'])}"


def _minutes(match: re.Match[str]) -> str | None:
    quoted = match.string.count("'", max(0, match.start() - 300), match.start()) % 2
    return None if quoted else f"{numbers.number(match['number'])} phút"


def _month(match: re.Match[str]) -> str:
    return f"{match['word']} tư"


def _serial(match: re.Match[str]) -> str | None:
    """Account and identity numbers are not quantities: digit by digit, a breath at each sign."""
    if not _SERIAL_WORDS.search(before(match)) and not re.fullmatch(r"\d{9,}", match[0]):
        return None
    return ", ".join(map(numbers.spelled, re.findall(r"\d+", match[0])))


def _plain(match: re.Match[str]) -> str:
    sign = {"-": "âm ", "−": "âm ", "+": "cộng "}.get(match["sign"] or "", "")
    return sign + numbers.number(match["number"])


def _dotted(match: re.Match[str]) -> str:
    """1.2.3 as the number of a chapter."""
    return " chấm ".join(numbers.number(digits) for digits in match[0].split("."))


def _roman(match: re.Match[str]) -> str | None:
    value = numbers.roman(match["roman"])
    if value is None or not _ROMAN_AFTER.search(before(match)):
        return None
    ordinal = before(match).endswith("thứ")
    return numbers.ordinal(str(value)) if ordinal else numbers.cardinal(value)


def _lone_roman(match: re.Match[str]) -> Reading | None:
    """XV, VIII without a word that tells: more likely a number than letters, but doubtful."""
    value = numbers.roman(match["roman"])
    return None if value is None else Reading(numbers.cardinal(value), Doubt.AMBIGUOUS)


_UNIT: Final = alternatives(UNITS)
_START: Final = r"(?<![\w.,/])(?<![\d]-)"
RULES: Final[tuple[Rule, ...]] = (
    rule(
        r"(?<![\w.,/]) \d{4,30} (?!\w|[.,/-]\d) | (?<![\w.,/]) \d{2,12}(?:[ .-]\d{1,12}){2,6} (?![\w])",
        _serial,
        kind=TokenKind.CODE,
    ),
    rule(
        rf"""{_START} (?P<minus>(?<![\w)])[-−])?(?P<first>{_NUMBER})
            (?:\s?[-–—]\s?(?P<second>{_NUMBER}))?
            (?:\s(?P<scale>{_SCALE}))? \s?(?P<unit>{_UNIT})(?!\w)
            (?:\s?/\s?(?P<per>{_UNIT}|người|hộ|tháng|năm|ngày|giờ|lần|suất|cây|con|bao|xe|lượt|đêm|em|cháu|sào)(?!\w)
                |\s?/\s?(?P<hours>\d{{1,2}})\s?(?:h|giờ)(?!\w))?""",
        _amount,
        kind=TokenKind.MEASURE,
        starts=DIGIT | signs("-−"),
    ),
    rule(
        rf"(?<![\w/]) (?P<unit>tấn|tạ|kg|đồng|người|m3|m³|mm|lít|km)/"
        rf"(?P<per>{_UNIT}|người|hộ|tháng|năm|ngày|giờ)(?!\w)",
        _rate,
        kind=TokenKind.MEASURE,
        starts=first_words("tấn", "tạ", "kg", "đồng", "người", "m3", "m³", "mm", "lít", "km"),
    ),
    rule(
        r"(?<![\w.,/]) (?P<number>\d{1,2})' (?=[\s,.;]|$)",
        _minutes,
        kind=TokenKind.TIME,
        starts=digits_then("'"),
    ),
    rule(
        r"(?<!\w) (?P<word>[Tt]háng)\s(?:0?4) (?![\w/-]|[.,]\d)",
        _month,
        kind=TokenKind.DATE,
        starts=first_words("tháng"),
    ),
    rule(
        r"(?<!\w) (?P<word>[Tt]hứ|[Ll]ần\ thứ) \s (?P<number>\d{1,3}) (?![\w]|[.,/]\d)",
        _ordinal,
        kind=TokenKind.ORDINAL,
        starts=first_words("thứ", "lần"),
    ),
    rule(r"(?<!\w) (?P<roman>[IVXLC]{1,7}) (?!\w)", _roman, kind=TokenKind.ROMAN, starts=CAPITAL),
    rule(r"(?<!\w) (?P<roman>[XVI][XVI]{1,6}) (?!\w)", _lone_roman, kind=TokenKind.ROMAN, starts=CAPITAL),
    rule(
        r"(?<![\w.,/-]) \d{1,3}(?:-\d{1,3}){2,} (?![\w/-])",
        _list_of_numbers,
        kind=TokenKind.NUMBER,
        starts=digits_then("-"),
    ),
    rule(
        rf"{_START} (?P<first>{_NUMBER}) \s?[-–—]\s? (?P<second>{_NUMBER}) (?![\w/-]|[.,]\d)",
        _range,
        kind=TokenKind.NUMBER,
        starts=digits_then("-.,"),
    ),
    rule(
        r"(?<![\w.,]) \d{1,3}(?:\.\d{1,2}){1,4} (?![\w]|[.,/]\d)",
        _dotted,
        kind=TokenKind.NUMBER,
        starts=digits_then("."),
    ),
    rule(
        rf"(?:(?<![\w)\]/.,])(?P<sign>[-−+]))? (?<![\d.,]) (?P<number>{_NUMBER})(?!\d)",
        _plain,
        kind=TokenKind.NUMBER,
        starts=DIGIT | signs("-−+"),
    ),
)
