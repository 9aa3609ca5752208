"""What a T next to a figure means: months of a year, days of the week, tonnes; and dates left blank."""

from __future__ import annotations

import re
from typing import Final

from tts.normalise import numbers
from tts.normalise.rule import (
    Reading,
    Rule,
    after,
    before,
    digits_then,
    first_words,
    letters_then,
    rule,
    signs,
)
from tts.types import Doubt, TokenKind

_HEAVY: Final = re.compile(
    r"(?:(?<!\w)(?:xe|tải|tải trọng|trọng tải|trọng lượng|nặng"
    r"|cẩu|sức nâng|cầu|tàu|trên|dưới|hơn|quá)|[>≥<≤])\s?$"
)
_WEEK: Final = re.compile(
    r"(?<!\w)(?:sáng|trưa|chiều|tối|đêm|ngày|từ|các|vào|lịch|tuần"
    r"|thứ|trừ|riêng|cả|buổi|nghỉ|làm việc|phát sóng)[\s:(]*$"
)
_OLD: Final = re.compile(
    r"(?<!\w)(?:đủ|đến đủ|trẻ|trẻ em|bé|cháu|ông|bà|cụ|nữ|nam|sinh|học sinh|người|nct|cao tuổi|thọ|dưới|trên"
    r"|\d{1,3}\s?-)(?:\stừ)?\s?$"
)
_GROWN: Final = re.compile(
    r"(?::?\s?\d{1,3}\s(?:cụ|người|em|cháu|trẻ)|trở lên|trở xuống|mắc|bị|tử vong|đến \d{1,3}\s?t(?!\w)|tuổi)"
)
_DATED: Final = re.compile(r"[,(]?\s?(?:ngày\s\d|\d{1,2}[/.-]\d{1,2}(?!\d))")
_WEEKLY: Final = re.compile(r"(?:hằng|hàng|mỗi)\stuần")
_TERM: Final = re.compile(r"(?<!\w)(?:kỳ hạn|thời hạn|bảo hành|bh|trẻ)(?:\s\d{1,2}t,?)*[\s:]*$")
_PARTS_OF_YEAR: Final = re.compile(r"(?:đầu|cuối)\s(?:của\s)?năm")
_DAYS: Final = {"2": "hai", "3": "ba", "4": "tư", "5": "năm", "6": "sáu", "7": "bảy"}
_MONTHS_OF_REPORTS: Final = frozenset("369")


def _age(match: re.Match[str]) -> str | None:
    """từ 60t trở lên, trẻ 6t; a lorry of 5t is heavy."""
    if _HEAVY.search(before(match)) and not _GROWN.match(after(match)):
        return None
    if not _OLD.search(before(match)) and not _GROWN.match(after(match)):
        return None
    months = f" {numbers.quantity(match['months'])} tháng" if match["months"] else ""
    return f"{numbers.quantity(match['age'])} tuổi{months}"


def _months(match: re.Match[str]) -> Reading | None:
    """6T/2024, 9T đầu năm, 9T: as many months of a year."""
    count, year = match["count"], match["year"]
    told = year or _PARTS_OF_YEAR.match(after(match)) or _TERM.search(before(match))
    if not told and (count not in _MONTHS_OF_REPORTS or _HEAVY.search(before(match))):
        return None
    said = f"{numbers.cardinal(int(count))} tháng" + (f" năm {numbers.year(year)}" if year else "")
    return Reading(said, None if told else Doubt.AMBIGUOUS)


def _tonnes(match: re.Match[str]) -> str | None:
    if "," not in match["weight"] and not _HEAVY.search(before(match)):
        return None
    return f"{numbers.quantity(match['weight'])} tấn"


def _month(match: re.Match[str]) -> str:
    """T10/2024"""
    return f"tháng {_month_name(match['month'])} năm {numbers.year(match['year'])}"


def _weekdays(match: re.Match[str]) -> str | None:
    """Tối T2, T4; từ T2-T6; T7 và CN; T5 (7/5)."""
    listed = len(re.findall(r"[2-7]|CN", match[0])) > 1
    told = _WEEKLY.match(after(match)) or _DATED.match(after(match)) or _WEEK.search(before(match))
    if not told and not listed:
        return None
    pieces = re.findall(r"T\d|CN|\d|,|và|đến|->|[^\s\w]", match[0])
    dashes = sum(piece not in (",", "và", "đến") and not piece[0].isalnum() for piece in pieces)
    said = [_weekday(piece) for piece in pieces]
    if dashes > 1:  # T2-T4-T6 are three days
        said = ["," if word == "đến" else word for word in said]
    return " ".join(said).replace(" ,", ",")


def _weekday(piece: str) -> str:
    if piece[-1] in _DAYS:
        return f"thứ {_DAYS[piece[1]]}" if piece[0] == "T" else _DAYS[piece]
    return {"CN": "chủ nhật", ",": ",", "và": "và"}.get(piece, "đến")


def _until_month(match: re.Match[str]) -> str | None:
    """02/2023 - 11/2024"""
    if not _MONTH_IN_FRONT.search(before(match)):
        return None
    return f"đến tháng {_month_name(match['month'])} năm {numbers.year(match['year'])}"


def _from_month(match: re.Match[str]) -> str | None:
    """từ 01-12/2025"""
    first, last = match["first"], match["last"]
    if not before(match).endswith("từ") or int(first) >= int(last):
        return None
    return f"tháng {_month_name(first)} đến tháng {_month_name(last)} năm {numbers.year(match['year'])}"


def _month_name(month: str) -> str:
    return "tư" if int(month) == 4 else numbers.cardinal(int(month))


def _of_year(match: re.Match[str]) -> str | None:
    """tháng tư/2024, 6 tháng/2024"""
    return "năm" if _MONTH_IN_WORDS.search(before(match)) else None


def _quarters(match: re.Match[str]) -> str | None:
    """quý 1-2/2024, quý 3, 4/2024"""
    if not before(match).endswith(("quý", "quí")):
        return None
    between = "đến" if match["sign"] != "," else ","
    said = f"{numbers.cardinal(int(match['first']))} {between} {numbers.cardinal(int(match['last']))}"
    return f"{said} năm {numbers.year(match['year'])}".replace(" ,", ",")


def _two_days(match: re.Match[str]) -> str | None:
    """the 1,2 of các ngày 1,2 và 3 tháng 9"""
    if not before(match).endswith("ngày"):
        return None
    return ", ".join(numbers.cardinal(int(day)) for day in numbers.runs(match[0]))


def _blank_date(match: re.Match[str]) -> str:
    """ngày   /   /2024, to be filled in by hand."""
    return f"{match['word']} tháng năm {numbers.year(match['year'])}"


# T3,5,7
_BARE: Final = r"[2-7](?=,\s?[2-7](?!\d)|\s(?:hằng|hàng|mỗi)\stuần|\s?(?:[.;)]|$))"
_ANOTHER: Final = (
    rf"(?:(?:\s?[,&]\s?|\s?{numbers.DASH}\s?|\s?(?:→|->)\s?|\s(?:và|đến)\s)(?:(?:T[2-7]|CN)(?!\w)|{_BARE}))"
)
_MONTH_IN_FRONT: Final = re.compile(r"(?<![\d/])(?:0?[1-9]|1[0-2])/(?:19|20)\d\d$")
_MONTH_IN_WORDS: Final = re.compile(
    r"\d\stháng$|tháng\s(?:giêng|một|hai|ba|tư|năm|sáu|bảy|tám|chín|mười|mười một|mười hai|chạp)$"
)
RULES: Final[tuple[Rule, ...]] = (
    rule(
        rf"{numbers.DASH} \s?(?P<month>0?[1-9]|1[0-2])/(?P<year>(?:19|20)\d\d) (?![\w/])",
        _until_month,
        kind=TokenKind.DATE,
        starts=signs("-‐‑‒–—−"),
    ),
    rule(
        r"(?<![\w/.,]) (?P<first>0?[1-9]|1[0-2])-(?P<last>0?[1-9]|1[0-2])/(?P<year>20\d\d) (?![\w/])",
        _from_month,
        kind=TokenKind.DATE,
        starts=digits_then("-", 1, 2),
    ),
    rule(
        r"(?<![\w/.,]) (?P<first>[1-4])\s?(?P<sign>[,–-])\s?(?P<last>[1-4])\s?/\s?(?P<year>20\d\d) (?![\w/])",
        _quarters,
        kind=TokenKind.DATE,
        starts=digits_then("-,", 1, 1),
    ),
    rule(
        r"(?<![\w/.,]) (?:[12]?\d|3[01]),(?:[12]?\d|3[01]) (?=\s(?:và|đến)\s\d)",
        _two_days,
        kind=TokenKind.DATE,
        starts=digits_then(",", 1, 2),
    ),
    rule(  # Đ.3/2, a street
        r"(?<!\w) Đ\.\s?(?P<day>[12]?\d|3[01])/(?P<month>1[0-2]|[1-9]) (?![\w/]|[.,]\d)",
        lambda match: f"đường {numbers.number(match['day'])} tháng {_month_name(match['month'])}",
        kind=TokenKind.DATE,
        starts=first_words("Đ"),
    ),
    rule(r"/ (?=(?:19|20)\d\d(?![\d/]))", _of_year, kind=TokenKind.DATE, starts=signs("/")),
    rule(
        r"""(?<![\w.,/-]) (?P<count>1[0-2]|18|24|36|[2-9])\s?T
            (?:(?:\s?/\s?|\s(?:năm\s)?)(?P<year>20\d\d))? (?![\w/]|[.,]\d)""",
        _months,
        kind=TokenKind.DATE,
        starts=digits_then("a", 1, 2),
    ),
    rule(
        r"(?<![\w.,/]) (?P<age>\d{1,3})t(?:\s?(?P<months>1[01]|\d)(?:th?)?)? (?![\w/]|[.,]\d)",
        _age,
        kind=TokenKind.MEASURE,
        starts=digits_then("a", 1, 3),
    ),
    rule(
        r"(?<![\w.,/-]) (?P<weight>\d{1,3}(?:,\d{1,2})?)\s?T (?![\w/]|[.,]\d)",
        _tonnes,
        kind=TokenKind.MEASURE,
        starts=digits_then("a,", 1, 3),
    ),
    rule(
        r"(?<!\w) T\.?(?P<month>0?[1-9]|1[0-2])\s?[/-]\s?(?P<year>20\d\d) (?![\w/-]|[.,]\d)",
        _month,
        kind=TokenKind.DATE,
        starts=letters_then("0."),
    ),
    rule(
        rf"(?<!\w) T[2-7](?!\w) {_ANOTHER}{{0,6}} (?![\w/]|[.,]\d)",
        _weekdays,
        kind=TokenKind.DATE,
        starts=letters_then("0"),
    ),
    rule(
        r"(?<!\w) (?P<word>[Nn]gày) [\s.…_]{0,30}/[\s.…_]{0,30}/\s?(?P<year>20\d\d) (?!\w)",
        _blank_date,
        kind=TokenKind.DATE,
        starts=first_words("ngày"),
    ),
)
