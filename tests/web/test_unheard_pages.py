"""What no loudspeaker will play is marked in the week, and left out where there is no room for a mark."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from broadcast.bootstrap import System
from broadcast.models import Person, Schedule
from broadcast.plans.planner import Planner
from broadcast.scheduling import occurrences, programme
from broadcast.scheduling.intents import Intent
from schedules.slots import Entry, Kind, Slot
from schedules.types import LOCAL, Frequency, Rule

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # services know both

NOW = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)  # Monday 08:00 in Vietnam
TODAY = NOW.astimezone(LOCAL).date()
RULE = Rule(Frequency.DAILY, TODAY, (dt.time(17),), until=TODAY + dt.timedelta(days=4))
EMPTY = "Chưa có gì để phát"


@pytest.fixture
def plan(system: System) -> Any:
    def make() -> None:
        with system.database.transaction() as session:
            Planner(session, system.wire, NOW, 7).plan()

    return make


def put(system: System, cast: Any, intent: Intent) -> Schedule:
    with system.database.transaction() as session:
        lan = session.get_one(Person, cast.lan.id)
        return programme.create_schedule(session, lan, intent, title="Bản tin chiều", now=NOW)


def test_an_airing_that_was_left_out_is_not_in_the_month(
    lan: Any, cast: Any, system: System, approved: int, plan: Any
) -> None:
    made = put(system, cast, Intent(cast.commune, [approved], RULE))
    plan()
    assert lan.read("/programme/month?month=2026-03").count("Bản tin chiều") == 5
    with system.database.transaction() as session:
        person, at = session.get_one(Person, cast.lan.id), dt.datetime.combine(TODAY, dt.time(17))
        occurrences.skip(session, person, made.id, at=at, now=NOW, wire=system.wire)
    plan()
    assert lan.read("/programme/month?month=2026-03").count("Bản tin chiều") == 4
    assert "Đã hủy" in lan.read("/programme/")


def test_an_empty_slot_is_marked_where_officers_look_and_on_no_sheet(
    lan: Any, cast: Any, system: System, approved: int, plan: Any
) -> None:
    flow = Entry(Kind.FLOW, classes=frozenset({"priority"}), fixed=False)
    put(system, cast, Intent(cast.commune, [], RULE, slot=Slot(300_000, (flow,))))
    assert EMPTY not in lan.read("/programme/")
    plan()
    for page in ("/programme/", f"/programme/day?day={TODAY}", "/"):
        assert EMPTY in lan.read(page), page
    for page in ("/programme/month?month=2026-03", "/programme/print"):
        assert "Bản tin chiều" not in lan.read(page), page
    strip = lan.read("/programme/").split("Sắp phát</h2>")[1].split("</div>")[0]
    assert "Bản tin chiều" not in strip
