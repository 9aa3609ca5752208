"""What pages about a large area leave out: the programmes that belong to the areas below it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from broadcast.models import AreaClosure, Broadcast, BroadcastState, Schedule
from broadcast.storage.moments import later

from .week import LONGEST

LARGE = 100  # areas below one: more than people look through the programmes of


@dataclass(frozen=True, slots=True)
class LeftOut:
    """How many schedules of areas below are on the air, and how many of their airings sound now."""

    schedules: int
    playing: int


def below(session: Session, area_id: int, now: dt.datetime) -> LeftOut | None:
    """None where the area is not large: nothing is left out."""
    lower = select(AreaClosure.descendant_id).where(AreaClosure.ancestor_id == area_id, AreaClosure.depth > 0)
    count = session.scalar(select(func.count()).select_from(lower.subquery())) or 0
    if count <= LARGE:
        return None
    on_the_air = select(func.count()).where(Schedule.area_id.in_(lower), Schedule.withdrawn_at.is_(None))
    begun = select(Broadcast.start, Broadcast.duration_ms).where(
        Broadcast.area_id.in_(lower),
        Broadcast.start > now - LONGEST,
        Broadcast.start <= now,
        Broadcast.state != BroadcastState.CANCELLED,
    )
    playing = sum(later(start, length) > now for start, length in session.execute(begun))
    return LeftOut(session.scalar(on_the_air) or 0, playing)
