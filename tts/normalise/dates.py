"""Dates, times, and ranges of them."""

from __future__ import annotations

import re
from calendar import monthrange
from typing import Final

from tts.normalise import numbers
from tts.normalise.rule import Reading, Rule, after, before, digits_then, first_words, rule, signs
from tts.types import Doubt, TokenKind

_DAY_WORDS: Final = re.compile(
    r"(ngày|mùng|hôm|sáng|trưa|chiều|tối|đêm|thứ (hai|ba|tư|năm|sáu|bảy|\d)|chủ nhật|từ|đến|hết|trước|sau|lễ"
    r"|dịp|kỷ niệm|mừng|tết|quốc khánh|đầu|cuối|nay)[\s,(]*$"
)
_SAY_DAY: Final = re.compile(r"(ngày|mùng|hôm)\s*$")
_MONTH_WORDS: Final = re.compile(r"(tháng|năm|kỳ|quý)\s*$")


def _day(digits: str) -> str:
    return numbers.cardinal(int(digits))


def _valid(day: str, month: str) -> bool:
    return 1 <= int(day) <= 31 and 1 <= int(month) <= 12


def _lead(match: re.Match[str]) -> str:
    """The word ngày, unless it stands there already."""
    return "" if _SAY_DAY.search(before(match)) else "ngày "


def _month(month: str, year: str | None = None) -> str:
    said = "tháng tư" if int(month) == 4 else f"tháng {_day(month)}"
    return f"{said} năm {numbers.year(year)}" if year else said


def _date(match: re.Match[str]) -> Reading | None:
    day, month, year = match["day"], match["month"], match["year"]
    if not _valid(day, month):
        return None
    in_calendar = int(day) <= monthrange(int(year), int(month))[1]
    said = f"{_lead(match)}{_day(day)} {_month(month, year)}"
    return Reading(said, None if in_calendar else Doubt.AMBIGUOUS)


def _day_and_month(match: re.Match[str]) -> str | None:
    if not _valid(match["day"], match["month"]) or not _DAY_WORDS.search(before(match)):
        return None
    return f"{_lead(match)}{_day(match['day'])} {_month(match['month'])}"


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


def _date_range(match: re.Match[str]) -> str | None:
    """15-20/5, 28/4-3/5/2025: a shared month or year is said once."""
    if not _valid(match["day"], match["month"]):
        return None
    if match["month1"] and not _valid(match["day1"], match["month1"]):
        return None
    if not (match["year"] or match["month1"] or _DAY_WORDS.search(before(match))):
        return None
    first = _day(match["day1"])
    if match["month1"]:
        first += f" {_month(match['month1'], match['year1'])}"
        second = f"ngày {_day(match['day'])}"
    else:
        second = _day(match["day"])
    return f"{_lead(match)}{first} đến {second} {_month(match['month'], match['year'])}"


def _month_and_year(match: re.Match[str]) -> str:
    lead = "" if _MONTH_WORDS.search(before(match)) else "tháng "
    return f"{lead}{_month(match['month'], match['year']).removeprefix('tháng ')}"


def _years(match: re.Match[str]) -> str | None:
    first, second = int(match["first"]), int(match["second"])
    return f"{numbers.cardinal(first)} đến {numbers.cardinal(second)}" if first < second else None


def _clock(hour: str, minute: str | None, second: str | None = None) -> str:
    said = f"{numbers.cardinal(int(hour))} giờ"
    if minute and int(minute):
        said += f" {numbers.cardinal(int(minute))} phút"
    if second and int(second):
        said += f" {numbers.cardinal(int(second))} giây"
    return said


def _time(match: re.Match[str]) -> str | None:
    if int(match["hour"]) > 24 or int(match["minute"]) > 59:
        return None
    lead = "lúc " if before(match)[-1:].isdigit() else ""  # right behind a date
    return lead + _clock(match["hour"], match["minute"], match["second"])


def _hour(match: re.Match[str]) -> str:
    return _clock(match["hour"], match["minute"])


def _time_range(match: re.Match[str]) -> str | None:
    if int(match["hour1"]) > 24 or int(match["hour2"]) > 24:
        return None
    first = _clock(match["hour1"], match["minute1"])
    return f"{first} đến {_clock(match['hour2'], match['minute2'])}"


def _weekday(match: re.Match[str]) -> str:
    words = {"2": "hai", "3": "ba", "4": "tư", "5": "năm", "6": "sáu", "7": "bảy"}
    return f"{match['word']} {words[match['day']]}"


def _fraction(match: re.Match[str]) -> Reading:
    top, bottom = int(match["top"]), int(match["bottom"])
    said = f"{numbers.cardinal(top)} {{}} {numbers.cardinal(bottom)}"
    following = after(match)
    if not following[:1].isalpha() or following.startswith(("điểm", "giờ", "ngày")) or top >= bottom:
        return Reading(said.format("trên"), None if top > 31 or bottom > 12 else Doubt.AMBIGUOUS)
    return Reading(said.format("phần"))


_DASH: Final = r"\s?[-–—]\s?"
_AT: Final = r"(?:h|g|:)"
RULES: Final[tuple[Rule, ...]] = (
    rule(
        r"\( (?:GMT|UTC)\s?[+]?\s?7(?:[:]?00)? \)",
        lambda _: Reading(""),
        kind=TokenKind.TIME,
        starts=signs("("),
    ),
    rule(
        rf"""(?<![\w/.,-]) (?P<day1>\d{{1,2}}) (?:/(?P<month1>\d{{1,2}})(?:/(?P<year1>(?:1[0-9]|20)\d\d))?)?
            {_DASH}
            (?P<day>\d{{1,2}})/(?P<month>\d{{1,2}}) (?:/(?P<year>(?:1[0-9]|20)\d\d))? (?![\w/])""",
        _date_range,
        kind=TokenKind.DATE,
        starts=digits_then("/-"),
    ),
    rule(
        r"""(?<![\w/.,-]) (?P<days>\d{1,2} (?:,\s?\d{1,2}){0,5} (?:,\s?|\svà\s))
            (?P<day>\d{1,2})/(?P<month>\d{1,2}) (?:/(?P<year>(?:1[0-9]|20)\d\d))? (?![\w/])""",
        _days,
        kind=TokenKind.DATE,
        starts=digits_then(",a"),
    ),
    rule(
        r"""(?<![\w/.,-]) (?P<day>\d{1,2}) \s?(?P<sep>[/.-])\s? (?P<month>\d{1,2}) \s?(?P=sep)\s?
            (?P<year>(?:1[0-9]|20)\d\d) (?![\w/])""",
        _date,
        kind=TokenKind.DATE,
        starts=digits_then("/.-"),
    ),
    rule(
        r"(?<![\w/.,-]) (?P<day>\d{1,2}) / (?P<month>\d{1,2}) (?![\w/%])",
        _day_and_month,
        kind=TokenKind.DATE,
        starts=digits_then("/"),
    ),
    rule(
        r"(?<![\w/.,-]) (?P<month>0?[1-9]|1[0-2]) [/-] (?P<year>(?:1[0-9]|20)\d\d) (?![\w/])",
        _month_and_year,
        kind=TokenKind.DATE,
        starts=digits_then("/-"),
    ),
    rule(
        rf"(?<![\w/.,-]) (?P<first>(?:1[0-9]|20)\d\d) {_DASH} (?P<second>(?:1[0-9]|20)\d\d) (?![\w/-])",
        _years,
        kind=TokenKind.DATE,
        starts=digits_then("-"),
    ),
    rule(
        rf"""(?<![\w/.,:-]) (?P<hour1>\d{{1,2}}){_AT}(?P<minute1>[0-5]\d)? {_DASH}
            (?P<hour2>\d{{1,2}}){_AT}(?P<minute2>[0-5]\d)? (?![\w/])""",
        _time_range,
        kind=TokenKind.TIME,
        starts=digits_then("a:"),
    ),
    rule(
        r"(?<![\w/.,:-]) (?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d))? (?![\w/:])",
        _time,
        kind=TokenKind.TIME,
        starts=digits_then(":"),
    ),
    rule(
        r"(?<![\w/.,:-]) (?P<hour>\d{1,3}) \s?[hg]\s? (?P<minute>[0-5]\d) (?:\s?(?:phút|p\b|'))? (?![\w/])",
        _hour,
        kind=TokenKind.TIME,
        starts=digits_then("a"),
    ),
    rule(
        r"(?<![\w/.,:-]) (?P<hour>\d{1,3}) h (?P<minute>) (?!\w)",
        _hour,
        kind=TokenKind.TIME,
        starts=digits_then("a"),
    ),
    rule(
        r"(?<!\w) (?P<word>[Tt]hứ) \s (?P<day>[2-7]) (?![\w.,/]*\d)",
        _weekday,
        kind=TokenKind.DATE,
        starts=first_words("thứ"),
    ),
    rule(
        r"(?<![\w/.,-]) (?P<top>\d{1,3}) / (?P<bottom>[1-9]\d{0,2}) (?![\w/]|[.,]\d)",
        _fraction,
        kind=TokenKind.NUMBER,
        starts=digits_then("/"),
    ),
)
