"""What is on the air and what comes next, with how many loudspeakers say that they sound."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from flask import g

from broadcast.models import Area
from broadcast.scheduling import week
from broadcast.scheduling.week import Slot
from web.auth import current_person
from web.edge import now
from web.views import airing
from web.views.airing import Airing


@dataclass(frozen=True, slots=True)
class OnAir:
    """What is on the air now and how many loudspeakers say that they sound; time alone proves nothing."""

    slot: Slot
    airing: Airing | None
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


def of(slot: Slot) -> OnAir:
    return OnAir(slot, proof(slot), (now() - slot.start) // dt.timedelta(milliseconds=1))


def proof(slot: Slot) -> Airing | None:
    """How far its loudspeakers have come, where there are any."""
    if slot.broadcast_id is None:
        return None
    found = airing.find(current_person(), slot.broadcast_id)
    return found if found.total else None


def strip(area: Area | None) -> Strip:
    """Urgent announcements are not in it: they have a place of their own on every page."""
    if area is None:
        return Strip()
    playing, coming = week.on_air(g.session, current_person(), area.id, now())
    return Strip(tuple(of(slot) for slot in playing if slot.schedule_id), coming)
