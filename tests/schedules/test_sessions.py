"""Sessions of a day as the server foresees them: just those that a loudspeaker counts."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from devices.messages import AllowedWindow, GuardPolicy, Item
from devices.speaker.core import guard
from schedules import sessions
from schedules.sanity import Doubt
from schedules.sessions import Airing
from schedules.types import LOCAL

MINUTE = dt.timedelta(minutes=1)
MONDAY = dt.date(2026, 3, 2)


def airing(clock: str, minutes: float, *, asked: bool = False, day: dt.date = MONDAY) -> Airing:
    start = dt.datetime.combine(day, dt.time.fromisoformat(clock), tzinfo=LOCAL)
    return Airing(start, start + minutes * MINUTE, asked)


def test_a_third_session_is_named_with_its_number() -> None:
    day = [airing("05:30", 20), airing("05:55", 5), airing("11:00", 5, asked=True), airing("17:00", 20)]
    assert sessions.doubts(day, most=2, longest=None) == [
        Doubt("session_limit", {"start": day[3].start, "number": 3, "limit": 2})
    ]
    assert sessions.doubts(day, most=3, longest=None) == []


def test_what_is_too_many_without_what_is_asked_is_no_concern_of_it() -> None:
    tuesday = MONDAY + dt.timedelta(days=1)
    crowded = [airing(f"{hour:02}:00", 5, day=tuesday) for hour in range(6, 12)]
    assert sessions.doubts([*crowded, airing("06:00", 5, asked=True)], most=2, longest=None) == []


def test_a_session_that_neighbours_make_too_long_is_named_with_its_minutes() -> None:
    day = [airing("05:30", 10), airing("05:45", 6, asked=True), airing("17:00", 60)]
    assert sessions.doubts(day, most=None, longest=15 * MINUTE) == [
        Doubt("session_minutes", {"start": day[0].start, "minutes": 16, "limit": 15})
    ]
    assert sessions.doubts(day, most=None, longest=16 * MINUTE) == []


def test_days_off_are_told_with_the_first_and_how_many() -> None:
    starts = [airing("06:00", 1, day=MONDAY + dt.timedelta(days=n)).start for n in range(14)]
    assert sessions.off_days(starts, (1, 2, 3, 4, 5)) == [
        Doubt("weekday", {"date": dt.date(2026, 3, 7), "count": 4})
    ]
    assert sessions.off_days(starts, range(1, 8)) == []


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(1, 30)), min_size=1, max_size=15))
def test_the_server_counts_sessions_as_the_guard_of_a_loudspeaker_does(steps: list[tuple[int, int]]) -> None:
    at, airings = dt.datetime.combine(MONDAY, dt.time(4), tzinfo=LOCAL), []
    for pause, minutes in steps:
        at += pause * MINUTE
        airings.append(Airing(at, at + minutes * MINUTE))
        at += minutes * MINUTE
    policy = GuardPolicy(windows=(AllowedWindow(start="00:00", end="24:00"),), minutes_a_day=1440)
    item = Item(id="x", title="x", start=0, not_before=0, expires=1, clips=())
    counted: dict[str, guard.Sessions] = {}
    for each in airings:
        begin, end = (round(when.timestamp() * 1000) for when in (each.start, each.end))
        day = guard.local_day(policy, begin)
        before = counted.get(day, guard.NO_SESSIONS)
        where = {"at": begin, "duration_ms": 0, "used_ms": 0, "sessions": before}
        assert guard.refusal(policy, item, **where) is None
        counted[day] = before.begin(begin, end).end(end, end - begin)
    found = list(sessions.of(airings))
    by_day = {each.day: each for each in found}  # the last of each day
    assert [(each.number, round(each.sounding / MINUTE) * 60_000) for each in by_day.values()] == [
        (each.begun, each.used_ms) for each in counted.values()
    ]
