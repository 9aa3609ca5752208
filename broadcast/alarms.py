"""What a person must know: opened once, counted while it lasts, closed once."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from . import audit, events, permissions
from .errors import NotFound
from .models import Alarm, Loudspeaker, Person, Role


def raise_alarm(
    session: Session,
    *,
    kind: str,
    now: dt.datetime,
    loudspeaker: Loudspeaker | None = None,
    count: int = 1,
    **detail: Any,
) -> Alarm:
    """Open an alarm, or count one more of it; without a loudspeaker ``device`` tells them apart."""
    alarm = next(
        (each for each in _open(session, kind, loudspeaker) if _same(each, loudspeaker, detail)), None
    )
    if alarm is None:
        alarm = Alarm(
            kind=kind,
            area_id=loudspeaker.area_id if loudspeaker else None,
            loudspeaker_id=loudspeaker.id if loudspeaker else None,
            detail=detail,
            count=count,
            opened_at=now,
            last_at=now,
        )
        session.add(alarm)
        session.flush()
    else:
        alarm.count, alarm.last_at, alarm.detail = alarm.count + count, now, {**alarm.detail, **detail}
    _announce(session, alarm, now)
    return alarm


def settle(session: Session, *, kind: str, now: dt.datetime, loudspeaker: Loudspeaker | None = None) -> bool:
    """Close what has come right by itself."""
    found = _open(session, kind, loudspeaker)
    for alarm in found:
        alarm.closed_at = now
        _announce(session, alarm, now)
    return bool(found)


def list_open(session: Session, person: Person) -> list[Alarm]:
    """Open alarms where the person looks, newest first; those of no area are for administrators."""
    mine = [Alarm.area_id.in_(permissions.visible(person))]
    if permissions.visible_areas(session, person, Role.ADMIN):
        mine.append(Alarm.area_id.is_(None))
    query = select(Alarm).where(Alarm.closed_at.is_(None), or_(*mine))
    return list(session.scalars(query.order_by(Alarm.last_at.desc(), Alarm.id.desc())))


def close(session: Session, person: Person, alarm_id: int, now: dt.datetime) -> Alarm:
    """Take note of an alarm. Errors: NotFound, Forbidden."""
    alarm = session.get(Alarm, alarm_id)
    if alarm is None:
        raise NotFound(kind="alarm", id=alarm_id)
    if alarm.area_id is not None:
        permissions.require(person, Role.VIEWER, alarm.area_id, session)
    elif not permissions.visible_areas(session, person, Role.ADMIN):
        raise NotFound(kind="alarm", id=alarm_id)
    if alarm.closed_at is None:
        alarm.closed_at, alarm.closed_by = now, person.id
        subject = f"alarm:{alarm.id}"
        audit.record(session, now=now, person_id=person.id, action="alarm.close", subject=subject)
        _announce(session, alarm, now)
    return alarm


def _open(session: Session, kind: str, loudspeaker: Loudspeaker | None) -> list[Alarm]:
    session.flush()
    where = [Alarm.kind == kind, Alarm.closed_at.is_(None)]
    where.append(Alarm.loudspeaker_id == loudspeaker.id if loudspeaker else Alarm.loudspeaker_id.is_(None))
    return list(session.scalars(select(Alarm).where(*where)))


def _same(alarm: Alarm, loudspeaker: Loudspeaker | None, detail: dict[str, Any]) -> bool:
    return loudspeaker is not None or alarm.detail.get("device") == detail.get("device")


def _announce(session: Session, alarm: Alarm, now: dt.datetime) -> None:
    events.emit(session, now=now, kind="alarm", area_id=alarm.area_id, subject=alarm.id, alarm=alarm.kind)
