"""Until when airings might begin so that every bulletin in them held to its last word, as was said then."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.models import Clip
from broadcast.orders.items import played_in
from broadcast.storage.moments import later

from .calendar_past import Airing
from .held_times import HeldTimes


class Latest:
    """Read airing by airing: few of those that were not heard had to wait."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[int, Mapping[int | None, dt.datetime | None]] = {}

    def of(self, airing: Airing, chain: Iterable[int]) -> dt.datetime | None:
        """Of what is heard below these areas, the nearest first; None: it held for good."""
        if airing.broadcast_id is None:
            return None
        if airing.broadcast_id not in self._known:
            self._known[airing.broadcast_id] = self._read(airing.broadcast_id, airing.start)
        found = self._known[airing.broadcast_id]
        return found.get(next((each for each in chain if each in found), None))

    def _read(self, broadcast_id: int, start: dt.datetime) -> dict[int | None, dt.datetime | None]:
        cues = played_in(self._session, [broadcast_id]).get(broadcast_id, [])
        clips = select(Clip.id, Clip.duration_ms).where(Clip.id.in_({cue.clip_id for cue in cues}))
        lengths = {row.id: row.duration_ms for row in self._session.execute(clips)}
        held = HeldTimes(self._session, {cue.bulletin_id for cue in cues if cue.bulletin_id is not None})
        passed: dict[int | None, int] = defaultdict(int)
        found: dict[int | None, dt.datetime | None] = {}
        for cue in cues:
            passed[cue.area_id] += lengths.get(cue.clip_id or 0, cue.length_ms or 0)
            said = held.at(cue.bulletin_id, start) if cue.bulletin_id is not None else None
            until = later(said.valid_until, -passed[cue.area_id]) if said and said.valid_until else None
            ends = [each for each in (found.get(cue.area_id), until) if each is not None]
            found[cue.area_id] = min(ends, default=None)
        return found
