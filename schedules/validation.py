"""Refuses what cannot be a rule, and what would cost more than a rule may."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import fields, replace
from typing import Any, TypeVar

from .errors import RuleError
from .lunar import FIRST_DAY, LAST_DAY
from .types import Frequency, MonthEnd, Rule

_Value = TypeVar("_Value", bound=Any)

_SHORTEST, _SHORTEST_LUNAR = 28, 29  # days of a month

MAX_TIMES = 288  # every five minutes of a day
MAX_INTERVAL = 1000
MAX_DATES = 1000
MAX_EXCEPTIONS = 1000  # of all kinds together

_SERVING = {
    "weekdays": {Frequency.WEEKLY},
    "interval": {Frequency.DAILY, Frequency.WEEKLY, Frequency.MONTHLY, Frequency.YEARLY},
    "month_days": {
        Frequency.MONTHLY,
        Frequency.YEARLY,
        Frequency.LUNAR_MONTHLY,
        Frequency.LUNAR_YEARLY,
    },
    "nth_weekdays": {Frequency.MONTHLY, Frequency.YEARLY},
    "months": {Frequency.YEARLY, Frequency.LUNAR_YEARLY},
    "dates": {Frequency.DATES},
    "week_start": {Frequency.WEEKLY},
    "leap_months": {Frequency.LUNAR_YEARLY},
}
_SERVING["month_end"] = _SERVING["month_days"]
_TOLERATED = {"weekdays": {Frequency.ONCE, Frequency.DAILY}}  # rules stored before there were others
_DEFAULTS: dict[str, Any] = {field.name: field.default for field in fields(Rule)}


def validate(rule: Rule) -> Rule:
    """The rule itself, everything in order and nothing twice; raises RuleError."""
    _validate_times(rule)
    _validate_validity(rule)
    rule = _without_strangers(rule)
    _validate_pattern(rule)
    _validate_exceptions(rule)
    return replace(
        rule,
        times=tuple(sorted(rule.times)),
        month_days=_ordered(rule.month_days),
        nth_weekdays=_ordered(rule.nth_weekdays),
        dates=_ordered(rule.dates),
        week_start=rule.week_start if rule.interval > 1 else 0,
        month_end=rule.month_end if _is_long(rule) else MonthEnd.LAST_DAY,
        skipped_days=_ordered(rule.skipped_days),
        skipped=_ordered(rule.skipped),
        moved=_ordered(rule.moved),
    )


def _ordered(values: Iterable[_Value]) -> tuple[_Value, ...]:
    return tuple(sorted(set(values)))


def _is_long(rule: Rule) -> bool:
    """Whether a day that is named by its number is missing in some months."""
    shortest = _SHORTEST if rule.frequency in _SERVING["nth_weekdays"] else _SHORTEST_LUNAR
    return max(rule.month_days, default=0) > shortest


def _validate_times(rule: Rule) -> None:
    if not rule.times:
        raise RuleError("no_times")
    if len(rule.times) > MAX_TIMES:
        raise RuleError("too_many_times", limit=MAX_TIMES)
    for time, count in Counter(rule.times).items():
        if time.tzinfo is not None or time.microsecond:
            raise RuleError("zoned_time", time=time.isoformat())
        if count > 1:
            raise RuleError("repeated_time", time=clock(time))


def _validate_validity(rule: Rule) -> None:
    if rule.until is not None and rule.until < rule.starts_on:
        raise RuleError("until_before_start", starts_on=str(rule.starts_on), until=str(rule.until))
    _in_range(rule.starts_on)


def _in_range(*days: dt.date) -> None:
    """Dates that the tables know; ``until`` alone may be later, for that costs nothing."""
    for day in days:
        if not FIRST_DAY <= day <= LAST_DAY:
            raise RuleError("date_out_of_range", date=str(day), first=str(FIRST_DAY), last=str(LAST_DAY))


def _without_strangers(rule: Rule) -> Rule:
    """Refuse a field that does not serve the frequency: whoever set it meant something else."""
    for name, serving in _SERVING.items():
        if rule.frequency in serving or getattr(rule, name) == _DEFAULTS[name]:
            continue
        if rule.frequency not in _TOLERATED.get(name, ()):
            raise RuleError("misplaced", field=name, frequency=rule.frequency.value)
        rule = replace(rule, weekdays=frozenset())
    return rule


def _validate_pattern(rule: Rule) -> None:
    if not 1 <= rule.interval <= MAX_INTERVAL:
        raise RuleError("bad_interval", interval=rule.interval, limit=MAX_INTERVAL)
    if rule.frequency is Frequency.WEEKLY and not rule.weekdays:
        raise RuleError("no_weekdays")
    for weekday in (*rule.weekdays, rule.week_start, *(each.weekday for each in rule.nth_weekdays)):
        if not 0 <= weekday <= 6:
            raise RuleError("bad_weekday", weekday=weekday)
    if rule.frequency is Frequency.DATES and not rule.dates:
        raise RuleError("no_dates")
    if len(rule.dates) > MAX_DATES:
        raise RuleError("too_many_dates", limit=MAX_DATES)
    _in_range(*rule.dates)
    _validate_months(rule)


def _validate_months(rule: Rule) -> None:
    if rule.frequency in _SERVING["months"] and not rule.months:
        raise RuleError("no_months")
    for month in rule.months:
        if not 1 <= month <= 12:
            raise RuleError("bad_month", month=month)
    if rule.frequency in _SERVING["month_days"] and bool(rule.month_days) == bool(rule.nth_weekdays):
        raise RuleError("no_month_days")
    longest = 31 if rule.frequency in _SERVING["nth_weekdays"] else 30
    for day in rule.month_days:
        if not (1 <= day <= longest or -longest <= day <= -1):
            raise RuleError("bad_month_day", day=day, longest=longest)
    for each in rule.nth_weekdays:
        if not (1 <= each.nth <= 5 or -5 <= each.nth <= -1):
            raise RuleError("bad_nth", nth=each.nth)


def _validate_exceptions(rule: Rule) -> None:
    count = len(rule.skipped_days) + len(rule.skipped) + len(rule.moved)
    if count > MAX_EXCEPTIONS:
        raise RuleError("too_many_exceptions", limit=MAX_EXCEPTIONS)
    _in_range(*rule.skipped_days)
    moments = [*rule.skipped, *(move.was for move in rule.moved), *(move.to for move in rule.moved)]
    for moment in moments:
        if moment.tzinfo is not None or moment.microsecond:
            raise RuleError("zoned_time", time=moment.isoformat())
        _in_range(moment.date())
    if len({move.was for move in rule.moved}) < len(set(rule.moved)):
        raise RuleError("moved_twice")


def clock(time: dt.time) -> str:
    """A time of day as people and stored forms write it."""
    return time.strftime("%H:%M:%S" if time.second else "%H:%M")
