"""What is odd about a time: outside the hours, unlike the past, too near, during a relay."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules import sanity
from schedules.conflicts import Booking
from schedules.sanity import Doubt, Habit
from schedules.types import LOCAL, Window

MONDAY = dt.datetime(2026, 3, 2, tzinfo=LOCAL).astimezone(dt.UTC)
MINUTE = dt.timedelta(minutes=1)
DAY = dt.timedelta(days=1)
OPEN = (Window(dt.time(5), dt.time(21)),)
ALWAYS = (Window(dt.time(), dt.time()),)


def at(time: str, day: int = 1) -> dt.datetime:
    return dt.datetime.combine(dt.date(2026, 3, 2), dt.time.fromisoformat(time), LOCAL) + day * DAY


def every_day(*times: str, days: int = 30) -> Habit:
    return Habit(at(time, -day) for day in range(1, days + 1) for time in times)


def relay(start: dt.datetime, minutes: int) -> Booking:
    return Booking(
        "dai-tinh",
        start,
        start + minutes * MINUTE,
        frozenset({"thon-1"}),
        "Đài tỉnh",
        "routine",
        1,
    )


def doubts(start: dt.datetime, *, minutes: int = 30, habit: Habit | None = None, **more: Any) -> list[Doubt]:
    given_ = {"allowed": OPEN, "relays": (), "now": MONDAY} | more
    return sanity.doubts(start, minutes * MINUTE, habit=habit or Habit([]), **given_)


def test_a_quarter_past_three_at_night_was_probably_meant_for_the_afternoon() -> None:
    assert doubts(at("03:15")) == [Doubt("outside_hours", {"time": "03:15", "likely": "15:15"})]
    assert doubts(at("23:30")) == [Doubt("outside_hours", {"time": "23:30", "likely": "11:30"})]


def test_outside_the_hours_nothing_more_is_said_of_custom() -> None:
    (doubt,) = doubts(at("03:15"), habit=every_day("05:30", "17:00"))
    assert doubt.code == "outside_hours"


def test_no_correction_is_offered_where_the_other_half_of_the_day_is_shut_too() -> None:
    (doubt,) = doubts(at("03:15"), allowed=(Window(dt.time(5), dt.time(8)),))
    assert doubt.params["likely"] is None


def test_a_programme_that_ends_after_the_hours_is_told_when() -> None:
    assert doubts(at("20:45")) == [Doubt("runs_over", {"time": "20:45", "until": "21:15"})]
    assert doubts(at("20:30")) == []


def test_a_time_unlike_the_past_is_told_with_the_usual_ones_and_the_likely_one() -> None:
    found = doubts(at("03:15"), habit=every_day("05:30", "15:15", "15:15"), allowed=ALWAYS)
    usual = ["15:15", "05:30"]
    assert found == [Doubt("unusual", {"time": "03:15", "usual": usual, "likely": "15:15"})]
    (other,) = doubts(at("10:00"), habit=every_day("05:30", "17:00"), allowed=ALWAYS)
    assert other.params == {"time": "10:00", "usual": ["05:30", "17:00"], "likely": None}


def test_the_likely_time_is_an_allowed_one() -> None:
    only_mornings = (Window(dt.time(2), dt.time(8)),)
    (doubt,) = doubts(at("03:15"), habit=every_day("15:15"), allowed=only_mornings)
    assert (doubt.code, doubt.params["likely"]) == ("unusual", None)


def test_within_an_hour_of_custom_is_custom_over_midnight_too() -> None:
    habit = every_day("05:30", "00:10")
    for usual in ("04:30", "06:30", "23:10", "01:10"):
        assert habit.is_usual(dt.time.fromisoformat(usual))
    for unusual in ("04:29", "06:31", "23:09", "01:11"):
        assert not habit.is_usual(dt.time.fromisoformat(unusual))


def test_one_mistake_of_the_past_makes_no_custom() -> None:
    starts = [at("05:30", -day) for day in range(1, 151)]
    assert not Habit([*starts, at("03:15", -4)]).is_usual(dt.time(3, 15))
    assert Habit([*starts, at("03:15", -4), at("03:20", -5)]).is_usual(dt.time(3, 15))


def test_an_area_without_a_past_has_nothing_unusual() -> None:
    assert every_day("05:30", days=19).is_usual(dt.time(12))
    assert not every_day("05:30", days=20).is_usual(dt.time(12))
    assert every_day("05:30", days=19).likely_correction(dt.time(17, 30)) is None


@pytest.mark.parametrize(("seconds", "code"), [(-1, "in_past"), (0, "too_near"), (119, "too_near")])
def test_a_start_that_no_loudspeaker_can_fetch_in_time_is_told(seconds: int, code: str) -> None:
    start = at("06:00")
    (doubt,) = doubts(start, now=start - dt.timedelta(seconds=seconds))
    assert doubt.code == code
    assert code == "in_past" or doubt.params["seconds"] == seconds


def test_two_minutes_are_time_enough_to_fetch() -> None:
    assert doubts(at("06:00"), now=at("06:00") - 2 * MINUTE) == []


def test_a_relay_on_the_same_loudspeakers_is_told() -> None:
    running = relay(at("17:00"), 30)
    (doubt,) = doubts(at("17:29"), relays=[running])
    params = {"id": "dai-tinh", "who": "Đài tỉnh", "start": running.start, "end": running.end}
    assert doubt == Doubt("during_relay", params)
    assert doubts(at("17:30"), relays=[running]) == []
    assert doubts(at("16:30"), relays=[running]) == []


times = st.integers(0, 24 * 60 - 1).map(lambda minute: dt.time(minute // 60, minute % 60))


@given(st.lists(times, min_size=1, max_size=60), times)
def test_what_is_usual_is_what_a_count_says(past: Sequence[dt.time], time: dt.time) -> None:
    def apart(one: dt.time, other: dt.time) -> int:
        minutes = abs((one.hour - other.hour) * 60 + one.minute - other.minute)
        return min(minutes, 24 * 60 - minutes)

    near = sum(apart(each, time) <= 60 for each in past)
    habit = Habit(dt.datetime.combine(dt.date(2026, 3, 2), each, LOCAL) for each in past)
    assert habit.is_usual(time) == (len(past) < 20 or near * 100 >= len(past))


@given(st.lists(times, min_size=20, max_size=40), times)
def test_a_correction_is_usual_and_half_a_day_away(past: Sequence[dt.time], time: dt.time) -> None:
    habit = Habit(dt.datetime.combine(dt.date(2026, 3, 2), each, LOCAL) for each in past)
    likely = habit.likely_correction(time)
    assert likely is None or (habit.is_usual(likely) and not habit.is_usual(time))
    assert likely is None or likely == time.replace(hour=(time.hour + 12) % 24)
