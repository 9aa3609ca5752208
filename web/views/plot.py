"""Places points of the earth on a drawing without a basemap: projection, area outlines, scale bar."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, MARGIN = 1000.0, 680.0, 110.0  # units of the drawing
METRES_PER_DEGREE = 111_320.0
SMALLEST_SPAN = 400.0  # metres: one lonely loudspeaker is not blown up to the whole drawing
BARS = tuple(step * 10**power for power in range(1, 6) for step in (1, 2, 5))  # metres

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class ScaleBar:
    length: float  # units of the drawing
    metres: int

    @property
    def label(self) -> str:
        return f"{self.metres // 1000} km" if self.metres >= 1000 else f"{self.metres} m"


@dataclass(frozen=True, slots=True)
class Projection:
    """Plate carrée around a middle latitude: at the size of a commune it is off by less than a symbol."""

    latitude: float
    longitude: float
    units_per_metre: float

    def place(self, latitude: float, longitude: float) -> Point:
        east = (longitude - self.longitude) * METRES_PER_DEGREE * math.cos(math.radians(self.latitude))
        north = (latitude - self.latitude) * METRES_PER_DEGREE
        return (
            round(WIDTH / 2 + east * self.units_per_metre, 1),
            round(HEIGHT / 2 - north * self.units_per_metre, 1),
        )

    def scale_bar(self) -> ScaleBar:
        """The longest round length that fits a quarter of the drawing."""
        longest = WIDTH / 4 / self.units_per_metre
        metres = max((bar for bar in BARS if bar <= longest), default=BARS[0])
        return ScaleBar(length=round(metres * self.units_per_metre, 1), metres=metres)


def fit(coordinates: Iterable[tuple[float, float]]) -> Projection:
    """The projection that shows all (latitude, longitude) pairs; there must be at least one."""
    latitudes, longitudes = zip(*coordinates, strict=True)
    latitude = (min(latitudes) + max(latitudes)) / 2
    longitude = (min(longitudes) + max(longitudes)) / 2
    east = (
        (max(longitudes) - min(longitudes)) * METRES_PER_DEGREE * max(0.01, math.cos(math.radians(latitude)))
    )
    north = (max(latitudes) - min(latitudes)) * METRES_PER_DEGREE
    return Projection(
        latitude=latitude,
        longitude=longitude,
        units_per_metre=min(
            (WIDTH - 2 * MARGIN) / max(east, SMALLEST_SPAN),
            (HEIGHT - 2 * MARGIN) / max(north, SMALLEST_SPAN),
        ),
    )


def hull(points: Sequence[Point]) -> tuple[Point, ...]:
    """The convex outline of the points, counter-clockwise (Andrew's monotone chain)."""
    ordered = sorted(set(points))
    if len(ordered) < 3:
        return tuple(ordered)
    return (*_chain(ordered)[:-1], *_chain(ordered[::-1])[:-1])


def _chain(points: Sequence[Point]) -> list[Point]:
    kept: list[Point] = []
    for point in points:
        while len(kept) > 1 and _turn(kept[-2], kept[-1], point) <= 0:
            kept.pop()
        kept.append(point)
    return kept


def _turn(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
