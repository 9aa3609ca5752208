"""What the drawing of loudspeakers shows: marks and clusters, the outlines of their areas, and the scale."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from broadcast.fleet_map import Overview, Spot
from web.views import plot
from web.views.plot import Point, ScaleBar

SMALLEST, LARGEST = 15.0, 30.0  # radii of clusters
MOST_NAMES = 12  # more areas than this would only hide each other


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
    return Drawing(marks=tuple(marks), outlines=tuple(_outlines(marks)), bar=projection.scale_bar())


def _radius(count: int, most: int) -> float:
    """The area of a cluster grows with what is in it."""
    return round(SMALLEST + (LARGEST - SMALLEST) * math.sqrt(count / most), 1)


def _outlines(marks: Iterable[Mark]) -> list[Outline]:
    """Only where the marks are single loudspeakers: a cluster may hold several areas."""
    areas: dict[int, list[Mark]] = {}
    for mark in marks:
        areas.setdefault(mark.spot.area_id, []).append(mark)
    if len(areas) > MOST_NAMES:
        return []
    return [_outline(members) for members in areas.values()]


def _outline(members: list[Mark]) -> Outline:
    corners: tuple[Point, ...] = plot.hull([(mark.x, mark.y) for mark in members])
    return Outline(
        name=members[0].spot.area_name,
        points=" ".join(f"{x:g},{y:g}" for x, y in (*corners, corners[0])),
        x=round(sum(x for x, _ in corners) / len(corners), 1),
        y=min(y for _, y in corners) - 50,
    )
