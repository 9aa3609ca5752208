"""Where a priority programme from above meets a unit's own: both, when, and what the unit has decided."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload, selectinload

from broadcast.models import Area, AreaClosure, OrderDecision, Person, Role, Schedule
from broadcast.plans.heard import Heard, Key, Orders, Planned
from broadcast.units import areas, permissions
from devices.messages import BulletinClass

from . import decisions
from .clashes import Look, Side, sides

PRIORITY = BulletinClass.PRIORITY.value
Said = Mapping[frozenset[int], Sequence[OrderDecision]]


@dataclass(frozen=True, slots=True)
class Airings:
    """One airing of each that sound at once, by their nominal starts."""

    above: dt.datetime
    own: dt.datetime


@dataclass(frozen=True, slots=True)
class Meeting:
    """Two schedules that meet in an area; by rule the one from above goes first."""

    area: Area  # whose word it is
    above: Schedule
    own: Schedule
    above_length: dt.timedelta
    own_length: dt.timedelta
    own_class: str
    airings: tuple[Airings, ...]  # the first one first
    said: tuple[OrderDecision, ...]  # the last word first
    begins: Mapping[Airings, dt.datetime] = field(default_factory=dict)  # when the one that goes second does

    @property
    def decision(self) -> OrderDecision | None:
        return self.said[0] if self.said else None

    @property
    def own_first(self) -> bool:
        return self.decision is not None and self.decision.first_id == self.own.id

    def waits_until(self, airing: Airings) -> dt.datetime | None:
        """When the one that goes second really begins; None as long as nobody has decided."""
        return self.begins.get(airing)

    def planned(self) -> Iterator[Planned]:
        """The airings of both, as their schedules have them."""
        for each in self.airings:
            yield Planned(Key(self.above.id, each.above), self.above.area_id, PRIORITY, self.above_length)
            yield Planned(Key(self.own.id, each.own), self.own.area_id, self.own_class, self.own_length)


def find(
    session: Session, person: Person, area_id: int, start: dt.datetime, end: dt.datetime
) -> list[Meeting]:
    """What meets in an area and below it in ``[start, end)``, the first such time first.

    All of it is the unit's to decide: emergencies are never scheduled.

    Errors: UnknownArea, Forbidden.
    """
    area = areas.get(session, area_id)
    permissions.require(person, Role.VIEWER, area, session)
    above = _priority_from_above(session, area)
    if not above:
        return []
    search = _Search(session, area, above, _said(session, person, area.id))
    own = sides(session, _on_air().where(Schedule.area_id.in_(areas.below(area.id))))
    found = [each for schedule, side in own for each in search.of(schedule, side, side.starts(start, end))]
    found = _heard(session, area, found)
    return sorted(found, key=lambda each: (each.airings[0].above, each.above.id, each.own.id))


def _heard(session: Session, area: Area, found: Sequence[Meeting]) -> list[Meeting]:
    """The meetings with when the second of each pair is heard, where that was decided."""
    if all(each.decision is None for each in found):
        return list(found)
    ids = {each.id for each in areas.ancestors(session, area.id)} | set(session.scalars(areas.below(area.id)))
    told = Orders(session, ids).among(planned for each in found for planned in each.planned())
    return [replace(each, begins=_begins(each, told)) if each.decision else each for each in found]


def _begins(each: Meeting, told: Heard) -> dict[Airings, dt.datetime]:
    found = {}
    for airing in each.airings:
        second = Key(each.above.id, airing.above) if each.own_first else Key(each.own.id, airing.own)
        heard = told.at(second, each.own.area_id)
        found[airing] = heard.start if heard else second.start
    return found


@dataclass(frozen=True, slots=True)
class _Search:
    """What an own schedule meets of those from above."""

    session: Session
    area: Area
    above: Sequence[tuple[Schedule, Side]]
    said: Said

    def of(self, schedule: Schedule, side: Side, starts: Sequence[dt.datetime]) -> Iterator[Meeting]:
        look = Look(self.session, side)
        for upper, other in self.above:
            clashes = look.clashes(other, starts)
            if clashes:
                yield Meeting(
                    area=self.area,
                    above=upper,
                    own=schedule,
                    above_length=other.length,
                    own_length=side.length,
                    own_class=side.klass,
                    airings=tuple(dict.fromkeys(Airings(each.old, each.new) for each in clashes)),
                    said=tuple(self.said.get(frozenset((upper.id, schedule.id)), ())),
                )


def _priority_from_above(session: Session, area: Area) -> list[tuple[Schedule, Side]]:
    upper = select(AreaClosure.ancestor_id).where(AreaClosure.descendant_id == area.id, AreaClosure.depth > 0)
    found = sides(session, _on_air().where(Schedule.area_id.in_(upper)))
    return [each for each in found if each[1].klass == PRIORITY]


def _said(session: Session, person: Person, area_id: int) -> Said:
    found: dict[frozenset[int], list[OrderDecision]] = defaultdict(list)
    for each in decisions.list_(session, person, area_id):
        found[frozenset((each.first_id, each.second_id))].append(each)
    return found


def _on_air() -> Select[Schedule]:
    return (
        select(Schedule)
        .options(joinedload(Schedule.area), selectinload(Schedule.items))
        .where(Schedule.withdrawn_at.is_(None))
        .order_by(Schedule.id)
    )
