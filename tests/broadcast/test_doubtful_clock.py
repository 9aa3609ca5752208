"""A loudspeaker whose time service lies is one alarm, until it lies no more."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from broadcast import monitoring
from broadcast.models import Alarm
from devices.messages import ClockQuality

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
MINUTE = dt.timedelta(minutes=1)


def test_a_time_service_that_lies_is_told_once_and_is_over_when_it_agrees_again(stage: Any) -> None:
    (box,) = stage.loudspeakers(1)
    told = []
    for minute, faults in enumerate([(), ("clock_doubtful",), ("clock_doubtful",), ()]):
        at = stage.now + minute * MINUTE
        stage.hear(box.state(at, clock=ClockQuality.HOLDOVER, faults=faults), now=at)
        with stage.database.transaction() as session:
            monitoring.watch(session, at)
            rows = session.scalars(select(Alarm).where(Alarm.kind == "clock_doubtful"))
            told.append([row.well_at is None for row in rows])
    assert told == [[], [True], [True], [False]]
