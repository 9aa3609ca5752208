"""What the loudspeakers of an area would refuse of a schedule for its days, its sessions or their length."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from broadcast.models import Area, AreaPolicy
from broadcast.units import areas, policies
from broadcast.units.policies import Policy
from schedules import sessions
from schedules.sanity import Doubt
from schedules.sessions import Airing
from schedules.types import LOCAL

from .clashes import Look, Side

LOOKED_AT = dt.timedelta(days=8)  # from the first start: every weekday once
DAY = dt.timedelta(days=1)
MOST_PLACES = 50  # below the unit that are asked for their own word
FIELDS = ("weekdays", "sessions_a_day", "minutes_a_session")


def doubts(session: Session, new: Side, starts: Sequence[dt.datetime]) -> Iterator[Doubt]:
    """The first of each kind, with the ``area`` that says so: the unit itself before places below it."""
    heard: dict[str, set[Airing]] | None = None
    told: dict[str, Doubt] = {}
    for whose in [new.area, *_stricter(session, new.area)]:
        policy = policies.of(session, whose.id)
        found = sessions.off_days(starts, policy.weekdays)
        near = _allowed(starts, policy)
        if near and (policy.sessions_a_day is not None or policy.minutes_a_session is not None):
            heard = _heard(session, new, starts[0]) if heard is None else heard
            everywhere = whose is new.area
            places = None if everywhere else {str(id_) for id_ in session.scalars(areas.below(whose.id))}
            found += _counted(new, near, heard, places, policy)
        for doubt in found:
            told.setdefault(doubt.code, Doubt(doubt.code, {**doubt.params, "area": whose.name}))
    yield from told.values()


def _stricter(session: Session, area: Area) -> list[Area]:
    """Places below that say something of their own about days and sessions."""
    says = or_(*(getattr(AreaPolicy, name).is_not(None) for name in FIELDS))
    query = (
        select(Area)
        .join(AreaPolicy, AreaPolicy.area_id == Area.id)
        .where(says, Area.id.in_(areas.below(area.id)), Area.id != area.id)
        .order_by(Area.level, Area.id)
        .limit(MOST_PLACES)
    )
    return list(session.scalars(query))


def _allowed(starts: Sequence[dt.datetime], policy: Policy) -> list[dt.datetime]:
    """Those of the first week that are on a day on which something may sound."""
    first = [each for each in starts if each < starts[0] + LOOKED_AT]
    return [each for each in first if each.astimezone(LOCAL).isoweekday() in policy.weekdays]


def _heard(session: Session, new: Side, first: dt.datetime) -> dict[str, set[Airing]]:
    """By place, what sounds there in that week without what is asked."""
    midnight = dt.datetime.combine(first.astimezone(LOCAL), dt.time(), tzinfo=LOCAL)
    heard: dict[str, set[Airing]] = {}
    for booking in Look(session, new).taken(midnight, midnight + LOOKED_AT + DAY):
        for place in booking.where:
            heard.setdefault(place, set()).add(Airing(booking.start, booking.end))
    return heard


def _counted(
    new: Side,
    starts: Sequence[dt.datetime],
    heard: Mapping[str, set[Airing]],
    places: set[str] | None,
    policy: Policy,
) -> Iterator[Doubt]:
    """Where the same is heard is counted once; ``places`` None is everywhere."""
    longest = policy.minutes_a_session
    asked = [Airing(start, start + new.length, asked=True) for start in starts]
    there = {frozenset(each) for place, each in heard.items() if places is None or place in places}
    for others in there or {frozenset[Airing]()}:
        yield from sessions.doubts(
            [*asked, *others],
            most=policy.sessions_a_day,
            longest=None if longest is None else dt.timedelta(minutes=longest),
        )
