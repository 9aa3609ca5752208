"""The stored form of a rule, and back; what an older program stored still reads."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from .errors import RuleError
from .types import Frequency, LeapMonths, MonthEnd, Move, NthWeekday, OnHolidays, Rule
from .validation import MAX_DATES, MAX_EXCEPTIONS, MAX_TIMES, clock, validate

_BARE = Rule(Frequency.DAILY, dt.date.min, ())


def to_dict(rule: Rule) -> dict[str, Any]:
    """Dates as ``YYYY-MM-DD``, times as ``HH:MM`` or ``HH:MM:SS``; five keys always, others if set."""
    stored = {
        "frequency": rule.frequency.value,
        "starts_on": rule.starts_on.isoformat(),
        "times": [clock(time) for time in rule.times],
        "weekdays": sorted(rule.weekdays),
        "until": rule.until.isoformat() if rule.until else None,
    }
    more = {
        "interval": rule.interval,
        "month_days": list(rule.month_days),
        "nth_weekdays": [[each.nth, each.weekday] for each in rule.nth_weekdays],
        "months": sorted(rule.months),
        "dates": [day.isoformat() for day in rule.dates],
        "week_start": rule.week_start,
        "month_end": rule.month_end.value,
        "leap_months": rule.leap_months.value,
        "on_holidays": rule.on_holidays.value,
        "skipped_days": [day.isoformat() for day in rule.skipped_days],
        "skipped": [_moment(moment) for moment in rule.skipped],
        "moved": [{"was": _moment(move.was), "to": _moment(move.to)} for move in rule.moved],
    }
    return stored | {
        name: value for name, value in more.items() if getattr(rule, name) != getattr(_BARE, name)
    }


def from_dict(data: Mapping[str, Any]) -> Rule:
    """A validated rule from its stored form; raises RuleError."""
    try:
        _bound(data)
        rule = _read(data)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, RuleError):
            raise
        raise RuleError("malformed", detail=str(error)) from error
    return validate(rule)


def _read(data: Mapping[str, Any]) -> Rule:
    until = data.get("until")
    return Rule(
        frequency=Frequency(data["frequency"]),
        starts_on=dt.date.fromisoformat(data["starts_on"]),
        times=tuple(dt.time.fromisoformat(text) for text in data["times"]),
        weekdays=frozenset(_whole(value) for value in data.get("weekdays") or ()),
        until=dt.date.fromisoformat(until) if until else None,
        interval=_whole(data.get("interval", 1)),
        month_days=tuple(_whole(value) for value in data.get("month_days", ())),
        nth_weekdays=tuple(NthWeekday(_whole(nth), _whole(day)) for nth, day in data.get("nth_weekdays", ())),
        months=frozenset(_whole(value) for value in data.get("months", ())),
        dates=_days(data.get("dates", ())),
        week_start=_whole(data.get("week_start", 0)),
        month_end=MonthEnd(data.get("month_end", _BARE.month_end)),
        leap_months=LeapMonths(data.get("leap_months", _BARE.leap_months)),
        on_holidays=OnHolidays(data.get("on_holidays", _BARE.on_holidays)),
        skipped_days=_days(data.get("skipped_days", ())),
        skipped=tuple(dt.datetime.fromisoformat(text) for text in data.get("skipped", ())),
        moved=tuple(
            Move(dt.datetime.fromisoformat(move["was"]), dt.datetime.fromisoformat(move["to"]))
            for move in data.get("moved", ())
        ),
    )


def _bound(data: Mapping[str, Any]) -> None:
    """Refuse long lists before reading them."""
    if len(data["times"]) > MAX_TIMES:
        raise RuleError("too_many_times", limit=MAX_TIMES)
    if len(data.get("dates", ())) > MAX_DATES:
        raise RuleError("too_many_dates", limit=MAX_DATES)
    for name in ("weekdays", "month_days", "nth_weekdays", "months", "skipped_days", "skipped", "moved"):
        if len(data.get(name) or ()) > MAX_EXCEPTIONS:
            raise RuleError("too_many_exceptions", limit=MAX_EXCEPTIONS)


def _days(texts: Any) -> tuple[dt.date, ...]:
    return tuple(dt.date.fromisoformat(text) for text in texts)


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{value!r} is not a whole number")
    return value


def _moment(moment: dt.datetime) -> str:
    return f"{moment.date()}T{clock(moment.time())}"
