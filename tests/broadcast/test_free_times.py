"""Another time is proposed only where no check would doubt it a moment later."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from broadcast.models import Schedule, ScheduleItem
from broadcast.scheduling import concerns, free_times
from broadcast.scheduling.free_times import Another
from broadcast.scheduling.intents import Intent
from broadcast.units import policies
from schedules import recurrence
from schedules.types import Frequency, Rule

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # services know both

TODAY = dt.date(2026, 3, 2)  # a Monday; now is 08:00
EVERY_DAY = [1, 2, 3, 4, 5, 6, 7]
LENGTHS = (60, 300, 900)  # seconds


@pytest.fixture
def kept(stage: Any) -> Any:
    """Bulletins of several lengths, and a loudspeaker in each village."""
    stage.loudspeakers(3)
    stage.lengths = {seconds: stage.bulletin(seconds=seconds) for seconds in LENGTHS}
    return stage


def clock(time: str) -> dt.time:
    return dt.time.fromisoformat(time)


def put(session: Session, kept: Any, area_id: int, rule: Rule, seconds: int) -> None:
    made = Schedule(
        area_id=area_id,
        title=f"Tin {seconds} giây",
        rule=recurrence.to_dict(rule),
        created_by=kept.cast.lan.id,
        created_at=kept.now,
    )
    made.items = [ScheduleItem(position=0, bulletin_id=kept.lengths[seconds])]
    session.add(made)
    session.flush()


def say(session: Session, kept: Any, area_id: int, **values: Any) -> None:
    policies.save(session, kept.cast.admin, area_id, values=values, now=kept.now)


def daily(*times: str) -> Rule:
    return Rule(Frequency.DAILY, TODAY, tuple(map(clock, times)))


def doubts_at(session: Session, kept: Any, intent: Intent, was: dt.time, time: dt.time) -> list[str]:
    """What is doubtful when the schedule is about to be saved with the proposed time."""
    times = tuple({time if each == was else each for each in intent.rule.times})
    assert len(times) == len(intent.rule.times)
    moved = replace(intent, rule=replace(intent.rule, times=times))
    told = concerns.check(session, kept.cast.lan, moved, kept.now)
    return [each.code for each in told if each.code not in ("silenced", "holiday")]


@settings(
    max_examples=12,
    deadline=None,
    phases=(Phase.generate,),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.integers(0, 100_000))
def test_a_proposed_time_is_neither_refused_nor_doubted(kept: Any, seed: int) -> None:
    lots = random.Random(seed)
    places = [kept.cast.commune, *kept.cast.villages]
    with kept.database.transaction() as session:
        for _ in range(lots.randrange(1, 7)):
            time = dt.time(lots.choice([5, 6, 11, 17, 17, 20]), lots.randrange(60))
            kind, day = lots.choice([Frequency.DAILY, Frequency.ONCE]), lots.randrange(4)
            rule = Rule(kind, TODAY + dt.timedelta(days=day), (time,))
            put(session, kept, lots.choice(places), rule, lots.choice(LENGTHS))
        says = {
            "sessions_a_day": lots.choice([None, 1, 2, 3]),
            "minutes_a_session": lots.choice([None, 15, 30]),
            "weekdays": lots.choice([EVERY_DAY, EVERY_DAY, [1, 2, 3, 4, 5]]),
        }
        say(session, kept, lots.choice(places), **says)
        wished = dt.time(17, lots.randrange(60))
        also = lots.choice([(), (dt.time(9, 30),)])  # at which nothing else airs
        rule = Rule(Frequency.DAILY, TODAY, (*also, wished))
        intent = Intent(kept.cast.commune, [kept.lengths[lots.choice(LENGTHS)]], rule)
        behind = free_times.after(session, kept.cast.lan, intent, kept.now, wished)
        free = free_times.next_free(session, kept.cast.lan, intent, kept.now, wished)
        proposed = [*([behind] if behind else []), *([free.time] if free and not free.rule else [])]
        for found in proposed:
            assert found >= wished
            assert doubts_at(session, kept, intent, wished, found) == []
        if free and free.rule:
            on_other_days = replace(intent, rule=free.rule)
            assert doubts_at(session, kept, on_other_days, wished, free.time) == []
        session.rollback()


def test_a_time_is_proposed_that_goes_on_with_a_session_where_there_may_be_no_other(kept: Any) -> None:
    commune = kept.cast.commune
    with kept.database.transaction() as session:
        put(session, kept, commune, daily("05:30", "17:00"), 900)
        intent = Intent(commune, [kept.lengths[60]], daily("17:05"))
        assert free_times.next_free(session, kept.cast.lan, intent, kept.now) == Another(clock("17:15"))
        put(session, kept, commune, daily("17:15"), 900)
        say(session, kept, commune, sessions_a_day=2)
        assert free_times.next_free(session, kept.cast.lan, intent, kept.now) == Another(clock("17:30"))
        say(session, kept, commune, minutes_a_session=30)  # that session is full
        assert free_times.next_free(session, kept.cast.lan, intent, kept.now) is None
        say(session, kept, commune, sessions_a_day=3)
        assert free_times.next_free(session, kept.cast.lan, intent, kept.now) == Another(clock("17:41"))


def test_other_days_are_proposed_for_those_that_are_not_allowed_and_no_time_that_the_schedule_has(
    kept: Any,
) -> None:
    commune, person = kept.cast.commune, kept.cast.lan
    with kept.database.transaction() as session:
        put(session, kept, commune, daily("17:00"), 300)
        intent = Intent(commune, [kept.lengths[60]], daily("17:00", "17:05"))
        assert free_times.next_free(session, person, intent, kept.now) == Another(clock("17:06"))
        assert free_times.after(session, person, intent, kept.now) == clock("17:06")
        say(session, kept, commune, weekdays=[1, 2, 3, 4, 5])
        workdays = replace(intent.rule, frequency=Frequency.WEEKLY, weekdays=frozenset(range(5)))
        assert free_times.next_free(session, person, intent, kept.now) == Another(clock("17:06"), workdays)
        assert free_times.after(session, person, intent, kept.now) is None
        weekly = Rule(Frequency.WEEKLY, TODAY, (clock("17:00"),), weekdays=frozenset({0, 2}))
        monday = replace(intent, rule=weekly)
        assert free_times.next_free(session, person, monday, kept.now) == Another(clock("17:05"))
        say(session, kept, kept.cast.villages[0], weekdays=[2, 3, 4])
        tuesday = replace(weekly, weekdays=frozenset({1, 2}))
        assert free_times.next_free(session, person, monday, kept.now) == Another(clock("17:05"), tuesday)
        once = replace(intent, rule=Rule(Frequency.ONCE, dt.date(2026, 3, 6), (clock("17:00"),)))
        tuesday = replace(once.rule, starts_on=dt.date(2026, 3, 10))
        assert free_times.next_free(session, person, once, kept.now) == Another(clock("17:05"), tuesday)
