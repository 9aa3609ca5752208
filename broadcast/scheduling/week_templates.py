"""Weeks filled again: what does not recur by itself is copied from another week, or kept as a template."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from broadcast.authoring.repertoire import Repertoire, as_one, duration_ms, klass
from broadcast.errors import AlreadyExists, DomainError, EmptyTitle, NotFound, NothingToPlay, TitleTooLong
from broadcast.models import ChangeAction, Person, Role, Schedule, ScheduleChange, WeekTemplate
from broadcast.slot_errors import TooManySchedules
from broadcast.storage import audit
from broadcast.storage.moments import day_start
from broadcast.units import areas, permissions
from broadcast.units.holiday_book import Book
from schedules import recurrence, slots
from schedules.types import LOCAL, Frequency, Rule

from . import choosing
from .choosing import playable
from .clashes import Look, Side
from .schedule_changes import Editing, State, with_rule

WEEK = dt.timedelta(days=7)
NAMED = (Frequency.ONCE, Frequency.DATES)  # rules that do not recur
NAME_LIMIT = 120
MOST = 200  # schedules of one week


@dataclass(frozen=True, slots=True)
class Entry:
    """What airs in a week: starts are counted from the Monday's midnight."""

    title: str
    area_id: int
    bulletin_ids: tuple[int, ...]
    starts: tuple[dt.timedelta, ...]
    slot: dict[str, Any] | None = None  # of one that fills itself

    def to_store(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "area_id": self.area_id,
            "bulletin_ids": list(self.bulletin_ids),
            "starts": [start // dt.timedelta(seconds=1) for start in self.starts],
            "slot": self.slot,
        }

    @classmethod
    def stored(cls, kept: dict[str, Any]) -> Entry:
        starts = tuple(dt.timedelta(seconds=seconds) for seconds in kept["starts"])
        return cls(kept["title"], kept["area_id"], tuple(kept["bulletin_ids"]), starts, kept.get("slot"))


@dataclass(frozen=True, slots=True)
class LeftOut:
    """One airing that was not copied.

    ``why``: ``collides`` (with ``title_there``), ``past``, or the code of the error that refuses it.
    """

    title: str
    start: dt.datetime  # local, naive
    why: str
    title_there: str = ""


@dataclass(frozen=True, slots=True)
class Filled:
    """What filling a week has done: one change, and one undo, of so many airings."""

    change: ScheduleChange | None = None  # None: nothing could be copied
    airings: int = 0
    left_out: tuple[LeftOut, ...] = ()


def copy_week(
    session: Session, person: Person, area_id: int, *, source: dt.date, target: dt.date, now: dt.datetime
) -> Filled:
    """What an area and those below it air once or on named dates in one week, in another week too.

    What collides there, is past or may not air any more is left out and told. Both dates are Mondays.
    Errors: UnknownArea, Forbidden, NothingToPlay, TooManySchedules.
    """
    entries = _entries(session, person, area_id, source)
    return _fill(Editing(session, person, now, ChangeAction.COPY), entries, target)


def save(
    session: Session, person: Person, area_id: int, *, name: str, monday: dt.date, now: dt.datetime
) -> WeekTemplate:
    """Keep what a week airs once or on named dates, to be applied to other weeks.

    Errors: UnknownArea, Forbidden, NothingToPlay, TooManySchedules, EmptyTitle, TitleTooLong, AlreadyExists.
    """
    name = name.strip()
    if not name:
        raise EmptyTitle(field="name")
    if len(name) > NAME_LIMIT:
        raise TitleTooLong(count=len(name), limit=NAME_LIMIT)
    entries = _entries(session, person, area_id, monday)
    taken = select(WeekTemplate).where(WeekTemplate.area_id == area_id, WeekTemplate.name == name)
    if (other := session.scalar(taken)) is not None:
        if other.deleted_at is None:
            raise AlreadyExists(kind="week_template", value=name)
        session.delete(other)
        session.flush()
    stored = [entry.to_store() for entry in entries]
    made = WeekTemplate(area_id=area_id, name=name, entries=stored, created_by=person.id, created_at=now)
    session.add(made)
    session.flush()
    _log(session, person, "week_template.save", made, now)
    return made


def list_(session: Session, person: Person, area_id: int) -> list[WeekTemplate]:
    """The templates of an area, by name. Errors: Forbidden."""
    permissions.require(person, Role.VIEWER, area_id, session)
    query = select(WeekTemplate).where(WeekTemplate.area_id == area_id, WeekTemplate.deleted_at.is_(None))
    return list(session.scalars(query.order_by(WeekTemplate.name)))


def get(session: Session, person: Person, template_id: int) -> WeekTemplate:
    """Errors: NotFound, also for one that was deleted or is of an area that the person may not see."""
    return _found(session, person, template_id, deleted=False)


def apply(session: Session, person: Person, template_id: int, *, monday: dt.date, now: dt.datetime) -> Filled:
    """Fill a week from a template; what collides is left out and told. Errors: NotFound, Forbidden."""
    template = _editable(session, person, template_id)
    entries = [Entry.stored(kept) for kept in template.entries]
    return _fill(Editing(session, person, now, ChangeAction.COPY), entries, monday)


def delete(session: Session, person: Person, template_id: int, now: dt.datetime) -> None:
    """It can be restored until its name is given to another. Errors: NotFound, Forbidden."""
    template = _editable(session, person, template_id)
    template.deleted_at = now
    session.flush()
    _log(session, person, "week_template.delete", template, now)


def restore(session: Session, person: Person, template_id: int, now: dt.datetime) -> WeekTemplate:
    """Have one back that was deleted. Errors: NotFound, Forbidden."""
    template = _found(session, person, template_id, deleted=True)
    permissions.require(person, Role.EDITOR, template.area_id, session)
    template.deleted_at = None
    session.flush()
    _log(session, person, "week_template.restore", template, now)
    return template


def deleted(session: Session, person: Person, template_id: int) -> WeekTemplate | None:
    """One that was deleted and that this person may restore."""
    template = session.get(WeekTemplate, template_id)
    if template is None or template.deleted_at is None:
        return None
    return template if permissions.may(person, Role.EDITOR, template.area_id, session) else None


def _found(session: Session, person: Person, template_id: int, *, deleted: bool) -> WeekTemplate:
    template = session.get(WeekTemplate, template_id)
    seen = template is not None and permissions.may(person, Role.VIEWER, template.area_id, session)
    if template is None or not seen or (template.deleted_at is not None) != deleted:
        raise NotFound(kind="week_template", id=template_id)
    return template


def _editable(session: Session, person: Person, template_id: int) -> WeekTemplate:
    template = get(session, person, template_id)
    permissions.require(person, Role.EDITOR, template.area_id, session)
    return template


def _entries(session: Session, person: Person, area_id: int, monday: dt.date) -> list[Entry]:
    area = areas.get(session, area_id)
    permissions.require(person, Role.EDITOR, area, session)
    query = (
        select(Schedule)
        .options(selectinload(Schedule.items))
        .where(Schedule.area_id.in_(areas.below(area_id)), Schedule.withdrawn_at.is_(None))
        .order_by(Schedule.id)
    )
    begins, book = day_start(monday), Book(session)
    found = []
    for schedule in session.scalars(query):
        rule = recurrence.from_dict(schedule.rule)
        if rule.frequency not in NAMED:
            continue
        coming = recurrence.occurrences(rule, begins, begins + WEEK, book.of(schedule.area_id))
        starts = tuple(each.start - begins for each in coming)
        if starts:
            ids = tuple(item.bulletin_id for item in schedule.items)
            found.append(Entry(schedule.title, schedule.area_id, ids, starts, schedule.slot))
    if not found:
        raise NothingToPlay()
    if len(found) > MOST:
        raise TooManySchedules(count=len(found), limit=MOST)
    return found


def _fill(editing: Editing, entries: Iterable[Entry], monday: dt.date) -> Filled:
    filling = _Filling(editing, monday)
    for entry in entries:
        filling.add(entry)
    if filling.lead is not None:
        editing.session.expire(filling.lead, ["members"])
    return Filled(filling.lead, filling.airings, tuple(filling.left_out))


@dataclass(slots=True)
class _Filling:
    """A week that is being filled; what was put there first stands in the way of what follows."""

    editing: Editing
    monday: dt.date
    lead: ScheduleChange | None = None
    airings: int = 0
    left_out: list[LeftOut] = field(default_factory=list)

    def add(self, entry: Entry) -> None:
        editing = self.editing
        begins = day_start(self.monday)
        coming = [begins + start for start in entry.starts if begins + start > editing.now]
        self._leave_out(
            entry, [begins + start for start in entry.starts if begins + start <= editing.now], "past"
        )
        try:
            permissions.require(editing.person, Role.EDITOR, entry.area_id, editing.session)
            state = self._state(entry)
        except DomainError as error:
            self._leave_out(entry, coming, error.code)
            return
        free = self._free(entry, coming)
        for rule in _rules(free):
            made = editing.create(with_rule(state, rule), lead=self.lead)
            self.lead = self.lead or made
        self.airings += len(free)

    def _state(self, entry: Entry) -> State:
        """What is put there, still without its rule; in a slot what no longer may air is passed over."""
        session, person = self.editing.session, self.editing.person
        if entry.slot is None:
            ids = playable(session, person, entry.area_id, entry.bulletin_ids)
            return State(entry.title, entry.area_id, ids, {})
        wished = choosing.slot(session, person, entry.area_id, slots.from_dict(entry.slot))
        return State(entry.title, entry.area_id, entry.bulletin_ids, {}, slot=slots.to_dict(wished))

    def _free(self, entry: Entry, coming: Sequence[dt.datetime]) -> list[dt.datetime]:
        """The starts at which nothing else sounds on these loudspeakers."""
        session = self.editing.session
        pieces = Repertoire(session).of(entry.bulletin_ids)
        if entry.slot is not None:
            pieces = [as_one(entry.title, slots.from_dict(entry.slot), pieces)]
        area = areas.get(session, entry.area_id)
        bare = Rule(Frequency.DAILY, self.monday, (dt.time(),))
        look = Look(session, Side(0, area, bare, duration_ms(pieces), klass(pieces).value))
        busy: dict[dt.datetime, str] = {}
        for schedule, other in look.others():
            for clash in look.clashes(other, coming):
                busy.setdefault(clash.new, schedule.title)
        for start in coming:
            if start in busy:
                self._leave_out(entry, [start], "collides", busy[start])
        return [start for start in coming if start not in busy]

    def _leave_out(self, entry: Entry, starts: Sequence[dt.datetime], why: str, there: str = "") -> None:
        self.left_out += [LeftOut(entry.title, _local(start), why, there) for start in starts]


def _rules(starts: Sequence[dt.datetime]) -> list[Rule]:
    """As few rules as name exactly these starts: those of the same times of day together."""
    by_day: dict[dt.date, list[dt.time]] = defaultdict(list)
    for start in map(_local, starts):
        by_day[start.date()].append(start.time())
    by_times: dict[tuple[dt.time, ...], list[dt.date]] = defaultdict(list)
    for day, times in by_day.items():
        by_times[tuple(sorted(times))].append(day)
    return [_rule(times, sorted(days)) for times, days in by_times.items()]


def _rule(times: tuple[dt.time, ...], days: list[dt.date]) -> Rule:
    if len(days) == 1:
        return Rule(Frequency.ONCE, days[0], times)
    return Rule(Frequency.DATES, days[0], times, dates=tuple(days))


def _local(start: dt.datetime) -> dt.datetime:
    return start.astimezone(LOCAL).replace(tzinfo=None)


def _log(session: Session, person: Person, action: str, template: WeekTemplate, now: dt.datetime) -> None:
    subject = f"week_template:{template.id}"
    audit.record(session, now=now, person_id=person.id, action=action, subject=subject, name=template.name)
