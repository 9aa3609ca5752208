"""Loudspeakers for a trial, many in one transaction: entered like real ones, spread over the villages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import cycle, islice

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.errors import NotFound
from broadcast.models import Area
from broadcast.orders.outbox import Wire
from broadcast.units import areas
from devices.speaker.identity import Identity

from . import registry

PREFIX = "gia-lap"


def enter(
    session: Session, *, wire: Wire, area_id: int, count: int, first: int = 1, now: dt.datetime
) -> list[Identity]:
    """Enter ``count`` simulated loudspeakers in the lowest areas of this one, in turn.

    Their names begin with the number ``first``. Errors: UnknownArea, AlreadyExists.
    """
    numbers = range(first, first + count)
    places = islice(cycle(_lowest(session, area_id)), count)
    return [
        registry.add(
            session,
            None,
            wire=wire,
            device=name(number),
            name=f"Loa giả lập {number}",
            area_id=place,
            now=now,
        )
        for number, place in zip(numbers, places, strict=True)
    ]


def top(session: Session) -> Area:
    """The highest area, where a trial spreads if nothing else is said. Errors: NotFound."""
    found = session.scalars(select(Area).where(Area.parent_id.is_(None)).order_by(Area.code)).first()
    if found is None:
        raise NotFound(kind="area", id="")
    return found


def name(number: int) -> str:
    return f"{PREFIX}-{number:05}"


def _lowest(session: Session, area_id: int) -> Sequence[int]:
    """The areas of this one that have none below them, at least itself."""
    areas.get(session, area_id)
    parents = select(Area.parent_id).where(Area.parent_id.is_not(None))
    query = select(Area.id).where(Area.id.in_(areas.below(area_id)), Area.id.not_in(parents))
    return list(session.scalars(query.order_by(Area.code)))
