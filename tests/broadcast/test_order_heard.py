"""What pages tell of a decided order is what the loudspeakers of each place have in their plans."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from broadcast.models import (
    Broadcast,
    Bulletin,
    Loudspeaker,
    OrderDecision,
    Schedule,
    ScheduleItem,
    StartMode,
)
from broadcast.orders.items import Window
from broadcast.plans import turns
from broadcast.plans.desired import wishes
from broadcast.plans.planner import Planner
from broadcast.scheduling import foretold, public, week
from broadcast.storage.moments import from_ms, to_ms
from broadcast.units import areas, policies
from devices.messages import BulletinClass, Plan
from schedules import recurrence
from schedules.types import LOCAL, Frequency, Rule

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # services know both

TODAY = dt.date(2026, 3, 2)  # a Monday; now is 08:00
WEEK = dt.timedelta(days=7)


@pytest.fixture
def scene(stage: Any) -> Any:
    """A loudspeaker in each of three villages and one elsewhere; bulletins of several lengths."""
    stage.loudspeakers(3)
    stage.loudspeakers(1, area_id=stage.cast.other_commune)
    stage.kept = {
        klass: [stage.bulletin(klass=klass, seconds=seconds) for seconds in (40, 150, 400)]
        for klass in (BulletinClass.PRIORITY, BulletinClass.ROUTINE)
    }
    return stage


def put(session: Session, scene: Any, area_id: int, time: str, bulletin_id: int) -> int:
    rule = Rule(Frequency.DAILY, TODAY, (dt.time.fromisoformat(time),))
    made = Schedule(
        area_id=area_id,
        title=f"Tin {time}",
        rule=recurrence.to_dict(rule),
        created_by=scene.cast.lan.id,
        created_at=scene.now,
    )
    made.items = [ScheduleItem(position=0, bulletin_id=bulletin_id)]
    session.add(made)
    session.flush()
    return made.id


def decide(session: Session, scene: Any, area_id: int, first: int, second: int) -> None:
    session.add(
        OrderDecision(
            area_id=area_id, first_id=first, second_id=second, person_id=scene.cast.lan.id, at=scene.now
        )
    )
    session.flush()


def in_plans(session: Session, scene: Any) -> Iterator[tuple[int, dict[str, dt.datetime]]]:
    """By the area of a loudspeaker, when it shall begin what."""
    Planner(session, scene.wire, scene.now, 7).plan()
    for wish in wishes(session, scene.wire, Window.at(scene.now, 7)):
        items = msgspec.json.decode(wish.body, type=Plan).items
        yield (
            wish.row.area_id,
            {each.id: from_ms(each.start) for each in items if each.start > to_ms(scene.now)},
        )


def on_pages(session: Session, scene: Any, area_id: int) -> dict[str, dt.datetime]:
    above = {each.id for each in areas.ancestors(session, area_id)}
    slots = week.between(session, above, scene.now, scene.now + WEEK, scene.now, seen_from=area_id)
    return {
        f"s{each.schedule_id}.{each.scheduled.astimezone(LOCAL):%Y%m%dT%H%M%S}": each.start
        for each in slots
        if each.is_on
    }


@settings(
    max_examples=8,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.integers(0, 10_000))
@example(0)
@example(1)
def test_every_page_tells_what_the_plan_of_that_place_says(scene: Any, seed: int) -> None:
    lots = random.Random(seed)
    cast = scene.cast
    own = [cast.commune, *cast.villages]
    with scene.database.transaction() as session:
        above = [
            put(session, scene, cast.district, f"17:{lots.randrange(20):02}", lots.choice(scene.kept[klass]))
            for klass in (BulletinClass.PRIORITY, BulletinClass.PRIORITY, BulletinClass.ROUTINE)
        ]
        below = [
            put(session, scene, lots.choice(own), f"17:{lots.randrange(20):02}", lots.choice(bulletins))
            for bulletins in scene.kept.values()
            for _ in range(2)
        ]
        for _ in range(5):
            first, second = lots.sample([lots.choice(above), lots.choice(below)], 2)
            decide(session, scene, lots.choice(own), first, second)
        for area_id, planned in in_plans(session, scene):
            assert on_pages(session, scene, area_id) == {
                name: start for name, start in planned.items() if start < scene.now + WEEK
            }
        session.rollback()


@pytest.fixture
def decided(scene: Any) -> tuple[int, int]:
    """The district's priority of 400 seconds at 17:00 goes behind the commune's own of 150 at 17:01."""
    priority, own = scene.kept[BulletinClass.PRIORITY][2], scene.kept[BulletinClass.ROUTINE][1]
    with scene.database.transaction() as session:
        above = put(session, scene, scene.cast.district, "17:00", priority)
        below = put(session, scene, scene.cast.commune, "17:01", own)
        decide(session, scene, scene.cast.commune, below, above)
    return above, below


def local(time: str, day: int = 0) -> dt.datetime:
    return dt.datetime.combine(TODAY + dt.timedelta(days=day), dt.time.fromisoformat(time), LOCAL)


def seen(session: Session, scene: Any, area_id: int, day: int = 0) -> dict[int, week.Slot]:
    start = local("00:00", day)
    ids = {each.id for each in areas.ancestors(session, area_id)} | set(session.scalars(areas.below(area_id)))
    slots = week.between(session, ids, start, start + dt.timedelta(days=1), scene.now, seen_from=area_id)
    return {each.schedule_id or 0: each for each in slots}


def test_the_unit_sees_it_where_it_sounds_and_those_above_where_it_is_scheduled(
    scene: Any, decided: tuple[int, int]
) -> None:
    above, below = decided
    cast = scene.cast
    with scene.database.transaction() as session:
        for place in (cast.commune, cast.villages[0]):
            slot = seen(session, scene, place)[above]
            assert (slot.start, slot.scheduled) == (local("17:03:30"), local("17:00"))
            assert slot.end == local("17:10:10")
            assert slot.wait == week.Wait(local("17:00"), "Tin 17:01", "Xã An Hòa")
            assert seen(session, scene, place)[below].wait is None
        assert seen(session, scene, cast.other_commune)[above].wait is None
        slot = seen(session, scene, cast.district)[above]
        assert (slot.start, slot.wait) == (local("17:00"), None)
        [part] = slot.parts
        assert (part.area, part.start) == ("Xã An Hòa", local("17:03:30"))
        assert slot.there([cast.villages[1], cast.commune, cast.district]).start == local("17:03:30")
        assert slot.there([cast.other_commune, cast.district]).start == local("17:00")


def test_a_decision_changes_nothing_that_was_heard_before_it(scene: Any, decided: tuple[int, int]) -> None:
    above, below = decided
    later = scene.now + dt.timedelta(days=2)
    with scene.database.transaction() as session:
        Planner(session, scene.wire, scene.now, 7).plan()
        session.add(
            OrderDecision(area_id=scene.cast.commune, first_id=above, second_id=below, person_id=1, at=later)
        )
        session.flush()
        assert seen(session, scene, scene.cast.commune, 1)[above].start == local("17:03:30", 1)
        today = seen(session, scene, scene.cast.commune, 2)
        assert (today[above].start, today[below].start) == (local("17:00", 2), local("17:06:40", 2))


def test_what_would_be_stale_when_its_turn_comes_is_told_and_not_played(
    scene: Any, decided: tuple[int, int]
) -> None:
    above, _ = decided
    with scene.database.transaction() as session:
        session.get_one(Bulletin, scene.kept[BulletinClass.PRIORITY][2]).valid_until = local("17:08", 1)
        plans = dict(in_plans(session, scene))
        slot = seen(session, scene, scene.cast.commune, 1)[above]
        assert (slot.is_on, slot.wait and slot.wait.stale) == (False, True)
        name = f"s{above}.20260303T170000"
        assert name not in plans[scene.cast.villages[0]]
        assert name in plans[scene.cast.other_commune]
        chain = [each.id for each in areas.ancestors(session, scene.cast.commune)]
        at = local("17:04", 1)
        playing, _ = week.now_and_next(session, chain, at, seen_from=scene.cast.commune)
        assert playing == []


def test_a_loudspeaker_s_day_and_its_closing_know_the_order(scene: Any, decided: tuple[int, int]) -> None:
    scene.plan()
    with scene.database.transaction(read_only=True) as session:
        told = foretold.of_day(session, scene.cast.lan, 1, day=TODAY, now=scene.now, days=7, wire=scene.wire)
        second = told.playing[1]
        assert (second.start, second.planned) == (local("17:03:30"), True)
        assert second.wait == week.Wait(local("17:00"), "Tin 17:01", "Xã An Hòa")
        query = select(Broadcast).where(Broadcast.schedule_id == decided[0]).limit(1)
        assert turns.last_start(session, session.scalars(query.limit(1)).one()) == local("17:03:30")


def test_calendars_of_subscribers_give_the_time_at_which_it_sounds(
    scene: Any, decided: tuple[int, int]
) -> None:
    with scene.database.transaction() as session:
        airings = public.programme_of(session, scene.cast.commune, local("00:00", 1), local("00:00", 2))
        assert [(each.title, each.start, each.scheduled) for each in airings] == [
            ("Tin 17:01", local("17:01", 1), local("17:01", 1)),
            ("Tin 17:00", local("17:03:30", 1), local("17:00", 1)),
        ]
        written = public.write(session, scene.cast.commune, scene.now).decode()
        assert "RECURRENCE-ID;TZID=Asia/Ho_Chi_Minh:20260303T170000" in written
        assert "DTSTART;TZID=Asia/Ho_Chi_Minh:20260303T170330" in written
        elsewhere = public.write(session, scene.cast.other_commune, scene.now).decode()
        assert "RECURRENCE-ID" not in elsewhere


def test_where_loudspeakers_begin_in_turn_the_second_waits_for_the_first_of_its_own_turn(
    scene: Any, decided: tuple[int, int]
) -> None:
    above, below = decided
    with scene.database.transaction() as session:
        cast = scene.cast
        policies.save(
            session, cast.admin, cast.commune, values={"start_mode": StartMode.STAGGERED}, now=scene.now
        )
        session.execute(update(Loudspeaker).where(Loudspeaker.area_id == cast.villages[0]).values(turn=1))
        decide(session, scene, cast.commune, above, below)  # the long one first after all
        plans = dict(in_plans(session, scene))
        first, second = f"s{above}.20260302T170000", f"s{below}.20260302T170100"
        assert plans[cast.villages[1]][second] == local("17:06:40")
        in_turn = plans[cast.villages[0]]
        assert in_turn[first] == local("17:06:42")
        assert in_turn[second] == local("17:13:22")  # 400 seconds later
