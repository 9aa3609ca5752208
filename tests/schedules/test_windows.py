"""Allowed hours, over midnight too, against a minute-by-minute evaluator."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules import windows
from schedules.types import LOCAL, Window

DAY = Window(dt.time(5), dt.time(21, 30))
NIGHT = Window(dt.time(22), dt.time(4))
minutes = st.integers(0, 24 * 60 - 1).map(lambda m: dt.time(m // 60, m % 60))


def at(hour: int, minute: int = 0, day: int = 2) -> dt.datetime:
    return dt.datetime(2026, 3, day, hour, minute, tzinfo=LOCAL)


def test_a_window_holds_its_start_and_not_its_end() -> None:
    assert windows.contains(DAY, at(5))
    assert not windows.contains(DAY, at(21, 30))


def test_a_window_over_midnight_is_open_on_both_sides_of_it() -> None:
    assert windows.contains(NIGHT, at(23))
    assert windows.contains(NIGHT, at(3, 59))
    assert not windows.contains(NIGHT, at(4))
    assert not windows.contains(NIGHT, at(12))


def test_a_window_whose_ends_are_equal_is_the_whole_day() -> None:
    always = Window(dt.time(6), dt.time(6))
    assert all(windows.contains(always, at(hour)) for hour in range(24))


def test_a_broadcast_that_runs_past_the_end_is_not_covered() -> None:
    assert windows.covers(DAY, at(21), at(21, 30))
    assert not windows.covers(DAY, at(21), at(21, 31))
    assert not windows.covers(DAY, at(4, 59), at(6))
    assert windows.covers(NIGHT, at(23), at(4, day=3))
    assert not windows.covers(DAY, at(6), at(6, day=3))


@given(minutes, minutes, minutes)
def test_a_window_opens_next_when_a_minute_by_minute_walk_says_so(a: dt.time, b: dt.time, t: dt.time) -> None:
    window = Window(a, b)
    now = dt.datetime.combine(dt.date(2026, 3, 2), t, tzinfo=LOCAL)
    walk = next(
        now + dt.timedelta(minutes=m)
        for m in range(24 * 60 + 1)
        if windows.contains(window, now + dt.timedelta(minutes=m))
    )
    assert windows.next_open(window, now) == walk


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("03:15", "15:15"), ("00:30", "12:30"), ("22:00", "10:00"), ("04:00", "16:00")],
)
def test_a_time_outside_the_window_is_probably_the_other_half_of_the_day(typed: str, meant: str) -> None:
    assert windows.likely_correction(DAY, dt.time.fromisoformat(typed)) == dt.time.fromisoformat(meant)


def test_nothing_is_suggested_where_the_time_is_allowed_or_the_other_half_is_not() -> None:
    assert windows.likely_correction(DAY, dt.time(15, 15)) is None
    assert windows.likely_correction(Window(dt.time(7), dt.time(8)), dt.time(3, 15)) is None


@given(minutes, minutes, minutes)
def test_a_suggestion_is_always_inside_the_window(a: dt.time, b: dt.time, t: dt.time) -> None:
    meant = windows.likely_correction(Window(a, b), t)
    assert meant is None or windows.holds(Window(a, b), meant)


some = st.lists(st.builds(Window, minutes, minutes), max_size=3)


@given(st.lists(some, max_size=3), some, minutes)
def test_hours_are_open_where_every_group_is_and_nothing_is_closed(
    groups: list[list[Window]], closed: list[Window], t: dt.time
) -> None:
    found = windows.open_hours(groups, closed)
    meant = all(any(windows.holds(w, t) for w in group) for group in groups)
    assert any(windows.holds(w, t) for w in found) == (meant and not any(windows.holds(w, t) for w in closed))


def test_windows_without_a_common_hour_leave_nothing() -> None:
    assert windows.open_hours([[Window(dt.time(5), dt.time(9))], [Window(dt.time(9), dt.time(12))]]) == ()


def test_the_whole_day_window_covers_a_broadcast_over_midnight() -> None:
    assert windows.covers(Window(dt.time(), dt.time()), at(23, 50), at(0, 10, day=3))


def test_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    friday = dt.date(2026, 3, 6)
    assert windows.opening(NIGHT, friday) == (at(22, day=6), at(4, day=7))
    assert windows.anchor(NIGHT, at(23, day=6)) == friday
    assert windows.anchor(NIGHT, at(2, day=7)) == friday
    assert windows.anchor(NIGHT, at(4, day=7)) is None
    assert windows.anchor(DAY, at(5, day=6)) == friday


@given(minutes, minutes, minutes, st.integers(1, 27))
def test_an_instant_lies_in_the_opening_of_its_anchor_and_in_no_other(
    a: dt.time, b: dt.time, t: dt.time, day: int
) -> None:
    window = Window(a, b)
    now = dt.datetime.combine(dt.date(2026, 3, day), t, tzinfo=LOCAL)
    days = [now.date() + dt.timedelta(n) for n in range(-2, 3)]
    holding = [
        day for day in days if windows.opening(window, day)[0] <= now < windows.opening(window, day)[1]
    ]
    anchor = windows.anchor(window, now)
    assert holding == ([] if anchor is None else [anchor])
