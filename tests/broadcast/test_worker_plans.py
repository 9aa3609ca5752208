"""The worker looks at the whole now and then, and mends only what differs twice."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from broadcast import bootstrap, settings
from broadcast.models import Schedule
from broadcast.storage import lease
from broadcast.storage.lease import Leadership
from broadcast.worker import INSPECTED_EVERY, SECOND_LOOK, Worker


@pytest.fixture
def worker(tmp_path: Path, database_url: str, clock: Any) -> Iterator[Worker]:
    """One that nothing ticks but the test."""
    named = {"DATA_DIR": str(tmp_path / "data"), "DATABASE_URL": database_url}
    chosen = settings.load({f"TRUYEN_THANH_{name}": value for name, value in named.items()})
    system = bootstrap.build(chosen, {"air"}, clock=clock)
    assert system.worker is not None
    yield system.worker
    system.database.dispose()


def lead(stage: Any) -> Leadership:
    with stage.database.transaction() as session:
        token = lease.acquire(session, "air", "me", stage.now, dt.timedelta(days=1))
    assert token is not None
    return Leadership("air", "me", token)


def test_what_differs_from_a_plan_from_scratch_in_two_looks_is_mended(
    stage: Any, worker: Worker, clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    stage.loudspeakers(1)
    stage.schedule("17:00")
    leadership = lead(stage)
    worker._plan(leadership)
    with stage.database.transaction() as session:
        session.execute(update(Schedule).values(title="Không ai báo"))
    found = []
    for wait in (dt.timedelta(seconds=5), INSPECTED_EVERY, dt.timedelta(seconds=5), SECOND_LOOK):
        clock.now += wait
        with caplog.at_level(logging.ERROR):
            worker._plan(leadership)
        found.append({each.title for each in stage.broadcasts()} == {"Không ai báo"})
    assert found == [False, False, False, True]
    assert [record.action for record in caplog.records] == ["plan_drift"]  # type: ignore[attr-defined]


def test_what_is_put_right_before_the_second_look_was_no_drift(
    stage: Any, worker: Worker, clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    stage.loudspeakers(1)
    stage.schedule("17:00")
    leadership = lead(stage)
    worker._plan(leadership)
    for title, wait in (("Không ai báo", INSPECTED_EVERY), ("Bản tin sáng", SECOND_LOOK)):
        with stage.database.transaction() as session:
            session.execute(update(Schedule).values(title=title))
        clock.now += wait
        with caplog.at_level(logging.ERROR):
            worker._plan(leadership)
    assert caplog.records == []
    assert {each.title for each in stage.broadcasts()} == {"Bản tin sáng"}


def test_while_many_are_entered_the_broker_reads_its_accounts_a_tenth_of_the_time(
    stage: Any, worker: Worker, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = []

    def take_long(_: bootstrap.System) -> None:
        clock.now += dt.timedelta(seconds=0.5)
        told.append(len(stage.boxes))

    monkeypatch.setattr(bootstrap.System, "refresh_accounts", take_long)
    for _ in range(20):
        stage.loudspeakers(1)
        worker._refresh_accounts()
        clock.now += dt.timedelta(seconds=1)
    assert told == [1, 6, 11, 16]
