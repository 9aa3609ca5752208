"""A loudspeaker that has the newest desired state has acknowledged everything in it (E1)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from broadcast.models import Broadcast, BroadcastState, Delivery
from broadcast.speakers.known import Known
from broadcast.storage import events
from devices.messages import Evidence, ItemState

WAITING = (ItemState.PLANNED, ItemState.FETCHING, ItemState.READY)


def note(session: Session, loudspeakers: Sequence[Known], now: dt.datetime) -> None:
    """Raise what is in their plans to E1; what has left their plans before its start is cancelled."""
    if not loudspeakers:
        return
    ids = [each.id for each in loudspeakers]
    touched = {*_raise(session, ids, now), *_cancel(session, ids, now)}
    if touched:
        for broadcast in session.scalars(select(Broadcast).where(Broadcast.id.in_(touched))):
            events.emit(session, now=now, kind="delivery", area_id=broadcast.area_id, subject=broadcast.id)


def _raise(session: Session, ids: Sequence[int], now: dt.datetime) -> set[int]:
    planned = select(Broadcast.id).where(
        Broadcast.schedule_id.is_not(None),
        Broadcast.expires > now,
        Broadcast.state.in_((BroadcastState.PLANNED, BroadcastState.DISPATCHED)),
    )
    low = or_(Delivery.evidence.is_(None), Delivery.evidence == int(Evidence.SENT))
    theirs = update(Delivery).where(Delivery.loudspeaker_id.in_(ids), Delivery.broadcast_id.in_(planned), low)
    raised = theirs.values(evidence=int(Evidence.ACKNOWLEDGED), updated_at=now)
    return set(session.scalars(raised.returning(Delivery.broadcast_id)))


def _cancel(session: Session, ids: Sequence[int], now: dt.datetime) -> set[int]:
    withdrawn = select(Broadcast.id).where(
        Broadcast.schedule_id.is_not(None),
        Broadcast.start > now,
        Broadcast.stopped_at.is_(None),
        Broadcast.state == BroadcastState.CANCELLED,
    )
    theirs = update(Delivery).where(
        Delivery.loudspeaker_id.in_(ids),
        Delivery.broadcast_id.in_(withdrawn),
        Delivery.state.in_(WAITING),
    )
    gone = theirs.values(state=ItemState.CANCELLED, reason="withdrawn", updated_at=now)
    return set(session.scalars(gone.returning(Delivery.broadcast_id)))
