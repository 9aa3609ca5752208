"""The week of an area costs as many statements for many schedules as for a few."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import event

from broadcast.scheduling import programme
from broadcast.scheduling.intents import Intent
from schedules.types import Frequency, Rule

MONDAY = dt.date(2026, 3, 2)


def add(stage: Any, bulletin_id: int, hours: range) -> None:
    with stage.database.transaction() as session:
        for hour in hours:
            rule = Rule(Frequency.DAILY, MONDAY, (dt.time(hour),))
            intent = Intent(stage.cast.commune, [bulletin_id], rule)
            programme.create_schedule(session, stage.cast.lan, intent, title=f"{hour} giờ", now=stage.now)


def statements_of_a_week(stage: Any) -> tuple[int, int]:
    """How many airings there are, and how many statements it took to find them."""
    asked: list[str] = []

    def remember(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(statement)

    with stage.database.transaction(read_only=True) as session:
        event.listen(stage.database.engine, "before_cursor_execute", remember)
        try:
            found = programme.week(session, stage.cast.lan, stage.cast.commune, MONDAY, stage.now)
        finally:
            event.remove(stage.database.engine, "before_cursor_execute", remember)
    return len(found), sum("SELECT" in each for each in asked)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_fuller_week_takes_no_more_statements(stage: Any) -> None:
    bulletin_id = stage.bulletin()
    add(stage, bulletin_id, range(9, 11))
    few, asked = statements_of_a_week(stage)
    add(stage, bulletin_id, range(11, 19))
    many, asked_again = statements_of_a_week(stage)
    assert many == few * 5
    assert asked_again == asked
