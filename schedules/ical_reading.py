"""Reads calendars of other makers as proposals for schedules: what is taken over, what is not, and why."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from types import MappingProxyType

from . import exceptions, ical_calls, ical_times, rrule_reading
from .errors import EventError, RuleError
from .ical_calls import CallOff
from .ical_identity import MAX_UID, kept_of, revision, uid_of
from .ical_lines import MAX_BYTES, Component, Line, take_apart
from .ical_recurring import Recurring, is_cancelled, recurring
from .ical_times import Zones
from .ical_writing import SCHEDULE
from .series import Series
from .types import Rule

MAX_EVENTS = 1000
MAX_TITLE = 200
_MESSAGES = ("REQUEST", "REPLY", "ADD", "CANCEL", "REFRESH", "COUNTER", "DECLINECOUNTER")
_CALLED_OFF = re.compile(r"(?:cancell?ed|đã huỷ|đã hủy)\s*:", re.IGNORECASE)
_BREAK = re.compile(r"</?(?:br|p|div|li|h\d|html|body|tr)\b[^<>]{0,500}>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{1,500}>")
_IGNORED = ("VTIMEZONE", "VALARM")
_LONGEST = dt.timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Note:
    """Why something is not, or not quite, as it was written.

    Codes of notes: ``floating`` · ``all_day_at`` (time) · ``other_title`` (date, title) · ``title_cut`` ·
    ``no_uid`` · ``bad_line`` (line) · ``unmatched`` (date, time) · ``not_on_start`` (date) ·
    ``long`` (hours) · ``shared_uid`` · ``lone_change`` · ``tentative`` · ``private`` · ``called_off``.
    Of refusals: those of RuleError and of RRULE, and ``no_start`` · ``no_title`` ·
    ``bad_time`` (part, value) · ``all_day`` · ``unknown_zone`` · ``zone_shifts`` (zone) ·
    ``zone_by_time`` · ``zone_other_day`` · ``this_and_future`` · ``cancelled`` · ``repeated_uid`` ·
    ``not_an_event`` (kind) · ``broken_line`` (line) · ``cut_off``. Of the file: ``too_large`` (limit) ·
    ``no_calendar`` · ``too_many_events`` (limit) · ``bad_line`` (line) · ``cut_off``.
    """

    code: str
    params: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Proposal:
    """A schedule that an event asks for; ``rule`` is None where it was refused.

    An event of several rules makes several: ``uid`` and ``part`` together name one. ``calls_off`` is one
    occurrence that shall not be, of a series that the file does not have.
    """

    uid: str
    line: int
    title: str
    rule: Rule | None = None
    part: int = 1
    length: dt.timedelta | None = None
    refusal: Note | None = None
    notes: tuple[Note, ...] = ()
    calls_off: CallOff | None = None

    @property
    def times(self) -> tuple[dt.time, ...]:
        return self.rule.times if self.rule else ()


@dataclass(frozen=True, slots=True)
class Reading:
    """A file as it was understood; ``problems`` are those of the file itself.

    One that is not ``is_whole`` is a message about some events: it says nothing of those it does not have.
    ``is_named``: by its owner, and not only for the program that wrote it.
    """

    name: str = ""
    proposals: tuple[Proposal, ...] = ()
    problems: tuple[Note, ...] = ()
    is_whole: bool = True
    is_named: bool = False


def read(data: bytes, *, all_day_at: dt.time | None = None) -> Reading:
    """Everything in the file, in its order; events of whole days are taken over at ``all_day_at``."""
    if len(data) > MAX_BYTES:
        return Reading(problems=(Note("too_large", {"limit": MAX_BYTES}),))
    root = take_apart(data)
    calendars = [part for part in root.parts if part.name == "VCALENDAR"]
    strays = [part for part in root.parts if part.name == "VEVENT"]  # a calendar that was ended too early
    if not calendars and not strays:
        return Reading(problems=(Note("no_calendar"),))
    problems = [Note("bad_line", {"line": number}) for each in (root, *calendars) for number in each.bad[:20]]
    if any(calendar.is_open for calendar in calendars):
        problems.append(Note("cut_off"))
    parts = [part for calendar in calendars for part in _with_method(calendar)] + strays
    events = [part for part in parts if part.name == "VEVENT"]
    zones = Zones(part for part in parts if part.name == "VTIMEZONE")
    found = list(islice(_of_events(events[:MAX_EVENTS], zones, all_day_at), MAX_EVENTS + 1))
    if max(len(events), len(found)) > MAX_EVENTS:  # an event of ten rules is ten
        problems.append(Note("too_many_events", {"limit": MAX_EVENTS}))
    proposals = [*_strangers(parts), *found[:MAX_EVENTS]]
    first = calendars[0] if calendars else root
    given, program = first.text("X-WR-CALNAME") or first.text("NAME"), first.text("PRODID")
    return Reading(
        (given or program)[:120],
        tuple(sorted(proposals, key=lambda each: each.line)),
        tuple(problems),
        is_whole=bool(calendars) and not any(_method(each) in _MESSAGES for each in calendars),
        is_named=bool(given),
    )


def _method(calendar: Component) -> str:
    return calendar.text("METHOD").upper()


def _with_method(calendar: Component) -> list[Component]:
    """What is in it; whoever calls an event off need not say so of the event itself."""
    if _method(calendar) == "CANCEL":
        for part in calendar.parts:
            part.lines.insert(0, Line(part.number, "STATUS", {}, "CANCELLED"))
    return calendar.parts


def _strangers(parts: Iterable[Component]) -> Iterator[Proposal]:
    for part in parts:
        if part.name not in ("VEVENT", *_IGNORED):
            refusal = Note("not_an_event", {"kind": part.name[:20]})
            yield Proposal(uid_of(part), part.number, _title(part), refusal=refusal)


def _of_events(events: Sequence[Component], zones: Zones, all_day_at: dt.time | None) -> Iterator[Proposal]:
    masters, changes = _apart(events)
    overrides: dict[str, list[Component]] = defaultdict(list)
    for (uid, which), same in changes.items():
        newest = max(same, key=revision)
        yield from _older(uid, same, [newest])
        if uid in masters:
            overrides[uid].append(newest)
        elif is_cancelled(newest):
            yield _called_off(f"{uid}#{which[:40]}", newest, zones)
        else:  # one occurrence of a series that the file does not have
            proposals = _proposals(f"{uid}#{which[:40]}", [newest], {}, zones, all_day_at)
            yield from _noted(proposals, Note("lone_change"))
    joined: dict[str, list[Component]] = defaultdict(list)
    for uid, same in masters.items():
        kept = kept_of(same, alone=not overrides[uid])
        yield from _older(uid, same, kept)
        for each in kept if len(kept) > 1 else ():
            own = f"{uid}@{each.text('DTSTART')[:40]}"
            yield from _noted(_proposals(own, [each], {}, zones, all_day_at), Note("shared_uid"))
        if len(kept) == 1:
            joined[kept[0].text(SCHEDULE)[:MAX_UID] or uid].append(kept[0])
    for uid, together in joined.items():
        own_changes = {id(event): overrides[uid_of(event)] for event in together}
        yield from _proposals(uid, together, own_changes, zones, all_day_at)


def _apart(
    events: Iterable[Component],
) -> tuple[Mapping[str, list[Component]], Mapping[tuple[str, str], list[Component]]]:
    """The events by UID, and the changes of single occurrences by UID and which occurrence."""
    masters: dict[str, list[Component]] = defaultdict(list)
    changes: dict[tuple[str, str], list[Component]] = defaultdict(list)
    for event in events:
        which = event.text("RECURRENCE-ID")
        if which:
            changes[uid_of(event), which].append(event)
        else:
            masters[uid_of(event)].append(event)
    return masters, changes


def _older(uid: str, same: Iterable[Component], kept: Iterable[Component]) -> Iterator[Proposal]:
    numbers = {each.number for each in kept}
    for other in same:
        if other.number not in numbers:
            yield Proposal(uid, other.number, _title(other), refusal=Note("repeated_uid"))


def _noted(proposals: Iterable[Proposal], note: Note) -> Iterator[Proposal]:
    for each in proposals:
        yield replace(each, notes=(*each.notes, note)) if each.rule else each


def _called_off(uid: str, event: Component, zones: Zones) -> Proposal:
    """No schedule of its own; what was made of its series is known by that."""
    bare = Proposal(uid, event.number, _title(event), refusal=Note("cancelled"))
    try:
        off = ical_calls.read(event, event.text(SCHEDULE)[:MAX_UID] or uid_of(event), zones)
    except ValueError as error:
        return replace(bare, refusal=_refusal(error))
    return replace(bare, calls_off=off)


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
        if any(is_cancelled(event) for event in events):
            raise EventError("cancelled")
        if any(event.is_open for event in events):
            raise EventError("cut_off")
        if not bare.title:
            raise EventError("no_title")
        found = [recurring(event, overrides.get(id(event), ()), zones, all_day_at) for event in events]
        length = _length(first, found[0], zones)
        all_series = _with_dates_together([series for each in found for series in each.series])
        rules = rrule_reading.read_all(all_series)
    except (ValueError, OverflowError) as error:
        yield replace(bare, refusal=_refusal(error))
        return
    notes = [*bare.notes, *(Note(*each) for one in found for each in one.notes)]
    if length and length >= _LONGEST and not found[0].start.whole_day:
        notes.append(Note("long", {"hours": int(length.total_seconds() // 3600)}))
    notes += _unmatched(rules, all_series)
    for part, rule in enumerate(rules, start=1):
        yield replace(bare, rule=rule, part=part, length=length, notes=tuple(notes))


def _with_dates_together(all_series: Sequence[Series]) -> list[Series]:
    """Single dates of one schedule are a list of dates, as which they were written."""
    single = sorted((each for each in all_series if not each.rrule), key=lambda each: each.start)
    if len(single) < 2:
        return list(all_series)
    moments = sorted({moment for each in single for moment in (each.start, *each.rdates)})
    dates = Series(
        moments[0],
        exdates=tuple(sorted({moment for each in single for moment in each.exdates})),
        rdates=tuple(moments[1:]),
        moved=tuple(move for each in single for move in each.moved),
    )
    return [*(each for each in all_series if each.rrule), dates]


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
        if _CALLED_OFF.match(_whole_title(event)):  # Outlook says it nowhere else
            yield Note("called_off")
        if event.text("STATUS").upper() == "TENTATIVE":
            yield Note("tentative")
        if event.text("CLASS").upper() in ("PRIVATE", "CONFIDENTIAL"):
            yield Note("private")


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


def _title(event: Component) -> str:
    return _whole_title(event)[:MAX_TITLE].strip()


def _whole_title(event: Component) -> str:
    """The summary in one line; of one without, the first line of what is told of it."""
    summary = " ".join(event.text("SUMMARY").split())
    if summary:
        return summary
    told = html.unescape(_TAG.sub("", _BREAK.sub("\n", event.text("DESCRIPTION")))).strip()
    return " ".join(told.partition("\n")[0].split())
