"""How long planned airings really are, for everybody or by area, and until when they hold."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.models import Broadcast, BroadcastState, Bulletin, Clip
from broadcast.orders import parts
from broadcast.orders.items import played_in
from broadcast.orders.running_order import Cue
from broadcast.storage.chunks import chunks
from broadcast.storage.moments import later

Name = tuple[int, dt.datetime]  # an airing: its schedule, and when that says that it begins


@dataclass(frozen=True, slots=True)
class Variant:
    """What is heard of an airing; ``latest``: when to begin at the latest so that nothing of it is stale."""

    length: dt.timedelta
    latest: dt.datetime | None = None


def read(session: Session, airings: Collection[Name]) -> dict[Name, dict[int | None, Variant | None]]:
    """Of those that are in plans, by the area whose variant it is; None: it was stopped there.

    One that was cancelled has none at all.
    """
    starts = [start for _, start in airings]
    query = select(Broadcast.id, Broadcast.schedule_id, Broadcast.start, Broadcast.state).where(
        Broadcast.schedule_id.in_({schedule_id for schedule_id, _ in airings}),
        Broadcast.start >= min(starts),
        Broadcast.start <= max(starts),
    )
    found: dict[Name, dict[int | None, Variant | None]] = {}
    names: dict[int, Name] = {}
    for id_, schedule_id, start, state in session.execute(query):
        if schedule_id is None:
            continue
        found[schedule_id, start] = {}
        if state is not BroadcastState.CANCELLED:
            names[id_] = (schedule_id, start)
    played, stopped = played_in(session, sorted(names)), parts.stopped(session, sorted(names))
    book = _Book(session, [cue for cues in played.values() for cue in cues])
    for id_, cues in played.items():
        for area_id in {cue.area_id for cue in cues}:
            theirs = [cue for cue in cues if cue.area_id == area_id]
            found[names[id_]][area_id] = None if area_id in stopped[id_] else book.variant(theirs)
    return found


class _Book:
    """Lengths of clips, and the ends of bulletins that have one."""

    def __init__(self, session: Session, cues: Collection[Cue]) -> None:
        clips = sorted({cue.clip_id for cue in cues if cue.clip_id is not None})
        bulletins = sorted({cue.bulletin_id for cue in cues if cue.bulletin_id is not None})
        self._lengths: dict[int, int] = {}
        self._until: dict[int, dt.datetime] = {}
        for ids in chunks(clips):
            lengths = select(Clip.id, Clip.duration_ms).where(Clip.id.in_(ids))
            self._lengths.update((row.id, row.duration_ms) for row in session.execute(lengths))
        for ids in chunks(bulletins):
            ends = select(Bulletin.id, Bulletin.valid_until).where(Bulletin.id.in_(ids))
            self._until |= {id_: at for id_, at in session.execute(ends) if at is not None}

    def variant(self, cues: Collection[Cue]) -> Variant:
        passed, ends = 0, []
        for cue in cues:
            passed += (cue.length_ms or 0) if cue.clip_id is None else self._lengths[cue.clip_id]
            if cue.bulletin_id in self._until:
                ends.append(later(self._until[cue.bulletin_id], -passed))
        return Variant(dt.timedelta(milliseconds=passed), min(ends, default=None))
