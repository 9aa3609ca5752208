"""What the drawing of loudspeakers shows: marks and clusters, the outlines of their areas, and the scale."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace

from broadcast.speakers.fleet_map import Overview, Spot
from web.views import plot
from web.views.plot import Point, ScaleBar

SMALLEST, LARGEST = 20.0, 30.0  # radii of clusters
DENSE = 24  # more marks than this are drawn smaller on a phone, and without areas
MOST_NAMES = 12  # more areas than this would only hide each other
LETTER, LINE = 19.0, 42.0  # of a name on a phone, where it is largest


@dataclass(frozen=True, slots=True)
class Mark:
    spot: Spot
    x: float
    y: float
    radius: float  # of a cluster


@dataclass(frozen=True, slots=True)
class Outline:
    """An area as the hull of its loudspeakers; ``points`` is an SVG list, ``x`` and ``y`` place its name."""

    name: str
    points: str
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Drawing:
    marks: tuple[Mark, ...]
    outlines: tuple[Outline, ...]
    bar: ScaleBar
    dense: bool
    width: float = plot.WIDTH
    height: float = plot.HEIGHT


def draw(seen: Overview) -> Drawing | None:
    """None when there is nothing to draw."""
    if not seen.spots:
        return None
    projection = plot.fit((each.latitude, each.longitude) for each in seen.spots)
    most = max(each.count for each in seen.spots)
    marks = [
        Mark(each, *projection.place(each.latitude, each.longitude), _radius(each.count, most))
        for each in seen.spots
    ]
    dense = len(marks) > DENSE and any(each.count > 1 for each in seen.spots)
    outlines = () if dense else tuple(_outlines(marks))
    return Drawing(tuple(marks), outlines, projection.scale_bar(), dense)


def _radius(count: int, most: int) -> float:
    """The area of a cluster grows with what is in it."""
    return round(SMALLEST + (LARGEST - SMALLEST) * math.sqrt(count / most), 1)


def _outlines(marks: Iterable[Mark]) -> list[Outline]:
    """The largest first; a name that would lie on another's is left out."""
    areas: dict[int, list[Mark]] = {}
    for mark in marks:
        areas.setdefault(mark.spot.area_id, []).append(mark)
    if len(areas) > MOST_NAMES:
        return []
    largest = sorted(areas.values(), key=len, reverse=True)
    return _legible([_outline(members) for members in largest])


def _legible(outlines: list[Outline]) -> list[Outline]:
    shown: list[Outline] = []
    for each in outlines:
        covered = any(_meet(each, other) for other in shown if other.name)
        shown.append(replace(each, name="") if covered else each)
    return shown


def _meet(one: Outline, other: Outline) -> bool:
    reach = LETTER * (len(one.name) + len(other.name)) / 2
    return abs(one.x - other.x) < reach and abs(one.y - other.y) < LINE


def _outline(members: list[Mark]) -> Outline:
    corners: tuple[Point, ...] = plot.hull([(mark.x, mark.y) for mark in members])
    return Outline(
        name=members[0].spot.area_name,
        points=" ".join(f"{x:g},{y:g}" for x, y in (*corners, corners[0])),
        x=round(sum(x for x, _ in corners) / len(corners), 1),
        y=min(y for _, y in corners) - 50,
    )
