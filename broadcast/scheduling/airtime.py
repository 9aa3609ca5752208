"""When a bulletin airs by the plan, whether that is as often as wished; and how full the coming slots are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.authoring.validity import airings_of
from broadcast.models import Broadcast, BroadcastClip, BroadcastState, Bulletin
from broadcast.storage.chunks import chunks
from schedules.airings import Reach
from schedules.slots import Candidate

MOST = 1000  # airings looked at; a wish is never for more


@dataclass(frozen=True, slots=True)
class Airtime:
    """``coming`` by time, without those that are cancelled; ``reach`` where airings are wished."""

    coming: tuple[Broadcast, ...]
    reach: Reach | None


def of_bulletin(session: Session, bulletin: Bulletin, now: dt.datetime, *, days: int) -> Airtime:
    """What is planned, which is for so many ``days`` ahead."""
    wished = _wished(bulletin)
    since = min(now, wished.valid_from) if wished else now
    query = (
        select(Broadcast)
        .where(Broadcast.start >= since, Broadcast.state != BroadcastState.CANCELLED)
        .where(Broadcast.clips.any(BroadcastClip.bulletin_id == bulletin.id))
        .order_by(Broadcast.start)
        .limit(MOST)
    )
    found = list(session.scalars(query))
    coming = tuple(each for each in found if each.start >= now)
    if wished is None or wished.airings is None:
        return Airtime(coming, None)
    counted = [each.start for each in found if wished.valid_from <= each.start < wished.until]
    done = sum(start < now for start in counted)
    final = wished.until <= now + dt.timedelta(days=days)
    return Airtime(coming, Reach(wished.id, wished.airings.times, done, len(counted) - done, final))


def next_lengths(session: Session, schedule_ids: Iterable[int], now: dt.datetime) -> dict[int, int]:
    """How long the next planned airing of each schedule is, in milliseconds; of a slot, how full it is."""
    found: dict[int, int] = {}
    for ids in chunks(sorted(schedule_ids)):
        query = (
            select(Broadcast.schedule_id, Broadcast.duration_ms)
            .where(Broadcast.schedule_id.in_(ids), Broadcast.start > now)
            .where(Broadcast.state != BroadcastState.CANCELLED)
            .order_by(Broadcast.start)
        )
        for schedule_id, length in session.execute(query):
            if schedule_id is not None:
                found.setdefault(schedule_id, length)
    return found


def _wished(bulletin: Bulletin) -> Candidate | None:
    """The bulletin as its wish for airings sees it."""
    airings = airings_of(bulletin)
    if airings is None or bulletin.valid_from is None:
        return None
    klass, first = bulletin.klass.value, bulletin.valid_from
    return Candidate(str(bulletin.id), klass, (), first, bulletin.valid_until, airings=airings)
