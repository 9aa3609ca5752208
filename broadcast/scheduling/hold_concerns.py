"""Whether something would begin where a stop still holds, or where loudspeakers are silenced."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload

from broadcast.models import Bulk, Loudspeaker
from broadcast.orders.standing import hold_until
from broadcast.units import areas
from devices.messages import Action
from schedules.sanity import Doubt

SOON = dt.timedelta(days=1)  # what is silenced now may well speak again later
LONGEST = dt.timedelta(days=1)  # of a hold


def doubts(session: Session, area_id: int, starts: Sequence[dt.datetime], now: dt.datetime) -> list[Doubt]:
    """``held`` (start, until, area, by): the first of the coming ``starts`` that a hold lets no one hear;
    ``silenced`` (count, total): so many loudspeakers of the area, where it airs within a day."""
    if not starts or starts[0] > now + SOON:
        return []
    return [*_held(session, area_id, starts[0], now), *_silenced(session, area_id)]


def _held(session: Session, area_id: int, start: dt.datetime, now: dt.datetime) -> list[Doubt]:
    """Of the stops of whole areas that hold until after that start the one that holds longest."""
    above = {each.id for each in areas.ancestors(session, area_id)}
    query = (
        select(Bulk)
        .options(joinedload(Bulk.area), joinedload(Bulk.person))
        .where(
            or_(Bulk.area_id.in_(above), Bulk.area_id.in_(areas.below(area_id))),
            Bulk.action.in_((Action.STOP, Action.RELEASE)),
            Bulk.created_at > now - LONGEST,
        )
        .order_by(Bulk.id)
    )
    holding: dict[int, tuple[dt.datetime, Bulk]] = {}
    for bulk in session.scalars(query):
        if bulk.area_id is None:
            continue
        if bulk.action is Action.RELEASE:
            freed = holding.keys() if bulk.area_id in above else areas.descendants(session, bulk.area_id)
            holding = {held_id: held for held_id, held in holding.items() if held_id not in freed}
        elif until := hold_until(bulk.detail, bulk.created_at):
            holding[bulk.area_id] = until, bulk
    last = max((held for held in holding.values() if held[0] > start), key=lambda held: held[0], default=None)
    if last is None:
        return []
    until, bulk = last
    by = bulk.person.name if bulk.person else ""
    return [
        Doubt("held", {"start": start, "until": until, "area": bulk.area.name if bulk.area else "", "by": by})
    ]


def _silenced(session: Session, area_id: int) -> list[Doubt]:
    here = (Loudspeaker.area_id.in_(areas.below(area_id)), Loudspeaker.retired_at.is_(None))
    query = select(func.count(), func.count().filter(Loudspeaker.silenced != "")).where(*here)
    total, count = session.execute(query).one()
    return [Doubt("silenced", {"count": count, "total": total})] if count else []
