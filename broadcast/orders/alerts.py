"""The retained set of urgent announcements of a group: what is active, and tombstones of what was stopped."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload, selectinload

from broadcast.models import AlertsDocument, Area, Broadcast, BroadcastClip, BroadcastState
from broadcast.storage.moments import later, to_ms
from broadcast.storage.upsert import insert_new
from devices.messages import Alert, Alerts, Tombstone

from . import items, outbox
from .outbox import Urgency, Wire


def publish(session: Session, wire: Wire, area: Area, now: dt.datetime) -> None:
    """Queue the next revision of an area's set, as the database has it in this transaction."""
    session.flush()
    session.execute(insert_new(session, AlertsDocument).values(area_id=area.id, epoch=1, rev=0))
    counter = update(AlertsDocument).where(AlertsDocument.area_id == area.id)
    # The counter's row lock comes before the reading: of two senders the second sees what the first wrote.
    raised = counter.values(rev=AlertsDocument.rev + 1).returning(AlertsDocument.epoch, AlertsDocument.rev)
    revision = session.execute(raised).one()
    _send(session, wire, area, (revision.epoch, revision.rev), now)


def republish(session: Session, wire: Wire, now: dt.datetime, codes: set[str] | None = None) -> int:
    """Queue the present revision again, of the areas with these codes or of all: it may be lost."""
    query = select(AlertsDocument, Area).join(Area, Area.id == AlertsDocument.area_id)
    if codes is not None:
        query = query.where(Area.code.in_(codes))
    found = session.execute(query).all()
    for document, area in found:
        _send(session, wire, area, (document.epoch, document.rev), now)
    return len(found)


def _send(session: Session, wire: Wire, area: Area, revision: tuple[int, int], now: dt.datetime) -> None:
    query = (
        select(Broadcast)
        .options(selectinload(Broadcast.clips).joinedload(BroadcastClip.clip), joinedload(Broadcast.area))
        .where(
            Broadcast.area_id == area.id,
            Broadcast.schedule_id.is_(None),
            Broadcast.state != BroadcastState.CLOSED,
        )
        .order_by(Broadcast.start, Broadcast.id)
    )
    known = session.scalars(query).all()
    document = Alerts(
        group=area.code,
        epoch=revision[0],
        rev=revision[1],
        issued_at=to_ms(now),
        alerts=tuple(Alert(item=items.item(each, wire)) for each in known if not _stopped(each)),
        cancelled=tuple(_tombstone(each) for each in known if _stopped(each)),
    )
    outbox.put(session, wire, wire.topics.alerts(area.code), document, urgency=Urgency.ALERT, now=now)


def _stopped(broadcast: Broadcast) -> bool:
    return broadcast.state is BroadcastState.CANCELLED


def _tombstone(broadcast: Broadcast) -> Tombstone:
    at = broadcast.stopped_at or broadcast.start
    return Tombstone(id=broadcast.occurrence, at=to_ms(at), until=to_ms(over_at(broadcast)))


def over_at(broadcast: Broadcast) -> dt.datetime:
    """When nothing of a broadcast can sound any more, even where it started last."""
    return later(broadcast.expires, broadcast.duration_ms)
