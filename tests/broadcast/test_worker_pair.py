"""Several workers on one database: one leads, another takes over, and nothing is done twice."""

from __future__ import annotations

import datetime as dt
import logging
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from broadcast import bootstrap, settings
from broadcast.bootstrap import System
from broadcast.errors import PortBusy
from broadcast.evidence import inbox
from broadcast.models import Alarm, Broadcast, BroadcastClip, JournalRow, Lease, Loudspeaker
from broadcast.plans import documents
from broadcast.storage.lease import Leadership
from devices.link import Inbound
from tests.waiting import free_port, until


@pytest.fixture
def chosen(tmp_path: Path, database_url: str) -> settings.Settings:
    named = {
        "DATA_DIR": str(tmp_path / "data"),
        "DATABASE_URL": database_url,
        "MQTT_PORT": str(free_port()),
        "ENGINES": "espeak",
    }
    return settings.load({f"TRUYEN_THANH_{name}": value for name, value in named.items()})


@pytest.fixture
def two(chosen: settings.Settings) -> Iterator[tuple[System, System]]:
    """Two processes' worth of parts on one database and one broker, which the first has."""
    first = bootstrap.build(chosen)
    second = bootstrap.build(chosen, {"air"})
    first.start()
    second.start()
    yield first, second
    second.stop()
    first.stop()


def leaders(*systems: System) -> list[bool]:
    return [system.worker is not None and system.worker.leads for system in systems]


def test_exactly_one_leads_and_has_the_link_and_the_other_takes_over(two: tuple[System, System]) -> None:
    until(lambda: any(system.link.connected for system in two))
    leading, waiting = sorted(two, key=lambda system: not system.link.connected)
    assert leaders(leading, waiting) == [True, False]
    assert not waiting.link.connected
    assert leading.worker is not None
    leading.worker.stop()
    until(lambda: waiting.link.connected)
    assert leaders(leading, waiting) == [False, True]
    with waiting.database.transaction(read_only=True) as session:
        assert session.scalars(select(Lease.token)).all() == [2]


def test_two_workers_that_plan_together_make_everything_once(stage: Any, two: tuple[System, System]) -> None:
    stage.now = bootstrap.utc_now()
    stage.loudspeakers(3)
    tomorrow = (stage.now + dt.timedelta(days=1)).date()
    stage.schedule(*[f"05:{m:02}" for m in range(30)], starts_on=tomorrow)

    def planned() -> bool:
        for system in two:
            system.kick("plan")
        with stage.database.transaction(read_only=True) as session:
            return bool(session.scalar(select(func.count(Broadcast.id))))

    until(planned)
    time.sleep(1)
    with stage.database.transaction(read_only=True) as session:
        slots = session.execute(select(Broadcast.schedule_id, Broadcast.start)).all()
        assert len(slots) == len(set(slots))
        assert session.scalar(select(func.count()).select_from(BroadcastClip)) == len(slots)
        assert len(set(session.scalars(select(Loudspeaker.desired_rev)))) == 1


def test_a_tick_that_fails_is_logged_once_and_goes_on(
    chosen: settings.Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    calls = [0]

    def broken(*_: object, **__: object) -> None:
        calls[0] += 1
        raise RuntimeError("the same trouble")

    monkeypatch.setattr("broadcast.worker.render_next", broken)
    system = bootstrap.build(chosen)
    with caplog.at_level(logging.ERROR):
        system.start()
        until(lambda: calls[0] >= 3 and system.link.connected)
        system.stop()
    failures = [r for r in caplog.records if getattr(r, "action", "") == "tick_failed"]
    assert [getattr(r, "tick", "") for r in failures] == ["render"]


def test_a_message_that_cannot_be_stored_stops_no_other(stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = stage.loudspeakers(2)
    token = 1
    with stage.database.transaction() as session:
        session.add(
            Lease(name="air", holder="me", token=token, expires_at=stage.now + dt.timedelta(minutes=1))
        )
    box = inbox.Inbox(stage.database, stage.wire, lambda: stage.now)
    poison = one.journal(stage.now, one.event(stage.now, "replayed"))
    real = inbox.ingest

    def choke(session: Any, batch: list[Inbound], *rest: Any) -> Any:
        if poison in batch:
            raise ValueError("no column holds this")
        return real(session, batch, *rest)

    monkeypatch.setattr(inbox, "ingest", choke)
    for message in (poison, two.journal(stage.now, two.event(stage.now, "replayed"))):
        box.queue.put(message)
    assert box.store(Leadership("air", "me", token)) is False
    with stage.database.transaction(read_only=True) as session:
        assert len(session.scalars(select(JournalRow)).all()) == 1
        assert len(session.scalars(select(Alarm)).all()) == 1


def test_a_busy_port_is_a_sentence_and_nothing_stays_behind(chosen: settings.Settings) -> None:
    with socket.create_server(("127.0.0.1", chosen.mqtt_port)):
        system = bootstrap.build(chosen)
        with pytest.raises(PortBusy) as caught:
            system.start()
        assert caught.value.params == {"port": chosen.mqtt_port}
    assert system.worker is not None
    assert not system.worker.leads


def test_pages_alone_have_neither_worker_nor_broker(chosen: settings.Settings) -> None:
    system = bootstrap.build(chosen, ())
    assert (system.worker, system.broker) == (None, None)
    system.start()
    system.kick("plan")
    system.stop()


def test_plans_end_at_midnight_so_that_time_alone_changes_nothing() -> None:
    morning = dt.datetime(2026, 3, 2, 1, tzinfo=dt.UTC)
    assert documents.horizon(morning, 7) == documents.horizon(morning + dt.timedelta(hours=15), 7)
