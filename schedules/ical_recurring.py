"""An event of a foreign calendar, with its exceptions, becomes series in the time of Vietnam."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from .errors import EventError, RuleError
from .ical_lines import Component, Line
from .ical_times import Moment, Zones, in_vietnam
from .lunar import FIRST_DAY
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
_ANY_UNTIL = re.compile(r"UNTIL=(\d{8})(?:T(\d{6})(Z?))?(?=;|$)", re.ASCII)
_PLAIN_YEARLY = re.compile(r"FREQ=YEARLY(?!.*BYDAY)")
_PHASED = re.compile(r"COUNT=|INTERVAL=(?!1(?:;|$))")  # depends on the very day of the start
_CENTURY = 1900  # which had no 29 February
_SAME_DAYS = 28  # years after which weekdays and leap years come again
_WHOLE_DAY = ("X-MICROSOFT-CDO-ALLDAYEVENT", "X-MICROSOFT-MSNCALENDAR-ALLDAYEVENT", "X-FUNAMBOL-ALLDAY")
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
    if broken := [number for each in (event, *overrides) for number in each.broken]:
        raise EventError("broken_line", line=broken[0])
    begin = _start_line(event)
    found = Recurring(_timed(event, zones.moment(begin), all_day_at))
    if found.start.floating:
        found.note("floating")
    if found.start.whole_day:
        found.note("all_day_at", time=f"{all_day_at:%H:%M}")
    rules = _rules(event)
    if rules and zones.shifts(begin):
        raise EventError("zone_shifts", zone=begin.params["TZID"][:60])
    dropped = _dropped(event, found, zones)
    moved, gone = _overridden(event, overrides, found, zones, all_day_at)
    dates = _dates(event, found, zones)
    exdates = tuple(sorted({*dropped, *gone}))
    start = found.start if dates or moved else _since_tables(found.start, rules)
    if start is not found.start:
        exdates = tuple(each for each in exdates if each.date() >= FIRST_DAY)
    starts = [start.local, *dates]
    for rule in rules:
        own = _of_own(start.local, moved, starts, alone=len(rules) == 1 and not dates)
        found.series.append(Series(start.local, _in_vietnam(rule, start), exdates, moved=own))
    if not rules:
        found.series.append(Series(starts[0], "", exdates, tuple(starts[1:]), moved))
    elif dates:
        on_dates = tuple(move for move in moved if move.was in dates)
        found.series.append(Series(dates[0], "", _among(exdates, dates), tuple(dates[1:]), on_dates))
    return found


def is_cancelled(event: Component) -> bool:
    return event.text("STATUS").upper() in ("CANCELLED", "CANCELED")


def _rules(event: Component) -> list[str]:
    if event.all("EXRULE"):
        raise RuleError("rrule_unsupported", part="EXRULE")
    rules = list(dict.fromkeys(line.value.replace(" ", "").upper() for line in event.all("RRULE")))
    if len(rules) > _MOST_RULES:
        raise RuleError("rrule_unsupported", part="RRULE")
    return rules


def _since_tables(start: Moment, rules: Sequence[str]) -> Moment:
    """The same days for what began before the tables do: the nation's day since 1945, yearless birthdays."""
    if start.local.date() >= FIRST_DAY or not rules or any(_PHASED.search(rule) for rule in rules):
        return start
    if start.local.year > _CENTURY:
        years = -(-(FIRST_DAY.year - start.local.year) // _SAME_DAYS) * _SAME_DAYS
    elif all(_PLAIN_YEARLY.match(rule) for rule in rules):
        years = FIRST_DAY.year - start.local.year
    else:
        return start
    return replace(
        start,
        written=start.written.replace(year=start.written.year + years),
        local=start.local.replace(year=start.local.year + years),
    )


def _start_line(event: Component) -> Line:
    line = event.first("DTSTART")
    if line is None:
        raise EventError("no_start")
    return line


def _timed(event: Component, moment: Moment, all_day_at: dt.time | None) -> Moment:
    """A whole day, by whatever it is one, at the time that was chosen for whole days."""
    named = any(event.text(name).upper() in ("TRUE", "1") for name in _WHOLE_DAY)
    if not moment.whole_day and not (named and dt.time() in (moment.local.time(), moment.written.time())):
        return moment
    if all_day_at is None:
        raise EventError("all_day")
    at = dt.datetime.combine(_day(moment), all_day_at)
    return Moment(at, at, whole_day=True)


def _day(moment: Moment) -> dt.date:
    """Which day is meant: some write midnight, here or in UTC, where an event has only a date."""
    return moment.local.date() if moment.local.time() == dt.time() else moment.written.date()


def _exception(moment: Moment, start: Moment) -> dt.datetime:
    """A date alone means the occurrence of that day, and a time without a zone is one of the event's."""
    if start.whole_day:
        return dt.datetime.combine(_day(moment), start.local.time())
    if moment.whole_day:
        return dt.datetime.combine(moment.written.date(), start.written.time()) + start.shift
    if moment.floating:
        return moment.written + start.shift
    if start.floating and moment.written.time() == start.written.time() != moment.local.time():
        return moment.written  # some put UTC's letter behind the time of a clock
    return moment.local


def _occurrence(event: Component, moment: Moment, start: Moment) -> dt.datetime:
    """Which one an exception names; midnight, where none begins then, means the one of that day."""
    timed = event.all("RDATE") or any("BYHOUR" in line.value.upper() for line in event.all("RRULE"))
    if moment.written.time() == dt.time() != start.written.time() and not timed:
        moment = replace(moment, local=moment.written, whole_day=True)
    return _exception(moment, start)


def _dropped(event: Component, found: Recurring, zones: Zones) -> list[dt.datetime]:
    moments = zones.moments(event.all("EXDATE"), MAX_EXCEPTIONS)
    return [_occurrence(event, each, found.start) for each in moments]


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
        was = _occurrence(event, zones.moment(which), found.start)
        if is_cancelled(each):
            gone.append(was)
            continue
        to = _timed(each, zones.moment(_start_line(each)), all_day_at).local
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
    if start.whole_day:
        return _ANY_UNTIL.sub(_until_day, rule)
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


def _until_day(found: re.Match[str]) -> str:
    """Of whole days, however exactly somebody has said when the last one ends."""
    try:
        until = dt.datetime.fromisoformat(f"{found[1]}T{found[2] or '000000'}")
        return f"UNTIL={in_vietnam(until, dt.UTC) if found[3] else until:%Y%m%d}"
    except (ValueError, OverflowError) as error:
        raise RuleError("rrule_malformed", part="UNTIL") from error


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
