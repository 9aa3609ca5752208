"""The days off and the days worked instead, as each unit has decided them over the nation's calendar."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.errors import EmptyTitle, NotFound, OutOfRange, ValueTooLong
from broadcast.models import Area, AreaClosure, HolidayChange, HolidayKind, Person, Role, Schedule
from broadcast.storage import audit, events
from schedules.holidays import NATIONAL, Calendar
from schedules.lunar import FIRST_DAY, LAST_DAY
from schedules.types import Frequency, OnHolidays

from . import areas, permissions

NAME_LIMIT = 120
YEARS = (FIRST_DAY.year, LAST_DAY.year)


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the year that is no ordinary one; ``change`` is what decided it, None: the nation's calendar.

    ``national`` is what the nation calls the day, for where a unit has it otherwise.
    """

    date: dt.date
    name: str
    kind: HolidayKind
    national: str = ""
    change: HolidayChange | None = None


class Book:
    """The calendars of many areas, for one transaction: where nobody decided anything, one query."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._changes: dict[int, list[HolidayChange]] | None = None
        self._known: dict[int, Calendar] = {}

    def of(self, area_id: int) -> Calendar:
        if self._changes is None:
            self._changes = defaultdict(list)
            for change in self._session.scalars(select(HolidayChange)):
                self._changes[change.area_id].append(change)
        if not self._changes:
            return NATIONAL
        if area_id not in self._known:
            self._known[area_id] = self._laid_over(area_id, self._changes)
        return self._known[area_id]

    def _laid_over(self, area_id: int, changes: dict[int, list[HolidayChange]]) -> Calendar:
        query = (
            select(AreaClosure.ancestor_id)
            .where(AreaClosure.descendant_id == area_id, AreaClosure.ancestor_id.in_(list(changes)))
            .order_by(AreaClosure.depth.desc())
        )
        found = NATIONAL
        for ancestor_id in self._session.scalars(query):
            found = _calendar(changes[ancestor_id]).over(found)
        return found


def calendar_of(session: Session, area_id: int) -> Calendar:
    """What every rule of an area is to be expanded with."""
    return Book(session).of(area_id)


def year(session: Session, person: Person, area_id: int, number: int) -> list[Day]:
    """The days off and days worked instead of an area in a year, in order. Errors: UnknownArea, Forbidden."""
    chain = areas.ancestors(session, area_id)
    permissions.require(person, Role.VIEWER, area_id, session)
    decided = _nearest(session, chain, number)
    found = []
    first = dt.date(number, 1, 1)
    for ordinal in range(first.toordinal(), dt.date(number, 12, 31).toordinal() + 1):
        date = dt.date.fromordinal(ordinal)
        change, national = decided.get(date), NATIONAL.name(date)
        if change is not None:
            found.append(Day(date, change.name or national, change.kind, national, change))
        elif national:
            found.append(Day(date, national, HolidayKind.OFF, national))
        elif date.weekday() >= 5 and NATIONAL.is_working(ordinal):
            found.append(Day(date, "", HolidayKind.WORKED))
    return found


def put(
    session: Session,
    person: Person,
    area_id: int,
    day: dt.date,
    *,
    kind: HolidayKind,
    name: str = "",
    now: dt.datetime,
) -> HolidayChange:
    """Decide about a day, here and below; what airs by holidays is planned again.

    Errors: UnknownArea, Forbidden, OutOfRange, EmptyTitle (a day off needs a name), ValueTooLong.
    """
    area = areas.get(session, area_id)
    permissions.require(person, Role.ADMIN, area, session)
    name = _checked(day, kind, name)
    change = _own(session, area_id, day) or HolidayChange(area_id=area_id, day=day)
    before = (change.kind, change.name)
    change.kind, change.name, change.updated_at, change.updated_by = kind, name, now, person.id
    session.add(change)
    session.flush()
    if before != (kind, name):
        _tell(session, person, area, day, now, kind=kind.value, name=name)
    return change


def remove(session: Session, person: Person, area_id: int, day: dt.date, *, now: dt.datetime) -> None:
    """As in the areas above again. Errors: UnknownArea, Forbidden, NotFound."""
    area = areas.get(session, area_id)
    permissions.require(person, Role.ADMIN, area, session)
    change = _own(session, area_id, day)
    if change is None:
        raise NotFound(kind="holiday_change", id=day.isoformat())
    session.delete(change)
    session.flush()
    _tell(session, person, area, day, now, kind=None, name="")


def heeds_holidays(rule: dict[str, object]) -> bool:
    """Whether a stored rule airs otherwise when a day becomes a holiday."""
    by_days = rule.get("frequency") == Frequency.WORKDAYS
    return by_days or rule.get("on_holidays", OnHolidays.KEEP) != OnHolidays.KEEP


def _checked(day: dt.date, kind: HolidayKind, name: str) -> str:
    name = " ".join(name.split())
    if not YEARS[0] <= day.year <= YEARS[1]:
        raise OutOfRange(field="day", value=day.year, minimum=YEARS[0], maximum=YEARS[1])
    if kind is HolidayKind.OFF and not name:
        raise EmptyTitle(field="name")
    if len(name) > NAME_LIMIT:
        raise ValueTooLong(field="name", count=len(name), limit=NAME_LIMIT)
    return name


def _own(session: Session, area_id: int, day: dt.date) -> HolidayChange | None:
    query = select(HolidayChange).where(HolidayChange.area_id == area_id, HolidayChange.day == day)
    return session.scalar(query)


def _nearest(session: Session, chain: list[Area], number: int) -> dict[dt.date, HolidayChange]:
    """By day, what the nearest area has decided."""
    query = select(HolidayChange).where(
        HolidayChange.area_id.in_([area.id for area in chain]),
        HolidayChange.day >= dt.date(number, 1, 1),
        HolidayChange.day <= dt.date(number, 12, 31),
    )
    distance = {area.id: depth for depth, area in enumerate(chain)}
    changes = sorted(session.scalars(query), key=lambda change: -distance[change.area_id])
    return {change.day: change for change in changes}


def _calendar(changes: list[HolidayChange]) -> Calendar:
    off = sorted((each.day, each.name) for each in changes if each.kind is HolidayKind.OFF)
    worked = frozenset(each.day for each in changes if each.kind is HolidayKind.WORKED)
    return Calendar(tuple(off), worked)


def _tell(
    session: Session, person: Person, area: Area, day: dt.date, now: dt.datetime, **what: str | None
) -> None:
    """The planner follows schedules by their events: each that heeds holidays here has one."""
    audit.record(
        session,
        now=now,
        person_id=person.id,
        action="holiday.save" if what["kind"] else "holiday.remove",
        subject=f"area:{area.id}",
        day=day.isoformat(),
        **what,
    )
    events.emit(session, now=now, kind="holiday", area_id=area.id)
    query = select(Schedule.id, Schedule.area_id, Schedule.rule).where(
        Schedule.area_id.in_(areas.below(area.id)), Schedule.withdrawn_at.is_(None)
    )
    for schedule_id, area_id, rule in session.execute(query).all():
        if heeds_holidays(rule):
            events.emit(session, now=now, kind="schedule", area_id=area_id, subject=schedule_id)
