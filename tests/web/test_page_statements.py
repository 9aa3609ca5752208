"""Pages of the programme take no more statements for many schedules than for a few."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import event

from broadcast.models import Person
from broadcast.scheduling import programme
from broadcast.scheduling.intents import Intent
from broadcast.storage.database import Database
from schedules.types import LOCAL, Frequency, Rule

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # services know both

NOW = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)  # Monday 08:00 in Vietnam
TODAY = NOW.astimezone(LOCAL).date()
PAGES = (
    "/",
    "/programme/",
    "/programme/month",
    "/programme/day",
    "/programme/schedules",
    "/programme/changes",
)
MOST = 45  # of any of them


def add(database: Database, cast: Any, bulletin_id: int, hours: range) -> None:
    with database.transaction() as session:
        lan = session.get_one(Person, cast.lan.id)
        for hour in hours:
            intent = Intent(cast.commune, [bulletin_id], Rule(Frequency.DAILY, TODAY, (dt.time(hour),)))
            programme.create_schedule(session, lan, intent, title=f"{hour} giờ", now=NOW)


def statements(system: Any, visitor: Any, page: str) -> int:
    asked: list[str] = []

    def remember(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.append(statement)

    event.listen(system.database.engine, "before_cursor_execute", remember)
    try:
        visitor.read(page)
    finally:
        event.remove(system.database.engine, "before_cursor_execute", remember)
    return sum("SELECT" in each for each in asked)


def test_a_fuller_programme_takes_no_more_statements(
    database: Database, system: Any, cast: Any, lan: Any, approved: int
) -> None:
    add(database, cast, approved, range(9, 11))
    few = {page: statements(system, lan, page) for page in PAGES}
    add(database, cast, approved, range(11, 20))
    many = {page: statements(system, lan, page) for page in PAGES}
    assert many == few
    assert max(many.values()) <= MOST, many
