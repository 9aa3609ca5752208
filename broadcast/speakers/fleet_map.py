"""The fleet on a map: never more marks than an eye can tell apart, however many loudspeakers there are."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Integer, RowMapping, Select, case, cast, func, select
from sqlalchemy.orm import Session

from broadcast.models import Area, Loudspeaker, Person

from . import fleet
from .conditions import BY_WEIGHT, HEARTBEAT, Conditions, Status
from .fleet import Filter

FINE, COARSE = (20, 14), (8, 6)  # columns and rows of squares
MOST = 60  # spots that can be told apart and hit with a finger; more of them are gathered coarsely
TOLD_FIRST = (*(each for each in BY_WEIGHT if each is not Status.NEVER), Status.ONLINE, Status.NEVER)
METRES_PER_DEGREE = 111_320.0
SHRUNK = 0.999
SMALLEST = 150.0  # metres: a square that is smaller is not divided again


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of the earth, in degrees."""

    south: float
    west: float
    north: float
    east: float


@dataclass(frozen=True, slots=True)
class Spot:
    """One loudspeaker, or ``count`` near each other of which ``status`` is the weightiest.

    What was never there hides nothing: a heap with one that is lost is lost, however many are new in it.
    """

    latitude: float
    longitude: float
    count: int
    playing: int
    status: Status
    id: int  # of the one, or of the first
    name: str
    area_id: int
    area_name: str
    box: Box  # where to look closer


@dataclass(frozen=True, slots=True)
class Overview:
    spots: tuple[Spot, ...]
    placed: int
    unplaced: int  # without a position


def overview(
    session: Session,
    person: Person,
    wanted: Filter,
    *,
    box: Box | None = None,
    now: dt.datetime,
    heartbeat: dt.timedelta = HEARTBEAT,
) -> Overview:
    """What ``wanted`` finds inside ``box``, in at most MOST spots."""
    conditions = Conditions(now, heartbeat)
    chosen = fleet.where(person, wanted, conditions)
    has_place = Loudspeaker.latitude.is_not(None) & Loudspeaker.longitude.is_not(None)
    total, placed = session.execute(
        select(func.count(), func.count().filter(has_place)).select_from(Loudspeaker).where(*chosen)
    ).one()
    inside = [*chosen, has_place, *_within(box)]
    extent = _extent(session, inside)
    if extent is None:
        return Overview((), 0, total - placed)
    rows = session.execute(_gathered(inside, extent, conditions, FINE)).mappings().all()
    if len(rows) > MOST:
        rows = session.execute(_gathered(inside, extent, conditions, COARSE)).mappings().all()
    named = _named(session, [row["first"] for row in rows])
    spots = tuple(_spot(row, named[row["first"]]) for row in rows)
    return Overview(spots, sum(each.count for each in spots), total - placed)


def _within(box: Box | None) -> list[ColumnElement[bool]]:
    if box is None:
        return []
    return [
        Loudspeaker.latitude.between(box.south, box.north),
        Loudspeaker.longitude.between(box.west, box.east),
    ]


def _extent(session: Session, inside: list[ColumnElement[bool]]) -> Box | None:
    sides = (
        func.min(Loudspeaker.latitude),
        func.min(Loudspeaker.longitude),
        func.max(Loudspeaker.latitude),
        func.max(Loudspeaker.longitude),
    )
    south, west, north, east = session.execute(select(*sides).where(*inside)).one()
    if south is None or west is None or north is None or east is None:
        return None
    return Box(south, west, north, east)


def _gathered(
    inside: list[ColumnElement[bool]], extent: Box, conditions: Conditions, squares: tuple[int, int]
) -> Select[Any]:
    """One row for every square of the extent in which something hangs."""
    columns, rows = squares
    least = SMALLEST / METRES_PER_DEGREE
    shrink = max(0.01, math.cos(math.radians((extent.south + extent.north) / 2)))
    high = max((extent.north - extent.south) / rows, least)
    wide = max((extent.east - extent.west) / columns, least / shrink)
    latitude, longitude = Loudspeaker.latitude.expression, Loudspeaker.longitude.expression
    weights = {status.value: weight for weight, status in enumerate(TOLD_FIRST)}
    each = (
        select(
            Loudspeaker.id,
            latitude.label("latitude"),
            longitude.label("longitude"),
            _step(latitude - extent.south, high).label("row"),
            _step(longitude - extent.west, wide).label("column"),
            case(weights, value=conditions.status).label("weight"),
            case((Loudspeaker.playing != "", 1), else_=0).label("playing"),
        )
        .where(*inside)
        .subquery()
    )
    return select(
        func.count().label("count"),
        func.min(each.c.id).label("first"),
        func.avg(each.c.latitude).label("latitude"),
        func.avg(each.c.longitude).label("longitude"),
        func.min(each.c.latitude).label("south"),
        func.min(each.c.longitude).label("west"),
        func.max(each.c.latitude).label("north"),
        func.max(each.c.longitude).label("east"),
        func.min(each.c.weight).label("weight"),
        func.sum(each.c.playing).label("playing"),
    ).group_by(each.c.row, each.c.column)


def _step(offset: ColumnElement[Any], size: float) -> ColumnElement[int]:
    """The whole number of steps, the far edge still in the last one.

    Databases differ in how they cut a fraction and in where they round a half: neither is met here.
    """
    return cast(func.round(offset * (SHRUNK / size) - 0.4995), Integer)


def _named(session: Session, ids: Sequence[int]) -> dict[int, tuple[str, int, str]]:
    query = select(Loudspeaker.id, Loudspeaker.name, Area.id, Area.name).join(Area)
    found = session.execute(query.where(Loudspeaker.id.in_(ids)))
    return {id_: (name, area_id, area) for id_, name, area_id, area in found}


def _spot(row: RowMapping, named: tuple[str, int, str]) -> Spot:
    name, area_id, area_name = named
    return Spot(
        latitude=row["latitude"],
        longitude=row["longitude"],
        count=row["count"],
        playing=row["playing"],
        status=TOLD_FIRST[row["weight"]],
        id=row["first"],
        name=name,
        area_id=area_id,
        area_name=area_name,
        box=Box(row["south"], row["west"], row["north"], row["east"]),
    )
