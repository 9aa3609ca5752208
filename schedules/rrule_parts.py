"""Takes an RRULE apart: every number in its range, every name known, whatever a stranger wrote."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from .errors import RuleError
from .rrule_writing import WEEKDAYS
from .types import LOCAL, Frequency, NthWeekday
from .validation import MAX_INTERVAL

MAX_COUNT = 10_000
MAX_LENGTH = 2000  # characters of a rule

_NAMES = "FREQ INTERVAL COUNT UNTIL WKST BYDAY BYMONTHDAY BYMONTH BYSETPOS BYHOUR BYMINUTE BYSECOND"
_KNOWN = frozenset(re.findall(r"\w+", _NAMES))
_DAY = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
_UNTIL = re.compile(r"[0-9]{8}(T[0-9]{6}Z?)?")


@dataclass(frozen=True, slots=True)
class Parts:
    """What stands in an RRULE; what it does not name is empty."""

    frequency: Frequency
    interval: int = 1
    count: int | None = None
    until: dt.datetime | None = None
    week_start: int = 0
    weekdays: frozenset[int] = frozenset()
    nth_weekdays: tuple[NthWeekday, ...] = ()
    month_days: tuple[int, ...] = ()
    months: frozenset[int] = frozenset()
    positions: tuple[int, ...] = ()
    times: dict[str, list[int]] = field(default_factory=dict)


def parse(text: str) -> Parts:
    if len(text) > MAX_LENGTH:
        raise RuleError("rrule_malformed", part=text[:20])
    pairs = [part.partition("=") for part in text.upper().split(";") if part]
    values = {name: value for name, _, value in pairs}
    if len(values) < len(pairs) or "" in values.values() or {"COUNT", "UNTIL"} <= values.keys():
        raise RuleError("rrule_malformed", part=text[:20])
    if unknown := values.keys() - _KNOWN:
        raise RuleError("rrule_unsupported", part=min(unknown))
    if values.get("FREQ") not in ("DAILY", "WEEKLY", "MONTHLY", "YEARLY"):
        raise RuleError("rrule_unsupported", part=f"FREQ={values.get('FREQ', '')[:20]}")
    weekdays, nth = _byday(values.get("BYDAY", ""))
    return Parts(
        frequency=Frequency(values["FREQ"].lower()),
        interval=_number("INTERVAL", values.get("INTERVAL", "1"), 1, MAX_INTERVAL),
        count=_number("COUNT", values["COUNT"], 1, MAX_COUNT) if "COUNT" in values else None,
        until=_until(values["UNTIL"]) if "UNTIL" in values else None,
        week_start=_weekday(values.get("WKST", "MO")),
        weekdays=weekdays,
        nth_weekdays=nth,
        month_days=_list("BYMONTHDAY", values, -31, 31),
        months=frozenset(_list("BYMONTH", values, 1, 12)),
        positions=_list("BYSETPOS", values, -31, 31),
        times={
            name: list(_list(name, values, 0, top))
            for name, top in (("BYHOUR", 23), ("BYMINUTE", 59), ("BYSECOND", 59))
            if name in values
        },
    )


def _list(name: str, values: Mapping[str, str], least: int, most: int) -> tuple[int, ...]:
    if name not in values:
        return ()
    found = {_number(name, each, least, most) for each in values[name].split(",")}
    if 0 in found and least < 0:
        raise RuleError("rrule_malformed", part=name)
    return tuple(sorted(found))


def _number(name: str, text: str, least: int, most: int) -> int:
    if not re.fullmatch(r"[+-]?\d{1,10}", text, re.ASCII):
        raise RuleError("rrule_malformed", part=name)
    if not least <= int(text) <= most:
        raise RuleError("rrule_out_of_range", part=name, least=least, most=most)
    return int(text)


def _byday(text: str) -> tuple[frozenset[int], tuple[NthWeekday, ...]]:
    plain: set[int] = set()
    nth: set[NthWeekday] = set()
    for each in text.split(",") if text else ():
        found = _DAY.fullmatch(each)
        if found is None:
            raise RuleError("rrule_malformed", part="BYDAY")
        weekday = WEEKDAYS.index(found[2])
        if found[1] is None:
            plain.add(weekday)
        else:
            nth.add(NthWeekday(int(found[1]), weekday))
    return frozenset(plain), tuple(sorted(nth))


def _weekday(text: str) -> int:
    if text not in WEEKDAYS:
        raise RuleError("rrule_malformed", part="WKST")
    return WEEKDAYS.index(text)


def _until(text: str) -> dt.datetime:
    """The last local instant: a date means all of its day."""
    if not _UNTIL.fullmatch(text):
        raise RuleError("rrule_malformed", part="UNTIL")
    try:
        if len(text) == 8:
            return dt.datetime.combine(dt.date.fromisoformat(text), dt.time(23, 59, 59))
        moment = dt.datetime.fromisoformat(text.removesuffix("Z"))
    except ValueError as error:
        raise RuleError("rrule_malformed", part="UNTIL") from error
    if text.endswith("Z") and moment.date() < dt.date.max:
        return moment.replace(tzinfo=dt.UTC).astimezone(LOCAL).replace(tzinfo=None)
    return moment
