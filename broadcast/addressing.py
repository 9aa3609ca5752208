"""Who has to play a broadcast: a delivery for each loudspeaker below its area, also after one has moved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import ColumnElement, Insert, Select, Update, exists, literal, select, update
from sqlalchemy.orm import Session

from devices.messages import ItemState

from .desired import chunks
from .models import AreaClosure, Broadcast, BroadcastState, Delivery, Loudspeaker
from .models.base import UtcDateTime
from .upsert import insert_new

MOVED = "moved"
ALIVE = (BroadcastState.PLANNED, BroadcastState.DISPATCHED)


def address(
    session: Session,
    now: dt.datetime,
    *,
    broadcasts: Collection[int] | None = None,
    loudspeakers: Collection[int] | None = None,
) -> int:
    """Give every loudspeaker below the area of a coming broadcast its delivery, and no other.

    Of all, or of these broadcasts and of these loudspeakers only; returns how many changed.
    """
    session.flush()
    changed = 0
    for which in _scopes(broadcasts, loudspeakers):
        columns = ["broadcast_id", "loudspeaker_id", "state", "reason", "updated_at"]
        added = insert_new(session, Delivery).from_select(columns, _missing(now).where(*which))
        changed += _count(session, added)
        gone = update(Delivery).where(Delivery.id.in_(_astray(now).where(*which)))
        changed += _count(session, gone.values(state=ItemState.CANCELLED, reason=MOVED, updated_at=now))
        back = update(Delivery).where(Delivery.id.in_(_returned(now).where(*which)))
        again = {"state": ItemState.PLANNED, "reason": "", "evidence": None, "updated_at": now}
        changed += _count(session, back.values(**again))
    return changed


def wrongly_addressed(session: Session, now: dt.datetime) -> set[int]:
    """Loudspeakers whose deliveries ``address`` would change."""
    missing = _missing(now).with_only_columns(Loudspeaker.id)
    found = set(session.scalars(missing.distinct()))
    for wrong in (_astray(now), _returned(now)):
        found |= set(session.scalars(wrong.with_only_columns(Delivery.loudspeaker_id).distinct()))
    return found


def below(session: Session, area_ids: Collection[int]) -> set[int]:
    """The loudspeakers in service in these areas and below them."""
    there = select(AreaClosure.descendant_id).where(AreaClosure.ancestor_id.in_(area_ids))
    found = select(Loudspeaker.id).where(Loudspeaker.area_id.in_(there), Loudspeaker.retired_at.is_(None))
    return set(session.scalars(found)) if area_ids else set()


def _scopes(
    broadcasts: Collection[int] | None, loudspeakers: Collection[int] | None
) -> Iterator[list[ColumnElement[bool]]]:
    if broadcasts is None and loudspeakers is None:
        yield []
    for ids in chunks(sorted(broadcasts or ())):
        yield [Broadcast.id.in_(ids)]
    for ids in chunks(sorted(loudspeakers or ())):
        yield [Loudspeaker.id.in_(ids)]


def _missing(now: dt.datetime) -> Select[Any]:
    state = Delivery.__table__.c.state.type
    return (
        select(
            Broadcast.id,
            Loudspeaker.id,
            literal(ItemState.PLANNED, state),
            literal(""),
            literal(now, UtcDateTime),
        )
        .join(AreaClosure, AreaClosure.ancestor_id == Broadcast.area_id)
        .join(Loudspeaker, Loudspeaker.area_id == AreaClosure.descendant_id)
        .outerjoin(
            Delivery, (Delivery.broadcast_id == Broadcast.id) & (Delivery.loudspeaker_id == Loudspeaker.id)
        )
        .where(
            Delivery.id.is_(None),
            Loudspeaker.retired_at.is_(None),
            Broadcast.expires > now,
            Broadcast.start > Loudspeaker.created_at,
            Broadcast.state.in_(ALIVE),
        )
    )


def _astray(now: dt.datetime) -> Select[int]:
    """Deliveries of what is coming elsewhere than where the loudspeaker hangs."""
    return _coming(now).where(Delivery.state != ItemState.CANCELLED, ~_is_below())


def _returned(now: dt.datetime) -> Select[int]:
    return _coming(now).where(_is_below(), Delivery.state == ItemState.CANCELLED, Delivery.reason == MOVED)


def _coming(now: dt.datetime) -> Select[int]:
    return (
        select(Delivery.id)
        .join(Broadcast, Broadcast.id == Delivery.broadcast_id)
        .join(Loudspeaker, Loudspeaker.id == Delivery.loudspeaker_id)
        .where(Broadcast.start > now, Broadcast.state.in_(ALIVE), Loudspeaker.retired_at.is_(None))
    )


def _is_below() -> ColumnElement[bool]:
    return exists().where(
        AreaClosure.ancestor_id == Broadcast.area_id, AreaClosure.descendant_id == Loudspeaker.area_id
    )


def _count(session: Session, statement: Insert | Update) -> int:
    """How many rows it changed, by the cursor's own count: there may be a hundred thousand."""
    return session.connection().execute(statement).rowcount
