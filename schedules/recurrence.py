"""Rules in local time become occurrences in UTC; the only place that expands a rule."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dateutil import rrule

from .errors import RuleError
from .types import LOCAL, Frequency, Occurrence, Rule

MAX_TIMES = 288  # every five minutes of a day

_WEEKDAYS = ("Thứ Hai", "Thứ Ba", "Thứ Tư", "Thứ Năm", "Thứ Sáu", "Thứ Bảy", "Chủ Nhật")
_LISTED_TIMES = 6  # more than that is told as a count


def occurrences(rule: Rule, start: dt.datetime, end: dt.datetime) -> Iterator[Occurrence]:
    """Every start of ``rule`` in ``[start, end)``, in order; both bounds are aware."""
    times = sorted(rule.times)
    for day in _days(rule, start.astimezone(LOCAL).date(), end.astimezone(LOCAL).date()):
        for time in times:
            nominal = dt.datetime.combine(day, time)
            instant = nominal.replace(tzinfo=LOCAL).astimezone(dt.UTC)
            if start <= instant < end:
                yield Occurrence(start=instant, nominal=nominal)


def _days(rule: Rule, first: dt.date, last: dt.date) -> Iterator[dt.date]:
    first = max(first, rule.starts_on)
    last = rule.starts_on if rule.frequency is Frequency.ONCE else min(last, rule.until or last)
    if first > last:
        return
    weekdays = sorted(rule.weekdays) if rule.frequency is Frequency.WEEKLY else None
    midnight = dt.time()
    dates = rrule.rrule(
        rrule.DAILY,
        dtstart=dt.datetime.combine(first, midnight),
        until=dt.datetime.combine(last, midnight),
        byweekday=weekdays,
    )
    for date in dates:
        yield date.date()


def validate(rule: Rule) -> Rule:
    """The rule itself, times in order; raises RuleError."""
    if not rule.times:
        raise RuleError("no_times")
    if len(rule.times) > MAX_TIMES:
        raise RuleError("too_many_times", limit=MAX_TIMES)
    for time in rule.times:
        if time.tzinfo is not None or time.microsecond:
            raise RuleError("zoned_time", time=time.isoformat())
        if rule.times.count(time) > 1:
            raise RuleError("repeated_time", time=_clock(time))
    _validate_days(rule)
    return Rule(rule.frequency, rule.starts_on, tuple(sorted(rule.times)), rule.weekdays, rule.until)


def _validate_days(rule: Rule) -> None:
    if rule.frequency is Frequency.WEEKLY and not rule.weekdays:
        raise RuleError("no_weekdays")
    for weekday in rule.weekdays:
        if not 0 <= weekday <= 6:
            raise RuleError("bad_weekday", weekday=weekday)
    if rule.until is not None and rule.until < rule.starts_on:
        raise RuleError("until_before_start", starts_on=str(rule.starts_on), until=str(rule.until))


def to_dict(rule: Rule) -> dict[str, Any]:
    """The stored form of a rule: dates as ``YYYY-MM-DD``, times as ``HH:MM`` or ``HH:MM:SS``."""
    return {
        "frequency": rule.frequency.value,
        "starts_on": rule.starts_on.isoformat(),
        "times": [_clock(time) for time in rule.times],
        "weekdays": sorted(rule.weekdays),
        "until": rule.until.isoformat() if rule.until else None,
    }


def from_dict(data: Mapping[str, Any]) -> Rule:
    """A validated rule from its stored form; raises RuleError."""
    try:
        until = data.get("until")
        rule = Rule(
            frequency=Frequency(data["frequency"]),
            starts_on=dt.date.fromisoformat(data["starts_on"]),
            times=tuple(dt.time.fromisoformat(text) for text in data["times"]),
            weekdays=frozenset(_weekday(value) for value in data.get("weekdays") or ()),
            until=dt.date.fromisoformat(until) if until else None,
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise RuleError("malformed", why=str(error)) from error
    return validate(rule)


def _weekday(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"weekday {value!r} is not a number")
    return value


def describe(rule: Rule) -> str:
    """The rule as a Vietnamese sentence without a full stop."""
    times = _times_in_words(sorted(rule.times))
    if rule.frequency is Frequency.ONCE:
        return f"Một lần, ngày {rule.starts_on:%d/%m/%Y}, {times}"
    days = "Hằng ngày"
    if rule.frequency is Frequency.WEEKLY:
        days = f"{_weekdays_in_words(sorted(rule.weekdays))} hằng tuần"
    validity = f"từ {rule.starts_on:%d/%m/%Y}"
    if rule.until:
        validity += f" đến hết {rule.until:%d/%m/%Y}"
    return f"{days}, {times}, {validity}"


def _weekdays_in_words(days: Sequence[int]) -> str:
    if len(days) > 2 and list(days) == list(range(days[0], days[-1] + 1)):
        return f"{_WEEKDAYS[days[0]]} đến {_later(days[-1])}"
    return _listed([_WEEKDAYS[days[0]], *(_later(day) for day in days[1:])])


def _later(day: int) -> str:
    """A weekday inside a sentence: only Chủ Nhật keeps its capital letter."""
    name = _WEEKDAYS[day]
    return name if day == 6 else name[0].lower() + name[1:]


def _times_in_words(times: Sequence[dt.time]) -> str:
    if len(times) > _LISTED_TIMES:
        return f"{len(times)} lần trong khoảng {_clock(times[0])}–{_clock(times[-1])}"
    return f"lúc {_listed([_clock(time) for time in times])}"


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} và {words[-1]}"


def _clock(time: dt.time) -> str:
    return time.strftime("%H:%M:%S" if time.second else "%H:%M")
