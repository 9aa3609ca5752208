"""The drawing of loudspeakers keeps distances, directions and everything in sight."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from web.views.plot import HEIGHT, WIDTH, fit, hull

places = st.tuples(st.floats(8.0, 23.5), st.floats(102.0, 110.0))


@given(st.lists(places, min_size=1, max_size=40))
def test_every_place_is_inside_the_drawing(coordinates: list[tuple[float, float]]) -> None:
    projection = fit(coordinates)
    for latitude, longitude in coordinates:
        x, y = projection.place(latitude, longitude)
        assert 0 <= x <= WIDTH
        assert 0 <= y <= HEIGHT


def test_north_is_up_and_east_is_right() -> None:
    projection = fit([(21.00, 105.00), (21.02, 105.03)])
    south_west, north_east = projection.place(21.00, 105.00), projection.place(21.02, 105.03)
    assert north_east[0] > south_west[0]
    assert north_east[1] < south_west[1]


def test_the_scale_bar_measures_the_drawing() -> None:
    projection = fit([(21.00, 105.00), (21.03, 105.00)])
    bar = projection.scale_bar()
    x1, y1 = projection.place(21.00, 105.00)
    x2, y2 = projection.place(21.00 + bar.metres / 111_320, 105.00)
    assert math.isclose(math.hypot(x2 - x1, y2 - y1), bar.length, abs_tol=0.3)
    assert bar.label == "1 km"


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=3, max_size=30))
def test_the_outline_of_an_area_holds_all_its_points(points: list[tuple[int, int]]) -> None:
    corners = hull([(float(x), float(y)) for x, y in points])
    if len(corners) < 3:
        return
    for x, y in points:
        for (ax, ay), (bx, by) in zip(corners, corners[1:] + corners[:1], strict=True):
            assert (bx - ax) * (y - ay) - (by - ay) * (x - ax) >= 0
