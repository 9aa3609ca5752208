"""A loudspeaker that an officer hangs in another area leaves nothing behind: no orders, no alarms."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from broadcast.joining import placing
from broadcast.joining.placing import Place
from broadcast.models import Alarm, AuditRow, Loudspeaker
from broadcast.speakers import alarms
from devices.messages import ItemState

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def hang(stage: Any, area_id: int) -> None:
    with stage.database.transaction() as session:
        admin = session.merge(stage.cast.admin)
        placing.move(session, admin, 1, Place(area_id, "Cột điện cổng chợ"), stage.now)


def test_what_was_coming_there_is_no_longer_its_own_and_its_alarms_go_along(stage: Any) -> None:
    here, there = stage.cast.villages[:2]
    stage.loudspeakers(1, area_id=here)
    stage.schedule("17:00", area_id=here)
    stage.plan()
    with stage.database.transaction() as session:
        them = session.get_one(Loudspeaker, 1)
        alarms.raise_alarm(session, kind="silent", now=stage.now, loudspeaker=them)
    hang(stage, there)
    assert {(each.state, each.reason) for each in stage.deliveries()} == {(ItemState.CANCELLED, "moved")}
    with stage.database.transaction(read_only=True) as session:
        assert session.scalars(select(Alarm.area_id)).all() == [there]
        told = session.scalars(select(AuditRow.action).order_by(AuditRow.id)).all()[-2:]
    assert told == ["loudspeaker.move", "loudspeaker.place"]


def test_another_name_in_the_same_area_changes_nothing_of_what_is_coming(stage: Any) -> None:
    here = stage.cast.villages[0]
    stage.loudspeakers(1, area_id=here)
    stage.schedule("17:00", area_id=here)
    stage.plan()
    before = [each.state for each in stage.deliveries()]
    hang(stage, here)
    assert [each.state for each in stage.deliveries()] == before != []
