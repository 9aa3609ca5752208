"""What the loudspeakers of an area would refuse of a schedule for its days, its sessions or their length."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from broadcast.models import Area, AreaPolicy
from broadcast.units import areas, policies
from broadcast.units.policies import Policy
from schedules import sessions
from schedules.sanity import Doubt
from schedules.sessions import Airing
from schedules.types import LOCAL

from .clashes import Look, Near, Side

LOOKED_AT = dt.timedelta(days=8)  # from the first start: every weekday once
DAY = dt.timedelta(days=1)
MOST_PLACES = 50  # below the unit that are asked for their own word
FIELDS = ("weekdays", "sessions_a_day", "minutes_a_session")


@dataclass(frozen=True, slots=True)
class _Word:
    """What a unit says, and the places that are bound by it; None: all that hear the schedule."""

    name: str
    policy: Policy
    places: set[str] | None

    @property
    def counts(self) -> bool:
        return self.policy.sessions_a_day is not None or self.policy.minutes_a_session is not None


class Limits:
    """What the unit of a schedule and places below it say of days and sessions; read once, asked often."""

    def __init__(self, session: Session, new: Side, look: Look) -> None:
        self._new = new
        self._look = look
        self._words = list(_words(session, new.area))
        self._known: dict[dt.datetime, Mapping[str, set[Airing]]] = {}

    @property
    def weekdays(self) -> frozenset[int]:
        """On which all of them let it air; 0 is Monday."""
        allowed = frozenset(policies.EVERY_DAY).intersection(*(word.policy.weekdays for word in self._words))
        return frozenset(day - 1 for day in allowed)

    def doubts(self, starts: Sequence[dt.datetime], beside: Collection[dt.datetime] = ()) -> Iterator[Doubt]:
        """The first of each kind, with the ``area`` that says so: the unit itself before places below it.

        ``beside`` are starts of the schedule that nobody asks about, and that are heard too.
        """
        told: dict[str, Doubt] = {}
        for word in self._words:
            found = sessions.off_days(starts, word.policy.weekdays)
            near = _allowed(starts, word.policy)
            if near and word.counts:
                found += self._counted(near, beside, self._heard(starts[0]), word)
            for doubt in found:
                told.setdefault(doubt.code, Doubt(doubt.code, {**doubt.params, "area": word.name}))
        yield from told.values()

    def _heard(self, first: dt.datetime) -> Mapping[str, set[Airing]]:
        """By place, what sounds there in that week without what is asked."""
        midnight = dt.datetime.combine(first.astimezone(LOCAL), dt.time(), tzinfo=LOCAL)
        if midnight not in self._known:
            heard: dict[str, set[Airing]] = {}
            for booking in self._look.taken(midnight, midnight + LOOKED_AT + DAY):
                for place in booking.where:
                    heard.setdefault(place, set()).add(Airing(booking.start, booking.end))
            self._known[midnight] = heard
        return self._known[midnight]

    def _counted(
        self,
        starts: Sequence[dt.datetime],
        beside: Collection[dt.datetime],
        heard: Mapping[str, set[Airing]],
        word: _Word,
    ) -> Iterator[Doubt]:
        """Where the same is heard is counted once."""
        longest = word.policy.minutes_a_session
        own = [Airing(start, start + self._new.length, asked=True) for start in starts]
        own += [Airing(start, start + self._new.length) for start in beside]
        there = {
            frozenset(each) for place, each in heard.items() if word.places is None or place in word.places
        }
        for others in there or {frozenset[Airing]()}:
            yield from sessions.doubts(
                [*own, *others],
                most=word.policy.sessions_a_day,
                longest=None if longest is None else dt.timedelta(minutes=longest),
            )


def doubts(
    session: Session, new: Side, starts: Sequence[dt.datetime], near: Near | None = None
) -> Iterator[Doubt]:
    """What the loudspeakers would refuse of these starts, as ``Limits`` tells it."""
    yield from Limits(session, new, Look(session, new, near=near)).doubts(starts)


def _words(session: Session, area: Area) -> Iterator[_Word]:
    yield _Word(area.name, policies.of(session, area.id), None)
    for each in _stricter(session, area):
        places = {str(id_) for id_ in session.scalars(areas.below(each.id))}
        yield _Word(each.name, policies.of(session, each.id), places)


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
