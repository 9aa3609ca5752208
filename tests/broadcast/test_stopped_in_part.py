"""A bulletin is withdrawn that only some villages hear in a running slot: only they hear it no more."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from broadcast.authoring import bulletins
from broadcast.evidence import reconciling
from broadcast.evidence.whys import Why
from broadcast.models import Broadcast, BroadcastState, CommandOrder, Loudspeaker, Person
from broadcast.plans.planner import NOTHING
from devices.messages import Action, Command, Item
from tests.broadcast.slot_stage import PRIORITY, inspect, make_slot, move_to, plans, told

DAY = dt.timedelta(days=1)
AFTER_DUE = dt.timedelta(seconds=90)


@pytest.fixture(name="running")
def _running(stage: Any) -> Any:
    """Two loudspeakers in each of three villages; the first hears a bulletin of its own besides."""
    stage.loudspeakers(6)
    make_slot(stage)
    stage.all, stage.own = stage.bulletin("Cả xã", klass=PRIORITY), stage.bulletin("Thôn", klass=PRIORITY)
    move_to(stage, stage.own, stage.cast.villages[0])
    stage.plan()
    stage.now = stage.broadcasts()[0].start + AFTER_DUE
    stage.plan()
    stage.clear_outbox()
    return stage


def withdraw(stage: Any, bulletin_id: int) -> None:
    with stage.database.transaction() as session:
        bulletins.withdraw(session, stage.cast.binh, bulletin_id, wire=stage.wire, now=stage.now)


def heard_now(stage: Any) -> dict[str, list[str]]:
    """What each loudspeaker is told to play of the slot that runs."""
    first = stage.broadcasts()[0]
    found: dict[str, list[str]] = {}
    for device, items in plans(stage).items():
        item: Item | None = next((each for each in items if each.id == first.occurrence), None)
        found[device] = told(stage, item) if item is not None else []
    return found


def in_village(stage: Any, *numbers: int) -> set[str]:
    with stage.database.transaction(read_only=True) as session:
        there = Loudspeaker.area_id.in_([stage.cast.villages[number] for number in numbers])
        return set(session.scalars(select(Loudspeaker.device).where(there)))


def orders(stage: Any) -> list[Command]:
    return [order for _, order in stage.outbox() if isinstance(order, Command)]


def test_only_the_village_that_hears_it_is_stopped(running: Any) -> None:
    withdraw(running, running.own)
    running.plan()
    theirs = in_village(running, 0)
    assert {device for device, titles in heard_now(running).items() if titles} == in_village(running, 1, 2)
    with running.database.transaction(read_only=True) as session:
        assert session.get_one(Broadcast, 1).state is not BroadcastState.CANCELLED
        told_to = select(Loudspeaker.device).join(CommandOrder, CommandOrder.loudspeaker_id == Loudspeaker.id)
        assert set(session.scalars(told_to)) == theirs
    assert {(each.action, each.items) for each in orders(running)} == {
        (Action.STOP, (running.broadcasts()[0].occurrence,))
    }
    assert inspect(running) == NOTHING


def test_what_was_stopped_in_part_stays_so_and_the_next_day_is_planned_without_the_bulletin(
    running: Any,
) -> None:
    withdraw(running, running.own)
    for minutes in (1, 5, 60):
        running.plan(running.now + dt.timedelta(minutes=minutes))
        assert {device for device, titles in heard_now(running).items() if titles} == in_village(
            running, 1, 2
        )
        assert inspect(running) == NOTHING
    tomorrow = {tuple(told(running, items[1])) for items in plans(running).values() if len(items) > 1}
    assert tomorrow == {("Cả xã",)}


def test_what_all_hear_is_stopped_where_it_is_heard_and_a_village_with_its_own_goes_on(stage: Any) -> None:
    stage.loudspeakers(3)
    once = stage.bulletin("Cả xã", klass=PRIORITY)
    own = stage.bulletin("Thôn", klass=PRIORITY, seconds=29.5 * 60)
    move_to(stage, own, stage.cast.villages[0])
    make_slot(stage, order=[own, once])
    stage.plan()
    stage.now = stage.broadcasts()[0].start + AFTER_DUE
    assert sorted(heard_now(stage).values()) == [["Cả xã"], ["Cả xã"], ["Thôn"]]
    withdraw(stage, once)
    stage.plan()
    assert sorted(heard_now(stage).values()) == [[], [], ["Thôn"]]
    withdraw(stage, own)
    assert stage.broadcasts()[0].state is BroadcastState.CANCELLED


def test_what_everyone_hears_is_stopped_as_a_whole(running: Any) -> None:
    withdraw(running, running.all)
    assert running.broadcasts()[0].state is BroadcastState.CANCELLED
    (order,) = orders(running)
    assert order.target == "H40.10.1"


def test_about_to_begin_it_never_sounds_in_its_village_and_counts_as_not_aired_there(stage: Any) -> None:
    stage.loudspeakers(3)
    make_slot(stage)
    stage.bulletin("Cả xã", klass=PRIORITY)
    own, other = stage.bulletin("Thôn", klass=PRIORITY), stage.bulletin("Thôn nữa", klass=PRIORITY)
    for each in (own, other):
        move_to(stage, each, stage.cast.villages[0])
    stage.plan()
    stage.now = stage.broadcasts()[0].start - dt.timedelta(seconds=10)
    withdraw(stage, own)
    stage.plan()
    assert sorted(heard_now(stage).values()) == [[], ["Cả xã"], ["Cả xã"]]
    assert inspect(stage) == NOTHING
    stage.plan(stage.now + dt.timedelta(minutes=1))
    assert sorted(heard_now(stage).values()) == [[], ["Cả xã"], ["Cả xã"]]
    assert inspect(stage) == NOTHING


def test_the_comparison_with_the_calendar_names_who_stopped_it_in_that_village(running: Any) -> None:
    withdraw(running, running.own)
    start = running.broadcasts()[0].start
    with running.database.transaction(read_only=True) as session:
        admin = session.get_one(Person, running.cast.admin.id)
        rows = reconciling.rows(session, admin, running.cast.commune, start - AFTER_DUE, start + AFTER_DUE)
    by_village = {row.part.place: (row.why, row.change.by if row.change else None) for row in rows}
    first, second, third = running.cast.villages
    assert by_village == {
        first: (Why.STOPPED, running.cast.binh.name),
        second: (Why.NO_WORD, None),
        third: (Why.NO_WORD, None),
    }
