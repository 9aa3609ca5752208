"""Which airings of two schedules sound at once on the same loudspeakers.

Areas above and below share loudspeakers, and those that start in turn begin later than the schedule says.
Here the database is read; ``schedules.conflicts`` decides.
"""

from __future__ import annotations

import datetime as dt
import functools
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from broadcast.authoring.repertoire import Piece, Repertoire, duration_ms, klass
from broadcast.models import Area, AreaClosure, Loudspeaker, Person, Schedule, StartMode
from broadcast.orders.items import TURN_GAP_MS
from broadcast.units import areas, policies
from broadcast.units.holiday_book import Book
from schedules import conflicts, recurrence
from schedules.conflicts import Booking
from schedules.holidays import NATIONAL, Calendar
from schedules.types import Rule

from . import decisions


@dataclass(frozen=True, slots=True)
class Side:
    """A schedule in a conflict, saved or not."""

    id: int  # 0: not saved yet
    area: Area
    rule: Rule
    length_ms: int
    klass: str
    who: str = ""
    holidays: Calendar = NATIONAL

    @classmethod
    def of(cls, schedule: Schedule, pieces: Sequence[Piece], holidays: Calendar, *, who: str = "") -> Side:
        rule = recurrence.from_dict(schedule.rule)
        return cls(schedule.id, schedule.area, rule, duration_ms(pieces), klass(pieces).value, who, holidays)

    @property
    def length(self) -> dt.timedelta:
        return dt.timedelta(milliseconds=max(self.length_ms, 1))

    def wait(self, turn: int) -> dt.timedelta:
        """How much later than the schedule says a loudspeaker begins whose turn it is then."""
        return dt.timedelta(milliseconds=turn * (self.length_ms + TURN_GAP_MS))

    def starts(self, start: dt.datetime, end: dt.datetime) -> list[dt.datetime]:
        return [each.start for each in recurrence.occurrences(self.rule, start, end, self.holidays)]

    def booking(self, start: dt.datetime, turn: int, where: frozenset[str]) -> Booking:
        begins = start + self.wait(turn)
        return Booking(
            str(self.id), begins, begins + self.length, where, self.who, self.klass, self.area.level
        )


@dataclass(frozen=True, slots=True)
class Clash:
    """One overlap of two airings, by what people call them: ``new`` and ``old`` are their nominal starts."""

    new: dt.datetime
    old: dt.datetime
    turn: int
    lost: conflicts.Displaced


class Listeners:
    """Which places hear both of two areas, in which turns, and how many loudspeakers there are."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[int, Mapping[int, Mapping[str, int]]] = {}

    def below(self, area: Area) -> Mapping[int, Mapping[str, int]]:
        """By turn, the places with the number of their loudspeakers; a place without any counts none."""
        if area.id not in self._known:
            self._known |= self._read(area)
        return self._known[area.id]

    def common(self, one: Area, other: Area) -> Area:
        """The lower of two areas, one of which is above the other."""
        return one if one.level >= other.level else other

    def _read(self, area: Area) -> dict[int, dict[int, dict[str, int]]]:
        """Of the area and of each below it, by one statement."""
        counted = (
            select(
                AreaClosure.ancestor_id,
                AreaClosure.descendant_id,
                Loudspeaker.turn,
                func.count(Loudspeaker.id),
            )
            .outerjoin(
                Loudspeaker,
                (Loudspeaker.area_id == AreaClosure.descendant_id) & Loudspeaker.retired_at.is_(None),
            )
            .where(AreaClosure.ancestor_id.in_(areas.below(area.id)))
            .group_by(AreaClosure.ancestor_id, AreaClosure.descendant_id, Loudspeaker.turn)
        )
        found: dict[int, dict[int, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
        staggered = functools.cache(self._is_staggered)
        for above, place, turn, count in self._session.execute(counted):
            there = found[above][turn if turn and staggered(place) else 0]
            there[str(place)] = there.get(str(place), 0) + count
        return found

    def _is_staggered(self, area_id: int) -> bool:
        return policies.of(self._session, area_id).start_mode is StartMode.STAGGERED


class Near:
    """Every schedule on the air in an area, above it and below it: read when asked for, for many looks."""

    def __init__(self, session: Session, area_id: int) -> None:
        self._session, self._area_id = session, area_id
        self._sides: list[tuple[Schedule, Side]] | None = None
        self.listeners = Listeners(session)

    def sides(self) -> list[tuple[Schedule, Side]]:
        """Those that have something to play."""
        if self._sides is None:
            shared = areas.in_line(Schedule.area_id, self._area_id)
            query = (
                select(Schedule)
                .options(joinedload(Schedule.area), selectinload(Schedule.items))
                .where(shared, Schedule.withdrawn_at.is_(None))
                .order_by(Schedule.id)
            )
            self._sides = sides(self._session, query)
        return self._sides


class Look:
    """One look at what shares loudspeakers with a new or changed schedule.

    ``instead`` are other schedules, by id, as they would be after the same change. ``near``: what is read for
    several looks at the same area.
    """

    def __init__(
        self,
        session: Session,
        new: Side,
        instead: Mapping[int, Side] = MappingProxyType({}),
        near: Near | None = None,
    ) -> None:
        self._new = new
        self._instead = instead
        self._near = near or Near(session, new.area.id)
        self._decisions = decisions.about(session, new.id) if new.id else []

    def others(self) -> list[tuple[Schedule, Side]]:
        """Every other schedule on the air in the area, above it and below it, with something to play."""
        return [
            (schedule, self._instead.get(side.id, side))
            for schedule, side in self._near.sides()
            if side.id != self._new.id
        ]

    def clashes(self, other: Side, starts: Sequence[dt.datetime]) -> list[Clash]:
        """Every overlap with these starts of the new schedule, by time."""
        if not starts:
            return []
        new, found = self._new, []
        for turn, places in self._heard(other).items():
            where = frozenset(places)
            ours = [new.booking(start, turn, where) for start in starts]
            theirs = [other.booking(start, turn, where) for start in _around(other, ours[0], ours[-1], turn)]
            for lost in conflicts.over(ours, theirs, self._decisions):
                mine, old = lost.overlap.new, lost.overlap.old
                found.append(Clash(mine.start - new.wait(turn), old.start - other.wait(turn), turn, lost))
        return sorted(found, key=lambda clash: (clash.lost.overlap.start, clash.turn))

    def taken(self, first: dt.datetime, last: dt.datetime) -> list[Booking]:
        """What plays between two instants on the same loudspeakers, seen from the schedule's own turn."""
        new, found = self._new, []
        for _, other in self.others():
            for turn, places in self._heard(other).items():
                where, shift = frozenset(places), other.wait(turn) - new.wait(turn)
                for start in other.starts(first - shift - other.length, last - shift):
                    begins = start + shift
                    found.append(
                        Booking(str(other.id), begins, begins + other.length, where, "", other.klass, 0)
                    )
        return found

    def loudspeakers(self, other: Side, turns: Collection[int]) -> int:
        found = self._heard(other)
        return sum(sum(found[turn].values()) for turn in turns)

    def where(self, other: Side) -> Area:
        return self._near.listeners.common(self._new.area, other.area)

    def _heard(self, other: Side) -> Mapping[int, Mapping[str, int]]:
        """By turn, the places that hear both; the widest is asked for first, and tells of all in it."""
        self._near.listeners.below(self._new.area)
        return self._near.listeners.below(self.where(other))


def _around(other: Side, first: Booking, last: Booking, turn: int) -> list[dt.datetime]:
    wait = other.wait(turn)
    return other.starts(first.start - wait - other.length, last.end - wait)


def sides(session: Session, query: Select[Schedule]) -> list[tuple[Schedule, Side]]:
    """The schedules that a query finds, as sides of a conflict; without those that have nothing to play."""
    found = list(session.scalars(query))
    repertoire = Repertoire(session)
    repertoire.learn([item.bulletin_id for each in found for item in each.items])
    names = _names(session, (each.created_by for each in found))
    book = Book(session)
    told = (
        (each, Side.of(each, repertoire.pieces(each), book.of(each.area_id), who=names[each.created_by]))
        for each in found
    )
    return [(each, side) for each, side in told if side.length_ms]


def _names(session: Session, person_ids: Iterable[int]) -> dict[int, str]:
    query = select(Person.id, Person.name).where(Person.id.in_(set(person_ids)))
    return {row.id: row.name for row in session.execute(query)}
