"""Turns of the loudspeakers of an area that starts staggered: proposed, adopted, and how long they take."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from broadcast.models import Broadcast, Delivery, Loudspeaker, Person, Role, StartMode
from broadcast.orders.items import TURN_GAP_MS
from broadcast.storage import audit, events
from broadcast.storage.moments import later
from broadcast.units import areas, permissions, policies

from . import heard
from .staggering import Position, Proposal
from .staggering import propose as coloured


def propose(session: Session, person: Person, area_id: int) -> Proposal:
    """For all loudspeakers in service in the area and below it; those without a position go first.

    Errors: UnknownArea, Forbidden.
    """
    area = areas.get(session, area_id)
    permissions.require(person, Role.VIEWER, area, session)
    rows = session.execute(
        select(Loudspeaker.id, Loudspeaker.latitude, Loudspeaker.longitude).where(*_meant(area_id))
    ).all()
    found = coloured(
        Position(id_, latitude, longitude)
        for id_, latitude, longitude in rows
        if latitude is not None and longitude is not None
    )
    return Proposal({id_: found.turns.get(id_, 0) for id_, _, _ in rows}, found.echo_ms)


def adopt(session: Session, person: Person, area_id: int, *, now: dt.datetime) -> Proposal:
    """Give every loudspeaker its proposed turn, from the next planning on. Errors: UnknownArea, Forbidden."""
    area = areas.get(session, area_id)
    permissions.require(person, Role.ADMIN, area, session)
    proposal = propose(session, person, area_id)
    rows = [{"id": id_, "turn": turn} for id_, turn in proposal.turns.items()]
    if rows:
        session.execute(update(Loudspeaker), rows)
    subject, count = f"area:{area_id}", len(rows)
    audit.record(
        session,
        now=now,
        person_id=person.id,
        action="turns.adopt",
        subject=subject,
        turns=proposal.count,
        loudspeakers=count,
    )
    events.emit(session, now=now, kind="area", area_id=area_id, subject=area_id)
    return proposal


def count(session: Session, area_id: int) -> int:
    """How many loudspeakers would be given a turn."""
    return session.scalar(select(func.count()).select_from(Loudspeaker).where(*_meant(area_id))) or 0


def in_force(session: Session, area_id: int) -> int:
    """How many turns the loudspeakers of the area have now."""
    most = session.scalar(select(func.max(Loudspeaker.turn)).where(*_meant(area_id)))
    return (most or 0) + 1


def last_start(session: Session, broadcast: Broadcast) -> dt.datetime:
    """When the broadcast begins where it begins last: in turn, and after what was put before it."""
    if broadcast.schedule_id is None:
        return broadcast.start  # urgent: nobody waits
    decided = heard.longest_wait(session, broadcast)
    query = (
        select(Loudspeaker.area_id, func.max(Loudspeaker.turn))
        .join(Delivery, Delivery.loudspeaker_id == Loudspeaker.id)
        .where(Delivery.broadcast_id == broadcast.id)
        .group_by(Loudspeaker.area_id)
        .having(func.max(Loudspeaker.turn) > 0)
    )
    turns = [
        turn
        for area_id, turn in session.execute(query)
        if policies.of(session, area_id).start_mode is StartMode.STAGGERED
    ]
    return later(broadcast.start + decided, max(turns, default=0) * (broadcast.duration_ms + TURN_GAP_MS))


def _meant(area_id: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Loudspeaker.area_id.in_(areas.below(area_id)), Loudspeaker.retired_at.is_(None)
