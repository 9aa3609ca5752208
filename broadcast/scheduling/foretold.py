"""What a loudspeaker will play on a date: from its plan, and beyond the plan from what the rules foresee."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import msgspec
from sqlalchemy.orm import Session

from broadcast.joining import registry
from broadcast.models import Loudspeaker, Person
from broadcast.orders import items
from broadcast.orders.outbox import Wire
from broadcast.orders.running_order import occurrence_of
from broadcast.plans.desired import wishes
from broadcast.storage.moments import day_start, from_ms, later, to_ms
from broadcast.units import areas
from devices.messages import BulletinClass, GuardPolicy, Item, Plan
from devices.speaker.core import guard

from .week import LONGEST, Slot, Wait, between

DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Playing:
    """One thing that will sound there; ``start`` is this loudspeaker's own, after its turn.

    ``wait``: a unit has put something before it.
    """

    start: dt.datetime
    end: dt.datetime
    title: str
    klass: BulletinClass
    planned: bool  # in its plan, with its audio; else only foreseen by its rule
    wait: Wait | None = None
    refused: str = ""  # why its guard will not let it sound, by the code that it would report


@dataclass(frozen=True, slots=True)
class Foretold:
    """A day of one loudspeaker; ``sent``: the plan that says so has been given to it."""

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
    foreseen = _foreseen(session, loudspeaker, start - LONGEST, start + DAY, now)
    waits = {
        occurrence_of(each.schedule_id, each.scheduled): each.wait for each in foreseen if each.schedule_id
    }
    planned = [_planned(item, waits) for item in msgspec.json.decode(wish.body, type=Plan).items]
    found = [each for each in planned if start <= each.start < start + DAY]
    found += [_from(slot) for slot in foreseen if slot.is_on and slot.start >= max(start, window.end)]
    judged = tuple(_judged(sorted(found, key=_order), wish.content.policy))
    return Foretold(loudspeaker, judged, window.end, not wish.is_news)


def _judged(day: Iterable[Playing], policy: GuardPolicy) -> Iterator[Playing]:
    """Each as the guard would decide if all before it play as planned."""
    used, sessions = 0, guard.NO_SESSIONS
    for each in day:
        begin, end = to_ms(each.start), to_ms(each.end)
        where = {"at": begin, "duration_ms": end - begin, "used_ms": used}
        refused = guard.refusal(policy, _item(each, begin), **where, sessions=sessions)
        if refused is None:
            used, sessions = used + end - begin, sessions.begin(begin, end).end(end, end - begin)
        yield replace(each, refused=refused or "")


def _item(each: Playing, begin: int) -> Item:
    """What the guard looks at."""
    return Item(
        id="", title=each.title, start=begin, not_before=begin, expires=begin, clips=(), klass=each.klass
    )


def _order(each: Playing) -> tuple[dt.datetime, str]:
    return each.start, each.title


def _planned(item: Item, waits: Mapping[str, Wait | None]) -> Playing:
    start, name = from_ms(item.start), item.id.partition("+")[0]
    end = later(start, item.duration_ms)
    return Playing(start, end, item.title, item.klass, planned=True, wait=waits.get(name))


def _from(slot: Slot) -> Playing:
    return Playing(slot.start, slot.end, slot.title, slot.klass, planned=False, wait=slot.wait)


def _foreseen(
    session: Session, loudspeaker: Loudspeaker, start: dt.datetime, end: dt.datetime, now: dt.datetime
) -> list[Slot]:
    """What its area hears, by the calendar."""
    above = {area.id for area in areas.ancestors(session, loudspeaker.area_id)}
    return between(session, above, start, end, now, seen_from=loudspeaker.area_id)
