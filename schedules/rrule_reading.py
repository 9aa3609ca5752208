"""Reads iCalendar's recurring events as rules; what no rule says is refused with a code.

Taken are DAILY, WEEKLY, MONTHLY and YEARLY with INTERVAL up to 1000; BYDAY (with numbers: of months),
BYMONTHDAY, BYMONTH, WKST, BYHOUR, BYMINUTE, BYSECOND, BYSETPOS where it counts days or one weekday, UNTIL,
and COUNT up to 10,000. Refused are shorter frequencies, BYWEEKNO, BYYEARDAY, RSCALE, RDATE beside RRULE, days
by number and by weekday at once, plain weekdays of a year, and limits of DAILY and WEEKLY to months.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import product

from . import days
from .errors import RuleError
from .holidays import NATIONAL
from .lunar import LAST_DAY
from .rrule_parts import MAX_COUNT, Parts, parse
from .rrule_writing import SHORTEST
from .series import Series
from .types import Frequency, MonthEnd, Move, NthWeekday, Rule
from .validation import MAX_EXCEPTIONS, validate

_EVERY_MONTH = frozenset(range(1, 13))


def read(series: Series) -> Rule:
    """The rule of one event; raises RuleError, of an RRULE with codes that begin with ``rrule_``."""
    if len(series.exdates) + len(series.moved) > MAX_EXCEPTIONS:
        raise RuleError("too_many_exceptions", limit=MAX_EXCEPTIONS)
    if len(series.rdates) > MAX_COUNT:
        raise RuleError("too_many_dates", limit=MAX_COUNT)
    if not series.rrule:
        rule = _listed(series)
    elif series.rdates:
        raise RuleError("rrule_unsupported", part="RDATE")
    else:
        rule = _read_rrule(series.start, parse(series.rrule))
    return _with_exceptions(rule, series.exdates, series.moved)


def read_all(all_series: Sequence[Series]) -> tuple[Rule, ...]:
    """The rules of several events; those that differ in nothing but their times of day become one."""
    rules: dict[Rule, Rule] = {}
    for series in all_series:
        rule = read(series)
        alike = replace(rule, times=(dt.time(),), skipped_days=(), skipped=(), moved=())
        rules[alike] = _joined(rules[alike], rule) if alike in rules else rule
    return tuple(validate(rule) for rule in rules.values())


def _joined(one: Rule, other: Rule) -> Rule:
    """Two rules that share no time of day; a day stays left out where both leave it out."""
    if set(one.times) & set(other.times):
        raise RuleError("repeated_time", time=str(min(set(one.times) & set(other.times))))
    both = set(one.skipped_days) & set(other.skipped_days)
    single = {
        dt.datetime.combine(day, time)
        for rule in (one, other)
        for day in set(rule.skipped_days) - both
        for time in rule.times
    }
    return replace(
        one,
        times=(*one.times, *other.times),
        skipped_days=tuple(both),
        skipped=tuple({*one.skipped, *other.skipped, *single}),
        moved=(*one.moved, *other.moved),
    )


def _listed(series: Series) -> Rule:
    """An event without RRULE: once, or on the dates that it lists if all are at one time of day."""
    start = series.start
    if not series.rdates:
        return validate(Rule(Frequency.ONCE, start.date(), (start.time(),)))
    moments = {start, *series.rdates}
    dates = tuple(sorted({moment.date() for moment in moments}))
    times = tuple(sorted({moment.time() for moment in moments}))
    missing = {dt.datetime.combine(*each) for each in product(dates, times)} - moments
    if len(missing) > MAX_EXCEPTIONS:
        raise RuleError("too_many_exceptions", limit=MAX_EXCEPTIONS)
    return validate(Rule(Frequency.DATES, min(dates), times, dates=dates, skipped=tuple(missing)))


def _with_exceptions(rule: Rule, exdates: Iterable[dt.datetime], moved: tuple[Move, ...]) -> Rule:
    dropped = {*rule.skipped, *exdates}
    whole = {
        moment.date()
        for moment in dropped
        if all(dt.datetime.combine(moment.date(), time) in dropped for time in rule.times)
    }
    single = tuple(moment for moment in dropped if moment.date() not in whole)
    return validate(replace(rule, skipped_days=tuple(whole), skipped=single, moved=moved))


def _read_rrule(start: dt.datetime, parts: Parts) -> Rule:
    rule = validate(_pattern(start, parts))
    first = [time for time in rule.times if time < start.time()]
    skipped = [dt.datetime.combine(start.date(), time) for time in first]
    if parts.count is not None:
        rule, after = _counted(rule, start, parts.count)
    elif parts.until is not None:
        rule, after = _ended(rule, start, parts.until)
    else:
        after = []
    return validate(replace(rule, skipped=(*skipped, *after)))


def _ended(rule: Rule, start: dt.datetime, until: dt.datetime) -> tuple[Rule, list[dt.datetime]]:
    """End a rule at an instant, which may lie within its last day."""
    if until < start:
        raise RuleError("until_before_start", starts_on=str(start.date()), until=str(until.date()))
    late = [time for time in rule.times if time > until.time()]
    if len(late) < len(rule.times):
        return replace(rule, until=until.date()), [dt.datetime.combine(until.date(), time) for time in late]
    day_before = until.date() - dt.timedelta(days=1)
    if day_before < rule.starts_on:
        raise RuleError("until_before_start", starts_on=str(start.date()), until=str(until.date()))
    return replace(rule, until=day_before), []


def _counted(rule: Rule, start: dt.datetime, count: int) -> tuple[Rule, list[dt.datetime]]:
    """End a rule after so many occurrences, if the table of years does not end before."""
    left = count
    for day in days.days(rule, rule.starts_on.toordinal(), LAST_DAY.toordinal(), NATIONAL):
        date = dt.date.fromordinal(day)
        times = [time for time in rule.times if date > start.date() or time >= start.time()]
        if left <= len(times):
            return replace(rule, until=date), [dt.datetime.combine(date, time) for time in times[left:]]
        left -= len(times)
    return rule, []


def _pattern(start: dt.datetime, parts: Parts) -> Rule:
    times = _times(start, parts.times)
    if parts.positions and len(times) > 1:  # positions count times too
        raise RuleError("rrule_unsupported", part="BYSETPOS")
    parts = _expanded(start, parts)
    if parts.frequency is Frequency.YEARLY and not parts.months:
        if parts.nth_weekdays or parts.weekdays:
            raise RuleError("rrule_unsupported", part="BYDAY")
        parts = replace(parts, months=_EVERY_MONTH)
    beyond = max(parts.month_days, default=0) > SHORTEST
    clamped = bool(parts.positions)
    return Rule(
        frequency=parts.frequency,
        starts_on=start.date(),
        times=times,
        weekdays=parts.weekdays,
        interval=parts.interval,
        month_days=parts.month_days,
        nth_weekdays=parts.nth_weekdays,
        months=parts.months,
        week_start=parts.week_start if parts.frequency is Frequency.WEEKLY else 0,
        month_end=MonthEnd.SKIP if beyond and not clamped else MonthEnd.LAST_DAY,
    )


def _expanded(start: dt.datetime, parts: Parts) -> Parts:
    """Say what the start implies, and every kind in the one way that rules have for it."""
    parts = _placed(parts)
    named = parts.weekdays or parts.nth_weekdays or parts.month_days
    match parts.frequency:
        case Frequency.DAILY:
            return _of_days(parts)
        case Frequency.WEEKLY:
            if parts.nth_weekdays or parts.month_days or parts.months:
                raise RuleError("rrule_unsupported", part="FREQ=WEEKLY")
            return parts if parts.weekdays else replace(parts, weekdays=frozenset({start.weekday()}))
        case Frequency.YEARLY if not named:
            months = parts.months or frozenset({start.month})
            return replace(parts, months=months, month_days=(start.day,))
        case Frequency.MONTHLY if not named:
            parts = replace(parts, month_days=(start.day,))
    return _of_months(parts)


def _of_days(parts: Parts) -> Parts:
    """Daily on some weekdays is weekly; other limits no rule says."""
    if parts.nth_weekdays or parts.month_days or parts.months or (parts.weekdays and parts.interval > 1):
        raise RuleError("rrule_unsupported", part="FREQ=DAILY")
    if parts.weekdays:
        return replace(parts, frequency=Frequency.WEEKLY)
    return parts


def _of_months(parts: Parts) -> Parts:
    """Monthly or yearly: days by number or by weekday, never both; monthly in some months is yearly."""
    by_number, by_weekday = bool(parts.month_days), bool(parts.nth_weekdays)
    if (by_number and (by_weekday or parts.weekdays)) or (by_weekday and parts.weekdays):
        raise RuleError("rrule_unsupported", part="BYDAY")
    if parts.weekdays:
        if parts.frequency is Frequency.YEARLY or parts.months or parts.interval > 1:
            raise RuleError("rrule_unsupported", part="BYDAY")
        return replace(parts, frequency=Frequency.WEEKLY, week_start=0)
    if parts.frequency is Frequency.MONTHLY and parts.months:
        if parts.interval > 1:
            raise RuleError("rrule_unsupported", part="BYMONTH")
        return replace(parts, frequency=Frequency.YEARLY)
    return parts


def _placed(parts: Parts) -> Parts:
    """BYSETPOS as calendars write it: a weekday of a month, its last day, or a day and else the last."""
    if not parts.positions:
        return parts
    one_weekday, every_day = len(parts.weekdays) == 1, len(parts.weekdays) == 7
    in_months = parts.frequency is Frequency.MONTHLY or (
        parts.frequency is Frequency.YEARLY and len(parts.months) == 1
    )
    if parts.weekdays and in_months and not parts.nth_weekdays and not parts.month_days:
        if one_weekday:
            nth = tuple(NthWeekday(position, *parts.weekdays) for position in parts.positions)
            return replace(parts, weekdays=frozenset(), nth_weekdays=nth, positions=())
        if every_day:
            return replace(parts, weekdays=frozenset(), month_days=parts.positions, positions=())
    consecutive = parts.month_days == tuple(range(SHORTEST, SHORTEST + len(parts.month_days)))
    if consecutive and in_months and parts.positions == (-1,) and not (parts.weekdays or parts.nth_weekdays):
        return replace(parts, month_days=parts.month_days[-1:])
    raise RuleError("rrule_unsupported", part="BYSETPOS")


def _times(start: dt.datetime, named: dict[str, list[int]]) -> tuple[dt.time, ...]:
    own = {"BYHOUR": start.hour, "BYMINUTE": start.minute, "BYSECOND": start.second}
    wanted = [sorted(set(named.get(name, [value]))) for name, value in own.items()]
    return tuple(dt.time(hour, minute, second) for hour, minute, second in product(*wanted))
