"""Which goes first where a priority programme from above meets a unit's own: the unit decides, by name."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from broadcast.authoring.repertoire import Repertoire, klass
from broadcast.errors import NotFound, WrongState
from broadcast.models import Area, AreaClosure, NoticeKind, OrderDecision, Person, Role, Schedule
from broadcast.storage import audit, events
from broadcast.units import areas, permissions
from schedules import precedence
from schedules.precedence import Claim, Decision

from . import notices


def decide(
    session: Session, person: Person, *, area_id: int, first: int, second: int, now: dt.datetime
) -> OrderDecision:
    """In an area the schedule ``first`` goes before ``second``; the last word on a pair counts.

    Errors: UnknownArea, Forbidden, NotFound (a schedule, also one that is not heard there), WrongState
    (it is not the unit's to decide: neither is a priority programme from above, or both are).
    """
    area = areas.get(session, area_id)
    permissions.require(person, Role.EDITOR, area, session)
    one, other = (_heard(session, area, schedule_id) for schedule_id in (first, second))
    if not may_decide(area, _claim(session, one, now), _claim(session, other, now)):
        raise WrongState(kind="schedule", id=second, state="by_rule", action="decide")
    made = OrderDecision(area_id=area.id, first_id=first, second_id=second, person_id=person.id, at=now)
    session.add(made)
    session.flush()
    audit.record(
        session,
        now=now,
        person_id=person.id,
        action="schedule.decide",
        subject=f"schedule:{first}",
        before=second,
        area_id=area.id,
    )
    params = {"by": person.name, "area": area.name, "other": one.title, "other_id": one.id}
    notices.tell(session, NoticeKind.DECIDED, other, by=person, params=params, now=now)
    events.emit(session, now=now, kind="area", area_id=area.id, subject=area.id)
    return made


def list_(session: Session, person: Person, area_id: int) -> list[OrderDecision]:
    """What was decided in an area, the last first. Errors: Forbidden."""
    permissions.require(person, Role.VIEWER, area_id, session)
    query = (
        select(OrderDecision)
        .options(*(joinedload(getattr(OrderDecision, name)) for name in ("first", "second", "person")))
        .where(OrderDecision.area_id == area_id)
    )
    return list(session.scalars(query.order_by(OrderDecision.id.desc())))


def about(session: Session, schedule_id: int) -> list[Decision]:
    """Every word on a schedule, as ``schedules.precedence`` knows it; ids are those of schedules."""
    query = (
        select(OrderDecision, Area.level, Person.username)
        .join(Area, Area.id == OrderDecision.area_id)
        .join(Person, Person.id == OrderDecision.person_id)
        .where(or_(OrderDecision.first_id == schedule_id, OrderDecision.second_id == schedule_id))
        .order_by(OrderDecision.id)
    )
    return [
        Decision(str(row.first_id), str(row.second_id), level, by, row.at)
        for row, level, by in session.execute(query)
    ]


def may_decide(area: Area, one: Claim, other: Claim) -> bool:
    """Whether the unit of an area decides between the two."""
    return precedence.may_decide(area.level, one, other)


def _heard(session: Session, area: Area, schedule_id: int) -> Schedule:
    """A schedule that sounds in the area or in a part of it."""
    schedule = session.get(Schedule, schedule_id)
    if schedule is not None:
        pairs = select(AreaClosure.depth).where(
            or_(
                (AreaClosure.ancestor_id == schedule.area_id) & (AreaClosure.descendant_id == area.id),
                (AreaClosure.ancestor_id == area.id) & (AreaClosure.descendant_id == schedule.area_id),
            )
        )
        if session.scalar(pairs.limit(1)) is not None:
            return schedule
    raise NotFound(kind="schedule", id=schedule_id)


def _claim(session: Session, schedule: Schedule, now: dt.datetime) -> Claim:
    pieces = Repertoire(session).pieces(schedule)
    return Claim(str(schedule.id), klass(pieces).value, schedule.area.level, now)
