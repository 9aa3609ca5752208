"""Who schedules something where a stop still holds, or where boxes are silenced, is told so before saving."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import update

from broadcast.models import Loudspeaker, Person, Role
from broadcast.orders import stopping
from broadcast.scheduling import concerns
from broadcast.scheduling.intents import Intent
from broadcast.units import people
from schedules.types import Frequency, Rule

TODAY = dt.date(2026, 3, 2)  # now is 08:00
CODES = ("held", "silenced")


def told(stage: Any, time: str, area_id: int, day: int = 0) -> list[tuple[str, dict[str, Any]]]:
    rule = Rule(Frequency.ONCE, TODAY + dt.timedelta(days=day), (dt.time.fromisoformat(time),))
    with stage.database.transaction(read_only=True) as session:
        lan = session.get_one(Person, stage.cast.lan.id)
        found = concerns.check(session, lan, Intent(area_id, [], rule), stage.now)
    return [(each.code, each.params) for each in found if each.code in CODES]


def hold(stage: Any, area_id: int, now: dt.datetime | None = None) -> None:
    with stage.database.transaction() as session:
        stopping.stop(
            session, stage.cast.dung, wire=stage.wire, area_id=area_id, hold_s=1800, now=now or stage.now
        )


def release(stage: Any, area_id: int) -> None:
    with stage.database.transaction() as session:
        stopping.release(session, stage.cast.dung, wire=stage.wire, area_id=area_id, now=stage.now)


@pytest.fixture
def village(stage: Any) -> int:
    stage.loudspeakers(3)
    with stage.database.transaction() as session:
        people.grant(
            session,
            session.get_one(Person, stage.cast.dung.id),
            Role.URGENT,
            stage.cast.commune,
            now=stage.now,
        )
    first: int = stage.cast.villages[0]
    return first


def test_a_hold_from_above_or_in_a_part_is_told_as_long_as_it_lasts(stage: Any, village: int) -> None:
    commune = stage.cast.commune
    assert told(stage, "08:20", village) == []
    hold(stage, commune)
    [(code, params)] = told(stage, "08:20", village)
    assert (code, params["area"], params["by"]) == ("held", "Xã An Hòa", stage.cast.dung.name)
    assert params["until"] == stage.now + dt.timedelta(minutes=30)
    assert told(stage, "08:30", village) == []
    assert told(stage, "08:20", stage.cast.villages[1])
    release(stage, stage.cast.district)
    assert told(stage, "08:20", village) == []
    hold(stage, village)
    assert [code for code, _ in told(stage, "08:20", commune)] == ["held"]
    assert told(stage, "08:20", stage.cast.villages[1]) == []


def test_a_release_of_a_part_leaves_the_hold_of_the_whole_and_a_later_stop_holds_again(
    stage: Any, village: int
) -> None:
    hold(stage, stage.cast.commune)
    release(stage, village)
    assert told(stage, "08:20", village) == []
    assert [code for code, _ in told(stage, "08:20", stage.cast.commune)] == ["held"]
    release(stage, stage.cast.commune)
    hold(stage, stage.cast.commune, stage.now + dt.timedelta(seconds=1))
    assert [code for code, _ in told(stage, "08:20", stage.cast.commune)] == ["held"]


def test_silenced_boxes_are_counted_for_what_airs_soon(stage: Any, village: int) -> None:
    with stage.database.transaction() as session:
        session.execute(update(Loudspeaker).where(Loudspeaker.area_id == village).values(silenced="local"))
    assert told(stage, "17:00", stage.cast.commune) == [("silenced", {"count": 1, "total": 3})]
    assert told(stage, "17:00", stage.cast.villages[1]) == []
    assert told(stage, "17:00", stage.cast.commune, day=2) == []
