"""What is on the air and what comes next, with how many loudspeakers say that they sound."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from flask import g

from broadcast.models import Area
from broadcast.scheduling import week
from broadcast.scheduling.week import Slot
from web.auth import current_person
from web.edge import now
from web.views import airing
from web.views.airing import Tally


@dataclass(frozen=True, slots=True)
class OnAir:
    """What is on the air now and how many loudspeakers say that they sound; time alone proves nothing."""

    slot: Slot
    airing: Tally | None
    elapsed_ms: int


@dataclass(frozen=True, slots=True)
class Strip:
    """Now and next in an area; the page asks again at ``changes_at``."""

    playing: tuple[OnAir, ...] = ()
    next: Slot | None = None

    @property
    def changes_at(self) -> dt.datetime | None:
        coming = [each.slot.end for each in self.playing] + ([self.next.start] if self.next else [])
        return min(coming, default=None)


def of(slots: Sequence[Slot]) -> list[OnAir]:
    """Urgent announcements are not among them: they have a place of their own on every page."""
    playing = [slot for slot in slots if slot.schedule_id]
    elapsed = ((now() - slot.start) // dt.timedelta(milliseconds=1) for slot in playing)
    return [OnAir(*each) for each in zip(playing, proofs(playing), elapsed, strict=True)]


def proofs(slots: Sequence[Slot]) -> list[Tally | None]:
    """Of each, how far its loudspeakers have come, where there are any."""
    ids = {slot.broadcast_id for slot in slots if slot.broadcast_id is not None}
    found = airing.tallies(current_person(), ids) if ids else {}
    return [found.get(slot.broadcast_id or 0) for slot in slots]


def strip(area: Area | None, *, own: bool = False) -> Strip:
    if area is None:
        return Strip()
    playing, coming = week.on_air(g.session, current_person(), area.id, now(), own=own)
    return Strip(tuple(of(playing)), coming)
