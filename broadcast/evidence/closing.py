"""Ends what is over: a broadcast whose time has passed is closed, and silence is never taken for sound."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from broadcast.models import Area, Broadcast, BroadcastState, Delivery, Loudspeaker
from broadcast.orders import alerts
from broadcast.orders.outbox import Wire
from broadcast.plans import turns
from broadcast.storage import events
from devices.messages import ItemState

MARGIN = dt.timedelta(minutes=2)  # for reports on their way
NO_REPORT = "no_report"
LOOK_BACK = dt.timedelta(days=3)

NOT_BEGUN = (ItemState.PLANNED, ItemState.FETCHING, ItemState.READY, ItemState.ARMED)
BEGUN = (ItemState.STARTING, ItemState.PLAYING, ItemState.PREEMPTED, ItemState.RESUMING)


def close_over(session: Session, wire: Wire, now: dt.datetime) -> int:
    """Close every broadcast that can sound nowhere any more; returns how many.

    A delivery without a last word is *missed*, one that began is *interrupted*, both for want of a
    report: a journal that arrives later says better.
    """
    over = (Broadcast.expires < now - MARGIN, Broadcast.expires > now - LOOK_BACK)
    query = select(Broadcast).where(Broadcast.state != BroadcastState.CLOSED, *over)
    closed = 0
    silenced: dict[int, Area] = {}
    for broadcast in session.scalars(query):
        waited = turns.last_start(session, broadcast) - broadcast.start
        if alerts.over_at(broadcast) + waited + MARGIN > now:
            continue
        changed = _end_deliveries(session, broadcast, now)
        scheduled = broadcast.schedule_id is not None
        if broadcast.state is not BroadcastState.CANCELLED or not scheduled:
            broadcast.state, changed = BroadcastState.CLOSED, True
            closed += 1
            _note_asked(session, broadcast)
            if not scheduled:
                silenced[broadcast.area_id] = broadcast.area
        if changed:
            events.emit(session, now=now, kind="broadcast", area_id=broadcast.area_id, subject=broadcast.id)
    for area in silenced.values():
        alerts.publish(session, wire, area, now)
    return closed


def _note_asked(session: Session, broadcast: Broadcast) -> None:
    """Whoever had to play it may be asked for proof of some sound from now on."""
    meant = select(Delivery.loudspeaker_id).where(
        Delivery.broadcast_id == broadcast.id, Delivery.state != ItemState.CANCELLED
    )
    newest = or_(Loudspeaker.asked_at.is_(None), Loudspeaker.asked_at < broadcast.start)
    asked = update(Loudspeaker).where(Loudspeaker.id.in_(meant), newest).values(asked_at=broadcast.start)
    session.execute(asked.execution_options(synchronize_session=False))


def _end_deliveries(session: Session, broadcast: Broadcast, now: dt.datetime) -> bool:
    cancelled = broadcast.state is BroadcastState.CANCELLED
    unheard = ItemState.CANCELLED if cancelled else ItemState.MISSED
    changed = False
    for states, end in ((NOT_BEGUN, unheard), (BEGUN, ItemState.INTERRUPTED)):
        open_ones = update(Delivery).where(Delivery.broadcast_id == broadcast.id, Delivery.state.in_(states))
        ended = open_ones.values(state=end, reason=NO_REPORT, updated_at=now).returning(Delivery.id)
        changed |= bool(session.scalars(ended).all())
    return changed
