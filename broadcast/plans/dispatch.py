"""The outbox leaves: the leader claims rows, publishes them, and removes what the broker has.

A process may die after any step: a row is removed only when the broker has it, so it leaves at least
once, and a second copy changes nothing because documents are revisioned and commands are keyed.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Update, delete, exists, select, update
from sqlalchemy.orm import Session

from broadcast.models import Area, Broadcast, BroadcastState, Delivery, Loudspeaker, OutboxMessage
from broadcast.orders import alerts, command_effects
from broadcast.orders.outbox import Urgency, Wire
from broadcast.storage import events
from broadcast.storage.database import Database
from broadcast.storage.lease import Leadership, LeaseLost, fenced
from devices.errors import LinkDown
from devices.link import ServerLink
from devices.messages import Evidence
from devices.speaker.ports import Message
from devices.topics import Kind

from .desired import ids_of
from .documents import publish_plans

log = logging.getLogger(__name__)

BATCH = 500
STEPS = ("before_claim", "claimed", "publishing", "published", "settling", "settled")
"""Where ``checkpoint`` is called: a test may end the process after each."""


@dataclass(frozen=True, slots=True)
class Dispatcher:
    """Everything a flush needs; ``checkpoint`` hears the name of each step."""

    database: Database
    link: ServerLink
    wire: Wire
    plan_days: int
    clock: Callable[[], dt.datetime]
    checkpoint: Callable[[str], None] = lambda name: None  # noqa: ARG005

    def flush(self, leadership: Leadership, *, upto: Urgency = Urgency.CURSOR) -> bool:
        """Send one batch, the most urgent first; True when there may be more.

        What is less urgent than ``upto`` waits. Without a connection nothing is claimed. Errors: LeaseLost.
        """
        if not self.link.connected:
            return False
        self.checkpoint("before_claim")
        with fenced(self.database, leadership, self.clock()) as session:
            rows = _claim(session, leadership, self.clock(), upto)
        self.checkpoint("claimed")
        if not rows:
            return False
        self.checkpoint("publishing")
        sent = self._publish(rows)
        self.checkpoint("published")
        self._settle(leadership, sent)
        self.checkpoint("settled")
        return len(sent) == BATCH

    def _publish(self, rows: Sequence[OutboxMessage]) -> list[OutboxMessage]:
        messages = [Message(row.topic, row.payload, row.retain) for row in rows]
        try:
            confirmed = self.link.publish_many(messages)
        except LinkDown as error:
            log.warning("the broker took nothing: %s", error, extra={"action": "dispatch_stalled"})
            return []
        return [row for row, taken in zip(rows, confirmed, strict=True) if taken]

    def _settle(self, leadership: Leadership, sent: Sequence[OutboxMessage]) -> None:
        if not sent:
            return
        try:
            with fenced(self.database, leadership, self.clock()) as session:
                _remove(session, sent)
                _mark_sent(session, self.wire, sent, self.clock())
                self.checkpoint("settling")
        except LeaseLost:
            # A new leader may have published newer documents before ours: what the broker keeps could be old.
            with self.database.transaction() as session:
                self._repeat(session, sent)
            raise

    def _repeat(self, session: Session, rows: Sequence[OutboxMessage]) -> None:
        places = [self.wire.topics.parse(row.topic) for row in rows if row.retain and row.payload]
        devices = {place.name for place in places if place.kind is Kind.DESIRED}
        groups = {place.name for place in places if place.kind is Kind.ALERTS}
        now = self.clock()
        only = ids_of(session, devices)
        publish_plans(session, self.wire, now, self.plan_days, only=only, again=devices)
        alerts.republish(session, self.wire, now, groups)


def _claim(session: Session, leadership: Leadership, now: dt.datetime, upto: Urgency) -> list[OutboxMessage]:
    """The next rows for this leader, also those a former leader left claimed; expired ones are dropped."""
    columns = (OutboxMessage.topic, OutboxMessage.order_id)
    over = delete(OutboxMessage).where(OutboxMessage.expires_at <= now).returning(*columns)
    expired = session.execute(over).all()
    command_effects.note_expired(session, [order_id for _, order_id in expired], now)
    for topic, _ in expired:
        log.warning(
            "an order expired before it could leave", extra={"action": "order_expired", "topic": topic}
        )
        events.emit(session, now=now, kind="order_expired", topic=topic)
    query = (
        select(OutboxMessage)
        .where(OutboxMessage.urgency <= int(upto))
        .order_by(OutboxMessage.urgency, OutboxMessage.id)
        .limit(BATCH)
    )
    rows = list(session.scalars(query))
    if rows:
        mine = update(OutboxMessage).where(OutboxMessage.id.in_([row.id for row in rows]))
        claim = mine.values(claimed_by=f"{leadership.holder}#{leadership.token}"[:64], claimed_until=now)
        session.execute(claim.execution_options(synchronize_session=False))
    return rows


def _remove(session: Session, rows: Sequence[OutboxMessage]) -> None:
    gone = delete(OutboxMessage).where(OutboxMessage.id.in_([row.id for row in rows]))
    session.execute(gone.execution_options(synchronize_session=False))


def _mark_sent(session: Session, wire: Wire, rows: Sequence[OutboxMessage], now: dt.datetime) -> None:
    """Deliveries whose order has left are at E0; a newer document that still waits speaks for itself."""
    topics = {row.topic for row in rows}
    waiting = set(session.scalars(select(OutboxMessage.topic).where(OutboxMessage.topic.in_(topics))))
    places = [wire.topics.parse(topic) for topic in topics - waiting]
    devices = [place.name for place in places if place.kind is Kind.DESIRED]
    groups = [place.name for place in places if place.kind is Kind.ALERTS]
    command_effects.note_sent(session, [row.order_id for row in rows], devices, now)
    touched: set[int] = set()
    if devices:
        touched |= _raise_scheduled(session, devices, now)
    if groups:
        touched |= _raise_urgent(session, groups, now)
    if not touched:
        return
    planned = (Broadcast.id.in_(touched), Broadcast.state == BroadcastState.PLANNED)
    session.execute(update(Broadcast).where(*planned).values(state=BroadcastState.DISPATCHED))
    for broadcast in session.scalars(select(Broadcast).where(Broadcast.id.in_(touched))):
        events.emit(session, now=now, kind="delivery", area_id=broadcast.area_id, subject=broadcast.id)


def _raise_scheduled(session: Session, devices: Sequence[str], now: dt.datetime) -> set[int]:
    told = select(Loudspeaker.id).where(Loudspeaker.device.in_(devices))
    # Asked of each delivery that is unsent: those are few, and what is coming is all of a week.
    coming = exists().where(
        Broadcast.id == Delivery.broadcast_id,
        Broadcast.schedule_id.is_not(None),
        Broadcast.expires > now,
        Broadcast.state != BroadcastState.CANCELLED,
    )
    sent = update(Delivery).where(Delivery.evidence.is_(None), Delivery.loudspeaker_id.in_(told), coming)
    return _raise(session, sent.values(evidence=int(Evidence.SENT), updated_at=now))


def _raise_urgent(session: Session, groups: Sequence[str], now: dt.datetime) -> set[int]:
    active = (
        select(Broadcast.id)
        .join(Area, Area.id == Broadcast.area_id)
        .where(
            Broadcast.schedule_id.is_(None),
            Area.code.in_(groups),
            Broadcast.state.in_((BroadcastState.PLANNED, BroadcastState.DISPATCHED)),
        )
    )
    sent = update(Delivery).where(Delivery.evidence.is_(None), Delivery.broadcast_id.in_(active))
    return _raise(session, sent.values(evidence=int(Evidence.SENT), updated_at=now))


def _raise(session: Session, statement: Update) -> set[int]:
    told = statement.returning(Delivery.broadcast_id).execution_options(synchronize_session=False)
    return set(session.scalars(told))
