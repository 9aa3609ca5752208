"""Rules in local time become occurrences in UTC; the only place that expands a rule."""

from __future__ import annotations

import datetime as dt
import heapq
from collections.abc import Iterator

from .days import days
from .holidays import NATIONAL, Calendar
from .stored import from_dict, to_dict
from .types import LOCAL, Occurrence, Rule
from .validation import MAX_TIMES, validate
from .wording import describe

__all__ = ["MAX_TIMES", "describe", "from_dict", "occurrences", "to_dict", "validate"]


_MIDNIGHT = dt.time()


def occurrences(
    rule: Rule, start: dt.datetime, end: dt.datetime, holidays: Calendar = NATIONAL
) -> Iterator[Occurrence]:
    """Every start of a validated rule in ``[start, end)``, in order; both bounds are aware."""
    regular = _regular(rule, start, end, holidays)
    if not rule.moved:
        yield from regular
        return
    before = None
    for occurrence in heapq.merge(regular, _arrivals(rule, start, end, holidays)):
        if occurrence != before:
            yield occurrence
        before = occurrence


def _regular(rule: Rule, start: dt.datetime, end: dt.datetime, holidays: Calendar) -> Iterator[Occurrence]:
    times = [(time, _since_midnight(time)) for time in sorted(rule.times)]
    dropped = {day.toordinal() for day in rule.skipped_days}
    elsewhere = {*rule.skipped, *(move.was for move in rule.moved)}
    begin, until = start.astimezone(dt.UTC), end.astimezone(dt.UTC)  # instants of a zone are slow to compare
    for day in days(rule, _ordinal(start), _ordinal(end), holidays):
        if day in dropped:
            continue
        date = dt.date.fromordinal(day)
        midnight = dt.datetime.combine(date, _MIDNIGHT, LOCAL).astimezone(dt.UTC)
        for time, since in times:
            instant = midnight + since
            if begin <= instant < until:
                nominal = dt.datetime.combine(date, time)
                if nominal not in elsewhere:
                    yield Occurrence(start=instant, nominal=nominal)


def _arrivals(rule: Rule, start: dt.datetime, end: dt.datetime, holidays: Calendar) -> list[Occurrence]:
    """What was moved into the range from wherever it would have aired."""
    found = []
    for move in rule.moved:
        instant = move.to.replace(tzinfo=LOCAL).astimezone(dt.UTC)
        if start <= instant < end and _would_air(rule, move.was, holidays):
            found.append(Occurrence(start=instant, nominal=move.to))
    return sorted(found)


def _would_air(rule: Rule, nominal: dt.datetime, holidays: Calendar) -> bool:
    if nominal.time() not in rule.times or nominal in rule.skipped or nominal.date() in rule.skipped_days:
        return False
    day = nominal.toordinal()
    return next(days(rule, day, day, holidays), None) is not None


def _since_midnight(time: dt.time) -> dt.timedelta:
    return dt.timedelta(hours=time.hour, minutes=time.minute, seconds=time.second)


def _ordinal(instant: dt.datetime) -> int:
    return instant.astimezone(LOCAL).toordinal()
