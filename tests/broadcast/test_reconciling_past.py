"""What was true then is told from what was true then: who hung where, what was a day off, what held."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import pytest
from sqlalchemy import update

from broadcast.authoring import validity
from broadcast.evidence import reconciling
from broadcast.evidence.reconciliation import Row
from broadcast.evidence.whys import Why
from broadcast.joining import registry
from broadcast.models import HolidayKind, Loudspeaker, Person, Role, StartMode
from broadcast.plans import documents
from broadcast.scheduling import decisions, programme
from broadcast.storage.moments import day_start
from broadcast.units import areas, holiday_book, merging, people, policies
from devices.envelope import decode_plan
from devices.messages import BulletinClass, ItemState
from schedules.types import LOCAL, Frequency, OnHolidays, Rule
from tests.broadcast.conftest import DAYS

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
SECOND, THIRD, FOURTH = (dt.date(2026, 3, day) for day in (2, 3, 4))


def at(day: dt.date, hour: float = 0) -> dt.datetime:
    return day_start(day) + hour * HOUR


def planned(stage: Any, box: Any) -> list[Any]:
    """What the loudspeaker is told to play, as it is told now."""
    with stage.database.transaction(read_only=True) as session:
        wishes = documents.wanted(session, stage.wire, stage.now, DAYS)
        body = next(wish.body for wish in wishes if wish.row.device == box.device)
    return list(decode_plan(body).items)


def plays(stage: Any, box: Any, *days: dt.date) -> None:
    """It does what its plan says on these days, at once and to the end, and reports so."""
    for item in planned(stage, box):
        start = dt.datetime.fromtimestamp(item.start / 1000, dt.UTC)
        if start.astimezone(LOCAL).date() not in days:
            continue
        ms, common = item.duration_ms, {"planned": item.start, "started": item.start + 3, "volume": 80}
        end = start + dt.timedelta(milliseconds=ms)
        done = {"ended": item.start + ms, "played_ms": ms, "samples": ms * 48}
        heard = (
            box.event(start, "playing", item.id, **common),
            box.event(end, "done", item.id, **common, **done),
        )
        stage.hear(box.journal(end, *heard), now=end)


def rows(stage: Any, area_id: int, *days: dt.date) -> list[Row]:
    with stage.database.transaction(read_only=True) as session:
        admin = session.get_one(Person, stage.cast.admin.id)
        found = [
            reconciling.rows(session, admin, area_id, at(day), at(day + DAY)) for day in days or (SECOND,)
        ]
    return [row for each in found for row in each]


def whys(found: Iterable[Row]) -> list[tuple[int, Why | None]]:
    return [(row.part.loudspeaker_id, row.why) for row in found]


def act(row: Row) -> tuple[dt.datetime, str] | None:
    """When who did what explains it."""
    return (row.change.at, row.change.by) if row.change is not None else None


def do(stage: Any, work: Any, *args: Any, **more: Any) -> Any:
    with stage.database.transaction() as session:
        return work(session, *args, **more)


@pytest.fixture
def everywhere(stage: Any) -> Any:
    """The administrator of the commune looks after the other one as well."""
    with stage.database.transaction() as session:
        admin = session.get_one(Person, stage.cast.admin.id)
        people.grant(session, admin, Role.ADMIN, stage.cast.other_commune, now=stage.now)
    return stage


def test_a_loudspeaker_that_left_stands_where_it_hung_with_what_it_played_there(everywhere: Any) -> None:
    stage, cast = everywhere, everywhere.cast
    [box, stays] = stage.loudspeakers(2)
    stage.schedule("17:00")
    stage.plan()
    for each in (box, stays):
        plays(stage, each, SECOND)
    moved = {"loudspeaker_id": 1, "area_id": cast.other_commune}
    do(stage, registry.move, cast.admin, **moved, now=at(THIRD, 8))
    stage.plan(at(THIRD, 8))
    plays(stage, stays, THIRD)
    gone = box.event(at(THIRD, 9), "cancelled", "s1.20260303T170000", reason="withdrawn")
    stage.hear(box.journal(at(THIRD, 9), gone), now=at(THIRD, 9))
    assert whys(rows(stage, cast.commune, SECOND)) == [(1, None), (2, None)]
    third = rows(stage, cast.commune, THIRD)
    assert whys(third) == [(1, Why.ELSEWHERE), (2, None)]
    assert act(third[0]) == (at(THIRD, 8), cast.admin.name)
    assert whys(rows(stage, cast.other_commune, SECOND, THIRD)) == []


def test_a_village_that_moved_keeps_what_it_heard_of_the_commune_it_was_in(everywhere: Any) -> None:
    stage, cast = everywhere, everywhere.cast
    [box] = stage.loudspeakers(1)
    stage.schedule("17:00")
    stage.plan()
    plays(stage, box, SECOND)
    do(
        stage,
        areas.move,
        cast.villages[0],
        parent_id=cast.other_commune,
        now=at(THIRD, 8),
        person_id=cast.admin.id,
    )
    stage.plan(at(THIRD, 8))
    gone = box.event(at(THIRD, 9), "cancelled", "s1.20260303T170000", reason="withdrawn")
    stage.hear(box.journal(at(THIRD, 9), gone), now=at(THIRD, 9))
    assert whys(rows(stage, cast.commune, SECOND)) == [(1, None)]
    [left] = rows(stage, cast.commune, THIRD)
    assert (left.why, act(left)) == (Why.ELSEWHERE, (at(THIRD, 8), cast.admin.name))
    assert rows(stage, cast.other_commune, SECOND, THIRD) == []


def test_villages_that_merge_hear_what_they_heard_and_all_of_it_is_found_from_the_new_one(stage: Any) -> None:
    cast = stage.cast
    boxes = stage.loudspeakers(2)
    stage.schedule("17:00", area_id=cast.villages[0])
    stage.schedule("18:00")
    stage.plan()
    for box in boxes:
        plays(stage, box, SECOND)
    made = do(
        stage,
        merging.merge,
        cast.admin,
        cast.villages[:2],
        code="H40.10.1.9",
        name="Thôn Mới",
        now=at(THIRD, 8),
    )
    stage.plan(at(THIRD, 8))
    for box in boxes:
        plays(stage, box, THIRD)
    everything = [(1, None), (1, None), (2, None)]
    assert whys(rows(stage, cast.commune, SECOND)) == whys(rows(stage, cast.commune, THIRD)) == everything
    assert whys(rows(stage, made.id, THIRD)) == everything
    assert rows(stage, made.id, SECOND) == []  # it was not there


def test_what_waits_by_the_word_of_the_unit_is_told_with_its_seconds_and_who_decided(stage: Any) -> None:
    cast = stage.cast
    [box] = stage.loudspeakers(1)
    own = stage.schedule("17:00", bulletin_ids=[stage.bulletin(seconds=60)])
    with stage.database.transaction() as session:
        for role in (Role.EDITOR, Role.ADMIN):
            people.grant(session, session.get_one(Person, cast.lan.id), role, cast.district, now=stage.now)
    above = stage.bulletin("Sửa cầu", klass=BulletinClass.PRIORITY)
    districts = stage.schedule("17:00:20", bulletin_ids=[above], area_id=cast.district)
    do(
        stage,
        decisions.decide,
        cast.lan,
        area_id=cast.commune,
        first=own.id,
        second=districts.id,
        now=stage.now,
    )
    stage.plan()
    plays(stage, box, SECOND)
    first, second = rows(stage, cast.commune)
    assert (first.why, second.why) == (None, Why.ORDER_DECIDED)
    assert (second.shift, act(second)) == (dt.timedelta(seconds=40), (stage.now, cast.lan.name))
    decided_since = {"area_id": cast.commune, "first": districts.id, "second": own.id}
    do(stage, decisions.decide, cast.lan, **decided_since, now=at(THIRD, 8))
    assert rows(stage, cast.commune)[1].why is Why.ORDER_DECIDED


def test_a_turn_is_told_with_its_seconds_as_long_as_the_area_starts_staggered(stage: Any) -> None:
    cast = stage.cast
    [box, _] = stage.loudspeakers(2)
    with stage.database.transaction() as session:
        session.execute(update(Loudspeaker).where(Loudspeaker.id == 1).values(turn=2))
    staggered = {"start_mode": StartMode.STAGGERED}
    do(stage, policies.save, cast.admin, cast.commune, values=staggered, now=stage.now)
    stage.schedule("17:00", bulletin_ids=[stage.bulletin(seconds=60)])
    stage.plan()
    plays(stage, box, SECOND)
    at_once = {"start_mode": StartMode.SIMULTANEOUS}
    do(stage, policies.save, cast.admin, cast.commune, values=at_once, now=at(THIRD, 8))
    row = rows(stage, cast.commune)[0]
    assert (row.why, row.shift) == (Why.STAGGERED, dt.timedelta(seconds=124))
    assert act(row) == (stage.now, cast.admin.name)


def test_what_did_not_hold_any_more_when_its_turn_came_was_left_out_by_the_order_of_turns(stage: Any) -> None:
    cast = stage.cast
    [_, box] = stage.loudspeakers(2)
    with stage.database.transaction() as session:
        session.execute(update(Loudspeaker).where(Loudspeaker.id == 1).values(turn=2))
    staggered = {"start_mode": StartMode.STAGGERED}
    do(stage, policies.save, cast.admin, cast.commune, values=staggered, now=stage.now)
    bulletin_id = stage.bulletin(seconds=60)
    ends = {"valid_from": None, "valid_until": at(SECOND, 17) + dt.timedelta(minutes=2), "airings": None}
    do(stage, validity.save, cast.lan, bulletin_id, **ends, now=stage.now)
    stage.schedule("17:00", bulletin_ids=[bulletin_id])
    stage.plan()
    assert planned(stage, stage.boxes[0]) == []
    plays(stage, box, SECOND)
    stage.hear(stage.boxes[0].state(at(SECOND, 18)), now=at(SECOND, 18))
    kept_on = {**ends, "valid_until": at(FOURTH)}
    do(stage, validity.save, cast.lan, bulletin_id, **kept_on, now=at(THIRD))
    first, second = rows(stage, cast.commune)
    assert (first.part.turn, first.why, second.why) == (2, Why.OVERDUE, None)
    assert act(first) == (stage.now, cast.admin.name)


def test_nobody_ordered_a_shift_where_all_begin_at_once(stage: Any) -> None:
    [box] = stage.loudspeakers(1)
    stage.schedule("17:00", bulletin_ids=[stage.bulletin(seconds=60)])
    stage.plan()
    [broadcast, *_] = stage.broadcasts()
    late = int(broadcast.start.timestamp() * 1000) + 62_000
    done = box.event(
        broadcast.start + HOUR, "done", broadcast.occurrence, planned=late, started=late, ended=late + 60_000,
        played_ms=60_000, samples=48 * 60_000, volume=80,
    )  # fmt: skip
    stage.hear(box.journal(broadcast.start + HOUR, done), now=broadcast.start + HOUR)
    assert rows(stage, stage.cast.commune)[0].why is Why.UNKNOWN


def off_on(stage: Any, day: dt.date, now: dt.datetime) -> None:
    do(
        stage,
        holiday_book.put,
        stage.cast.admin,
        stage.cast.commune,
        day,
        kind=HolidayKind.OFF,
        name="Hội",
        now=now,
    )


def test_a_day_off_that_is_decided_later_leaves_the_past_as_it_was(stage: Any) -> None:
    [box] = stage.loudspeakers(1)
    stage.schedule("17:00", on_holidays=OnHolidays.SKIP)
    stage.plan()
    plays(stage, box, SECOND)
    off_on(stage, SECOND, at(FOURTH, 8))
    assert whys(rows(stage, stage.cast.commune)) == [(1, None)]


def test_a_day_off_explains_who_took_the_airing_out_also_when_it_is_none_any_more(stage: Any) -> None:
    stage.loudspeakers(1)
    stage.schedule("17:00", on_holidays=OnHolidays.SKIP)
    stage.plan()
    off_on(stage, THIRD, at(SECOND, 18))
    stage.plan(at(SECOND, 19))
    do(stage, holiday_book.remove, stage.cast.admin, stage.cast.commune, THIRD, now=at(FOURTH, 8))
    [row] = rows(stage, stage.cast.commune, THIRD)
    assert (row.why, act(row)) == (Why.DAY_OFF, (at(SECOND, 18), stage.cast.admin.name))


def test_a_day_off_of_another_commune_explains_nothing_here(stage: Any) -> None:
    stage.loudspeakers(1)
    made = stage.schedule("17:00", on_holidays=OnHolidays.SKIP)
    stage.plan()
    with stage.database.transaction() as session:
        admin = session.get_one(Person, stage.cast.admin.id)
        people.grant(session, admin, Role.ADMIN, stage.cast.other_commune, now=stage.now)
    other = {"kind": HolidayKind.OFF, "name": "Hội", "now": at(SECOND, 9)}
    do(stage, holiday_book.put, stage.cast.admin, stage.cast.other_commune, SECOND, **other)
    later = Rule(Frequency.DAILY, SECOND, (dt.time(18),), on_holidays=OnHolidays.SKIP)
    change = {"rule": later, "wire": stage.wire, "now": at(SECOND, 10)}
    do(stage, programme.change_schedule, stage.cast.lan, made.id, **change)
    stage.plan(at(SECOND, 10))
    assert Why.CHANGED in {row.why for row in rows(stage, stage.cast.commune)}


def test_how_long_a_bulletin_held_is_told_as_it_was_said_then(stage: Any) -> None:
    [box] = stage.loudspeakers(1)
    bulletin = stage.bulletin()
    stage.schedule("17:00", bulletin_ids=[bulletin])
    stage.plan()
    plays(stage, box, SECOND)

    def until(last: dt.datetime | None, now: dt.datetime) -> None:
        more = {"valid_from": None, "valid_until": last, "airings": None, "now": now}
        do(stage, validity.save, stage.cast.lan, bulletin, **more)

    until(at(THIRD, 12), at(THIRD, 8))
    stage.plan(at(THIRD, 8))
    until(None, at(FOURTH, 8))
    stage.plan(at(FOURTH, 8))
    assert whys(rows(stage, stage.cast.commune, SECOND)) == [(1, None)]
    [third] = rows(stage, stage.cast.commune, THIRD)
    assert (third.why, act(third)) == (Why.NOT_VALID, (at(THIRD, 8), stage.cast.lan.name))
    assert third.heard is None or third.heard.state is ItemState.CANCELLED
