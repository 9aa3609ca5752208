"""Writes a programme as an iCalendar file that other people's calendars open (RFC 5545, 7986)."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from icalendar import Calendar as File
from icalendar import Event, Timezone, TimezoneStandard, vRecur

from . import exceptions, recurrence, rrule_writing
from .holidays import NATIONAL, Calendar
from .series import Series
from .types import LAST, LOCAL, Frequency, MonthEnd, Rule

PRODUCT = "-//Truyen thanh//Programme//VI"
SCHEDULE = "X-TRUYEN-THANH-SCHEDULE"  # events of one rule, one for each time of day, carry the same
THROUGH = "X-TRUYEN-THANH-THROUGH"  # the last day for which the dates themselves are written
MOST_DATES = 5000  # of one schedule
LONGEST = 31  # days of a month
FEW = 3  # dates that stand for themselves in any case
_ZONE = "Asia/Ho_Chi_Minh"
_REFRESH = dt.timedelta(hours=6)  # how often a subscriber should ask again


@dataclass(frozen=True, slots=True)
class Entry:
    """A schedule to be written; ``uid`` never changes, ``revision`` grows with each change."""

    uid: str
    title: str
    rule: Rule
    changed_at: dt.datetime  # aware
    length: dt.timedelta = dt.timedelta()
    revision: int = 0
    category: str = ""
    place: str = ""
    description: str = ""
    cancelled: bool = False
    holidays: Calendar = NATIONAL


def write(entries: Iterable[Entry], *, name: str, since: dt.date, through: dt.date) -> bytes:
    """The file; what RRULE cannot say (lunar days, holidays) is written as dates in the span."""
    file = File()
    for key, value in (("prodid", PRODUCT), ("version", "2.0"), ("method", "PUBLISH"), ("name", name)):
        file.add(key, value)
    file.add("x-wr-calname", name)
    file.add("x-wr-timezone", _ZONE)
    file.add("refresh-interval", _REFRESH, parameters={"VALUE": "DURATION"})
    file.add("x-published-ttl", "PT6H")
    file.add_component(_zone())
    for entry in entries:
        for event in _events(entry, since, through):
            file.add_component(event)
    written: bytes = file.to_ical()
    return written


def _zone() -> Timezone:
    """The country has had one time since 1975."""
    zone, standard = Timezone(), TimezoneStandard()
    zone.add("tzid", _ZONE)
    standard.add("dtstart", dt.datetime(1975, 6, 13))  # noqa: DTZ001  a zone is described in its own time
    standard.add("tzoffsetfrom", dt.timedelta(hours=8))
    standard.add("tzoffsetto", dt.timedelta(hours=7))
    standard.add("tzname", "+07")
    zone.add_component(standard)
    return zone


def _events(entry: Entry, since: dt.date, through: dt.date) -> Iterator[Event]:
    rule = _as_rrule(entry.rule)
    if rule is None:
        yield from _listed(entry, since, through)
        return
    for series in rrule_writing.write(rule, through, entry.holidays):
        yield from _of_series(entry, series)


def _as_rrule(rule: Rule) -> Rule | None:
    """The rule in words that every program knows, or nothing.

    ical.js, which Thunderbird expands with, takes no BYSETPOS beside BYMONTHDAY: day 31 "or else the last"
    is the last day, and what that is not goes out as dates. Nor can one move what does not recur.
    """
    if rule.frequency is Frequency.DATES:
        return None
    if rule.frequency is Frequency.ONCE and (rule.moved or rule.skipped or rule.skipped_days):
        return None
    if rule.month_end is MonthEnd.LAST_DAY and max(rule.month_days, default=0) > rrule_writing.SHORTEST:
        if rule.month_days != (LONGEST,):
            return None
        rule = replace(rule, month_days=(LAST,))
    return rule if rrule_writing.is_exact(rule) else None


def _of_series(entry: Entry, series: Series) -> Iterator[Event]:
    uid = f"{series.start:%H%M%S}-{entry.uid}"
    event = _bare(entry, uid, series.start)
    if series.rrule:
        event.add("rrule", vRecur.from_ical(series.rrule))
    _dates(event, "exdate", series.exdates)
    yield event
    bare = replace(entry.rule, moved=())
    for move in series.moved:
        if exceptions.airs(bare, move.was, entry.holidays):  # a file that moves another would add one
            moved = _bare(entry, uid, move.to)
            moved.add("recurrence-id", move.was.replace(tzinfo=LOCAL))
            yield moved


def _listed(entry: Entry, since: dt.date, through: dt.date) -> Iterator[Event]:
    begin = dt.datetime.combine(since, dt.time(), tzinfo=LOCAL)
    end = dt.datetime.combine(through, dt.time.max, tzinfo=LOCAL)
    coming = recurrence.occurrences(entry.rule, begin, end, entry.holidays)
    found = [occurrence.nominal for occurrence in islice(coming, MOST_DATES)]
    if not found:
        return
    last = found[-1].date() if len(found) == MOST_DATES else through
    told = f"Các ngày được ghi sẵn đến hết {last:%d/%m/%Y}."
    described = replace(entry, description="\n".join(filter(None, (entry.description, told))))
    by_time: dict[dt.time, list[dt.datetime]] = defaultdict(list)
    for moment in found:
        by_time[moment.time()].append(moment)
    for moments in by_time.values():
        for event in _weekly_or_single(described, moments):
            event.add(THROUGH, last.isoformat())
            yield event


def _weekly_or_single(entry: Entry, moments: Sequence[dt.datetime]) -> Iterator[Event]:
    """Dates at one time of day, without RDATE: Outlook takes no event that has it and no RRULE.

    Most of the days of a week are said as such, with what is left out; all others stand for themselves.
    """
    first, last = moments[0], moments[-1]
    weeks = (last - first).days // 7 + 1
    counted = Counter(moment.weekday() for moment in moments)
    usual = {day for day, count in counted.items() if count * 2 > weeks}
    span = (first + dt.timedelta(days=number) for number in range((last - first).days + 1))
    said = [moment for moment in span if moment.weekday() in usual]
    dropped = sorted(set(said) - set(moments))
    singles = sorted(set(moments) - set(said))
    if len(moments) <= FEW or len(dropped) + len(singles) >= len(moments):
        said, singles = [], list(moments)
    if said:
        start = next(moment for moment in said if moment not in dropped)
        event = _bare(entry, f"{start:%H%M%S}-dates-{entry.uid}", start)
        until = last.replace(tzinfo=LOCAL).astimezone(dt.UTC)
        days = [rrule_writing.WEEKDAYS[day] for day in sorted(usual)]
        event.add("rrule", vRecur({"freq": ["WEEKLY"], "until": [until], "byday": days}))
        _dates(event, "exdate", (moment for moment in dropped if moment > start))
        yield event
    for moment in singles:
        yield _bare(entry, f"{moment:%Y%m%dT%H%M%S}-{entry.uid}", moment)


def _bare(entry: Entry, uid: str, start: dt.datetime) -> Event:
    event = Event()
    event.add("uid", uid)
    event.add("dtstamp", entry.changed_at)
    event.add("last-modified", entry.changed_at)
    event.add("sequence", entry.revision)
    event.add("summary", entry.title)
    event.add("dtstart", start.replace(tzinfo=LOCAL))
    if entry.length:
        event.add("duration", entry.length)
    event.add("status", "CANCELLED" if entry.cancelled else "CONFIRMED")
    event.add("transp", "TRANSPARENT")  # nobody is busy because a loudspeaker plays
    more = {"description": entry.description, "location": entry.place, SCHEDULE: entry.uid}
    for key, value in more.items():
        if value:
            event.add(key, value)
    if entry.category:
        event.add("categories", [entry.category])
    return event


def _dates(event: Event, name: str, moments: Iterable[dt.datetime]) -> None:
    zoned: list[Any] = [moment.replace(tzinfo=LOCAL) for moment in moments]
    if zoned:
        event.add(name, zoned)
