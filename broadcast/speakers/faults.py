"""Fault tickets: what somebody must see to at a loudspeaker, from its discovery to what was done about it."""

from __future__ import annotations

import datetime as dt
import enum

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from broadcast.errors import EmptyTitle, NotFound, ValueTooLong, WrongState
from broadcast.models import Alarm, Fault, Loudspeaker, Person, Role
from broadcast.storage import audit, events
from broadcast.storage.pages import Page, cut
from broadcast.units import areas, permissions

from . import alarms

NOTE_LIMIT = 2000
PER_PAGE = 50


class FaultKind(enum.StrEnum):
    """What is wrong, as an officer can tell; an alarm's own kind is kept as it is."""

    NO_SOUND = "no_sound"
    POOR_SOUND = "poor_sound"
    POWER = "power"
    NETWORK = "network"
    HORN = "horn"
    AMPLIFIER = "amplifier"
    MOUNTING = "mounting"
    OTHER = "other"


def open_(
    session: Session,
    person: Person,
    *,
    loudspeaker_id: int,
    kind: FaultKind,
    note: str = "",
    now: dt.datetime,
) -> Fault:
    """Open a ticket by hand. Errors: NotFound, Forbidden, ValueTooLong."""
    loudspeaker = _loudspeaker(session, person, loudspeaker_id)
    return _write(session, person, loudspeaker, kind.value, note, None, now)


def open_from_alarm(
    session: Session, person: Person, alarm_id: int, *, note: str = "", now: dt.datetime
) -> Fault:
    """Open a ticket for what an alarm tells; the one that is open for it already, where there is one.

    Errors: NotFound, also of an alarm of no loudspeaker; Forbidden, ValueTooLong.
    """
    alarm = alarms.get(session, person, alarm_id)
    if alarm.loudspeaker_id is None:
        raise NotFound(kind="loudspeaker", id=None)
    loudspeaker = _loudspeaker(session, person, alarm.loudspeaker_id)
    same = select(Fault).where(Fault.alarm_id == alarm.id, Fault.closed_at.is_(None))
    known = session.scalars(same.limit(1)).first()
    return known or _write(session, person, loudspeaker, alarm.kind, note, alarm, now)


def close(session: Session, person: Person, fault_id: int, *, resolution: str, now: dt.datetime) -> Fault:
    """Say what was done. Errors: NotFound, Forbidden, EmptyTitle, ValueTooLong, WrongState."""
    fault = session.get(Fault, fault_id)
    if fault is None:
        raise NotFound(kind="fault", id=fault_id)
    loudspeaker = _loudspeaker(session, person, fault.loudspeaker_id)
    if fault.closed_at is not None:
        raise WrongState(state="closed", action="close")
    if not resolution.strip():
        raise EmptyTitle(field="resolution")
    fault.resolution = _text("resolution", resolution)
    fault.closed_at, fault.closed_by = now, person.id
    _tell(session, person, loudspeaker, fault, "fault.close", now)
    return fault


def list_(
    session: Session,
    person: Person,
    *,
    open_only: bool = True,
    loudspeaker_id: int | None = None,
    area_id: int | None = None,
    kind: str | None = None,
    page: int = 1,
    per_page: int = PER_PAGE,
) -> Page[Fault]:
    """Tickets where the person looks, the oldest open one first; closed ones follow, the newest first."""
    query = found(person, open_only=open_only, loudspeaker_id=loudspeaker_id, area_id=area_id, kind=kind)
    whole = joinedload(Fault.loudspeaker).joinedload(Loudspeaker.area)
    return cut(session, query.options(whole), page, per_page)


def found(
    person: Person,
    *,
    open_only: bool = True,
    loudspeaker_id: int | None = None,
    area_id: int | None = None,
    kind: str | None = None,
) -> Select[Fault]:
    """What ``list_`` cuts into pages, whole."""
    query = (
        select(Fault)
        .join(Loudspeaker, Loudspeaker.id == Fault.loudspeaker_id)
        .where(Loudspeaker.area_id.in_(permissions.visible(person)))
    )
    if open_only:
        query = query.where(Fault.closed_at.is_(None))
    if loudspeaker_id is not None:
        query = query.where(Fault.loudspeaker_id == loudspeaker_id)
    if area_id is not None:
        query = query.where(Loudspeaker.area_id.in_(areas.below(area_id)))
    if kind is not None:
        query = query.where(Fault.kind == kind)
    return query.order_by(Fault.closed_at.is_not(None), Fault.closed_at.desc(), Fault.opened_at, Fault.id)


def kinds(session: Session, person: Person) -> list[str]:
    """Those there are tickets of, for the filter."""
    query = (
        select(Fault.kind)
        .join(Loudspeaker, Loudspeaker.id == Fault.loudspeaker_id)
        .where(Loudspeaker.area_id.in_(permissions.visible(person)))
    )
    return sorted(session.scalars(query.distinct()))


def count_open(session: Session, person: Person) -> int:
    query = (
        select(func.count())
        .select_from(Fault)
        .join(Loudspeaker, Loudspeaker.id == Fault.loudspeaker_id)
        .where(Fault.closed_at.is_(None), Loudspeaker.area_id.in_(permissions.visible(person)))
    )
    return session.scalar(query) or 0


def age(fault: Fault, now: dt.datetime) -> dt.timedelta:
    """How long it has been waiting, or had to wait."""
    return (fault.closed_at or now) - fault.opened_at


def _write(  # noqa: PLR0917 - one place that writes the row
    session: Session,
    person: Person,
    loudspeaker: Loudspeaker,
    kind: str,
    note: str,
    alarm: Alarm | None,
    now: dt.datetime,
) -> Fault:
    fault = Fault(
        loudspeaker_id=loudspeaker.id,
        kind=kind,
        note=_text("note", note),
        alarm_id=alarm.id if alarm else None,
        opened_at=now,
        opened_by=person.id,
    )
    session.add(fault)
    session.flush()
    _tell(session, person, loudspeaker, fault, "fault.open", now)
    return fault


def _loudspeaker(session: Session, person: Person, loudspeaker_id: int) -> Loudspeaker:
    """Whoever makes the programme of a place may also note that a loudspeaker there is broken."""
    loudspeaker = session.get(Loudspeaker, loudspeaker_id)
    if loudspeaker is None or not permissions.may(person, Role.VIEWER, loudspeaker.area_id, session):
        raise NotFound(kind="loudspeaker", id=loudspeaker_id)
    roles = permissions.roles_in(session, person, loudspeaker.area_id)
    if not roles & {Role.EDITOR, Role.ADMIN}:
        permissions.require(person, Role.EDITOR, loudspeaker.area_id, session)
    return loudspeaker


def _text(field: str, text: str) -> str:
    if len(text) > NOTE_LIMIT:
        raise ValueTooLong(field=field, count=len(text), limit=NOTE_LIMIT)
    return text.strip()


def _tell(  # noqa: PLR0917 - one place that writes it down
    session: Session, person: Person, loudspeaker: Loudspeaker, fault: Fault, action: str, now: dt.datetime
) -> None:
    audit.record(
        session,
        now=now,
        person_id=person.id,
        action=action,
        subject=f"fault:{fault.id}",
        device=loudspeaker.device,
        kind=fault.kind,
        note=fault.note,
        resolution=fault.resolution,
    )
    events.emit(session, now=now, kind="fault", area_id=loudspeaker.area_id, subject=fault.id)
