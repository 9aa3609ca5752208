"""What no plan has is on no page as if it were heard: empty slots, what holds no more, what was stopped."""

from __future__ import annotations

import datetime as dt
from typing import Any

import icalendar
import pytest
from sqlalchemy import select

from broadcast.models import Broadcast
from broadcast.orders import stopping
from broadcast.scheduling import foretold, programme, public, week
from broadcast.units import areas
from schedules.types import LOCAL, Frequency
from tests.broadcast.slot_stage import hold, make_slot, move_to

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # services know both

TODAY = dt.date(2026, 3, 2)  # a Monday; now is 08:00


def local(day: int, time: str = "00:00") -> dt.datetime:
    return dt.datetime.combine(TODAY + dt.timedelta(days=day), dt.time.fromisoformat(time), LOCAL)


def in_week(stage: Any, area_id: int | None = None, days: int = 30) -> list[week.Slot]:
    place = area_id or stage.cast.commune
    with stage.database.transaction(read_only=True) as session:
        ids = {each.id for each in areas.ancestors(session, place)} | set(session.scalars(areas.below(place)))
        return week.between(session, ids, stage.now, local(days), stage.now, seen_from=place)


def days_on(slots: list[week.Slot]) -> list[int]:
    return sorted({(slot.start.astimezone(LOCAL).date() - TODAY).days for slot in slots if slot.is_on})


def days_public(stage: Any, area_id: int | None = None, days: int = 30) -> list[int]:
    with stage.database.transaction(read_only=True) as session:
        found = public.programme_of(session, area_id or stage.cast.commune, stage.now, local(days))
    return sorted({(each.start.astimezone(LOCAL).date() - TODAY).days for each in found})


def left_out(stage: Any) -> tuple[list[dt.datetime], Any]:
    """Of the only event of the subscription: what its rule names and is not heard, and its rule."""
    with stage.database.transaction(read_only=True) as session:
        written = public.write(session, stage.cast.commune, stage.now)
    [event] = icalendar.Calendar.from_ical(written).walk("VEVENT")
    dates = event.get("EXDATE")
    return [] if dates is None else [each.dt for each in dates.dts], event.get("RRULE")


def test_a_slot_into_which_nothing_flows_is_shown_as_such_and_announced_to_nobody(stage: Any) -> None:
    stage.loudspeakers(3)
    bulletin = stage.bulletin()
    hold(stage, bulletin, until=local(3))
    make_slot(stage, minutes=5)
    assert days_on(in_week(stage, days=10)) == list(range(10))  # no planning has seen it
    stage.plan()
    slots = in_week(stage, days=10)
    assert [slot.empty for slot in slots] == [False] * 3 + [True] * 5 + [False] * 2
    assert days_on(slots) == days_public(stage, days=10) == [0, 1, 2, 8, 9]  # beyond the plans by its rule
    assert left_out(stage)[0] == [local(day, "17:00") for day in range(3, 8)]
    with stage.database.transaction(read_only=True) as session:
        chain = [each.id for each in areas.ancestors(session, stage.cast.commune)]
        at = local(3, "16:59")
        playing, following = week.now_and_next(session, chain, at, seen_from=stage.cast.commune)
    assert (playing, following) == ([], None)


def test_what_has_changed_since_the_last_planning_is_taken_at_its_word(stage: Any) -> None:
    make_slot(stage, minutes=5)
    stage.plan()
    assert days_on(in_week(stage, days=8)) == []
    hold(stage, stage.bulletin(), until=local(9))
    assert days_on(in_week(stage, days=8)) == list(range(8))
    stage.plan()
    assert days_on(in_week(stage, days=8)) == list(range(8))


def test_a_list_is_shown_as_long_as_one_of_its_bulletins_holds(stage: Any) -> None:
    short, long = stage.bulletin(seconds=30), stage.bulletin(seconds=60)
    hold(stage, short, until=local(2))
    hold(stage, long, until=local(12, "17:00"))
    stage.schedule("17:00", bulletin_ids=[short, long])
    for planned in (False, True):
        if planned:
            stage.plan()
        slots = in_week(stage)
        assert days_on(slots) == days_public(stage) == list(range(12))
        assert [slot.duration_ms for slot in slots[:3]] == [90_000, 90_000, 60_000]
        left, rule = left_out(stage)
        assert left == [local(12, "17:00")]
        assert rule["UNTIL"][0].astimezone(LOCAL).date() == local(12).date()


def test_what_was_stopped_beforehand_is_announced_to_nobody(stage: Any) -> None:
    stage.schedule("17:00", bulletin_ids=[stage.bulletin()])
    stage.plan()
    with stage.database.transaction() as session:
        target = session.scalars(select(Broadcast.id).where(Broadcast.start == local(2, "17:00"))).one()
        stopping.stop(session, stage.cast.dung, wire=stage.wire, broadcast_id=target, now=stage.now)
    for _ in range(2):
        assert 2 not in days_on(in_week(stage))
        assert 2 not in days_public(stage)
        assert left_out(stage)[0] == [local(2, "17:00")]
        stage.plan()


def test_a_schedule_that_comes_back_is_announced_before_it_is_planned(stage: Any) -> None:
    made = stage.schedule("17:00", bulletin_ids=[stage.bulletin()], frequency=Frequency.ONCE, starts_on=TODAY)
    stage.plan()
    for withdrawn, days in ((True, []), (False, [0])):
        with stage.database.transaction() as session:
            if withdrawn:
                programme.withdraw_schedule(session, stage.cast.lan, made.id, stage.now, wire=stage.wire)
            else:
                programme.restore_schedule(session, stage.cast.lan, made.id, stage.now)
        assert days_public(stage) == days
        stage.plan()
        assert days_public(stage) == days_on(in_week(stage)) == days


def test_what_only_one_village_hears_is_shown_there_and_in_what_it_is_a_part_of(stage: Any) -> None:
    stage.loudspeakers(3)
    here, beside, _ = stage.cast.villages
    bulletin = stage.bulletin()
    move_to(stage, bulletin, here)
    hold(stage, bulletin, until=local(9))
    make_slot(stage, minutes=5)
    stage.plan()
    assert days_on(in_week(stage, here, days=3)) == days_public(stage, here, days=3) == [0, 1, 2]
    assert days_on(in_week(stage, beside, days=3)) == days_public(stage, beside, days=3) == []
    whole = in_week(stage, days=3)
    assert days_on(whole) == [0, 1, 2]
    assert whole[0].there([here, stage.cast.commune]).is_on
    assert whole[0].there([beside, stage.cast.commune]).empty
    with stage.database.transaction(read_only=True) as session:
        for number in (1, 2):
            told = foretold.of_day(
                session, stage.cast.lan, number, day=TODAY, now=stage.now, days=7, wire=stage.wire
            )
            assert len(told.playing) == (1 if told.loudspeaker.area_id == here else 0)
