"""Which airings are not heard although their schedules name them: stopped, or with nothing to say there.

What is planned is told from the plans. What no planning has seen yet, and what lies beyond all plans, is
taken at its schedule's word.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from broadcast.models import Broadcast, BroadcastClip, BroadcastState, BroadcastStop, PlanMark, Schedule
from broadcast.orders import parts
from broadcast.storage import events
from broadcast.storage.chunks import chunks

from . import changes, planner


class Voice(enum.Enum):
    """What becomes of an airing in a place."""

    HEARD = enum.auto()
    EMPTY = enum.auto()  # planned, and nothing flows in
    STOPPED = enum.auto()


Voices = Mapping[int, Voice]  # by area, for it and for all below that are not named; empty: heard everywhere
EVERYWHERE: Voices = {}


class _Row(NamedTuple):
    id: int
    schedule_id: int
    start: dt.datetime
    area_id: int
    state: BroadcastState
    partial: bool
    stopped_at: dt.datetime | None


_ROW = tuple(getattr(Broadcast, name) for name in _Row._fields)


class Unheard:
    """What the plans say of the airings of some schedules that start in ``[start, end)``."""

    def __init__(
        self,
        session: Session,
        schedule_ids: Collection[int],
        start: dt.datetime,
        end: dt.datetime,
    ) -> None:
        self._session = session
        self._mark = session.get(PlanMark, planner.NAME)
        rows = list(_rows(session, sorted(schedule_ids), start, end))
        self._known = {(row.schedule_id, row.start): row for row in rows}
        told_apart = [row.id for row in rows if row.state is not BroadcastState.CANCELLED]
        self._variants = _variants(session, told_apart)
        self._stopped = parts.stopped(session, told_apart)

    def of(self, schedule_id: int, start: dt.datetime, area_id: int, *, fills_itself: bool) -> Voices:
        """What becomes of one airing, which is of ``area_id``; ``fills_itself``: its schedule is a slot."""
        row = self._known.get((schedule_id, start))
        if row is None:
            empty = fills_itself and self._is_planned(schedule_id, start)
            return {area_id: Voice.EMPTY} if empty else EVERYWHERE
        if row.state is BroadcastState.CANCELLED:
            if row.stopped_at is not None:
                return {row.area_id: Voice.STOPPED}
            return {row.area_id: Voice.EMPTY} if self._is_planned(schedule_id, start) else EVERYWHERE
        stopped = self._stopped.get(row.id, set())
        if not (row.partial or stopped):
            return EVERYWHERE
        heard = self._variants[row.id] | ({None: Voice.EMPTY} if row.partial else {})
        heard |= dict.fromkeys(stopped, Voice.STOPPED)
        return {row.area_id if each is None else each: voice for each, voice in heard.items()}

    def _is_planned(self, schedule_id: int, start: dt.datetime) -> bool:
        mark = self._mark
        return mark is not None and start < mark.expanded_to and schedule_id not in self._unplanned

    @cached_property
    def _unplanned(self) -> Collection[int]:
        """What has changed since the last planning."""
        if self._mark is None:
            return ()
        last = events.last_id(self._session)
        return changes.between(self._session, self._mark.event_id, last).schedules


def voice(voices: Voices, area_id: int, path: Sequence[int]) -> Voice:
    """What becomes of an airing of ``area_id``, seen from the first of ``path``, all above that behind it.

    What is of that area itself or of one below it is heard where anybody hears it.
    """
    return there(voices, path) if area_id in path[1:] else somewhere(voices)


def there(voices: Voices, path: Iterable[int]) -> Voice:
    """What becomes of it in the first of these areas, which lie one above the other."""
    return next((voices[area_id] for area_id in path if area_id in voices), Voice.HEARD)


def somewhere(voices: Voices) -> Voice:
    """What becomes of it where most is heard."""
    found = set(voices.values()) or {Voice.HEARD}
    return next(voice for voice in Voice if voice in found)


def _rows(
    session: Session, schedule_ids: Sequence[int], start: dt.datetime, end: dt.datetime
) -> Iterator[_Row]:
    """The airings of slots, and of all others those that are not simply heard."""
    parted = exists().where(BroadcastStop.broadcast_id == Broadcast.id)
    odd = or_(
        Broadcast.state == BroadcastState.CANCELLED, Broadcast.partial, parted, Schedule.slot.is_not(None)
    )
    query = (
        select(*_ROW)
        .join(Schedule, Schedule.id == Broadcast.schedule_id)
        .where(Broadcast.start >= start, Broadcast.start < end, odd)
    )
    for ids in chunks(schedule_ids):
        for values in session.execute(query.where(Broadcast.schedule_id.in_(ids))):
            yield _Row(*values)


def _variants(session: Session, broadcast_ids: Sequence[int]) -> dict[int, dict[int | None, Voice]]:
    """By broadcast, the areas with a programme of their own, None for the one for all."""
    found: dict[int, dict[int | None, Voice]] = defaultdict(dict)
    query = select(BroadcastClip.broadcast_id, BroadcastClip.area_id).distinct()
    for ids in chunks(broadcast_ids):
        for id_, area_id in session.execute(query.where(BroadcastClip.broadcast_id.in_(ids))):
            found[id_][area_id] = Voice.HEARD
    return found
