"""Reads calendars of other makers as proposals for schedules: what is taken over, what is not, and why."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from . import exceptions, ical_times, rrule_reading
from .errors import EventError, RuleError
from .ical_lines import MAX_BYTES, Component, take_apart
from .ical_recurring import Recurring, recurring
from .ical_times import Zones
from .ical_writing import SCHEDULE
from .series import Series
from .types import Rule

MAX_EVENTS = 1000
MAX_TITLE = 200
MAX_UID = 200
_TITLES = ("SUMMARY", "DESCRIPTION")
_IGNORED = ("VTIMEZONE", "VALARM")
_LONGEST = dt.timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Note:
    """Why something is not, or not quite, as it was written.

    Codes of notes: ``floating`` · ``all_day_at`` (time) · ``other_title`` (date, title) · ``title_cut`` ·
    ``no_uid`` · ``bad_line`` (line) · ``unmatched`` (date, time) · ``not_on_start`` (date) ·
    ``long`` (hours). Of refusals: those of RuleError and of RRULE, and ``no_start`` · ``no_title`` ·
    ``bad_time`` (part, value) · ``all_day`` · ``unknown_zone`` · ``zone_shifts`` (zone) ·
    ``zone_by_time`` · ``zone_other_day`` · ``this_and_future`` · ``cancelled`` · ``repeated_uid`` ·
    ``not_an_event`` (kind). Of the file: ``too_large`` (limit) · ``no_calendar`` ·
    ``too_many_events`` (limit) · ``bad_line`` (line).
    """

    code: str
    params: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Proposal:
    """A schedule that an event asks for; ``rule`` is None where it was refused.

    An event of several rules makes several: ``uid`` and ``part`` together name one.
    """

    uid: str
    line: int
    title: str
    rule: Rule | None = None
    part: int = 1
    length: dt.timedelta | None = None
    refusal: Note | None = None
    notes: tuple[Note, ...] = ()

    @property
    def times(self) -> tuple[dt.time, ...]:
        return self.rule.times if self.rule else ()


@dataclass(frozen=True, slots=True)
class Reading:
    """A file as it was understood; ``problems`` are those of the file itself."""

    name: str = ""
    proposals: tuple[Proposal, ...] = ()
    problems: tuple[Note, ...] = ()


def read(data: bytes, *, all_day_at: dt.time | None = None) -> Reading:
    """Everything in the file, in its order; events of whole days are taken over at ``all_day_at``."""
    if len(data) > MAX_BYTES:
        return Reading(problems=(Note("too_large", {"limit": MAX_BYTES}),))
    root = take_apart(data)
    calendars = [part for part in root.parts if part.name == "VCALENDAR"]
    if not calendars:
        return Reading(problems=(Note("no_calendar"),))
    problems = [Note("bad_line", {"line": number}) for each in (root, *calendars) for number in each.bad[:20]]
    parts = [part for calendar in calendars for part in calendar.parts]
    events = [part for part in parts if part.name == "VEVENT"]
    if len(events) > MAX_EVENTS:
        problems.append(Note("too_many_events", {"limit": MAX_EVENTS}))
        events = events[:MAX_EVENTS]
    zones = Zones(part for part in parts if part.name == "VTIMEZONE")
    proposals = [*_strangers(parts), *_of_events(events, zones, all_day_at)]
    names = (calendars[0].text(name) for name in ("X-WR-CALNAME", "NAME", "PRODID"))
    name = next((each for each in names if each), "")[:120]
    return Reading(name, tuple(sorted(proposals, key=lambda each: each.line)), tuple(problems))


def _strangers(parts: Iterable[Component]) -> Iterator[Proposal]:
    for part in parts:
        if part.name not in ("VEVENT", *_IGNORED):
            refusal = Note("not_an_event", {"kind": part.name[:20]})
            yield Proposal(_uid(part), part.number, _title(part), refusal=refusal)


def _of_events(events: Sequence[Component], zones: Zones, all_day_at: dt.time | None) -> Iterator[Proposal]:
    masters: dict[str, list[Component]] = defaultdict(list)
    overrides: dict[str, list[Component]] = defaultdict(list)
    for event in events:
        (overrides if event.first("RECURRENCE-ID") else masters)[_uid(event)].append(event)
    for uid, alone in overrides.items():
        if uid not in masters:  # one occurrence of a series that the file does not have
            yield from (_single(f"{uid}#{n}", each, zones, all_day_at) for n, each in enumerate(alone, 1))
    joined: dict[str, list[Component]] = defaultdict(list)
    for uid, same in masters.items():
        newest = max(same, key=lambda event: (_revision(event), -event.number))
        for other in same:
            if other is not newest:
                yield Proposal(uid, other.number, _title(other), refusal=Note("repeated_uid"))
        joined[newest.text(SCHEDULE)[:MAX_UID] or uid].append(newest)
    for uid, together in joined.items():
        changes = {id(event): overrides.get(_uid(event), []) for event in together}
        yield from _proposals(uid, together, changes, zones, all_day_at)


def _single(uid: str, event: Component, zones: Zones, all_day_at: dt.time | None) -> Proposal:
    return next(_proposals(uid, [event], {id(event): []}, zones, all_day_at))


def _proposals(
    uid: str,
    events: Sequence[Component],
    overrides: Mapping[int, Sequence[Component]],
    zones: Zones,
    all_day_at: dt.time | None,
) -> Iterator[Proposal]:
    """Of an event, or of several that are the times of day of one schedule."""
    first = events[0]
    bare = Proposal(uid, first.number, _title(first), notes=tuple(_written_badly(events)))
    try:
        if any(event.text("STATUS").upper() == "CANCELLED" for event in events):
            raise EventError("cancelled")
        if not bare.title:
            raise EventError("no_title")
        found = [recurring(event, overrides[id(event)], zones, all_day_at) for event in events]
        length = _length(first, found[0], zones)
        rules = rrule_reading.read_all([series for each in found for series in each.series])
    except (ValueError, OverflowError) as error:
        yield replace(bare, refusal=_refusal(error))
        return
    notes = [*bare.notes, *(Note(*each) for one in found for each in one.notes)]
    if length and length >= _LONGEST and not found[0].start.whole_day:
        notes.append(Note("long", {"hours": int(length.total_seconds() // 3600)}))
    all_series = [series for one in found for series in one.series]
    notes += _unmatched(rules, all_series)
    for part, rule in enumerate(rules, start=1):
        yield replace(bare, rule=rule, part=part, length=length, notes=tuple(notes))


def _refusal(error: Exception) -> Note:
    if isinstance(error, RuleError):
        return Note(error.code, error.params)
    return Note("malformed", {"detail": str(error)[:80]})


def _written_badly(events: Sequence[Component]) -> Iterator[Note]:
    for event in events:
        yield from (Note("bad_line", {"line": number}) for number in event.bad[:5])
        if not event.text("UID"):
            yield Note("no_uid")
        if len(_whole_title(event)) > MAX_TITLE:
            yield Note("title_cut")


def _unmatched(rules: Sequence[Rule], all_series: Iterable[Series]) -> Iterator[Note]:
    """Exceptions to what would not air: somebody meant something that does not happen."""
    regular = [replace(rule, skipped=(), skipped_days=(), moved=()) for rule in rules]
    told: set[dt.datetime] = set()
    started: set[dt.datetime] = set()
    for series in all_series:
        meant = (*series.exdates, *(move.was for move in series.moved))
        for moment in (each for each in meant if each not in told):
            told.add(moment)
            if not any(exceptions.airs(rule, moment) for rule in regular):
                yield Note("unmatched", {"date": moment.date().isoformat(), "time": f"{moment:%H:%M}"})
        if series.rrule and series.start not in started:
            started.add(series.start)
            if any(exceptions.airs(rule, series.start) for rule in regular):
                continue
            yield Note("not_on_start", {"date": series.start.date().isoformat()})


def _length(event: Component, found: Recurring, zones: Zones) -> dt.timedelta | None:
    """How long the event is, which says how long its bulletins may be together."""
    told, end = event.first("DURATION"), event.first("DTEND")
    if told is not None:
        return ical_times.length(told.value)
    if end is None or found.start.whole_day:
        return None
    length = zones.moment(end).local - found.start.local
    return length if length > dt.timedelta() else None


def _revision(event: Component) -> int:
    text = event.text("SEQUENCE")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def _uid(event: Component) -> str:
    """Of one without: what it says."""
    uid = event.text("UID")
    if uid and len(uid) <= MAX_UID:
        return uid
    said = uid or "\n".join(f"{line.name}:{line.value}" for line in event.lines if line.name != "SEQUENCE")
    return hashlib.sha256(said.encode(errors="replace")).hexdigest()


def _title(event: Component) -> str:
    return _whole_title(event)[:MAX_TITLE].strip()


def _whole_title(event: Component) -> str:
    texts = (" ".join(event.text(name).partition("\n")[0].split()) for name in _TITLES)
    return next((text for text in texts if text), "")
