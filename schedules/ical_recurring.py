"""An event of a foreign calendar, with its exceptions, becomes series in the time of Vietnam."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from .errors import EventError, RuleError
from .ical_lines import Component, Line
from .ical_times import Moment, Zones
from .rrule_writing import WEEKDAYS
from .series import Series
from .types import Move
from .validation import MAX_DATES, MAX_EXCEPTIONS

_MOST_RULES = 10  # RRULEs of one event
_MOST_OVERRIDES = MAX_EXCEPTIONS
_BY_TIME = re.compile(r"BY(HOUR|MINUTE|SECOND)=")
_PLAIN_UNTIL = re.compile(r"UNTIL=(\d{8})(?:T(\d{6}))?(?=;|$)", re.ASCII)
_DAYS = re.compile(r"(?<=BYDAY=)[A-Z,]+(?=;|$)")
_NUMBERED = re.compile(r"BYDAY=[^;]*\d")
_WEEK_START = re.compile(r"(?<=WKST=)[A-Z]{2}(?=;|$)")


@dataclass(slots=True)
class Recurring:
    """The series of one event; ``notes`` are codes and params of what is otherwise than it was written."""

    start: Moment
    series: list[Series] = field(default_factory=list)
    notes: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    def note(self, code: str, **params: object) -> None:
        if (code, params) not in self.notes:
            self.notes.append((code, params))


def recurring(
    event: Component, overrides: Sequence[Component], zones: Zones, all_day_at: dt.time | None
) -> Recurring:
    """Raises RuleError where some occurrence would air at another time than the calendar shows."""
    begin = _start_line(event)
    found = Recurring(_timed(zones.moment(begin), all_day_at))
    if found.start.floating:
        found.note("floating")
    if found.start.whole_day:
        found.note("all_day_at", time=f"{all_day_at:%H:%M}")
    rules = list(dict.fromkeys(line.value.strip().upper() for line in event.all("RRULE")))
    if event.all("EXRULE"):
        raise RuleError("rrule_unsupported", part="EXRULE")
    if len(rules) > _MOST_RULES:
        raise RuleError("rrule_unsupported", part="RRULE")
    if rules and zones.shifts(begin):
        raise EventError("zone_shifts", zone=begin.params["TZID"][:60])
    dropped = _dropped(event, found, zones)
    moved, gone = _overridden(event, overrides, found, zones, all_day_at)
    dates = _dates(event, found, zones)
    exdates = tuple(sorted({*dropped, *gone}))
    starts = [found.start.local, *dates]
    for rule in rules:
        own = _of_own(found.start.local, moved, starts, alone=len(rules) == 1 and not dates)
        found.series.append(Series(found.start.local, _in_vietnam(rule, found.start), exdates, moved=own))
    if not rules:
        found.series.append(Series(starts[0], "", exdates, tuple(starts[1:]), moved))
    elif dates:
        on_dates = tuple(move for move in moved if move.was in dates)
        found.series.append(Series(dates[0], "", _among(exdates, dates), tuple(dates[1:]), on_dates))
    return found


def _start_line(event: Component) -> Line:
    line = event.first("DTSTART")
    if line is None:
        raise EventError("no_start")
    return line


def _timed(moment: Moment, all_day_at: dt.time | None) -> Moment:
    """A whole day at the time that was chosen for whole days."""
    if not moment.whole_day:
        return moment
    if all_day_at is None:
        raise EventError("all_day")
    at = dt.datetime.combine(moment.written.date(), all_day_at)
    return Moment(at, at, whole_day=True)


def _exception(moment: Moment, start: Moment) -> dt.datetime:
    """A date alone means the occurrence of that day, whatever kind of event it is."""
    if not moment.whole_day:
        return moment.local
    return dt.datetime.combine(moment.written.date(), start.written.time()) + start.shift


def _dropped(event: Component, found: Recurring, zones: Zones) -> list[dt.datetime]:
    moments = zones.moments(event.all("EXDATE"), MAX_EXCEPTIONS)
    if found.start.whole_day:  # some write midnight where the event has only a date
        return [dt.datetime.combine(each.written.date(), found.start.local.time()) for each in moments]
    return [_exception(each, found.start) for each in moments]


def _dates(event: Component, found: Recurring, zones: Zones) -> list[dt.datetime]:
    moments = zones.moments(event.all("RDATE"), MAX_DATES * 5)
    return sorted({_exception(each, found.start) for each in moments} - {found.start.local})


def _overridden(
    event: Component,
    overrides: Sequence[Component],
    found: Recurring,
    zones: Zones,
    all_day_at: dt.time | None,
) -> tuple[tuple[Move, ...], list[dt.datetime]]:
    """What was moved and what was called off, one by one."""
    if len(overrides) > _MOST_OVERRIDES:
        raise RuleError("too_many_exceptions", limit=_MOST_OVERRIDES)
    moved: dict[dt.datetime, Move] = {}
    gone: list[dt.datetime] = []
    for each in overrides:
        [which, *_] = each.all("RECURRENCE-ID")
        if "RANGE" in which.params:
            raise EventError("this_and_future")
        was = _exception(zones.moment(which), found.start)
        if each.text("STATUS").upper() == "CANCELLED":
            gone.append(was)
            continue
        to = _timed(zones.moment(_start_line(each)), all_day_at).local
        if to != was:
            moved[was] = Move(was, to)
        if each.text("SUMMARY") and each.text("SUMMARY") != event.text("SUMMARY"):
            found.note("other_title", date=was.date().isoformat(), title=each.text("SUMMARY")[:80])
    return tuple(moved[was] for was in sorted(moved)), gone


def _of_own(
    start: dt.datetime, moved: tuple[Move, ...], listed: Sequence[dt.datetime], *, alone: bool
) -> tuple[Move, ...]:
    """The moves of a rule: where dates are listed beside it, they have their own."""
    return moved if alone else tuple(move for move in moved if move.was == start or move.was not in listed)


def _among(exdates: Sequence[dt.datetime], dates: Sequence[dt.datetime]) -> tuple[dt.datetime, ...]:
    return tuple(each for each in exdates if each in set(dates))


def _in_vietnam(rule: str, start: Moment) -> str:
    """The rule as it is said here, where the day may be another than where it was written."""
    if not start.shift:
        return rule
    if _BY_TIME.search(rule):
        raise EventError("zone_by_time")
    rule = _PLAIN_UNTIL.sub(lambda found: _until(found, start.shift), rule)
    days = (start.local.date() - start.written.date()).days
    if not days:
        return rule
    if _NUMBERED.search(rule) or not rule.startswith(("FREQ=WEEKLY", "FREQ=DAILY")):
        raise EventError("zone_other_day")
    rule = _DAYS.sub(lambda found: ",".join(_later(each, days) for each in found[0].split(",")), rule)
    if "WKST=" not in rule:
        rule += ";WKST=MO"
    return _WEEK_START.sub(lambda found: _later(found[0], days), rule)


def _until(found: re.Match[str], shift: dt.timedelta) -> str:
    try:
        until = dt.datetime.fromisoformat(f"{found[1]}T{found[2] or '235959'}") + shift
    except (ValueError, OverflowError) as error:
        raise RuleError("rrule_malformed", part="UNTIL") from error
    return f"UNTIL={until:%Y%m%dT%H%M%S}"


def _later(day: str, days: int) -> str:
    if day not in WEEKDAYS:
        raise RuleError("rrule_malformed", part="BYDAY")
    return WEEKDAYS[(WEEKDAYS.index(day) + days) % 7]
