"""Who has to play a broadcast: a delivery for each loudspeaker below its area, also after one has moved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Insert, Select, Update, exists, literal, select, update
from sqlalchemy.orm import Session, aliased

from broadcast.models import AreaClosure, Broadcast, BroadcastClip, BroadcastState, Delivery, Loudspeaker
from broadcast.models.base import UtcDateTime
from broadcast.storage.chunks import chunks
from broadcast.storage.upsert import insert_new
from devices.messages import ItemState

MOVED = "moved"
ALIVE = (BroadcastState.PLANNED, BroadcastState.DISPATCHED)
OVER = (BroadcastState.CANCELLED, BroadcastState.CLOSED)
NOT_BEGUN = (ItemState.PLANNED, ItemState.FETCHING, ItemState.READY, ItemState.ARMED)
LOOK_BACK = dt.timedelta(days=3)  # what began before is over; spares reading years of it


class _Scope(NamedTuple):
    """Which pairs of a broadcast and a loudspeaker, and which of the deliveries there are."""

    pairs: ColumnElement[bool]
    known: ColumnElement[bool]


def address(
    session: Session,
    now: dt.datetime,
    *,
    new: Collection[int] = (),
    broadcasts: Collection[int] | None = None,
    loudspeakers: Collection[int] | None = None,
) -> int:
    """Give every loudspeaker that shall hear a coming broadcast its delivery, and no other.

    Of all, or only of these broadcasts and of these loudspeakers; ``new`` are broadcasts that have no
    deliveries yet. Returns how many changed.
    """
    session.flush()
    changed = 0
    for ids in chunks(sorted(new)):
        changed += _add(session, now, Broadcast.id.in_(ids))
    if new and broadcasts is None and loudspeakers is None:
        return changed
    for scope in _scopes(now, broadcasts, loudspeakers):
        gone = update(Delivery).where(*_astray(now, scope))
        changed += _count(session, gone.values(state=ItemState.CANCELLED, reason=MOVED, updated_at=now))
        back = update(Delivery).where(*_returned(now, scope))
        again = {"state": ItemState.PLANNED, "reason": "", "evidence": None, "updated_at": now}
        changed += _count(session, back.values(**again))
        changed += _add(session, now, scope.pairs)
    return changed


def wrongly_addressed(session: Session, now: dt.datetime) -> set[int]:
    """Loudspeakers whose deliveries ``address`` would change."""
    found: set[int] = set()
    for scope in _scopes(now, None, None):
        found |= set(session.scalars(_missing(now, scope.pairs).with_only_columns(Loudspeaker.id).distinct()))
        for wrong in (_astray(now, scope), _returned(now, scope)):
            found |= set(session.scalars(select(Delivery.loudspeaker_id).where(*wrong).distinct()))
    return found


def below(session: Session, area_ids: Collection[int]) -> set[int]:
    """The loudspeakers in service in these areas and below them."""
    there = select(AreaClosure.descendant_id).where(AreaClosure.ancestor_id.in_(area_ids))
    found = select(Loudspeaker.id).where(Loudspeaker.area_id.in_(there), Loudspeaker.retired_at.is_(None))
    return set(session.scalars(found)) if area_ids else set()


def _scopes(
    now: dt.datetime, broadcasts: Collection[int] | None, loudspeakers: Collection[int] | None
) -> Iterator[_Scope]:
    if broadcasts is None and loudspeakers is None:
        coming = select(Broadcast.id).where(*_coming(now))
        yield _Scope(Broadcast.state.in_(ALIVE), Delivery.broadcast_id.in_(coming))
    for ids in chunks(sorted(broadcasts or ())):
        yield _Scope(Broadcast.id.in_(ids), Delivery.broadcast_id.in_(ids))
    for ids in chunks(sorted(loudspeakers or ())):
        theirs = Loudspeaker.id.in_(ids)
        above = select(AreaClosure.ancestor_id).where(
            AreaClosure.descendant_id.in_(select(Loudspeaker.area_id).where(theirs))
        )
        yield _Scope(theirs & Broadcast.area_id.in_(above), Delivery.loudspeaker_id.in_(ids))


def _add(session: Session, now: dt.datetime, pairs: ColumnElement[bool]) -> int:
    columns = ["broadcast_id", "loudspeaker_id", "state", "reason", "updated_at"]
    return _count(session, insert_new(session, Delivery).from_select(columns, _missing(now, pairs)))


def _missing(now: dt.datetime, pairs: ColumnElement[bool]) -> Select[Any]:
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
            pairs,
            Delivery.id.is_(None),
            Loudspeaker.retired_at.is_(None),
            Broadcast.expires > now,
            Broadcast.start > now - LOOK_BACK,
            Broadcast.start > Loudspeaker.created_at,
            Broadcast.state.not_in(OVER),  # as no index has it: a few areas shall lead to the broadcasts
            ~Broadcast.partial | _has_variant(),
        )
    )


def _astray(now: dt.datetime, scope: _Scope) -> tuple[ColumnElement[bool], ...]:
    """Deliveries of what is coming elsewhere than where the loudspeaker hangs."""
    coming = exists().where(Broadcast.id == Delivery.broadcast_id, *_coming(now))
    return scope.known, Delivery.state.in_(NOT_BEGUN), coming, ~_is_below()


def _returned(now: dt.datetime, scope: _Scope) -> tuple[ColumnElement[bool], ...]:
    """Deliveries that were taken from a loudspeaker that is back."""
    coming = exists().where(Broadcast.id == Delivery.broadcast_id, *_coming(now))
    return scope.known, Delivery.state == ItemState.CANCELLED, Delivery.reason == MOVED, coming, _is_below()


def _coming(now: dt.datetime) -> tuple[ColumnElement[bool], ...]:
    return Broadcast.start > now, Broadcast.state.in_(ALIVE)


def _is_below() -> ColumnElement[bool]:
    return exists().where(
        Broadcast.id == Delivery.broadcast_id,
        Loudspeaker.id == Delivery.loudspeaker_id,
        Loudspeaker.retired_at.is_(None),
        AreaClosure.ancestor_id == Broadcast.area_id,
        AreaClosure.descendant_id == Loudspeaker.area_id,
        ~Broadcast.partial | _has_variant(),
    )


def _has_variant() -> ColumnElement[bool]:
    """Whether a loudspeaker hears a variant of a broadcast that is heard in some parts of its area only."""
    above = aliased(AreaClosure)
    return (
        exists()
        .where(
            BroadcastClip.broadcast_id == Broadcast.id,
            BroadcastClip.area_id == above.ancestor_id,
            above.descendant_id == Loudspeaker.area_id,
        )
        .correlate(Broadcast, Loudspeaker)
    )


def _count(session: Session, statement: Insert | Update) -> int:
    """How many rows it changed, by the cursor's own count: there may be a hundred thousand."""
    return session.connection().execute(statement).rowcount
