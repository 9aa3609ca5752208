"""What aired less often than it wished is told with its count and the reason, as the slots stood then."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from broadcast.authoring import bulletins
from broadcast.evidence import wishes_past
from broadcast.evidence.wishes_past import Left, Wish
from broadcast.models import Person
from broadcast.scheduling import occurrences, programme
from broadcast.scheduling.intents import Intent
from broadcast.storage.moments import day_start
from devices.messages import BulletinClass
from schedules.slots import Airings, Entry, Kind, Slot
from schedules.types import Frequency, Rule
from tests.broadcast.slot_stage import FLOW, MINUTE, PRIORITY, hold, make_slot

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
FIRST = dt.date(2026, 3, 2)


def short(stage: Any, days: int = 7, person: Any = None) -> list[Wish]:
    start = day_start(FIRST)
    with stage.database.transaction(read_only=True) as session:
        who = session.get_one(Person, (person or stage.cast.lan).id)
        return wishes_past.short(session, who, stage.cast.commune, start, start + days * DAY)


def told(found: list[Wish]) -> list[tuple[int, int, int, Left]]:
    return [(each.bulletin_id, each.aired, each.wanted, each.why) for each in found]


def test_a_wish_for_more_than_there_were_slots_is_told_with_its_count(stage: Any) -> None:
    made = stage.bulletin()
    make_slot(stage)
    hold(stage, made, airings=Airings(9, 5))
    stage.plan()
    [wish] = short(stage)
    assert (wish.title, wish.aired, wish.wanted, wish.why) == ("Lịch tiêm chủng", 5, 9, Left.NO_SLOT)


def test_a_wish_that_its_own_gap_forbids_says_so(stage: Any) -> None:
    made = stage.bulletin()
    make_slot(stage, until=FIRST + DAY)
    hold(stage, made, airings=Airings(3, 5, 30 * HOUR))
    stage.plan()
    assert told(short(stage)) == [(made, 1, 3, Left.TOO_SOON)]


def test_what_found_no_room_beside_what_goes_before_it_says_so(stage: Any) -> None:
    first, made = stage.bulletin(seconds=50, klass=PRIORITY), stage.bulletin("Họp thôn", seconds=40)
    make_slot(stage, minutes=1)
    hold(stage, made, until=stage.now + 4 * DAY, airings=Airings(3, 4))
    stage.plan()
    assert told(short(stage)) == [(made, 0, 3, Left.NO_ROOM)]
    assert first not in [wish.bulletin_id for wish in short(stage)]


@pytest.mark.parametrize(
    ("entry", "klass", "why"),
    [
        (
            Entry(Kind.FLOW, classes=frozenset({"priority"}), fixed=False),
            BulletinClass.ROUTINE,
            Left.NO_PLACE,
        ),
        (None, BulletinClass.ROUTINE, Left.NO_SLOT),
    ],
)
def test_what_flows_into_no_slot_and_what_meets_none_are_told_apart(
    stage: Any, entry: Entry | None, klass: BulletinClass, why: Left
) -> None:
    made = stage.bulletin(klass=klass)
    if entry is not None:
        make_slot(stage, entry)
    hold(stage, made, airings=Airings(2, 3))
    stage.plan()
    assert told(short(stage)) == [(made, 0, 2, why)]


def test_a_slot_in_another_language_is_told_as_the_reason(stage: Any) -> None:
    made = stage.bulletin()
    slot = Slot(30 * MINUTE, (FLOW,), ("mww",))
    rule = Rule(Frequency.DAILY, FIRST, (dt.time(17),))
    with stage.database.transaction() as session:
        what = Intent(stage.cast.commune, (), rule, slot=slot)
        programme.create_schedule(session, stage.cast.lan, what, title="Tiếng Mông", now=stage.now)
    hold(stage, made, airings=Airings(2, 3))
    stage.plan()
    assert told(short(stage)) == [(made, 0, 2, Left.NO_LANGUAGE)]


def test_a_bulletin_that_was_withdrawn_for_its_days_was_not_approved_then(stage: Any) -> None:
    made = stage.bulletin()
    make_slot(stage)
    hold(stage, made, airings=Airings(3, 3))
    with stage.database.transaction() as session:
        bulletins.withdraw(session, stage.cast.lan, made, wire=stage.wire, now=stage.now + HOUR)
    stage.plan(stage.now + HOUR)
    assert told(short(stage)) == [(made, 0, 3, Left.NOT_APPROVED)]


def test_a_priority_bulletin_without_a_wish_that_never_fitted_is_told_once(stage: Any) -> None:
    made = stage.bulletin(seconds=120, klass=PRIORITY)
    make_slot(stage, minutes=1)
    stage.plan()
    assert told(short(stage)) == [(made, 0, 1, Left.NO_ROOM)]


def test_an_airing_that_somebody_left_out_is_no_fault_of_the_bulletin(stage: Any) -> None:
    made = stage.bulletin()
    slot = make_slot(stage)
    hold(stage, made, airings=Airings(2, 2))
    stage.plan()
    for day in (2, 3):
        out = dt.datetime.fromisoformat(f"2026-03-0{day} 17:00")
        with stage.database.transaction() as session:
            occurrences.skip(session, stage.cast.lan, slot, at=out, wire=stage.wire, now=stage.now)
    stage.plan()
    [wish] = short(stage)
    assert (wish.aired, wish.why) == (0, Left.NO_SLOT)


def test_a_wish_that_came_true_or_is_not_over_is_not_told(stage: Any) -> None:
    done, coming = stage.bulletin(), stage.bulletin("Họp thôn")
    make_slot(stage)
    hold(stage, done, airings=Airings(2, 3))
    hold(stage, coming, airings=Airings(9, 20))
    stage.plan()
    assert short(stage) == []
