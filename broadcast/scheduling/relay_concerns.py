"""Whether something would begin while its loudspeakers carry another station."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.models import Broadcast, BroadcastClip, BroadcastState, Clip, RelayStation
from broadcast.storage.chunks import chunks
from broadcast.storage.moments import later
from broadcast.units import areas
from schedules import sanity
from schedules.conflicts import Booking
from schedules.sanity import Doubt

from .clashes import Side

AHEAD = dt.timedelta(days=8)  # what is planned; the days after it are like these
LONGEST = dt.timedelta(days=1)  # of a slot


def doubts(session: Session, new: Side, starts: Sequence[dt.datetime]) -> list[Doubt]:
    """The first of the coming ``starts`` that meets a relay, and how many do (``count``); else nothing."""
    near = [start for start in starts if start < starts[0] + AHEAD]
    if not near:
        return []
    carried = list(_carried(session, new, near[0] - LONGEST, near[-1] + LONGEST))
    met = [next(sanity.during(start, start + new.length, carried), None) for start in near] if carried else []
    found = [doubt for doubt in met if doubt is not None]
    return [Doubt(found[0].code, {**found[0].params, "count": len(found)})] if found else []


def _carried(session: Session, new: Side, start: dt.datetime, end: dt.datetime) -> Iterator[Booking]:
    """The relays that others have planned on loudspeakers of the area."""
    query = select(Broadcast.id, Broadcast.start, Broadcast.schedule_id).where(
        areas.in_line(Broadcast.area_id, new.area.id),
        Broadcast.start >= start,
        Broadcast.start < end,
        Broadcast.state != BroadcastState.CANCELLED,
        Broadcast.clips.any(BroadcastClip.station_id.is_not(None)),
    )
    begins = {id_: at for id_, at, schedule_id in session.execute(query) if schedule_id != new.id}
    for ids in chunks(sorted(begins)):
        yield from _of(session, ids, begins)


def _of(session: Session, ids: Sequence[int], begins: dict[int, dt.datetime]) -> Iterator[Booking]:
    parts = (
        select(
            BroadcastClip.broadcast_id,
            BroadcastClip.area_id,
            BroadcastClip.length_ms,
            Clip.duration_ms,
            RelayStation.title,
        )
        .outerjoin(Clip, Clip.id == BroadcastClip.clip_id)
        .outerjoin(RelayStation, RelayStation.id == BroadcastClip.station_id)
        .where(BroadcastClip.broadcast_id.in_(ids))
        .order_by(BroadcastClip.broadcast_id, BroadcastClip.position)
    )
    passed: dict[tuple[int, int | None], int] = {}
    for id_, variant, carried_ms, clip_ms, title in session.execute(parts):
        before = passed.get((id_, variant), 0)
        passed[id_, variant] = end = before + (carried_ms or clip_ms or 0)
        if title is not None:
            span = later(begins[id_], before), later(begins[id_], end)
            yield Booking(f"{id_}.{before}", *span, frozenset(), title, "", 0)
