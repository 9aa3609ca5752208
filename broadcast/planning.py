"""Rules become dated broadcasts: one row per slot, with the audio and the loudspeakers of that moment.

Run again and again by the leader: what it finds done it leaves alone, what has changed it corrects.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert, literal, select, update
from sqlalchemy.orm import Session, joinedload, selectinload

from devices.messages import AlertStatus, ItemState
from schedules import recurrence
from schedules.types import Occurrence

from . import events
from .documents import horizon, publish_plans
from .models import AreaClosure, Broadcast, BroadcastClip, BroadcastState, Delivery, Loudspeaker, Schedule
from .models.base import UtcDateTime
from .repertoire import Piece, Repertoire, duration_ms, klass
from .upsert import insert_new

__all__ = ["START_GRACE", "address", "materialise", "publish_plans"]

START_GRACE = dt.timedelta(
    minutes=5
)  # how long a slot may wait for what plays before it; then it is given up
CHUNK = 500  # rows per statement
WITHDRAWN = "withdrawn"


def materialise(session: Session, now: dt.datetime, days: int) -> int:
    """Bring the broadcasts of the coming ``days`` in line with the schedules; returns how many are new."""
    repertoire = Repertoire(session)
    made = _make(session, repertoire, now, horizon(now, days))
    _refresh(session, repertoire, now)
    address(session, now)
    return made


def _make(session: Session, repertoire: Repertoire, now: dt.datetime, end: dt.datetime) -> int:
    known = _known(session, now, end)
    plans: dict[int, list[Piece]] = {}
    rows: list[dict[str, Any]] = []
    for schedule in session.scalars(select(Schedule).where(Schedule.withdrawn_at.is_(None))):
        plans[schedule.id] = pieces = repertoire.pieces(schedule)
        if pieces:
            coming = recurrence.occurrences(recurrence.from_dict(schedule.rule), now, end)
            missing = (occurrence for occurrence in coming if (schedule.id, occurrence.start) not in known)
            rows += [_row(schedule, pieces, occurrence, now) for occurrence in missing]
    made = 0
    for first in range(0, len(rows), CHUNK):
        made += _insert(session, rows[first : first + CHUNK], plans)
    return made


def _known(session: Session, now: dt.datetime, end: dt.datetime) -> set[tuple[int | None, dt.datetime]]:
    query = select(Broadcast.schedule_id, Broadcast.start).where(
        Broadcast.schedule_id.is_not(None), Broadcast.start >= now, Broadcast.start < end
    )
    return {(schedule_id, start) for schedule_id, start in session.execute(query)}


def _row(
    schedule: Schedule, pieces: Sequence[Piece], occurrence: Occurrence, now: dt.datetime
) -> dict[str, Any]:
    return {
        "occurrence": f"s{schedule.id}.{occurrence.nominal:%Y%m%dT%H%M%S}",
        "schedule_id": schedule.id,
        "area_id": schedule.area_id,
        "title": schedule.title,
        "klass": klass(pieces),
        "status": AlertStatus.ACTUAL,
        "start": occurrence.start,
        "duration_ms": duration_ms(pieces),
        "expires": occurrence.start + START_GRACE,
        "state": BroadcastState.PLANNED,
        "created_at": now,
    }


def _insert(session: Session, rows: list[dict[str, Any]], plans: dict[int, list[Piece]]) -> int:
    """Insert slots that no other process has inserted meanwhile, each with its audio."""
    statement = insert_new(session, Broadcast).returning(Broadcast.id, Broadcast.schedule_id)
    new = session.execute(statement, rows).all()
    clips = [
        values
        for broadcast_id, schedule_id in new
        if schedule_id is not None
        for values in _clip_rows(broadcast_id, plans[schedule_id])
    ]
    if clips:
        session.execute(insert(BroadcastClip), clips)
    return len(new)


def _clip_rows(broadcast_id: int, pieces: Sequence[Piece]) -> list[dict[str, Any]]:
    return [
        {
            "broadcast_id": broadcast_id,
            "position": position,
            "clip_id": piece.clip_id,
            "bulletin_id": piece.bulletin_id,
        }
        for position, piece in enumerate(pieces)
    ]


def _refresh(session: Session, repertoire: Repertoire, now: dt.datetime) -> None:
    """Coming broadcasts follow their schedule: new audio replaces old, what may not sound is cancelled."""
    query = (
        select(Broadcast)
        .options(selectinload(Broadcast.clips), joinedload(Broadcast.schedule))
        .where(Broadcast.schedule_id.is_not(None), Broadcast.start > now, Broadcast.stopped_at.is_(None))
    )
    for broadcast in session.scalars(query):
        schedule = broadcast.schedule
        wanted = repertoire.pieces(schedule) if schedule and schedule.withdrawn_at is None else []
        if not wanted:
            _cancel(session, broadcast, now)
        else:
            _revive(session, broadcast, now)
            _replace_audio(session, broadcast, wanted, now)


def _cancel(session: Session, broadcast: Broadcast, now: dt.datetime) -> None:
    """Nothing of it may sound; loudspeakers that were never told need not confirm that it is gone."""
    if broadcast.state is BroadcastState.CANCELLED:
        return
    broadcast.state = BroadcastState.CANCELLED
    untold = update(Delivery).where(Delivery.broadcast_id == broadcast.id, Delivery.evidence.is_(None))
    session.execute(untold.values(state=ItemState.CANCELLED, reason=WITHDRAWN, updated_at=now))
    _announce(session, broadcast, now)


def _revive(session: Session, broadcast: Broadcast, now: dt.datetime) -> None:
    if broadcast.state is not BroadcastState.CANCELLED:
        return
    broadcast.state = BroadcastState.PLANNED
    # Loudspeakers have cancelled the old id for good; what comes back is a new order, proved by nothing yet.
    name, _, times = broadcast.occurrence.partition("+")
    broadcast.occurrence = f"{name}+{int(times or 0) + 1}"
    retired = select(Loudspeaker.id).where(Loudspeaker.retired_at.is_not(None))
    theirs = Delivery.loudspeaker_id.not_in(retired)
    anew = update(Delivery).where(Delivery.broadcast_id == broadcast.id, theirs)
    session.execute(anew.values(state=ItemState.PLANNED, reason="", evidence=None, updated_at=now))
    _announce(session, broadcast, now)


def _replace_audio(session: Session, broadcast: Broadcast, wanted: Sequence[Piece], now: dt.datetime) -> None:
    has = [(clip.clip_id, clip.bulletin_id) for clip in broadcast.clips]
    if has == [(piece.clip_id, piece.bulletin_id) for piece in wanted]:
        return
    broadcast.clips.clear()
    session.flush()
    broadcast.clips.extend(BroadcastClip(**values) for values in _clip_rows(broadcast.id, wanted))
    broadcast.duration_ms = duration_ms(wanted)
    broadcast.klass = klass(wanted)
    _announce(session, broadcast, now)


def address(session: Session, now: dt.datetime) -> None:
    """Every loudspeaker below the area of a coming broadcast, new ones too, gets its delivery."""
    state = Delivery.__table__.c.state.type
    targets = (
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
            Broadcast.state.in_((BroadcastState.PLANNED, BroadcastState.DISPATCHED)),
        )
    )
    columns = ["broadcast_id", "loudspeaker_id", "state", "reason", "updated_at"]
    session.flush()
    session.execute(insert_new(session, Delivery).from_select(columns, targets))


def _announce(session: Session, broadcast: Broadcast, now: dt.datetime) -> None:
    events.emit(session, now=now, kind="broadcast", area_id=broadcast.area_id, subject=broadcast.id)
