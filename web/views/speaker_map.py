"""What the drawing of loudspeakers shows: marks, the outlines of their areas, and the scale."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from broadcast.models import Loudspeaker
from devices.presence import Presence
from web.views import plot
from web.views.plot import Point, ScaleBar


@dataclass(frozen=True, slots=True)
class Mark:
    loudspeaker: Loudspeaker
    status: Presence
    x: float
    y: float


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
    unplaced: int  # loudspeakers without a position
    width: float = plot.WIDTH
    height: float = plot.HEIGHT


def draw(loudspeakers: Iterable[Loudspeaker], statuses: Mapping[int, Presence]) -> Drawing | None:
    """None when no loudspeaker has a position."""
    everyone = list(loudspeakers)
    placed = [
        (each, each.latitude, each.longitude)
        for each in everyone
        if each.latitude is not None and each.longitude is not None
    ]
    if not placed:
        return None
    projection = plot.fit((latitude, longitude) for _, latitude, longitude in placed)
    marks = [
        Mark(each, statuses[each.id], *projection.place(latitude, longitude))
        for each, latitude, longitude in placed
    ]
    return Drawing(
        marks=tuple(marks),
        outlines=tuple(_outlines(marks)),
        bar=projection.scale_bar(),
        unplaced=len(everyone) - len(placed),
    )


def _outlines(marks: Iterable[Mark]) -> list[Outline]:
    areas: dict[int, list[Mark]] = {}
    for mark in marks:
        areas.setdefault(mark.loudspeaker.area_id, []).append(mark)
    return [_outline(members) for members in areas.values()]


def _outline(members: list[Mark]) -> Outline:
    corners: tuple[Point, ...] = plot.hull([(mark.x, mark.y) for mark in members])
    return Outline(
        name=members[0].loudspeaker.area.name,
        points=" ".join(f"{x:g},{y:g}" for x, y in (*corners, corners[0])),
        x=round(sum(x for x, _ in corners) / len(corners), 1),
        y=min(y for _, y in corners) - 50,
    )
