"""Units become one: a new one above them, under which all goes on as it was.

The old units stay as its parts, with their codes, so that what was made for them airs where it did: their
programmes, hours, words and voices hold, and everything of theirs is found below the new one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from broadcast.errors import InvalidInput, WrongState
from broadcast.models import (
    Area,
    AreaClosure,
    Broadcast,
    Bulletin,
    Grant,
    Loudspeaker,
    Person,
    Role,
    Schedule,
)
from broadcast.storage import audit

from . import areas, people, permissions

WHOLE_DAY = ("00:00", "00:00")


@dataclass(frozen=True, slots=True)
class Part:
    """A unit that is to be merged: what it brings, and who will have a role in the whole."""

    area: Area
    areas: int
    loudspeakers: int
    schedules: int
    bulletins: int
    broadcasts: int
    people: tuple[str, ...]


def merge(
    session: Session,
    person: Person,
    area_ids: Collection[int],
    *,
    code: str,
    name: str,
    now: dt.datetime,
) -> Area:
    """Two or more units beside each other become one with a code of its own; returns the new one.

    Whoever had a role in one of them has it in the whole. No hour that was allowed is forbidden by it.
    Errors: UnknownArea, Forbidden, InvalidInput (they are not beside each other, or of different kinds),
    WrongState (merged before), InvalidCode, AlreadyExists, EmptyTitle.
    """
    old = _units(session, person, area_ids)
    start, end = _hours(old)
    made = areas.create(
        session,
        code=code,
        name=name,
        kind=old[0].kind,
        parent_id=old[0].parent_id,
        now=now,
        person_id=person.id,
        latitude=_middle([each.latitude for each in old]),
        longitude=_middle([each.longitude for each in old]),
        window_start=start,
        window_end=end,
    )
    for each in old:
        areas.move(session, each.id, parent_id=made.id, now=now, person_id=person.id)
        each.merged_at = now
    _widen(session, old, made, person, now)
    _tell(session, old, made, person, now)
    return made


def foresee(session: Session, person: Person, area_ids: Collection[int]) -> list[Part]:
    """What each of them brings into the new unit. Errors: as ``merge`` for what is merged."""
    return [_part(session, each) for each in _units(session, person, area_ids)]


def merged(session: Session, person: Person) -> list[Area]:
    """The units that this person administers and that are parts of another since, the last ones first."""
    mine = permissions.visible(person, Role.ADMIN)
    query = select(Area).where(Area.merged_at.is_not(None), Area.id.in_(mine))
    return list(session.scalars(query.order_by(Area.merged_at.desc(), Area.code)))


def _units(session: Session, person: Person, area_ids: Collection[int]) -> list[Area]:
    found = [areas.get(session, area_id) for area_id in sorted(set(area_ids))]
    for each in found:
        permissions.require(person, Role.ADMIN, each, session)
        if each.merged_at is not None:
            raise WrongState(kind="area", id=each.id, state="merged", action="merge")
    if len(found) < 2 or len({(each.parent_id, each.kind) for each in found}) > 1:
        raise InvalidInput(field="area_ids")
    return found


def _part(session: Session, area: Area) -> Part:
    below = areas.below(area.id)

    def count(what: InstrumentedAttribute[int], *conditions: ColumnElement[bool]) -> int:
        return session.scalar(select(func.count(what)).where(*conditions)) or 0

    holders = select(Person.name).join(Grant, Grant.person_id == Person.id)
    return Part(
        area=area,
        areas=count(AreaClosure.descendant_id, AreaClosure.ancestor_id == area.id, AreaClosure.depth > 0),
        loudspeakers=count(Loudspeaker.id, Loudspeaker.area_id.in_(below), Loudspeaker.retired_at.is_(None)),
        schedules=count(Schedule.id, Schedule.area_id.in_(below), Schedule.withdrawn_at.is_(None)),
        bulletins=count(Bulletin.id, Bulletin.area_id.in_(below)),
        broadcasts=count(Broadcast.id, Broadcast.area_id.in_(below)),
        people=tuple(
            session.scalars(holders.where(Grant.area_id == area.id).distinct().order_by(Person.name))
        ),
    )


def _hours(old: Sequence[Area]) -> tuple[str, str]:
    """All hours that some of them has; where a night is among them, the whole day: it narrows nothing."""
    if any(each.window_end <= each.window_start for each in old):
        return WHOLE_DAY
    return min(each.window_start for each in old), max(each.window_end for each in old)


def _middle(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _widen(session: Session, old: Sequence[Area], made: Area, by: Person, now: dt.datetime) -> None:
    held = select(Grant).where(Grant.area_id.in_([each.id for each in old])).order_by(Grant.id)
    for each in session.scalars(held).all():
        people.grant(session, each.person, each.role, made.id, now=now, by=by.id)


def _tell(session: Session, old: Sequence[Area], made: Area, person: Person, now: dt.datetime) -> None:
    audit.record(
        session,
        now=now,
        person_id=person.id,
        action="area.merge",
        subject=f"area:{made.id}",
        code=made.code,
        merged=[each.code for each in old],
    )
    session.flush()
