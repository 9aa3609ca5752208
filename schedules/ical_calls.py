"""One occurrence that a foreign calendar has called off, found in what was made of its series."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from . import exceptions, recurrence
from .errors import EventError
from .holidays import NATIONAL, Calendar
from .ical_lines import Component
from .ical_times import Zones
from .types import LOCAL, Rule

DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class CallOff:
    """An occurrence of the series ``uid`` by when it was to begin, in the time of Vietnam.

    With a ``day`` that is what was named: all of it, unless something begins at ``at`` itself.
    """

    uid: str
    at: dt.datetime
    day: dt.date | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """What a call-off means in a schedule, by the local times that people see; ``airing`` is still on."""

    meant: tuple[dt.datetime, ...] = ()
    airing: tuple[dt.datetime, ...] = ()


def read(event: Component, uid: str, zones: Zones) -> CallOff:
    """Of an event that is cancelled and has a RECURRENCE-ID. Raises RuleError."""
    if event.broken:
        raise EventError("broken_line", line=event.broken[0])
    if event.is_open:
        raise EventError("cut_off")
    [which, *_] = event.all("RECURRENCE-ID")
    if "RANGE" in which.params:
        raise EventError("this_and_future")
    moment = zones.moment(which)
    midnight = moment.written.time() == dt.time()  # some write it where an event has only a date
    return CallOff(uid, moment.local, moment.written.date() if midnight else None)


def call(rule: Rule, off: CallOff, holidays: Calendar = NATIONAL) -> Call:
    """The airings that are meant, where somebody has moved them to as well."""
    shown = {move.was: move.to for move in rule.moved}
    meant = [off.at] if _is_one(rule, off.at, holidays) else _on(rule, off.day, holidays)
    seen = tuple(shown.get(at, at) for at in meant)
    return Call(seen, tuple(at for at in seen if exceptions.airs(rule, at, holidays)))


def _is_one(rule: Rule, at: dt.datetime, holidays: Calendar) -> bool:
    return exceptions.airs(exceptions.bare(rule), at, holidays)


def _on(rule: Rule, day: dt.date | None, holidays: Calendar) -> list[dt.datetime]:
    if day is None:
        return []
    begin = dt.datetime.combine(day, dt.time(), tzinfo=LOCAL)
    found = recurrence.occurrences(exceptions.bare(rule), begin, begin + DAY, holidays)
    return [each.nominal for each in found]
