"""Days, sessions and their minutes are told before saving, counted with what is on the programme already."""

from __future__ import annotations

import datetime as dt
from typing import Any

from broadcast.scheduling import concerns
from broadcast.scheduling.intents import Intent
from broadcast.units import policies
from schedules.types import LOCAL, Frequency, Rule

CODES = ("weekday", "session_limit", "session_minutes")
TUESDAY = dt.date(2026, 3, 3)


COMMUNE = "Xã An Hòa"


def say(stage: Any, area_id: int | None = None, **values: Any) -> None:
    with stage.database.transaction() as session:
        area = area_id or stage.cast.commune
        policies.save(session, stage.cast.admin, area, values=values, now=stage.now)


def told(stage: Any, *times: str, seconds: float = 60, area_id: int | None = None, **more: Any) -> Any:
    bulletin = stage.bulletin(seconds=seconds)
    clocks = tuple(dt.time.fromisoformat(time) for time in times)
    with stage.database.transaction(read_only=True) as session:
        rule = Rule(Frequency.DAILY, TUESDAY, clocks)
        intent = Intent(area_id or stage.cast.commune, [bulletin], rule, **more)
        found = concerns.check(session, stage.cast.lan, intent, stage.now)
    return {each.code: each.params for each in found if each.code in CODES}


def local(day: dt.date, clock: str) -> dt.datetime:
    return dt.datetime.combine(day, dt.time.fromisoformat(clock), tzinfo=LOCAL)


def test_a_third_session_a_day_is_told_with_its_number_before_it_is_saved(stage: Any) -> None:
    stage.schedule("05:30", "17:00")
    assert told(stage, "19:00") == {}
    say(stage, sessions_a_day=2)
    assert told(stage, "19:00") == {
        "session_limit": {"start": local(TUESDAY, "19:00"), "number": 3, "limit": 2, "area": COMMUNE}
    }
    assert told(stage, "17:05") == {}  # goes on with the second


def test_a_schedule_that_is_changed_is_not_counted_beside_itself(stage: Any) -> None:
    kept = stage.schedule("05:30", "17:00")
    say(stage, sessions_a_day=2)
    assert told(stage, "06:30", "18:00", schedule_id=kept.id) == {}


def test_what_another_village_hears_is_none_of_this_village_s_sessions(stage: Any) -> None:
    first, second, _ = stage.cast.villages
    stage.loudspeakers(3)
    stage.schedule("05:30", area_id=first)
    stage.schedule("17:00", area_id=second)
    say(stage, sessions_a_day=2)
    assert told(stage, "11:00", area_id=first) == {}
    assert told(stage, "11:00", "19:00", area_id=first)["session_limit"]["number"] == 3


def test_a_session_that_becomes_too_long_is_told_with_its_minutes(stage: Any) -> None:
    stage.schedule("05:30", bulletin_ids=[stage.bulletin(seconds=600)])
    say(stage, minutes_a_session=15)
    assert told(stage, "05:41", seconds=360) == {
        "session_minutes": {"start": local(TUESDAY, "05:30"), "minutes": 16, "limit": 15, "area": COMMUNE}
    }
    assert told(stage, "06:00", seconds=360) == {}


def test_days_without_programmes_are_told_with_the_first_of_them(stage: Any) -> None:
    say(stage, weekdays=[1, 2, 3, 4, 5])
    found = told(stage, "17:00")["weekday"]
    assert (found["date"], found["count"]) == (dt.date(2026, 3, 7), 4)


def test_a_stricter_village_below_is_asked_too_and_named(stage: Any) -> None:
    first, second, _ = stage.cast.villages
    stage.loudspeakers(3)
    stage.schedule("05:30", "17:00", area_id=first)
    say(stage, sessions_a_day=3)
    say(stage, first, sessions_a_day=2, weekdays=[1, 2, 3, 4, 5, 6])
    found = told(stage, "11:00")
    assert found["session_limit"] == {
        "start": local(TUESDAY, "17:00"),
        "number": 3,
        "limit": 2,
        "area": "Thôn Đông",
    }
    assert (found["weekday"]["area"], found["weekday"]["date"]) == ("Thôn Đông", dt.date(2026, 3, 8))
    assert told(stage, "11:00", area_id=second) == {}
