"""Dates: days, months and years, their ranges and lists."""

from __future__ import annotations

import re
from calendar import monthrange
from typing import Final

from tts.normalise import numbers
from tts.normalise.neighbours import behind, in_front
from tts.normalise.rule import Reading, Rule, after, before, digits_then, first_words, rule, signs
from tts.types import Doubt, TokenKind

# A weekday, a time, a numbered round, the ngày of a feast, a day before this one.
_LOOSE: Final = (
    r"|(?<!\w)(?<!công\s)(?<!bệnh\s)(?<!thân\s)(?<!quân\s)(?<!tư\s)nhân|(?<!\w)(?:thứ\s\d|đợt\s\d{1,2})|\dh(?:\d\d)?|\d[:g]\d\d|(?<!\w)(?:ngày|hạn)\s[^\W\d][^\d.,;:()]{1,40}"
    r"|(?<!\w)(?:ngày|dịp|lễ|nghỉ|tết|từ|hết|sáng|chiều|tối|kỷ\sniệm|mừng)\s[^.;:()]{0,30}\d/\d{1,2}(?:/\d{4})?"
    r"\s?(?:,|và|hoặc|hay)|(?<![\d/])(?:1[3-9]|2\d|3[01])/(?:0?[1-9]|1[0-2])\s?(?:và|hoặc|hay)"
    r"|(?<![\d/])(?:[1-9]|[0-3]\d)/[01]?\d(?:/\d{4})?\s?(?:->|→|⇒)"
)
_DAY_WORDS: Final = in_front("day", more=_LOOSE, words=False)
_SAY_DAY: Final = in_front("said_day")
_PARTS: Final = in_front("part_of_day")
_FIRST: Final = in_front("first_day")
_HALF_DAY: Final = in_front(
    "half_day", more=r"|(?<!\w)(?:ngày|lễ|dịp)(?:\s\d{1,2}[.-]\d{1,2}\s?(?:,|và)){1,4}", words=False
)
_WEEKDAY: Final = re.compile(r"(?<!\w)(?:thứ\s(?:hai|ba|tư|năm|sáu|bảy|\d)|chủ\snhật|hôm nay)\s?\($")
_STREET: Final = in_front("street")
_FEASTS: Final = frozenset(
    {(1, 5), (1, 6), (2, 9), (3, 2), (7, 5)}
)  # which streets and schools are named for
_NOT_A_DAY: Final = in_front("no_day")
_NO_MONTH: Final = in_front("no_month")
_SCALE: Final = in_front("scale")
_PORTIONS: Final = behind("portion")
_OTHER_PORTION: Final = re.compile(r"(?:đến|tới|hoặc|và|,|-|–)\s?(\d{1,2})/(\d{1,2})\s")
_ADDRESS: Final = re.compile(r"(?:đường|phố|ngõ|ngách|hẻm|kiệt)\s")
_HARDLY: Final = re.compile(r"(?<!\w)(?:chưa|không)\s(?:tới|đến|hết)$")
_LUNAR: Final = behind("lunar")
_ANOTHER_DAY: Final = re.compile(r"(?:->|→|⇒)\s?\d{1,2}/\d{1,2}(?!\d)")


def _day(digits: str) -> str:
    return numbers.cardinal(int(digits))


def _valid(day: str, month: str) -> bool:
    return 1 <= int(day) <= 31 and 1 <= int(month) <= 12


def _lead(match: re.Match[str]) -> str:
    """The word ngày, unless it stands there already."""
    return "" if _SAY_DAY.search(before(match)) else "ngày "


def _year(written: str) -> str:
    """Two digits without an apostrophe are of this century; with one they are said as they stand."""
    short = written.strip("'’‘")
    return numbers.year(short if len(short) == 4 or short != written else f"20{short}")


def _month(month: str, year: str | None = None) -> str:
    said = f"tháng {_month_name(month)}"
    return f"{said} năm {_year(year)}" if year else said


def _month_name(month: str) -> str:
    return "tư" if int(month) == 4 else _day(month)


def _date(match: re.Match[str]) -> Reading | None:
    day, month, year = match["day"], match["month"], match["year"]
    if not _valid(day, month) or (len(year) == 2 and match["sep"] != "/"):
        return None
    sure = (len(year) == 4 and int(day) <= monthrange(int(year), int(month))[1]) or not year.isdigit()
    said = f"{_lead(match)}{_day(day)} {_month(month, year)}"
    return Reading(said, None if sure else Doubt.AMBIGUOUS)


def _mixed_signs(match: re.Match[str]) -> str | None:
    """ngày 01-02/2024: behind a word for a day no months are parted by the hyphen."""
    told = _SAY_DAY.search(before(match)) and _valid(match["day"], match["month"])
    return f"{_day(match['day'])} {_month(match['month'], match['year'])}" if told else None


def _is_portion(match: re.Match[str]) -> bool:
    """2/3 số hộ is a part of a whole, whatever stands before it."""
    following = after(match)
    other = _OTHER_PORTION.match(following)
    if other and int(other[1]) < int(other[2]):
        following = following[other.end() :]
    part = _PORTIONS.match(following) or _HARDLY.search(before(match))
    return int(match["day"]) < int(match["month"]) and bool(part)


def _day_and_month(match: re.Match[str]) -> Reading | None:
    day, month = match["day"], match["month"]
    if not _valid(day, month) or _is_portion(match):
        return None
    preceding = before(match)
    if _STREET.search(preceding):
        return Reading(f"{_day(day)} {_month(month)}")
    told = _is_told(match)
    if not told and (int(day) <= int(month) or _NOT_A_DAY.search(preceding) or _ADDRESS.match(after(match))):
        return None
    if after(match).startswith(("điểm", "tiêu chí", "giờ", "ngày")) or _always(match):
        return None
    said = f"{_lead(match)}{_day(day)} {_month(month)}"
    return Reading(said, None if told else Doubt.AMBIGUOUS)


def _is_told(match: re.Match[str]) -> bool:
    """By a word, by another day, or by zeros that no fraction has: Tết Dương lịch (01/01)."""
    following = after(match)
    if _DAY_WORDS.search(before(match)) or _LUNAR.match(following) or _ANOTHER_DAY.match(following):
        return True
    return before(match).endswith("(") and after(match).startswith(")") and match[0].startswith("0")


def _always(match: re.Match[str]) -> bool:
    """24/7 is all day and every day, but not behind ngày."""
    return match[0] == "24/7" and not _PARTS.search(before(match))


def _marked_day(match: re.Match[str]) -> str | None:
    """ngày 10.3, ngày 22-5: such a sign parts day and month only behind a word for a day."""
    day, month = match["day"], match["month"]
    lunar = _LUNAR.match(after(match))
    preceding = before(match)
    told = lunar or _WEEKDAY.search(preceding) or _HALF_DAY.search(preceding)
    descending = (int(day) >= int(month) or (int(day), int(month)) in _FEASTS) and match["sep"] != "."
    if not told and not (_PARTS if match["sep"] == "." else _DAY_WORDS).search(preceding):
        told = None if not descending else _STREET.search(preceding)
        if not told:
            return None
    if not _valid(day, month) or not (told or descending or match["sep"] == "."):
        return None  # rather two days than a day and a month
    if after(match).startswith(("giờ", "phút", "điểm", "tuổi", "tháng")):
        return None
    lead = "" if _STREET.search(preceding) else _lead(match)
    return f"{lead}{_day(day)} {_month(month)}"


def _first_day(match: re.Match[str]) -> str | None:
    """The 1 of từ 1 đến 5/6."""
    if not _FIRST.search(before(match)):
        return None
    return f"{_lead(match)}{_day(match['day'])}"


def _days(match: re.Match[str]) -> str | None:
    """25, 26/12 and 02 và 03/9/2025: the month counts for all of them."""
    listed = re.findall(r"\d+|và", match["days"])
    if not _valid(match["day"], match["month"]) or not _DAY_WORDS.search(before(match)):
        return None
    if any(word != "và" and not _valid(word, match["month"]) for word in listed):
        return None
    said = ", ".join(_day(word) for word in listed if word != "và")
    joint = " và " if "và" in listed else ", "
    return f"{_lead(match)}{said}{joint}{_day(match['day'])} {_month(match['month'], match['year'])}"


def _date_range(match: re.Match[str]) -> Reading | None:
    """15-20/5, 28/4-3/5/2025: a shared month or year is said once."""
    if not _valid(match["day"], match["month"]) or _is_portion(match):
        return None
    if not _valid(match["day1"], match["month1"] or match["month"]):
        return None
    told = match["year"] or (match["month1"] and match["sep2"] == "/") or _DAY_WORDS.search(before(match))
    if not told and (match["sep2"] == "." or int(match["day1"]) >= int(match["day"])):
        return None
    first = _day(match["day1"])
    second = _day(match["day"])
    if match["month1"]:
        first += f" {_month(match['month1'], match['year1'])}"
        second = f"ngày {second}"
    said = f"{_lead(match)}{first} đến {second} {_month(match['month'], match['year'])}"
    return Reading(said, None if told else Doubt.AMBIGUOUS)


def _iso(match: re.Match[str]) -> str | None:
    if not _valid(match["day"], match["month"]):
        return None
    return f"{_lead(match)}{_day(match['day'])} {_month(match['month'], match['year'])}"


def _month_and_year(match: re.Match[str]) -> str | None:
    preceding, year = before(match), f"năm {_year(match['year'])}"
    if _SCALE.search(preceding):
        return None
    if _NO_MONTH.search(preceding):
        return f"{_day(match['month'])} {year}"
    named = preceding.endswith("tháng")
    if not named and match["sep"] == ".":
        return None
    return f"{'' if named else 'tháng '}{_month_name(match['month'])} {year}"


def _months(match: re.Match[str]) -> str | None:
    """tháng 4-6/2024, tháng 1, 2 và 3/2024, tháng 10-11, tháng 04."""
    months = numbers.runs(match["months"])
    if not all(1 <= int(month) <= 12 for month in months):
        return None
    pieces = re.findall(r"\d+|,|và|[^\s\d,và]", match["months"])
    written = match["year"] or match["bare"]
    repeated = "đến tháng" if written else "đến"
    said = [_month_name(p) if p.isdigit() else {",": ",", "và": "và"}.get(p, repeated) for p in pieces]
    year = f" năm {_year(written)}" if written else ""
    return f"{match['word']} {' '.join(said).replace(' ,', ',')}{year}"


def _until_lunar(match: re.Match[str]) -> str | None:
    """26 tháng Chạp - mùng 5 Tết"""
    return "đến" if _LUNAR_MONTH.search(before(match)) else None


def _years(match: re.Match[str]) -> str | None:
    first, second = match["first"], match["second"]
    if len(second) == 2:
        second = first[:2] + second
    if int(first) >= int(second):
        return None
    between = "" if match["dash"] == "/" else " đến"
    return f"{numbers.year(first)}{between} {numbers.year(second)}"


_LUNAR_MONTH: Final = re.compile(r"(?:chạp|giêng|rằm|âm lịch|âl|tết|tháng \d{1,2})$")
_EDGE: Final = r"(?<![\w/.,])(?<![^\s(]-)"
_DAY: Final = r"(?:0?[1-9]|[12]\d|3[01])(?!\d)"
_MONTH: Final = r"(?:0?[1-9]|1[0-2])(?!\d)"
_LONG_YEAR: Final = r"(?:1[0-9]|20)\d\d"
_YEAR: Final = rf"(?:{_LONG_YEAR}|['’‘]\d\d)(?!\d)"
_TO: Final = rf"\s?{numbers.DASH}\s?"
_END: Final = r"(?![\w/]|[.,]\d)"
_SLASH: Final = r"\s?/\s?"
RULES: Final[tuple[Rule, ...]] = (
    rule(
        rf"""{_EDGE} (?P<day1>{_DAY}) (?:(?P<sep>[/.])(?P<month1>{_MONTH})(?:(?P=sep)(?P<year1>{_YEAR}))?)?
            {_TO} (?P<day>{_DAY}) (?P<sep2>[/.]) (?P<month>{_MONTH})
            (?:(?P=sep2)(?P<year>{_YEAR}))? {_END}""",
        _date_range,
        kind=TokenKind.DATE,
        starts=digits_then("/.-", 1, 2),
    ),
    rule(
        rf"""{_EDGE} (?P<days>{_DAY} (?:[,;]\s?{_DAY}){{0,8}} (?:[,;]\s?|\svà\s))
            (?P<day>{_DAY})/(?P<month>{_MONTH}) (?:/(?P<year>{_YEAR}))? {_END}""",
        _days,
        kind=TokenKind.DATE,
        starts=digits_then(",;a", 1, 2),
    ),
    rule(
        rf"""{_EDGE} (?P<day>{_DAY}) \s?(?P<sep>[/.-])\s? (?P<month>{_MONTH}) \s?(?P=sep)\s?
            (?P<year>{_YEAR}|\d\d(?!\d)) {_END}""",
        _date,
        kind=TokenKind.DATE,
        starts=digits_then("/.-", 1, 2),
    ),
    rule(
        rf"{_EDGE} (?P<day>{_DAY})[.-](?P<month>{_MONTH})/(?P<year>{_LONG_YEAR}) {_END}",
        _mixed_signs,
        kind=TokenKind.DATE,
        starts=digits_then(".-", 1, 2),
    ),
    rule(
        rf"{_EDGE} (?P<year>{_LONG_YEAR})-(?P<month>{_MONTH})-(?P<day>{_DAY}) {_END}",
        _iso,
        kind=TokenKind.DATE,
        starts=digits_then("-", 4, 4),
    ),
    rule(
        rf"{_EDGE} (?P<month>{_MONTH}) \s?(?P<sep>[/.-])\s? (?P<year>{_YEAR}) {_END}",
        _month_and_year,
        kind=TokenKind.DATE,
        starts=digits_then("/.-", 1, 2),
    ),
    rule(
        rf"{_EDGE} (?P<day>{_DAY}) {_SLASH} (?P<month>{_MONTH}) (?![\w/%]|[.,]\d)",
        _day_and_month,
        kind=TokenKind.DATE,
        starts=digits_then("/", 1, 2),
    ),
    rule(
        rf"{_EDGE} (?P<day>{_DAY}) (?P<sep>[.-]) (?P<month>{_MONTH}) (?![\w/%-]|[.,]\d)",
        _marked_day,
        kind=TokenKind.DATE,
        starts=digits_then(".-", 1, 2),
    ),
    rule(
        rf"{_EDGE} (?P<day>{_DAY}) (?=\s(?:đến|tới)\s(?:hết\s)?(?:ngày\s)?{_DAY}/{_MONTH}(?![\w%]))",
        _first_day,
        kind=TokenKind.DATE,
        starts=digits_then("a", 1, 2),
    ),
    rule(
        rf"""(?<!\w) (?P<word>[Tt]háng|THÁNG) \s{{1,3}} (?P<months>{_MONTH}
            (?:(?:,\s?|\svà\s|{_TO}){_MONTH}){{0,6}})
            (?:/(?P<year>{_YEAR})|\s(?P<bare>{_LONG_YEAR})(?=\s?(?:[,.;:)]|$)))?
            (?![\w/-]|[.,]\d)""",
        _months,
        kind=TokenKind.DATE,
        starts=first_words("tháng"),
    ),
    rule(
        rf"{numbers.DASH} (?=\s?(?:hết\s)?(?:(?:mùng|mồng)\s\d|rằm\s|ngày\s\d))",
        _until_lunar,
        kind=TokenKind.DATE,
        starts=signs("-‐‑‒–—−"),
    ),
    rule(
        rf"""{_EDGE} (?P<first>{_LONG_YEAR}) \s?(?P<dash>{numbers.DASH}|(?<=[\ ]\d\d\d\d)/(?=\d{{4}}))\s?
            (?P<second>{_LONG_YEAR}|\d\d) (?![\w/-]|[.,]\d)""",
        _years,
        kind=TokenKind.DATE,
        starts=digits_then("-/", 4, 4),
    ),
)
