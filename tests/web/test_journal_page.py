"""What a box wrote can be read line by line where it hangs, and a play cut short is shown as such."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from broadcast.joining import registry
from broadcast.models import AsRun, Broadcast, BroadcastState, Delivery, JournalRow, Person
from broadcast.storage.database import Database
from devices.messages import BulletinClass, ItemState
from schedules.types import LOCAL

START = dt.datetime(2026, 3, 2, 5, 30, tzinfo=LOCAL).astimezone(dt.UTC)


@pytest.fixture
def database_url(tmp_path: Path, empty_sqlite: Path) -> str:
    """The pages are judged once; the use cases below them run on both databases in their own tests."""
    path = tmp_path / "pages.db"
    path.write_bytes(empty_sqlite.read_bytes())
    return f"sqlite:///{path}"


@pytest.fixture
def cut_short(database: Database, system: Any, cast: Any) -> Broadcast:
    """A broadcast that its one loudspeaker stopped after nine seconds, as its journal says."""
    with database.transaction() as session:
        where = {"name": "Loa số 1", "area_id": cast.villages[0], "now": START}
        registry.add(session, None, wire=system.wire, device="loa-1", **where)
        broadcast = Broadcast(
            occurrence="s1.20260302T053000", area_id=cast.commune, title="Bản tin sáng",
            klass=BulletinClass.ROUTINE, start=START, duration_ms=90_000,
            expires=START + dt.timedelta(minutes=5), state=BroadcastState.CLOSED, created_at=START,
        )  # fmt: skip
        session.add(broadcast)
        session.flush()
        ended = {"reason": "stopped", "loudspeaker_id": 1, "broadcast_id": broadcast.id, "evidence": 3}
        session.add(Delivery(state=ItemState.PARTIAL, updated_at=START, **ended))
        session.add(
            AsRun(
                occurrence=broadcast.occurrence, title=broadcast.title, planned_start=START,
                planned_ms=90_000, started_at=START, ended_at=START + dt.timedelta(seconds=9),
                played_ms=9_000, volume=75, underruns=0, result=ItemState.PARTIAL, **ended,
            )
        )  # fmt: skip
        session.add_all(
            JournalRow(
                loudspeaker_id=1, boot="b", seq=seq, at=START, event=event, received_at=START,
                occurrence=broadcast.occurrence, body={"reason": "stopped" if event == "partial" else ""},
            )
            for seq, event in enumerate(["armed", *["playing"] * 24, "partial"], start=1)
        )  # fmt: skip
        return broadcast


def test_the_journal_is_read_line_by_line_latest_first(
    cut_short: Broadcast, cast: Any, client_of: Callable[[Person], Any]
) -> None:
    lan = client_of(cast.lan)
    assert "/loudspeakers/1/journal" in lan.read("/loudspeakers/1")
    first, last = lan.read("/loudspeakers/1/journal"), lan.read("/loudspeakers/1/journal?page=2")
    assert ("partial" in first, "armed" in first, "armed" in last) == (True, False, True)
    assert "có lệnh dừng" in first
    assert client_of(cast.mai).get("/loudspeakers/1/journal").status_code == 404


def test_a_play_cut_short_is_counted_apart_and_tells_its_seconds(
    cut_short: Broadcast, cast: Any, client_of: Callable[[Person], Any], database: Database
) -> None:
    lan = client_of(cast.lan)
    page = " ".join(lan.read("/as-run/?day=2026-03-02").split())
    assert "1 loa phát một phần" in page
    assert '<strong class="num">0 / 1</strong>' in page
    assert "0:09 / 1:30" in lan.read(f"/as-run/broadcasts/{cut_short.id}/loudspeakers/1")
    assert "05:30:09,9.0,75,0,có lệnh dừng" in lan.read("/as-run/day.csv?day=2026-03-02")
    with database.transaction() as session:
        session.execute(update(Delivery).values(state=ItemState.DONE))
    assert '<strong class="num">1 / 1</strong>' in lan.read("/as-run/?day=2026-03-02")
