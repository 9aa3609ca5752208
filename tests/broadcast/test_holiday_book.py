"""Days off that a unit decides: inherited, taken back, and followed by what airs on holidays."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from broadcast.errors import DomainError, Forbidden, NotFound
from broadcast.models import Event, HolidayKind, Person, Role
from broadcast.scheduling import programme
from broadcast.scheduling.intents import Intent
from broadcast.units import holiday_book
from broadcast.units.people import grant
from schedules.holidays import NATIONAL
from schedules.types import Frequency, OnHolidays, Rule

TODAY = dt.date(2026, 3, 2)
FESTIVAL = dt.date(2026, 3, 10)
LIBERATION = dt.date(2026, 4, 30)


def put(
    stage: Any, day: dt.date, kind: HolidayKind, name: str = "", *, area_id: int = 0, person: Any = None
) -> None:
    with stage.database.transaction() as session:
        area = area_id or stage.cast.commune
        holiday_book.put(session, person or stage.cast.admin, area, day, kind=kind, name=name, now=stage.now)


def calendar(stage: Any, area_id: int) -> Any:
    with stage.database.transaction(read_only=True) as session:
        return holiday_book.calendar_of(session, area_id)


def year(stage: Any, area_id: int) -> dict[dt.date, tuple[str, str]]:
    with stage.database.transaction(read_only=True) as session:
        days = holiday_book.year(session, stage.cast.lan, area_id, 2026)
        return {day.date: (day.kind.value, day.name) for day in days}


def test_where_nobody_decided_anything_the_nation_s_calendar_holds(stage: Any) -> None:
    assert calendar(stage, stage.cast.commune) is NATIONAL
    assert year(stage, stage.cast.commune)[LIBERATION][0] == "off"
    assert FESTIVAL not in year(stage, stage.cast.commune)


def test_a_decision_holds_below_and_not_beside_and_the_nearest_wins(stage: Any) -> None:
    put(stage, FESTIVAL, HolidayKind.OFF, "Hội làng")
    put(stage, LIBERATION, HolidayKind.WORKED)
    village, other = stage.cast.villages[0], stage.cast.other_commune
    for area in (stage.cast.commune, village):
        assert calendar(stage, area).name(FESTIVAL) == "Hội làng"
        assert calendar(stage, area).is_working(LIBERATION.toordinal())
    assert calendar(stage, other).name(FESTIVAL) == ""
    put(stage, FESTIVAL, HolidayKind.WORKED, area_id=village)
    assert calendar(stage, village).is_working(FESTIVAL.toordinal())
    assert year(stage, village)[FESTIVAL] == ("worked", "")
    assert year(stage, stage.cast.commune)[FESTIVAL] == ("off", "Hội làng")
    with stage.database.transaction() as session:
        holiday_book.remove(session, stage.cast.admin, village, FESTIVAL, now=stage.now)
    assert calendar(stage, village).name(FESTIVAL) == "Hội làng"


def test_the_planner_plans_again_what_heeds_holidays_and_nothing_else(stage: Any) -> None:
    stage.loudspeakers(3)
    skipping = stage.schedule("05:30", on_holidays=OnHolidays.SKIP)
    working = stage.schedule("07:00", frequency=Frequency.WORKDAYS)
    stage.schedule("17:00")
    stage.plan()
    planned = {each.id: each.state.value for each in stage.broadcasts()}
    with stage.database.transaction(read_only=True) as session:
        last = session.scalars(select(Event.id).order_by(Event.id.desc())).first()
    put(stage, dt.date(2026, 3, 5), HolidayKind.OFF, "Hội làng")
    with stage.database.transaction(read_only=True) as session:
        told = session.execute(select(Event.kind, Event.subject).where(Event.id > last)).all()
    assert set(told) == {("holiday", None), ("schedule", skipping.id), ("schedule", working.id)}
    stage.plan()
    off = [each for each in stage.broadcasts() if each.state.value != planned.get(each.id)]
    assert [(each.schedule_id, f"{each.start:%d %H:%M}") for each in off] == [
        (skipping.id, "04 22:30"),
        (working.id, "05 00:00"),
    ]


def test_only_the_administrator_decides_and_a_day_off_has_a_name(stage: Any) -> None:
    for person in (stage.cast.lan, stage.cast.mai):
        with pytest.raises(Forbidden):
            put(stage, FESTIVAL, HolidayKind.OFF, "Hội làng", person=person)
    for day, name in ((FESTIVAL, " "), (FESTIVAL, "x" * 121), (dt.date(1900, 1, 1), "Hội")):
        with pytest.raises(DomainError):
            put(stage, day, HolidayKind.OFF, name)
    with stage.database.transaction() as session, pytest.raises(NotFound):
        holiday_book.remove(session, stage.cast.admin, stage.cast.commune, FESTIVAL, now=stage.now)


def test_the_district_decides_for_its_communes(stage: Any) -> None:
    with stage.database.transaction() as session:
        grant(
            session,
            session.get_one(Person, stage.cast.dung.id),
            Role.ADMIN,
            stage.cast.district,
            now=stage.now,
        )
    district, dung = stage.cast.district, stage.cast.dung
    put(stage, FESTIVAL, HolidayKind.OFF, "Ngày hội huyện", area_id=district, person=dung)
    assert calendar(stage, stage.cast.villages[2]).name(FESTIVAL) == "Ngày hội huyện"


def test_what_does_not_air_on_a_day_off_of_the_unit_has_missed_nothing_that_morning(stage: Any) -> None:
    rule = Rule(Frequency.DAILY, TODAY, (dt.time(7), dt.time(17)), on_holidays=OnHolidays.SKIP)

    def doubts() -> set[str]:
        bulletins = [stage.bulletin()]
        with stage.database.transaction() as session:
            intent = Intent(stage.cast.commune, bulletins, rule)
            found = programme.check(session, stage.cast.lan, intent, stage.now)
        return {each.code for each in found}

    assert "in_past" in doubts()
    put(stage, TODAY, HolidayKind.OFF, "Hội làng")
    assert "in_past" not in doubts()
