"""What is asked of a schedule before it is saved reads its neighbours once, however many those are."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from broadcast.scheduling import concerns, free_times, overlaps, programme
from broadcast.scheduling.clashes import Near
from broadcast.scheduling.intents import Intent
from schedules.conflicts import Booking, Busy
from schedules.types import Frequency, Rule

MONDAY = dt.date(2026, 3, 2)
HOUR = dt.timedelta(hours=1)
NOON = dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC)


def daily(stage: Any, bulletin_id: int, time: dt.time) -> Intent:
    return Intent(stage.cast.commune, [bulletin_id], Rule(Frequency.DAILY, MONDAY, (time,)))


def add(stage: Any, bulletin_id: int, hours: range) -> None:
    with stage.database.transaction() as session:
        for hour in hours:
            intent = daily(stage, bulletin_id, dt.time(hour))
            programme.create_schedule(session, stage.cast.lan, intent, title=f"{hour} giờ", now=stage.now)


def asked_of(stage: Any, ask: Callable[[Any], object]) -> list[str]:
    found: list[str] = []

    def remember(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        found.append(statement)

    with stage.database.transaction(read_only=True) as session:
        event.listen(stage.database.engine, "before_cursor_execute", remember)
        try:
            ask(session)
        finally:
            event.remove(stage.database.engine, "before_cursor_execute", remember)
    return found


def everything(stage: Any, intent: Intent) -> Callable[[Any], None]:
    """As a form asks: doubts, overlaps, and the times that would do."""

    def ask(session: Any) -> None:
        near, lan = Near(session, intent.area_id), stage.cast.lan
        assert any(each.code == "overlap" for each in concerns.check(session, lan, intent, stage.now, near))
        assert overlaps.find(session, lan, intent, stage.now, near)
        assert free_times.after(session, lan, intent, stage.now, near=near)
        assert free_times.next_free(session, lan, intent, stage.now, near=near)

    return ask


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_form_reads_the_neighbours_of_its_schedule_once_and_no_statement_for_each(stage: Any) -> None:
    bulletin_id = stage.bulletin()
    add(stage, bulletin_id, range(9, 11))
    intent = daily(stage, bulletin_id, dt.time(9))
    few = asked_of(stage, everything(stage, intent))
    add(stage, bulletin_id, range(11, 19))
    many = asked_of(stage, everything(stage, intent))
    assert sum("schedule.withdrawn_at IS NULL" in each for each in many) == 1
    assert len(many) == len(few)


@given(
    spans=st.lists(st.tuples(st.integers(0, 60), st.integers(0, 15)), max_size=12),
    start=st.integers(0, 60),
    length=st.integers(1, 15),
)
def test_the_first_free_time_is_the_first_at_which_nothing_plays(
    spans: list[tuple[int, int]], start: int, length: int
) -> None:
    minute = dt.timedelta(minutes=1)
    taken = [
        Booking(str(number), NOON + at * minute, NOON + (at + long) * minute, frozenset(), "", "routine", 0)
        for number, (at, long) in enumerate(spans)
    ]
    ends = {start, *(at + long for at, long in spans)}
    free = min(
        each
        for each in ends
        if each >= start and not any(at < each + length and at + long > each for at, long in spans)
    )
    assert Busy(taken).free_from(NOON + start * minute, length * minute) == NOON + free * minute
