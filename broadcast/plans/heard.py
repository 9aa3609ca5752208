"""When airings of the programme are really heard, place by place, after what units have decided.

Plans say so to loudspeakers (``ordering``); here the same is told to people, also of days no plan reaches.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from broadcast.models import Area, AreaClosure, Broadcast, OrderDecision
from broadcast.orders.running_order import occurrence_of
from schedules import sounding
from schedules.precedence import Decision
from schedules.sounding import Airing, Said, Sounding

from . import ordering, variants
from .variants import Variant


class Key(NamedTuple):
    """What names an airing: its schedule, and when that says that it begins."""

    schedule_id: int
    start: dt.datetime

    @property
    def name(self) -> str:
        return occurrence_of(*self)


@dataclass(frozen=True, slots=True)
class Planned:
    """An airing as its schedule has it; where it is in plans already, those know how long it really is."""

    key: Key
    area_id: int
    klass: str
    length: dt.timedelta


@dataclass(frozen=True, slots=True)
class Heard:
    """When airings are heard in the places where what was decided makes a difference.

    ``above`` are the areas over those places and over the airings' own, these themselves first; ``of`` are
    the places of an airing, the lowest last.
    """

    places: Mapping[int, Mapping[Key, Sounding]]
    keys: Mapping[str, Key]
    above: Mapping[int, Sequence[int]]
    of: Mapping[Key, Sequence[int]]

    def at(self, key: Key, area_id: int) -> Sounding | None:
        """As it is heard in an area that was asked for; None: as its schedule says."""
        return self.on(key, self.above.get(area_id, ()))

    def on(self, key: Key, path: Iterable[int]) -> Sounding | None:
        """As it is heard in the first of these areas, which lie one above the other."""
        told = (self.places[area_id].get(key) for area_id in path if area_id in self.places)
        return next((each for each in told if each is not None), None)

    def below(self, key: Key, area_id: int) -> Iterator[tuple[int, Sounding]]:
        """The places below an area where it is heard otherwise than right above them, the lowest last."""
        for place in self.of.get(key, ()):
            path, here = self.above[place], self.places[place][key]
            if area_id in path[1:] and _differs(here, self.on(key, path[1:])):
                yield place, here

    def before(self, each: Sounding) -> Key:
        """The airing that one waits for."""
        return self.keys[each.behind]


NO_TIME = dt.timedelta()
LONGEST = dt.timedelta(hours=6)  # what began longer ago is waited for by nothing
NOTHING = Heard({}, {}, {}, {})


class Orders:
    """What some areas (None: all) have decided."""

    def __init__(self, session: Session, area_ids: Collection[int] | None) -> None:
        self._session = session
        self._said = ordering.read(session, area_ids)

    def __bool__(self) -> bool:
        return bool(self._said)

    @property
    def schedule_ids(self) -> set[int]:
        """Those on which there was a decision."""
        words = (word[0] for pairs in self._said.values() for word in pairs)
        return {int(name) for each in words for name in (each.first, each.second)}

    def about(self, schedule_id: int) -> list[Decision]:
        """Every word on a schedule."""
        words = (word for pairs in self._said.values() for said in pairs for word in said)
        return [each for each in words if str(schedule_id) in (each.first, each.second)]

    def among(self, airings: Iterable[Planned], asked: Collection[int] = ()) -> Heard:
        """When these are heard; ``asked`` are areas that will be asked for besides their own."""
        named = self.schedule_ids
        concerned = {each.key: each for each in airings if each.key.schedule_id in named}
        if not concerned:
            return NOTHING
        found = variants.read(self._session, concerned)
        own = {each.area_id for each in concerned.values()}
        own |= {area_id for each in found.values() for area_id in each if area_id is not None}
        above = _above(self._session, {*self._said, *asked, *own})
        return _Look(self._said, concerned, found, above, _levels(self._session, above)).heard()


def longest_wait(session: Session, broadcast: Broadcast) -> dt.timedelta:
    """How much later than planned it begins where it has to wait longest."""
    if broadcast.schedule_id is None:
        return NO_TIME
    key = Key(broadcast.schedule_id, broadcast.start)
    about = or_(OrderDecision.first_id == key.schedule_id, OrderDecision.second_id == key.schedule_id)
    orders = Orders(session, set(session.scalars(select(OrderDecision.area_id).where(about))))
    if not orders:
        return NO_TIME
    near = select(Broadcast).where(
        Broadcast.schedule_id.in_(orders.schedule_ids),
        Broadcast.start > broadcast.start - LONGEST,
        Broadcast.start < broadcast.start + LONGEST,
    )
    told = orders.among(
        _planned(each, each.schedule_id) for each in session.scalars(near) if each.schedule_id
    )
    return max((place[key].wait for place in told.places.values() if key in place), default=NO_TIME)


def _planned(broadcast: Broadcast, schedule_id: int) -> Planned:
    length = dt.timedelta(milliseconds=broadcast.duration_ms)
    return Planned(Key(schedule_id, broadcast.start), broadcast.area_id, broadcast.klass.value, length)


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at decisions and the airings that they are about."""

    said: Mapping[int, Sequence[Said]]
    airings: Mapping[Key, Planned]
    lengths: Mapping[variants.Name, Mapping[int | None, Variant | None]]
    above: Mapping[int, Sequence[int]]
    levels: Mapping[int, int]

    def heard(self) -> Heard:
        keys = {key.name: key for key in self.airings}
        told = {place: {keys[each.airing.id]: each for each in self._in(place)} for place in self._places()}
        of: dict[Key, list[int]] = defaultdict(list)
        for place in sorted(told, key=lambda each: len(self.above[each])):
            for key in told[place]:
                of[key].append(place)
        return Heard(told, keys, self.above, of)

    def _places(self) -> set[int]:
        """Where both of a pair are heard on which something was said, and below that where more is heard."""
        of: dict[str, set[int]] = defaultdict(set)
        for key, each in self.airings.items():
            of[str(key.schedule_id)].add(each.area_id)
        found = {
            self._lowest(area_id, one, other)
            for area_id, pairs in self.said.items()
            for words in pairs
            for one in of[words[0].first]
            for other in of[words[0].second]
        }
        own = {area_id for each in self.lengths.values() for area_id in each}
        below = {area_id for area_id in own if area_id is not None and found & {*self.above[area_id]}}
        return {area_id for area_id in found | below if area_id is not None}

    def _lowest(self, *area_ids: int) -> int | None:
        """The lowest of areas that lie one above the other; None where they do not."""
        lowest = max(area_ids, key=lambda each: len(self.above[each]))
        return lowest if {*area_ids} <= {*self.above[lowest]} else None

    def _in(self, place: int) -> list[Sounding]:
        path = self.above[place]
        here = [
            self._airing(each, variant)
            for each in self.airings.values()
            if each.area_id in path and (variant := self._variant(each, path)) is not None
        ]
        said = [words for area_id in path for words in self.said.get(area_id, ())]
        return sounding.when(sorted(here, key=lambda each: (each.start, each.id)), said)

    def _variant(self, each: Planned, path: Sequence[int]) -> Variant | None:
        """What is heard of it; None where nothing is."""
        known: Mapping[int | None, Variant | None]
        known = self.lengths.get(each.key, {None: Variant(each.length)})
        return next((known[area_id] for area_id in (*path, None) if area_id in known), None)

    def _airing(self, each: Planned, variant: Variant) -> Airing:
        return Airing(
            id=each.key.name,
            schedule=str(each.key.schedule_id),
            klass=each.klass,
            level=self.levels[each.area_id],
            start=each.key.start,
            length=variant.length,
            latest=variant.latest,
        )


def _differs(one: Sounding, other: Sounding | None) -> bool:
    if other is None:
        return one.why is not sounding.Why.PLANNED
    return (one.start, one.why) != (other.start, other.why)


def _above(session: Session, area_ids: Collection[int]) -> dict[int, list[int]]:
    """Of each of these areas itself and all above it, the nearest first."""
    query = select(AreaClosure.descendant_id, AreaClosure.ancestor_id).order_by(AreaClosure.depth)
    found: dict[int, list[int]] = defaultdict(list)
    for area_id, ancestor_id in session.execute(query.where(AreaClosure.descendant_id.in_(area_ids))):
        found[area_id].append(ancestor_id)
    return dict(found)


def _levels(session: Session, area_ids: Collection[int]) -> dict[int, int]:
    query = select(Area.id, Area.level).where(Area.id.in_(area_ids))
    return {row.id: row.level for row in session.execute(query)}
