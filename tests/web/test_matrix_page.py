"""The as-run matrix: only proof is called played, a cell tells its reason, the table can be downloaded."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from broadcast.joining import registry
from broadcast.models import AsRun, Broadcast, BroadcastState, Delivery, Loudspeaker, Person
from broadcast.storage.database import Database
from devices.messages import BulletinClass, ItemState
from schedules.types import LOCAL

DAY = dt.date(2026, 3, 2)
START = dt.datetime(2026, 3, 2, 5, 30, tzinfo=LOCAL).astimezone(dt.UTC)


@pytest.fixture
def aired(database: Database, system: Any, cast: Any) -> tuple[int, list[int]]:
    """A broadcast: proved on one, only sent to the second, missed on the third."""
    with database.transaction() as session:
        for number, area_id in enumerate(cast.villages):
            registry.add(
                session,
                None,
                wire=system.wire,
                device=f"loa-{number}",
                name=f"Loa số {number}",
                area_id=area_id,
                now=START,
            )
        speakers = list(session.scalars(select(Loudspeaker).order_by(Loudspeaker.id)))
        broadcast = Broadcast(
            occurrence="s1.20260302T053000",
            area_id=cast.commune,
            title="=Bản tin sáng",
            klass=BulletinClass.ROUTINE,
            start=START,
            duration_ms=90_000,
            expires=START + dt.timedelta(minutes=5),
            state=BroadcastState.DISPATCHED,
            created_at=START,
        )
        session.add(broadcast)
        session.flush()
        states = ((ItemState.DONE, 3, ""), (ItemState.PLANNED, 0, ""), (ItemState.MISSED, 0, "off"))
        for speaker, (state, evidence, reason) in zip(speakers, states, strict=True):
            session.add(
                Delivery(
                    broadcast_id=broadcast.id,
                    loudspeaker_id=speaker.id,
                    state=state,
                    evidence=evidence,
                    reason=reason,
                    updated_at=START,
                )
            )
        session.add(
            AsRun(
                loudspeaker_id=speakers[0].id,
                broadcast_id=broadcast.id,
                occurrence=broadcast.occurrence,
                title=broadcast.title,
                planned_start=START,
                planned_ms=90_000,
                started_at=START + dt.timedelta(milliseconds=12),
                ended_at=START + dt.timedelta(seconds=90),
                played_ms=90_000,
                volume=75,
                result=ItemState.DONE,
                evidence=3,
            )
        )
        return broadcast.id, [each.id for each in speakers]


def test_a_day_without_broadcasts_says_where_to_look(lan: Any) -> None:
    assert "Ngày này không có buổi phát nào" in lan.read("/as-run/?day=2026-01-01")


def test_sent_is_never_shown_as_played(lan: Any, aired: tuple[int, list[int]]) -> None:
    page = lan.read(f"/as-run/?day={DAY}")
    assert "Loa số 0, 05:30: Đã phát" in page
    assert "Loa số 1, 05:30: Đã gửi" in page
    assert "Loa số 2, 05:30: Bỏ lỡ" in page
    assert page.count(": Đã phát") == 1


def test_a_cell_tells_times_seconds_volume_and_reason(lan: Any, aired: tuple[int, list[int]]) -> None:
    broadcast_id, speakers = aired
    proved = lan.read(f"/as-run/broadcasts/{broadcast_id}/loudspeakers/{speakers[0]}")
    assert "05:30:00 (+12 ms)" in proved
    assert "1:30 / 1:30" in proved
    assert "75%" in proved
    missed = lan.read(f"/as-run/broadcasts/{broadcast_id}/loudspeakers/{speakers[2]}")
    assert "loa tắt vào giờ phát" in missed


def test_the_broadcast_s_page_counts_received_sounding_and_proved(
    lan: Any, aired: tuple[int, list[int]]
) -> None:
    page = lan.read(f"/as-run/broadcasts/{aired[0]}")
    assert "loa đã phát, có bằng chứng" in page
    assert "1 loa không phát" in page


def test_the_table_opens_in_an_office_program_without_running_formulas(
    lan: Any, aired: tuple[int, list[int]]
) -> None:
    answer = lan.get(f"/as-run/day.csv?day={DAY}")
    data = answer.get_data()
    assert answer.mimetype == "text/csv"
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    assert len(rows) == 4
    assert rows[1][2] == "'=Bản tin sáng"
    assert [row[7] for row in rows[1:]] == ["Đã phát", "Đã gửi", "Bỏ lỡ"]
    assert [row[8] for row in rows[1:]] == ["E3", "E0", "E0"]


def test_an_officer_of_another_commune_sees_nothing_of_it(
    cast: Any, aired: tuple[int, list[int]], client_of: Callable[[Person], Any]
) -> None:
    mai, (broadcast_id, speakers) = client_of(cast.mai), aired
    mai.read(f"/as-run/broadcasts/{broadcast_id}", status=404)
    mai.read(f"/as-run/broadcasts/{broadcast_id}/loudspeakers/{speakers[0]}", status=404)
    assert "Bản tin sáng" not in mai.read(f"/as-run/?day={DAY}&area={cast.commune}")


def test_who_stood_below_the_horn_says_so_and_may_take_it_back(
    lan: Any, aired: tuple[int, list[int]]
) -> None:
    broadcast_id, (_proved, sent, *_) = aired
    cell = f"/as-run/broadcasts/{broadcast_id}/loudspeakers/{sent}"
    assert "Tôi đã nghe tại chỗ" in lan.read(cell)
    assert lan.send(f"{cell}/witness").status_code == 302
    said = lan.read(cell)
    assert "xác nhận đã nghe tại chỗ" in said
    assert "E6" in said
    assert lan.send(f"{cell}/witness/retract").status_code == 302
    taken = lan.read(cell)
    assert "E6" not in taken
    assert "Tôi đã nghe tại chỗ" in taken
