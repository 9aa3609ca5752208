"""Changes, written with their cause and read in order: by the live stream for open pages, by the planner."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from contextlib import closing
from itertools import islice
from typing import Any

from sqlalchemy import delete, insert, or_, select
from sqlalchemy.orm import Session

from broadcast.models import Event

from . import bulk
from .database import before_commit, note, pending, take_turn

TURN = 0x7474_0002
_TELL = insert(Event)
_TOLD = ("at", "kind", "area_id", "subject", "data")
KEPT = dt.timedelta(days=2)
MANY_AREAS = 5000  # beyond this a reader sees most of the tree: cheaper to drop the few others here


def emit(
    session: Session,
    *,
    now: dt.datetime,
    kind: str,
    area_id: int | None = None,
    subject: int | None = None,
    **data: Any,
) -> None:
    """Announce a change; it becomes visible with the transaction that caused it.

    Events get their ids in the order of the commits: a reader that has seen an id
    never misses a smaller one that is committed later.
    """
    note(session, "events", {"at": now, "kind": kind, "area_id": area_id, "subject": subject, "data": data})
    before_commit(session, "2 events", _write)


def since(session: Session, after_id: int, area_ids: Collection[int] | None, limit: int = 100) -> list[Event]:
    """The next events in order; ``area_ids`` None sees all, else those areas' and those of no area."""
    query = select(Event).where(Event.id > after_id).order_by(Event.id)
    if area_ids is None:
        return list(session.scalars(query.limit(limit)))
    if len(area_ids) <= MANY_AREAS:
        visible = or_(Event.area_id.is_(None), Event.area_id.in_(area_ids))
        return list(session.scalars(query.where(visible).limit(limit)))
    with closing(session.scalars(query.execution_options(yield_per=limit))) as found:
        visible_ones = (event for event in found if event.area_id is None or event.area_id in area_ids)
        return list(islice(visible_ones, limit))


def last_id(session: Session) -> int:
    """Where a page that opens now starts to listen."""
    return session.scalar(select(Event.id).order_by(Event.id.desc()).limit(1)) or 0


def prune(session: Session, before: dt.datetime) -> int:
    """Forget events older than ``before``; returns how many."""
    gone = session.execute(delete(Event).where(Event.at < before).returning(Event.id))
    return len(gone.all())


def _write(session: Session) -> None:
    notes = pending(session, "events")
    if not notes:
        return
    take_turn(session, TURN)
    rows = [tuple(value[name] for name in _TOLD) for _, value in notes]
    notes.clear()
    bulk.execute(session, _TELL, _TOLD, rows)
