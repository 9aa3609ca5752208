"""The strip above the programme: what is on the air, what the loudspeakers say of it, and what comes next."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from broadcast.errors import Forbidden
from broadcast.models import Broadcast, BroadcastState, Delivery, Person, Schedule
from broadcast.scheduling import week
from broadcast.storage.database import Database
from devices.messages import BulletinClass, Evidence, ItemState
from web.filters import near_day

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # services know both

NOW = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)  # Monday 08:00 in Vietnam
Add = Callable[..., int]


@pytest.fixture
def add(database: Database, cast: Any) -> Add:
    """An airing of ten minutes that began, or begins, so many minutes from now."""

    def make(title: str, minutes: float, area_id: int = 0, **values: Any) -> int:
        start, area_id = NOW + dt.timedelta(minutes=minutes), area_id or cast.commune
        rule = {"frequency": "once", "starts_on": "2020-01-01", "times": ["05:00"]}
        with database.transaction() as session:
            schedule = Schedule(
                area_id=area_id, title=title, rule=rule, created_by=cast.lan.id, created_at=NOW
            )
            session.add(schedule)
            session.flush()
            made = Broadcast(
                occurrence=f"x{title}",
                area_id=area_id,
                schedule_id=schedule.id,
                title=title,
                klass=BulletinClass.ROUTINE,
                start=start,
                duration_ms=600_000,
                expires=start + dt.timedelta(hours=1),
                created_at=NOW,
                **{"state": BroadcastState.DISPATCHED, **values},
            )
            session.add(made)
            session.flush()
            return made.id

    return make


def strip(page: str) -> str:
    return page.split('id="now-next"')[1].partition("<section")[0]


def test_what_sounds_is_told_with_its_proof_and_what_comes_next(
    lan: Any, add: Add, database: Database, speakers: list[int], cast: Any
) -> None:
    playing = add("Tin sáng", -3, cast.villages[0])
    with database.transaction() as session:
        for number, loudspeaker_id in enumerate(speakers):
            state, evidence = (ItemState.PLAYING, Evidence.ARMED) if number < 2 else (ItemState.READY, None)
            told = Delivery(broadcast_id=playing, loudspeaker_id=loudspeaker_id, updated_at=NOW)
            told.state, told.evidence = state, evidence
            session.add(told)
    add("Đã hủy", 3, state=BroadcastState.CANCELLED)
    add("Tin trưa", 20)
    found = strip(lan.read("/programme/"))
    assert "Tin sáng" in found
    assert "2 trên 5 cụm loa báo đang phát" in found
    assert "Tin trưa" in found
    assert "Đã hủy" not in found
    changes = int(re.findall(r'data-changes-at="(\d+)"', found)[0])
    assert changes == round((NOW + dt.timedelta(minutes=7)).timestamp() * 1000)
    assert "chưa có cụm loa nào nhận" not in found


def test_silence_is_told_too_and_nothing_is_claimed_without_proof(lan: Any, mai: Any, add: Add) -> None:
    quiet = strip(lan.read("/programme/"))
    assert "Không có gì đang phát" in quiet
    assert "chưa có lịch phát" in quiet
    assert "data-changes-at" not in quiet
    add("Tin sáng", -3)
    assert "Chưa có cụm loa nào nhận buổi này" in strip(lan.read("/programme/"))
    assert "Tin sáng" not in mai.read("/programme/")


def test_what_comes_tomorrow_says_so(lan: Any, add: Add) -> None:
    add("Bản tin sáng", 22 * 60)
    assert "06:00</span> ngày mai:" in strip(lan.read("/programme/"))
    assert "Buổi tiếp theo lúc 06:00 ngày mai: Bản tin sáng" in lan.read("/")


@pytest.mark.parametrize(
    ("days", "words"), [(0, ""), (1, "ngày mai"), (6, "Chủ Nhật, 08/03/2026"), (9, "Thứ Tư, 11/03/2026")]
)
def test_a_day_to_come_is_named_unless_it_is_today(app: Flask, days: int, words: str) -> None:
    with app.test_request_context():
        assert near_day(NOW + dt.timedelta(days=days), NOW) == words


def test_what_sounds_elsewhere_is_not_for_strangers(database: Database, cast: Any) -> None:
    with database.transaction(read_only=True) as session, pytest.raises(Forbidden):
        week.on_air(session, session.get_one(Person, cast.mai.id), cast.commune, NOW)
