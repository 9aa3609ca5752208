"""How long airings were, for everybody or where an area heard something of its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from broadcast.models import Broadcast, BroadcastClip, Clip
from broadcast.storage.chunks import chunks

from . import calendar_past
from .calendar_past import Airing
from .reconciliation import Change


class Lengths:
    """Of the broadcasts that were made of these airings, or of the clips in them that are ``which``."""

    def __init__(self, session: Session, airings: Iterable[Airing], *which: ColumnElement[bool]) -> None:
        self._of: dict[str, dict[int | None, int]] = defaultdict(dict)
        columns = (Broadcast.occurrence, BroadcastClip.area_id)
        query = (
            select(*columns, func.sum(func.coalesce(BroadcastClip.length_ms, Clip.duration_ms)))
            .join(BroadcastClip, BroadcastClip.broadcast_id == Broadcast.id)
            .outerjoin(Clip, Clip.id == BroadcastClip.clip_id)
            .where(*which)
            .group_by(*columns)
        )
        ids = sorted(each.broadcast_id for each in airings if each.broadcast_id is not None)
        for some in chunks(ids):
            for occurrence, area_id, length in session.execute(query.where(Broadcast.id.in_(some))):
                self._of[calendar_past.key(occurrence)][area_id] = length

    def of(self, airing: Airing, chain: Iterable[int]) -> int | None:
        """What is heard below these areas, the nearest first; None: nothing of it is meant for them."""
        lengths = self._of.get(airing.key)
        return airing.length_ms if lengths is None else lengths.get(self._heard(airing, chain))

    def stopped(self, airing: Airing, chain: Iterable[int]) -> Change | None:
        """Who stopped the programme of it that is heard below these areas."""
        whose = self._heard(airing, chain) if airing.stops else None
        return airing.stopped or airing.stops.get(airing.area_id if whose is None else whose)

    def _heard(self, airing: Airing, chain: Iterable[int]) -> int | None:
        """The nearest of these areas that hears something of its own."""
        lengths = self._of.get(airing.key, {})
        return next((each for each in chain if each in lengths), None)
