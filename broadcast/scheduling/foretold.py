"""What a loudspeaker will play on a date: from its plan, and beyond the plan from what the rules foresee."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import msgspec
from sqlalchemy.orm import Session

from broadcast.joining import registry
from broadcast.models import Loudspeaker, Person
from broadcast.orders import items
from broadcast.orders.outbox import Wire
from broadcast.orders.running_order import GRACE, occurrence_of
from broadcast.plans.desired import wishes
from broadcast.storage.moments import day_start, from_ms, later
from broadcast.units import areas
from devices.messages import Item, Plan

from . import day_played
from .day_played import Playing
from .week import LONGEST, Slot, Wait, between

DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Foretold:
    """A day of one loudspeaker, but for emergencies; ``sent``: the plan that says so has been given to it."""

    loudspeaker: Loudspeaker
    playing: tuple[Playing, ...]
    horizon: dt.datetime  # the end of the plan
    sent: bool


def of_day(
    session: Session,
    person: Person,
    loudspeaker_id: int,
    *,
    day: dt.date,
    now: dt.datetime,
    days: int,
    wire: Wire,
) -> Foretold:
    """``days`` is how far plans reach. Errors: NotFound, Forbidden."""
    loudspeaker = registry.get(session, person, loudspeaker_id)
    start, window = day_start(day), items.Window.at(now, days)
    wish = next(iter(wishes(session, wire, window, [loudspeaker.id])), None)
    if wish is None:  # out of service
        return Foretold(loudspeaker, (), window.end, sent=True)
    since = start - LONGEST  # what begins before may sound into the day
    foreseen = _foreseen(session, loudspeaker, since, start + DAY, now)
    waits = {
        occurrence_of(each.schedule_id, each.scheduled): each.wait for each in foreseen if each.schedule_id
    }
    levels = {area.id: area.level for area in areas.ancestors(session, loudspeaker.area_id)}
    planned = [_planned(item, waits) for item in msgspec.json.decode(wish.body, type=Plan).items]
    found = [each for each in planned if since <= each.start < start + DAY]
    found += [
        _from(slot, levels[slot.area_id])
        for slot in foreseen
        if slot.is_on and slot.klass in GRACE and slot.start >= max(since, window.end)
    ]
    told = day_played.of([each for each in found if each.klass in GRACE], wish.content.policy)
    shown = tuple(each for each in told if each.start >= start)
    return Foretold(loudspeaker, shown, window.end, not wish.is_news)


def _planned(item: Item, waits: Mapping[str, Wait | None]) -> Playing:
    start, name = from_ms(item.start), item.id.partition("+")[0]
    return Playing(
        id=item.id,
        start=start,
        end=later(start, item.duration_ms),
        title=item.title,
        klass=item.klass,
        level=item.level,
        latest=from_ms(item.expires),
        planned=True,
        wait=waits.get(name),
    )


def _from(slot: Slot, level: int) -> Playing:
    name = occurrence_of(slot.schedule_id or 0, slot.scheduled)
    return Playing(
        id=f"{name} {slot.broadcast_id or ''}",
        start=slot.start,
        end=slot.end,
        title=slot.title,
        klass=slot.klass,
        level=level,
        latest=slot.start + GRACE[slot.klass],
        planned=False,
        wait=slot.wait,
    )


def _foreseen(
    session: Session, loudspeaker: Loudspeaker, start: dt.datetime, end: dt.datetime, now: dt.datetime
) -> list[Slot]:
    """What its area hears, by the calendar."""
    above = {area.id for area in areas.ancestors(session, loudspeaker.area_id)}
    return between(session, above, start, end, now, seen_from=loudspeaker.area_id)
