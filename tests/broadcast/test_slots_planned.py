"""Slots that fill themselves, from what officers write to the signed plan of each village."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from typing import Any

from sqlalchemy import select

from broadcast.models import Broadcast
from broadcast.plans.planner import NOTHING
from schedules.slots import Airings, Kind
from tests.broadcast.slot_stage import (
    FLOW,
    MINUTE,
    PRIORITY,
    aired,
    hold,
    inspect,
    make_slot,
    make_sound,
    move_to,
    plans,
    told,
)


def test_priority_goes_first_then_the_officers_order_then_what_holds(stage: Any) -> None:
    stage.loudspeakers(1)
    late, first = stage.bulletin("Sau"), stage.bulletin("Trước")
    holding = stage.bulletin("Còn hạn")
    hold(stage, holding, stage.now + dt.timedelta(days=30))
    stage.bulletin("Không ai xếp")
    stage.bulletin("Ưu tiên", klass=PRIORITY)
    tune, closing = make_sound(stage), make_sound(stage, Kind.CLOSING)
    make_slot(stage, tune, FLOW, closing, order=[first, late])
    stage.plan()
    [items] = plans(stage).values()
    assert len(items) == 8
    assert told(stage, items[0]) == ["tune 6", "Ưu tiên", "Trước", "Sau", "Còn hạn", "closing 7"]
    assert items[0].klass is PRIORITY
    assert items[0].duration_ms == 4 * MINUTE + 40_000
    assert inspect(stage) == NOTHING


def test_what_an_officer_put_in_one_slot_does_not_flow_into_another(stage: Any) -> None:
    stage.loudspeakers(1)
    chosen = stage.bulletin("Chọn")
    stage.bulletin("Ưu tiên", klass=PRIORITY)
    make_slot(stage, order=[chosen], times=("11:00",))
    make_slot(stage, times=("17:00",))
    stage.plan()
    [items] = plans(stage).values()
    assert [told(stage, item) for item in items[:2]] == [["Ưu tiên", "Chọn"], ["Ưu tiên"]]


def test_a_slot_with_nothing_to_say_is_not_aired(stage: Any) -> None:
    stage.loudspeakers(1)
    make_slot(stage, make_sound(stage), FLOW)
    stage.plan()
    assert stage.broadcasts() == []
    stage.bulletin("Ưu tiên", klass=PRIORITY)
    stage.plan()
    assert len(stage.broadcasts()) == 8


def test_two_villages_hear_their_own_in_the_same_slot_and_all_others_what_is_common(stage: Any) -> None:
    east, west, middle = stage.loudspeakers(3)
    common = stage.bulletin("Chung", seconds=120)
    theirs = [stage.bulletin(title, seconds=seconds) for title, seconds in (("Đông", 60), ("Đoài", 90))]
    for bulletin_id, village in zip(theirs, stage.cast.villages, strict=False):
        move_to(stage, bulletin_id, village)
        hold(stage, bulletin_id, stage.now + dt.timedelta(days=30))
    make_slot(stage, order=[common])
    stage.plan()
    heard = {device: items[0] for device, items in plans(stage).items()}
    assert len({item.id for item in heard.values()}) == 1
    assert {device: told(stage, item) for device, item in heard.items()} == {
        east.device: ["Chung", "Đông"],
        west.device: ["Chung", "Đoài"],
        middle.device: ["Chung"],
    }
    assert all(len({item.id for item in items}) == len(items) == 8 for items in plans(stage).values())
    [duration] = {broadcast.duration_ms for broadcast in stage.broadcasts()}
    assert duration == 210_000
    assert inspect(stage) == NOTHING


def test_what_a_village_heard_counts_there(stage: Any) -> None:
    stage.loudspeakers(2)
    common, theirs = stage.bulletin("Chung"), stage.bulletin("Đông")
    move_to(stage, theirs, stage.cast.villages[0])
    for bulletin_id in (common, theirs):
        hold(stage, bulletin_id, airings=Airings(2, 6))
    make_slot(stage)
    stage.plan()
    planned = aired(stage, theirs)
    assert planned == ["02 17:00", "05 17:00"]
    stage.now += dt.timedelta(days=2)
    stage.plan()
    assert aired(stage, theirs) == planned
    assert inspect(stage) == NOTHING


def test_only_those_who_have_something_of_their_own_are_asked_to_play_it(stage: Any) -> None:
    east, *others = stage.loudspeakers(3)
    theirs = stage.bulletin("Đông")
    move_to(stage, theirs, stage.cast.villages[0])
    hold(stage, theirs, stage.now + dt.timedelta(days=30))
    make_slot(stage)
    stage.plan()
    assert {device: len(items) for device, items in plans(stage).items()} == {
        east.device: 8,
        **{box.device: 0 for box in others},
    }
    with stage.database.transaction(read_only=True) as session:
        addressed = session.scalars(select(Broadcast)).first().deliveries
        assert [each.loudspeaker.device for each in addressed] == [east.device]
    assert inspect(stage) == NOTHING
    stage.bulletin("Ưu tiên", klass=PRIORITY)
    stage.plan()
    assert {len(items) for items in plans(stage).values()} == {8}
    assert len(stage.deliveries(stage.broadcasts()[0])) == 3
    assert inspect(stage) == NOTHING


def test_what_is_planned_can_be_the_first_thing_that_a_program_imports() -> None:
    """What is approved is known to planning, while stopping, which approval needs, knows what is planned."""
    subprocess.run([sys.executable, "-c", "import broadcast.authoring.repertoire"], check=True, timeout=60)
