"""The days that a rule names, as ordinals in order; all kinds jump to a range instead of walking."""

from __future__ import annotations

import bisect
import calendar
import datetime as dt
from collections.abc import Callable, Iterator

from . import lunar
from .holidays import Calendar
from .types import Frequency, LeapMonths, MonthEnd, OnHolidays, Rule

_LONGEST_HOLIDAY = 31  # days to look for a working day


def days(rule: Rule, first: int, last: int, holidays: Calendar) -> Iterator[int]:
    """The days on which ``rule`` airs between two ordinals, holidays heeded and exceptions not."""
    match rule.on_holidays:
        case OnHolidays.KEEP:
            yield from _valid(rule, first, last, holidays)
        case OnHolidays.SKIP:
            yield from (day for day in _valid(rule, first, last, holidays) if not holidays.is_holiday(day))
        case OnHolidays.ONLY:
            yield from (day for day in _valid(rule, first, last, holidays) if holidays.is_holiday(day))
        case OnHolidays.NEXT_WORKING_DAY:
            wanted = _valid(rule, first - _LONGEST_HOLIDAY, last, holidays)
            found = {_working_day(day, holidays) if holidays.is_holiday(day) else day for day in wanted}
            yield from sorted(day for day in found if day is not None and first <= day <= last)


def _working_day(day: int, holidays: Calendar) -> int | None:
    return next((d for d in range(day + 1, day + 1 + _LONGEST_HOLIDAY) if holidays.is_working(d)), None)


def _valid(rule: Rule, first: int, last: int, holidays: Calendar) -> Iterator[int]:
    first = max(first, rule.starts_on.toordinal())
    if rule.until is not None and rule.frequency is not Frequency.ONCE:
        last = min(last, rule.until.toordinal())
    if first > last:
        return iter(())
    if rule.frequency is Frequency.WORKDAYS:
        return (day for day in range(first, last + 1) if holidays.is_working(day))
    return _PATTERNS[rule.frequency](rule, first, last)


def _once(rule: Rule, first: int, last: int) -> Iterator[int]:
    day = rule.starts_on.toordinal()
    return iter((day,) if first <= day <= last else ())


def _daily(rule: Rule, first: int, last: int) -> Iterator[int]:
    start = rule.starts_on.toordinal()
    return iter(range(start + _up(first - start, rule.interval), last + 1, rule.interval))


def _weekly(rule: Rule, first: int, last: int) -> Iterator[int]:
    start = rule.starts_on.toordinal()
    anchor = start - (_weekday(start) - rule.week_start) % 7
    offsets = sorted((weekday - rule.week_start) % 7 for weekday in rule.weekdays)
    step = 7 * rule.interval
    for week in range(anchor + (first - anchor) // step * step, last + 1, step):
        for offset in offsets:
            if first <= week + offset <= last:
                yield week + offset


def _monthly(rule: Rule, first: int, last: int) -> Iterator[int]:
    begin, until = dt.date.fromordinal(first), dt.date.fromordinal(last)
    anchor = rule.starts_on.year * 12 + rule.starts_on.month - 1
    start = anchor + _up(begin.year * 12 + begin.month - 1 - anchor, rule.interval)
    for month in range(start, until.year * 12 + until.month, rule.interval):
        yield from _within(first, last, _of_month(rule, month // 12, month % 12 + 1))


def _yearly(rule: Rule, first: int, last: int) -> Iterator[int]:
    begin, until = dt.date.fromordinal(first).year, dt.date.fromordinal(last).year
    months = sorted(rule.months)
    start = rule.starts_on.year + _up(begin - rule.starts_on.year, rule.interval)
    for year in range(start, until + 1, rule.interval):
        for month in months:
            yield from _within(first, last, _of_month(rule, year, month))


def _of_month(rule: Rule, year: int, month: int) -> list[int]:
    weekday, length = calendar.monthrange(year, month)
    if rule.month_days:
        found = _numbered(rule, length)
    else:
        found = {
            day
            for each in rule.nth_weekdays
            if 1 <= (day := _nth(each.nth, (each.weekday - weekday) % 7 + 1, length)) <= length
        }
    before = dt.date(year, month, 1).toordinal() - 1
    return sorted(before + day for day in found)


def _numbered(rule: Rule, length: int) -> set[int]:
    """The days of a month of that length; one beyond its end is its last, or none."""
    counted = {day if day > 0 else length + 1 + day for day in rule.month_days}
    if rule.month_end is MonthEnd.LAST_DAY:
        return {min(day, length) for day in counted if day >= 1}
    return {day for day in counted if 1 <= day <= length}


def _nth(nth: int, earliest: int, length: int) -> int:
    """The day of a month for the nth weekday whose first is ``earliest``; may lie outside the month."""
    if nth > 0:
        return earliest + 7 * (nth - 1)
    latest = earliest + (length - earliest) // 7 * 7
    return latest + 7 * (nth + 1)


def _dates(rule: Rule, first: int, last: int) -> Iterator[int]:
    listed = sorted(day.toordinal() for day in rule.dates)
    return iter(listed[bisect.bisect_left(listed, first) : bisect.bisect_right(listed, last)])


def _lunar(rule: Rule, first: int, last: int) -> Iterator[int]:
    for month in lunar.months(first, last):
        if rule.months and not (month.number in rule.months and _is_meant(rule.leap_months, month)):
            continue
        yield from _within(
            first, last, sorted(month.first - 1 + day for day in _numbered(rule, month.length))
        )


def _is_meant(policy: LeapMonths, month: lunar.LunarMonth) -> bool:
    if policy is LeapMonths.BOTH or not month.doubled:
        return True
    return month.leap == (policy is LeapMonths.SECOND)


def _within(first: int, last: int, found: list[int]) -> Iterator[int]:
    return (day for day in found if first <= day <= last)


def _up(distance: int, step: int) -> int:
    """The least multiple of ``step`` that is not below ``distance``."""
    return -(-distance // step) * step


def _weekday(ordinal: int) -> int:
    return (ordinal + 6) % 7


_PATTERNS: dict[Frequency, Callable[[Rule, int, int], Iterator[int]]] = {
    Frequency.ONCE: _once,
    Frequency.DAILY: _daily,
    Frequency.WEEKLY: _weekly,
    Frequency.MONTHLY: _monthly,
    Frequency.YEARLY: _yearly,
    Frequency.DATES: _dates,
    Frequency.LUNAR_MONTHLY: _lunar,
    Frequency.LUNAR_YEARLY: _lunar,
}
