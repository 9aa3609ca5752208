"""The drawing of loudspeakers keeps distances, directions and everything in sight."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from broadcast.speakers.conditions import Status
from broadcast.speakers.fleet_map import Box, Overview, Spot
from web.views import speaker_map
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


def seen(*places: tuple[float, float, int], area: int = 0) -> Overview:
    spots = tuple(
        Spot(
            latitude=latitude,
            longitude=longitude,
            count=count,
            playing=0,
            status=Status.ONLINE,
            id=number,
            name=f"Loa {number}",
            area_id=area or number,
            area_name=f"Thôn {area or number}",
            box=Box(latitude, longitude, latitude, longitude),
        )
        for number, (latitude, longitude, count) in enumerate(places, start=1)
    )
    return Overview(spots, len(spots), 0)


def test_names_of_areas_do_not_lie_on_each_other() -> None:
    drawing = speaker_map.draw(seen((21.0, 105.0, 1), (21.0, 105.001, 1), (21.02, 105.02, 1)))
    assert drawing is not None
    names = [each.name for each in drawing.outlines]
    assert len(names) == 3
    assert names.count("") == 1, "of two that are close to each other one is told"


def test_many_heaps_have_no_areas_for_each_may_hold_several() -> None:
    heaps = [(21 + number % 6 / 10, 105 + number // 6 / 10, 9) for number in range(30)]
    drawing = speaker_map.draw(seen(*heaps, area=1))
    assert drawing is not None
    assert (drawing.dense, drawing.outlines) == (True, ())
    few = speaker_map.draw(seen(*heaps[:9], area=1))
    assert few is not None
    assert not few.dense
    assert [each.name for each in few.outlines] == ["Thôn 1"]
