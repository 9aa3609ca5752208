"""Many airings moved at once: each that would not fit is told with why, and what fits can move alone."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from broadcast.scheduling import shifting
from broadcast.units import policies

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # services know both

TODAY = dt.date(2026, 3, 2)  # a Monday; now is 08:00


def at(day: int, time: str) -> dt.datetime:
    return dt.datetime.combine(TODAY + dt.timedelta(days=day), dt.time.fromisoformat(time))


def say(stage: Any, **values: Any) -> None:
    with stage.database.transaction() as session:
        policies.save(session, stage.cast.admin, stage.cast.commune, values=values, now=stage.now)


def told(stage: Any, moves: Any, person: Any = None) -> dict[tuple[int, dt.datetime], set[str]]:
    with stage.database.transaction(read_only=True) as session:
        found = shifting.misfits(session, person or stage.cast.lan, moves, stage.now)
    return {
        (each.schedule_id, each.at): {
            *(doubt.code for doubt in each.doubts),
            *(met.other for met in each.met),
        }
        for each in found
    }


def fitting(stage: Any, moves: Any) -> Any:
    with stage.database.transaction(read_only=True) as session:
        return shifting.fitting(session, stage.cast.lan, moves, stage.now)


def by(schedule_id: int, hours: float, *ats: dt.datetime) -> dict[int, dict[dt.datetime, dt.datetime]]:
    return {schedule_id: {each: each + dt.timedelta(hours=hours) for each in ats}}


def test_hours_days_and_what_is_over_are_told_of_each_airing(stage: Any) -> None:
    one = stage.schedule("11:00", "17:00", bulletin_ids=[stage.bulletin(seconds=600)]).id
    say(stage, weekdays=[1, 2, 3, 4, 5])
    assert told(stage, by(one, 1, at(0, "17:00"), at(1, "17:00"))) == {}
    assert told(stage, by(one, 11, at(0, "11:00"), at(0, "17:00"))) == {
        (one, at(0, "11:00")): {"outside_hours"},
        (one, at(0, "17:00")): {"outside_hours"},
    }
    assert told(stage, by(one, 4.4, at(0, "17:00"))) == {(one, at(0, "17:00")): {"runs_over"}}
    assert told(stage, by(one, 25, at(3, "17:00"), at(4, "17:00"))) == {(one, at(4, "17:00")): {"weekday"}}
    assert told(stage, by(one, -4, at(0, "11:00"))) == {(one, at(0, "11:00")): {"in_past"}}


def test_sessions_are_counted_with_all_that_airs_after_the_moves(stage: Any) -> None:
    own = stage.schedule("17:00").id
    stage.schedule("05:30")
    third = stage.schedule("19:00").id
    say(stage, sessions_a_day=3, minutes_a_session=2)
    assert told(stage, by(own, 1, at(1, "17:00"))) == {}
    moves = by(own, 25, at(1, "17:00"))
    assert told(stage, moves) == {(own, at(1, "17:00")): {"session_limit"}}  # with its own of that day
    assert told(stage, moves | by(third, -59 / 60, at(2, "19:00"))) == {}  # that goes on with it


def test_what_fits_is_moved_and_the_rest_stays_in_its_place(stage: Any) -> None:
    one = stage.schedule("17:00").id
    other = stage.schedule("17:10").id
    evening = stage.schedule("18:10", starts_on=TODAY + dt.timedelta(days=2)).id
    moves = by(one, 1, at(1, "17:00"), at(2, "17:00")) | by(other, 1, at(1, "17:10"), at(2, "17:10"))
    assert told(stage, moves) == {(other, at(2, "17:10")): {"Bản tin sáng"}}
    fits = fitting(stage, moves)
    assert fits == by(one, 1, at(1, "17:00"), at(2, "17:00")) | by(other, 1, at(1, "17:10"))
    assert fitting(stage, by(evening, 10, at(3, "18:10"))) == {}


def test_what_stays_because_it_does_not_fit_may_be_in_the_way_of_what_would(stage: Any) -> None:
    first = stage.schedule("20:00").id
    second = stage.schedule("21:00").id
    moves = by(first, 1, at(1, "20:00")) | by(second, 1, at(1, "21:00"))
    assert told(stage, moves) == {(second, at(1, "21:00")): {"outside_hours"}}
    assert fitting(stage, moves) == {}


def test_what_is_not_ones_own_is_passed_over(stage: Any) -> None:
    one = stage.schedule("17:00").id
    assert told(stage, by(one, 11, at(1, "17:00")), stage.cast.mai) == {}
