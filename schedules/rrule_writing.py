"""Writes a rule as iCalendar's recurring events, one for each time of day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

from . import days
from .holidays import NATIONAL, Calendar
from .lunar import LAST_DAY
from .recurrence import occurrences
from .series import Series
from .types import LOCAL, Frequency, MonthEnd, NthWeekday, OnHolidays, Rule

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
SHORTEST = 28  # days of the shortest month

_FREQUENCIES = (Frequency.DAILY, Frequency.WEEKLY, Frequency.MONTHLY, Frequency.YEARLY)


def is_exact(rule: Rule) -> bool:
    """Whether RRULE can say the rule; what it cannot say is written as the dates themselves.

    It knows no lunar days, working days and holidays, and "the last day where there is no 30th" only alone.
    """
    if rule.on_holidays is not OnHolidays.KEEP:
        return False
    if rule.frequency in (Frequency.ONCE, Frequency.DATES):
        return True
    alone = len(rule.month_days) == 1 and len(rule.months) <= 1
    return rule.frequency in _FREQUENCIES and (alone or not _is_clamped(rule))


def write(rule: Rule, through: dt.date, holidays: Calendar = NATIONAL) -> tuple[Series, ...]:
    """The rule as events; dates themselves, where they are needed, as far as ``through``.

    An event begins with its first occurrence: a rule that begins on another day comes back beginning there,
    with the same occurrences.
    """
    if not is_exact(rule):
        return _as_dates(rule, through, holidays)
    bare = replace(rule, skipped_days=(), skipped=(), moved=())
    first = next(days.days(bare, rule.starts_on.toordinal(), LAST_DAY.toordinal(), holidays), None)
    if first is None:
        return ()
    return tuple(_of_time(rule, dt.date.fromordinal(first), time) for time in sorted(rule.times))


def _as_dates(rule: Rule, through: dt.date, holidays: Calendar) -> tuple[Series, ...]:
    earliest = min([rule.starts_on, *(move.to.date() for move in rule.moved)])
    begin = dt.datetime.combine(earliest, dt.time(), tzinfo=LOCAL)
    end = dt.datetime.combine(through, dt.time.max, tzinfo=LOCAL)
    found = [occurrence.nominal for occurrence in occurrences(rule, begin, end, holidays)]
    return (Series(found[0], rdates=tuple(found[1:])),) if found else ()


def _of_time(rule: Rule, first: dt.date, time: dt.time) -> Series:
    dropped = {dt.datetime.combine(day, time) for day in rule.skipped_days}
    listed = [dt.datetime.combine(day, time) for day in rule.dates if day > first]
    return Series(
        start=dt.datetime.combine(first, time),
        rrule=";".join(_parts(rule)) if rule.frequency in _FREQUENCIES else "",
        exdates=tuple(sorted(dropped | {moment for moment in rule.skipped if moment.time() == time})),
        rdates=tuple(moment for moment in listed if rule.until is None or moment.date() <= rule.until),
        moved=tuple(move for move in rule.moved if move.was.time() == time),
    )


def _parts(rule: Rule) -> Iterator[str]:
    yield f"FREQ={rule.frequency.upper()}"
    if rule.interval > 1:
        yield f"INTERVAL={rule.interval}"
    if rule.week_start:
        yield f"WKST={WEEKDAYS[rule.week_start]}"
    if rule.months:
        yield f"BYMONTH={_numbers(sorted(rule.months))}"
    if rule.weekdays:
        yield f"BYDAY={','.join(WEEKDAYS[day] for day in sorted(rule.weekdays))}"
    if rule.nth_weekdays:
        yield f"BYDAY={','.join(_nth(each) for each in rule.nth_weekdays)}"
    if rule.month_days and _is_clamped(rule):
        yield f"BYMONTHDAY={_numbers(range(SHORTEST, rule.month_days[0] + 1))};BYSETPOS=-1"
    elif rule.month_days:
        yield f"BYMONTHDAY={_numbers(rule.month_days)}"
    if rule.until:
        yield f"UNTIL={_end_of(rule.until)}"


def _is_clamped(rule: Rule) -> bool:
    return rule.month_end is MonthEnd.LAST_DAY and max(rule.month_days, default=0) > SHORTEST


def _nth(each: NthWeekday) -> str:
    return f"{each.nth}{WEEKDAYS[each.weekday]}"


def _numbers(values: range | list[int] | tuple[int, ...]) -> str:
    return ",".join(str(value) for value in values)


def _end_of(day: dt.date) -> str:
    """The last second of a local day in UTC, as events with a zone need it."""
    last = dt.datetime.combine(day, dt.time(23, 59, 59), tzinfo=LOCAL)
    return last.astimezone(dt.UTC).strftime("%Y%m%dT%H%M%SZ")
