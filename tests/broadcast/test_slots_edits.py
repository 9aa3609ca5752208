"""What is changed while slots are planned: each of them is planned again, and nothing else is."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from broadcast.authoring import bulletins, sounds
from broadcast.errors import Forbidden, NotFound, WrongState
from broadcast.models import Broadcast, Schedule, ScheduleChange
from broadcast.orders import stopping
from broadcast.plans.planner import NOTHING
from broadcast.scheduling import programme, schedule_changes, sittings
from broadcast.slot_errors import SlotInvalid
from schedules.slots import Airings, Entry, Kind, Reason, Slot, Why
from schedules.types import Frequency, Rule
from tests.broadcast.slot_stage import (
    FLOW,
    MINUTE,
    PRIORITY,
    aired,
    hold,
    inspect,
    make_slot,
    make_sound,
    plans,
    told,
)

DAY = dt.timedelta(days=1)


def first(stage: Any) -> list[str]:
    """What the first item of the first loudspeaker plays."""
    items = next(iter(plans(stage).values()))
    return told(stage, next(item for item in items if item.start > stage.now.timestamp() * 1000))


def change(stage: Any, schedule_id: int, **changes: Any) -> Schedule:
    with stage.database.transaction() as session:
        return programme.change_schedule(
            session, stage.cast.lan, schedule_id, now=stage.now, wire=stage.wire, **changes
        )


def test_three_times_in_five_days_also_after_some_of_it_was_aired(stage: Any) -> None:
    stage.loudspeakers(1)
    often = stage.bulletin("Ba lần")
    hold(stage, often, airings=Airings(3, 5, dt.timedelta(hours=12)))
    make_slot(stage, times=("05:30", "17:00"))
    stage.plan()
    planned = aired(stage, often)
    assert planned == ["02 17:00", "04 17:00", "06 05:30"]
    for hours in (10, 34, 58, 82, 130, 160):
        stage.plan(stage.now + dt.timedelta(hours=hours))
        assert aired(stage, often) == planned


def test_what_airs_in_one_slot_counts_in_the_other_slots_of_its_area(stage: Any) -> None:
    stage.loudspeakers(1)
    often = stage.bulletin("Ba lần")
    hold(stage, often, airings=Airings(3, 5, dt.timedelta(hours=12)))
    make_slot(stage, times=("05:30",))
    make_slot(stage, times=("17:00",))
    stage.plan()
    assert len(aired(stage, often)) == 3
    stage.now += 3 * DAY
    stage.plan()
    assert len(aired(stage, often)) == 3
    assert inspect(stage) == NOTHING


def test_an_approval_a_withdrawal_and_a_new_end_are_followed_at_once(stage: Any) -> None:
    stage.loudspeakers(2)
    make_slot(stage)
    other = make_slot(stage, area_id=stage.cast.villages[2], times=("11:00",))
    stage.plan()
    assert stage.broadcasts() == []
    kept, gone = stage.bulletin("Còn", klass=PRIORITY), stage.bulletin("Rút", klass=PRIORITY)
    stage.plan()
    assert first(stage) == ["Còn", "Rút"]
    assert {each.schedule_id for each in stage.broadcasts()} == {1, other}
    with stage.database.transaction() as session:
        bulletins.withdraw(session, stage.cast.binh, gone, wire=stage.wire, now=stage.now)
    stage.plan()
    assert first(stage) == ["Còn"]
    hold(stage, kept, until=stage.now + 2 * DAY)
    stage.plan()
    assert aired(stage, kept) == ["02 11:00", "02 17:00", "03 11:00", "03 17:00"]
    assert inspect(stage) == NOTHING


def test_a_change_of_the_order_is_planned_kept_and_undone(stage: Any) -> None:
    stage.loudspeakers(1)
    one, two = stage.bulletin("Một"), stage.bulletin("Hai")
    slot_id = make_slot(stage, order=[one, two])
    stage.plan()
    assert first(stage) == ["Một", "Hai"]
    change(stage, slot_id, order=[two, one], slot=Slot(20 * MINUTE, (make_sound(stage), FLOW)))
    stage.plan()
    assert first(stage)[1:] == ["Hai", "Một"]
    with stage.database.transaction() as session:
        last = session.query(ScheduleChange).order_by(ScheduleChange.id.desc()).first()
        schedule_changes.undo(session, stage.cast.lan, last.id, stage.now, wire=stage.wire)
    stage.plan()
    assert first(stage) == ["Một", "Hai"]
    with stage.database.transaction(read_only=True) as session:
        assert session.get_one(Schedule, slot_id).slot["length_ms"] == 30 * MINUTE
    assert inspect(stage) == NOTHING


def test_a_retired_sound_is_left_out_and_told(stage: Any) -> None:
    stage.loudspeakers(1)
    stage.bulletin("Tin", klass=PRIORITY)
    tune = make_sound(stage)
    slot_id = make_slot(stage, tune, FLOW)
    stage.plan()
    assert first(stage) == ["tune 2", "Tin"]
    with stage.database.transaction() as session:
        sounds.retire(session, stage.cast.lan, int(tune.ref), now=stage.now)
    stage.plan()
    assert first(stage) == ["Tin"]
    with stage.database.transaction(read_only=True) as session:
        [sitting, *_] = sittings.coming(session, slot_id, stage.now)
    [lost] = sitting.variants[0].left_out
    assert (lost.kind, lost.title, lost.why) == (Kind.TUNE, "tune 2", Reason.NOT_APPROVED)
    assert [(each.entry, each.why) for each in sitting.variants[0].placed] == [(1, Why.PRIORITY)]
    assert inspect(stage) == NOTHING
    with pytest.raises(SlotInvalid) as caught:
        make_slot(stage, tune, FLOW)
    assert caught.value.params["why"] == "no_sound"


def test_a_bulletin_that_became_longer_than_its_slot_is_left_out_and_the_rest_goes_on(stage: Any) -> None:
    stage.loudspeakers(1)
    short, long_ = stage.bulletin("Ngắn", seconds=60), stage.bulletin("Dài", seconds=60)
    fixed = [Entry(Kind.BULLETIN, str(each)) for each in (short, long_)]
    slot_id = make_slot(stage, *fixed, minutes=2)
    stage.plan()
    assert first(stage) == ["Ngắn", "Dài"]
    with stage.database.transaction() as session:
        bulletins.edit(
            session, stage.cast.lan, long_, text="Dài hơn nhiều.", now=stage.now, expected_version=1
        )
    stage.approve(long_, seconds=61)
    stage.plan()
    assert first(stage) == ["Ngắn"]
    with stage.database.transaction(read_only=True) as session:
        [sitting, *_] = sittings.coming(session, slot_id, stage.now)
    [lost] = sitting.variants[0].left_out
    assert (lost.title, lost.why, lost.params) == ("Dài", Reason.NO_ROOM, {"missing_ms": 1000})


def test_what_has_begun_stays_and_what_a_person_stopped_stays_stopped(stage: Any) -> None:
    stage.loudspeakers(1)
    often = stage.bulletin("Ba lần")
    hold(stage, often, airings=Airings(3, 5))
    make_slot(stage, times=("08:30", "17:00"))
    stage.plan()
    planned = aired(stage, often)
    stage.now += dt.timedelta(minutes=25)
    soon = stage.broadcasts()[0]
    with stage.database.transaction() as session:
        stopping.stop(session, stage.cast.dung, wire=stage.wire, broadcast_id=soon.id, now=stage.now)
    stage.plan()
    again = aired(stage, often)
    assert planned[0] == "02 08:30"
    assert again[0] == "02 17:00"
    assert len(again) == 3
    assert inspect(stage) == NOTHING


@pytest.mark.parametrize(("minutes", "left"), [(29, 3), (31, 2)])
def test_what_is_stopped_while_it_sounds_has_aired_and_what_was_stopped_before_has_not(
    stage: Any, minutes: int, left: int
) -> None:
    stage.loudspeakers(1)
    often = stage.bulletin("Ba lần")
    hold(stage, often, airings=Airings(3, 5))
    make_slot(stage, times=("08:30", "17:00"))
    stage.plan()
    at = stage.now + dt.timedelta(minutes=minutes)
    first_one = stage.broadcasts()[0].id
    with stage.database.transaction() as session:
        stopping.stop(session, stage.cast.dung, wire=stage.wire, broadcast_id=first_one, now=at)
    stage.plan(at + dt.timedelta(minutes=5))
    assert len(aired(stage, often)) == left


def test_the_days_that_come_at_midnight_are_filled(stage: Any) -> None:
    stage.loudspeakers(1)
    stage.bulletin("Tin", klass=PRIORITY)
    make_slot(stage)
    stage.plan()
    stage.now += DAY
    stage.plan()
    assert len(stage.broadcasts()) == 9
    assert inspect(stage) == NOTHING


def test_a_preview_writes_nothing_and_tells_what_is_short(stage: Any) -> None:
    often = stage.bulletin("Mười lần")
    hold(stage, often, airings=Airings(10, 3))
    with stage.database.transaction() as session:
        found = sittings.preview(
            session,
            area_id=stage.cast.commune,
            slot=Slot(10 * MINUTE, (FLOW,)),
            order=(),
            rule=Rule(Frequency.DAILY, dt.date(2026, 3, 2), (dt.time(17),)),
            now=stage.now,
        )
    assert [each.used_ms for each in found.sittings[:4]] == [60_000, 60_000, 60_000, 0]
    assert found.sittings[3].says_nothing
    [reach] = found.reaches
    assert (reach.title, reach.wanted, reach.possible, reach.short) == ("Mười lần", 10, 3, True)
    with stage.database.transaction(read_only=True) as session:
        assert session.query(Schedule).count() == session.query(Broadcast).count() == 0


def test_a_slot_is_refused_with_a_reason(stage: Any) -> None:
    tune = make_sound(stage, seconds=120)
    with pytest.raises(SlotInvalid) as caught:
        make_slot(stage, Entry(Kind.TUNE, tune.ref, 1), FLOW, minutes=1)
    assert caught.value.params["why"] == "over_full"
    assert caught.value.params["over_ms"] == 60_000
    one = stage.bulletin()
    with pytest.raises(SlotInvalid, match="repeated_bulletin"):
        make_slot(stage, order=[one, one])
    for nobody in ("999", "9" * 40, "x"):
        with pytest.raises(NotFound):
            make_slot(stage, Entry(Kind.BULLETIN, nobody))
        with pytest.raises(SlotInvalid, match="no_sound"):
            make_slot(stage, Entry(Kind.PIECE, nobody, 1000), FLOW)
    with pytest.raises(Forbidden):
        make_slot(stage, area_id=stage.cast.other_commune)
    slot_id = make_slot(stage)
    with pytest.raises(WrongState):
        change(stage, slot_id, bulletin_ids=[one])
    with pytest.raises(WrongState):
        change(stage, stage.schedule("11:00", bulletin_ids=[one]).id, order=[one])
