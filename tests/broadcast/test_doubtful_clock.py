"""A loudspeaker whose time service lies, or whose clock runs ahead, is one alarm until it does so no more."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from broadcast.care import monitoring
from broadcast.models import Alarm
from devices.messages import ClockQuality

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
MINUTE = dt.timedelta(minutes=1)


def open_ones(stage: Any, kind: str, at: dt.datetime) -> list[bool]:
    with stage.database.transaction() as session:
        monitoring.watch(session, at)
        return [row.well_at is None for row in session.scalars(select(Alarm).where(Alarm.kind == kind))]


def test_a_time_service_that_lies_is_told_once_and_is_over_when_it_agrees_again(stage: Any) -> None:
    (box,) = stage.loudspeakers(1)
    told = []
    for minute, faults in enumerate([(), ("clock_doubtful",), ("clock_doubtful",), ()]):
        at = stage.now + minute * MINUTE
        stage.hear(box.state(at, clock=ClockQuality.HOLDOVER, faults=faults), now=at)
        told.append(open_ones(stage, "clock_doubtful", at))
    assert told == [[], [True], [True], [False]]


def test_a_clock_that_runs_ahead_is_told_by_what_arrives_before_it_was_sent(stage: Any) -> None:
    (box,) = stage.loudspeakers(1)
    told = []
    for minute, ahead_s in enumerate([20, 15 * 60, 15 * 60, 0]):
        at = stage.now + minute * MINUTE
        dated = box.state(at + dt.timedelta(seconds=ahead_s), clock=ClockQuality.SYNCED)
        stage.hear(replace(dated, received_at=at), now=at)
        told.append(open_ones(stage, "clock_ahead", at))
    assert told == [[], [True], [True], [False]]
