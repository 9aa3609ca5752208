"""A rule as a Vietnamese sentence, short enough for a column of a table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence

from .types import LAST, Frequency, LeapMonths, MonthEnd, NthWeekday, OnHolidays, Rule
from .validation import clock

_WEEKDAYS = ("Thứ Hai", "Thứ Ba", "Thứ Tư", "Thứ Năm", "Thứ Sáu", "Thứ Bảy", "Chủ Nhật")
_LUNAR_MONTHS = ("Giêng", "Hai", "Ba", "Tư", "Năm", "Sáu", "Bảy", "Tám", "Chín", "Mười", "Mười một", "Chạp")
_NTH = {1: "đầu tiên", 2: "thứ nhì", 3: "lần thứ ba", 4: "lần thứ tư", 5: "lần thứ năm", LAST: "cuối cùng"}
_LISTED = 6  # more than that is told as a count
_LONG = 80  # characters of a list; what is longer is told as a count too
LONGEST = 200
_UNITS = {Frequency.WEEKLY: "tuần", Frequency.MONTHLY: "tháng", Frequency.YEARLY: "năm"}
_HOLIDAYS = {
    OnHolidays.KEEP: "",
    OnHolidays.SKIP: ", trừ ngày lễ",
    OnHolidays.ONLY: ", chỉ vào ngày lễ",
    OnHolidays.NEXT_WORKING_DAY: ", ngày lễ thì dời sang ngày làm việc sau",
}
_LEAP = {
    LeapMonths.FIRST: "",
    LeapMonths.SECOND: " (năm nhuận: tháng nhuận)",
    LeapMonths.BOTH: " (năm nhuận: cả hai tháng)",
}


def describe(rule: Rule) -> str:
    """The rule as a Vietnamese sentence without a full stop, of at most ``LONGEST`` characters."""
    words = _sentence(rule)
    return words if len(words) <= LONGEST else f"{words[: LONGEST - 1]}…"


def _sentence(rule: Rule) -> str:
    times = _times(sorted(rule.times))
    after = _HOLIDAYS[rule.on_holidays] + _exceptions(rule)
    if rule.frequency is Frequency.ONCE:
        return f"Một lần, ngày {rule.starts_on:%d/%m/%Y}, {times}{after}"
    if rule.frequency is Frequency.DATES:
        return f"{_dates(rule.dates)}, {times}{after}"
    validity = f"từ {rule.starts_on:%d/%m/%Y}"
    if rule.until:
        validity += f" đến hết {rule.until:%d/%m/%Y}"
    return f"{_days(rule)}, {times}, {validity}{after}"


def _days(rule: Rule) -> str:
    return _BY_KIND[rule.frequency](rule)


def _daily(rule: Rule) -> str:
    return "Hằng ngày" if rule.interval == 1 else f"Cứ {rule.interval} ngày một lần"


def _weekly(rule: Rule) -> str:
    return _weekdays(sorted(rule.weekdays)) + _every(rule)


def _monthly(rule: Rule) -> str:
    if LAST in rule.month_days and rule.interval == 1:
        return f"{_numbered(rule, 'ngày cuối')} mỗi tháng{_month_end(rule)}"
    days = _numbered(rule, "ngày cuối tháng") if rule.month_days else _nth(rule.nth_weekdays)
    return days + _every(rule) + _month_end(rule)


def _lunar_monthly(rule: Rule) -> str:
    return f"{_lunar_days(rule.month_days)} âm lịch hằng tháng"


def _every(rule: Rule) -> str:
    unit = _UNITS[rule.frequency]
    return f" hằng {unit}" if rule.interval == 1 else f", {rule.interval} {unit} một lần"


def _numbered(rule: Rule, last: str) -> str:
    said = _counted(_in_month(rule.month_days, last), "ngày")
    return _capital(said) if said.startswith("ngày") else f"Ngày {said}"


def _in_month(days: Sequence[int], last: str) -> list[str]:
    from_end = {LAST: last}
    after = sorted(day for day in days if day > 0)
    before = sorted(day for day in days if day < 0)
    return [
        *(str(day) for day in after),
        *(from_end.get(day, f"ngày thứ {-day} từ cuối tháng") for day in before),
    ]


def _month_end(rule: Rule) -> str:
    if max(rule.month_days, default=0) <= 28:
        return ""
    if rule.month_end is MonthEnd.SKIP:
        return " (bỏ qua tháng thiếu ngày)"
    return " (tháng thiếu: ngày cuối tháng)" if LAST not in rule.month_days else ""


def _yearly(rule: Rule) -> str:
    return _of_year(rule) + _every(rule) + _month_end(rule)


def _of_year(rule: Rule) -> str:
    months = sorted(rule.months)
    if rule.nth_weekdays:
        return f"{_nth(rule.nth_weekdays)} của tháng {_listed([str(month) for month in months])}"
    if len(months) == 1 and len(rule.month_days) <= _LISTED and min(rule.month_days) > 0:
        return f"Ngày {_listed([f'{day:02}/{months[0]:02}' for day in rule.month_days])}"
    return f"{_numbered(rule, 'ngày cuối')} các tháng {_counted([str(month) for month in months], 'tháng')}"


def _lunar_yearly(rule: Rule) -> str:
    months = _counted([_LUNAR_MONTHS[month - 1] for month in sorted(rule.months)], "tháng")
    if rule.months == {12} and rule.month_days == (LAST,):
        return "Ngày cuối năm âm lịch (29 hoặc 30 Tết) hằng năm"
    return f"{_lunar_days(rule.month_days)} tháng {months} âm lịch hằng năm{_LEAP[rule.leap_months]}"


def _lunar_days(days: Sequence[int]) -> str:
    words = [_lunar_day(day) for day in (*(d for d in days if d > 0), *(d for d in days if d < 0))]
    return _capital(_counted(words, "ngày"))


def _lunar_day(day: int) -> str:
    if day < 0:
        return "ngày cuối tháng" if day == LAST else f"ngày thứ {-day} từ cuối tháng"
    if day == 15:
        return "ngày rằm"
    return f"mùng {day}" if day <= 10 else f"ngày {day}"


def _nth(each: Sequence[NthWeekday]) -> str:
    ordered = sorted(each, key=lambda one: (one.nth < 0, one))
    words = [f"{_later(one.weekday)} {_NTH.get(one.nth, f'áp chót thứ {-one.nth - 1}')}" for one in ordered]
    return _capital(_counted(words, "thứ"))


def _dates(dates: Sequence[dt.date]) -> str:
    if len(dates) > _LISTED:
        return f"{len(dates)} ngày từ {dates[0]:%d/%m/%Y} đến {dates[-1]:%d/%m/%Y}"
    return f"Ngày {_listed([f'{day:%d/%m/%Y}' for day in dates])}"


def _exceptions(rule: Rule) -> str:
    days, left_out, moved = len(rule.skipped_days), len(rule.skipped), len(rule.moved)
    said = [
        f"bỏ {days} ngày" if days else "",
        f"bỏ {left_out} lượt" if left_out else "",
        f"dời {moved} lượt" if moved else "",
    ]
    return "".join(f", {words}" for words in said if words)


def _weekdays(days: Sequence[int]) -> str:
    if len(days) > 2 and list(days) == list(range(days[0], days[-1] + 1)):
        return f"{_WEEKDAYS[days[0]]} đến {_later(days[-1])}"
    return _listed([_WEEKDAYS[days[0]], *(_later(day) for day in days[1:])])


def _later(day: int) -> str:
    """A weekday inside a sentence: only Chủ Nhật keeps its capital letter."""
    name = _WEEKDAYS[day]
    return name if day == 6 else name[0].lower() + name[1:]


def _times(times: Sequence[dt.time]) -> str:
    if len(times) > _LISTED:
        return f"{len(times)} lần trong khoảng {clock(times[0])}–{clock(times[-1])}"
    return f"lúc {_listed([clock(time) for time in times])}"


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]


def _counted(words: Sequence[str], unit: str) -> str:
    said = _listed(words)
    return said if len(words) <= _LISTED and len(said) <= _LONG else f"{len(words)} {unit}"


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} và {words[-1]}"


_BY_KIND: dict[Frequency, Callable[[Rule], str]] = {
    Frequency.DAILY: _daily,
    Frequency.WEEKLY: _weekly,
    Frequency.MONTHLY: _monthly,
    Frequency.YEARLY: _yearly,
    Frequency.WORKDAYS: lambda _: "Các ngày làm việc",
    Frequency.LUNAR_MONTHLY: _lunar_monthly,
    Frequency.LUNAR_YEARLY: _lunar_yearly,
}
