"""The alarm of swapped content: one for a loudspeaker, over when the true files have come."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from broadcast.evidence import swapped
from broadcast.models import Alarm

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
MINUTE = dt.timedelta(minutes=1)


def say(stage: Any, box: Any, *told: tuple[str, str]) -> None:
    stage.now += MINUTE
    events = [box.event(stage.now, event, "", reason=clip) for event, clip in told]
    stage.hear(box.journal(stage.now, *events))
    with stage.database.transaction() as session:
        swapped.settle(session, stage.now)


def lasting(stage: Any) -> list[tuple[Any, str]]:
    with stage.database.transaction(read_only=True) as session:
        query = select(Alarm).where(Alarm.kind == "swapped", Alarm.well_at.is_(None))
        return [(each.loudspeaker_id, each.detail["why"]) for each in session.scalars(query)]


def test_a_box_has_one_alarm_until_each_of_its_files_came(stage: Any) -> None:
    one, other = stage.loudspeakers(2)
    say(stage, one, ("swapped", "aa"))
    say(stage, one, ("swapped", "bb"))
    say(stage, other, ("swapped", "aa"), ("swap_over", "aa"))
    assert lasting(stage) == [(stage.loudspeaker(one).id, "bb")]
    say(stage, one, ("swap_over", "bb"))
    assert len(lasting(stage)) == 1
    say(stage, one, ("swap_over", "aa"))
    assert lasting(stage) == []
    say(stage, one, ("swapped", "cc"))
    assert lasting(stage) == [(stage.loudspeaker(one).id, "cc")]
