"""What one airing plays, in order, for everybody or by area, and until when it may still begin."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import NamedTuple

from devices.messages import BulletinClass
from schedules.types import LOCAL

GRACE = {
    BulletinClass.ROUTINE: dt.timedelta(minutes=5),
    BulletinClass.PRIORITY: dt.timedelta(minutes=60),
}
"""How long an airing may wait, for what plays before it or for a server or a link that is away."""

AT_ONCE = dt.timedelta(seconds=1)  # an airing that may not wait at all still needs a moment to begin


def occurrence_of(schedule_id: int, start: dt.datetime) -> str:
    """The name of an airing, on the wire and in reports: when its schedule says that it begins."""
    return f"s{schedule_id}.{start.astimezone(LOCAL):%Y%m%dT%H%M%S}"


class Cue(NamedTuple):
    """One clip, or so much of a station; ``area_id`` None: for all who hear no variant of their own."""

    clip_id: int | None
    bulletin_id: int | None = None
    area_id: int | None = None
    station_id: int | None = None
    length_ms: int | None = None


@dataclass(frozen=True, slots=True)
class RunningOrder:
    """The cues of an airing, those for all first; ``duration_ms`` is that of the longest variant.

    ``latest`` is the last moment to begin at which nothing of it is stale before it has been heard.
    """

    cues: tuple[Cue, ...]
    klass: BulletinClass
    duration_ms: int
    latest: dt.datetime | None = None

    @property
    def partial(self) -> bool:
        """Whether only those hear it who have a variant of their own."""
        return all(cue.area_id is not None for cue in self.cues)

    def expires(self, start: dt.datetime) -> dt.datetime:
        """When it is too late to begin."""
        end = start + GRACE[self.klass]
        return end if self.latest is None else max(min(end, self.latest), start + AT_ONCE)
