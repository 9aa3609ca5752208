"""Nothing is aired when it does not hold any more: in no slot, in no list, not late and not in its turn."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select, update

from broadcast.authoring import validity
from broadcast.errors import Forbidden, WrongState
from broadcast.models import AuditRow, Bulletin, Loudspeaker, StartMode
from broadcast.plans.planner import NOTHING
from broadcast.slot_errors import SlotInvalid
from broadcast.storage.moments import to_ms
from broadcast.units import policies
from devices.messages import BulletinClass
from schedules.slots import Airings
from tests.broadcast.slot_stage import PRIORITY, aired, hold, inspect, make_slot, move_to, plans, told

FIVE = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)  # 17:00 in Vietnam
MINUTE = dt.timedelta(minutes=1)


def items(stage: Any, number: int = 0) -> list[Any]:
    return list(plans(stage).values())[number]


def test_a_list_leaves_out_what_does_not_hold_then_and_is_silent_when_nothing_does(stage: Any) -> None:
    stage.loudspeakers(1)
    ends, begins = stage.bulletin("Hết hạn"), stage.bulletin("Chưa đến")
    hold(stage, ends, until=FIVE + dt.timedelta(days=1, minutes=1))
    hold(stage, begins, since=FIVE + dt.timedelta(days=3))
    stage.schedule("17:00", bulletin_ids=[ends, begins])
    stage.plan()
    assert [told(stage, item) for item in items(stage)] == [["Hết hạn"], ["Hết hạn"], *[["Chưa đến"]] * 5]
    hold(stage, ends, until=None)
    stage.plan()
    assert [len(item.clips) for item in items(stage)] == [1, 1, 1, 2, 2, 2, 2, 2]
    assert inspect(stage) == NOTHING


def test_an_airing_may_not_begin_so_late_that_it_would_be_stale_before_its_end(stage: Any) -> None:
    stage.loudspeakers(1)
    tin = stage.bulletin("Tin", seconds=60)
    stage.schedule("17:00", bulletin_ids=[stage.bulletin("Trước", seconds=30), tin])
    hold(stage, tin, until=FIVE + 3 * MINUTE)
    stage.plan()
    [first, *_] = items(stage)
    assert first.expires == to_ms(FIVE + 1.5 * MINUTE)
    hold(stage, tin, until=FIVE + 10 * MINUTE)
    stage.plan()
    [first, *_] = items(stage)
    assert first.expires == to_ms(FIVE + 5 * MINUTE)
    assert inspect(stage) == NOTHING


@pytest.mark.parametrize(("klass", "minutes"), [(BulletinClass.ROUTINE, 5), (PRIORITY, 60)])
def test_after_an_outage_priority_catches_up_longer_than_routine(
    stage: Any, klass: BulletinClass, minutes: int
) -> None:
    stage.loudspeakers(1)
    stage.schedule("17:00", bulletin_ids=[stage.bulletin(klass=klass)])
    stage.plan()
    [first, *_] = items(stage)
    assert first.expires - first.start == minutes * 60_000


def test_whose_turn_comes_when_it_does_not_hold_any_more_is_spared_it(stage: Any) -> None:
    stage.loudspeakers(3, area_id=stage.cast.villages[0])
    with stage.database.transaction() as session:
        values = {"start_mode": StartMode.STAGGERED}
        policies.save(session, stage.cast.admin, stage.cast.villages[0], values=values, now=stage.now)
        session.execute(update(Loudspeaker).values(turn=Loudspeaker.id - 1))
    tin = stage.bulletin("Tin", seconds=60)
    hold(stage, tin, until=FIVE + 2.5 * MINUTE)
    stage.schedule("17:00", bulletin_ids=[tin])
    stage.plan()
    first, second, third = (items(stage, n) for n in range(3))
    assert [len(each) for each in (first, second, third)] == [1, 1, 0]
    assert second[0].start == to_ms(FIVE) + 62_000
    assert second[0].expires == to_ms(FIVE + 1.5 * MINUTE)
    hold(stage, tin, until=FIVE + 4 * MINUTE)
    assert stage.plan() == 3
    assert len(items(stage, 2)) == 1
    assert inspect(stage) == NOTHING


def test_a_slot_plays_what_holds_to_its_last_word(stage: Any) -> None:
    stage.loudspeakers(1)
    tin = stage.bulletin("Tin", seconds=60, klass=PRIORITY)
    make_slot(stage)
    hold(stage, tin, until=FIVE + dt.timedelta(days=1, seconds=59))
    stage.plan()
    assert aired(stage, tin) == ["02 17:00"]
    hold(stage, tin, until=FIVE + dt.timedelta(days=1, seconds=60))
    stage.plan()
    assert aired(stage, tin) == ["02 17:00", "03 17:00"]


def test_who_may_say_how_long_a_bulletin_holds_and_what_is_refused(stage: Any) -> None:
    tin = stage.bulletin("Tin")
    hold(stage, tin, until=FIVE, airings=Airings(2, 3))
    with stage.database.transaction(read_only=True) as session:
        found = session.get_one(Bulletin, tin)
        assert (found.valid_from, found.valid_until) == (stage.now, FIVE)
        assert validity.airings_of(found) == Airings(2, 3)
        row = session.scalars(select(AuditRow).where(AuditRow.action == "bulletin.validity")).one()
        assert row.detail["times"] == 2
    with pytest.raises(SlotInvalid, match="until_before_from"):
        hold(stage, tin, since=FIVE, until=FIVE)
    with pytest.raises(SlotInvalid, match="gap_too_long"):
        hold(stage, tin, airings=Airings(3, 1, dt.timedelta(hours=12)))
    move_to(stage, tin, stage.cast.other_commune)
    with pytest.raises(Forbidden):
        hold(stage, tin, until=FIVE)
    with stage.database.transaction() as session:
        session.get_one(Bulletin, tin).klass = BulletinClass.EMERGENCY
        session.get_one(Bulletin, tin).area_id = stage.cast.commune
    with pytest.raises((WrongState, Forbidden)):
        hold(stage, tin, until=FIVE)
