"""The first page: what plays, what needs me, which loudspeakers are silent, and STOP within reach."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask, g
from playwright.sync_api import Page, expect
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from broadcast.models import (
    Broadcast,
    BroadcastState,
    Bulletin,
    BulletinState,
    BulletinVersion,
    Delivery,
    Loudspeaker,
    Person,
    Schedule,
)
from broadcast.scheduling import urgent
from broadcast.speakers import alarms
from broadcast.storage import events
from broadcast.storage.database import Database
from broadcast.storage.moments import local_midnight
from devices.messages import AlertStatus, BulletinClass, ItemState

Open = Callable[[Person | None, str], Page]
Judge = Callable[[Page, str], None]
ClientOf = Callable[[Person], Any]
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # what is drawn is the same


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True)
class Morning:
    """A commune in the middle of its morning programme."""

    playing: int
    silent: int
    alarm: int


def loudspeaker(number: int, area_id: int, name: str, **values: Any) -> Loudspeaker:
    return Loudspeaker(
        device=f"loa-{number:03}",
        name=name,
        area_id=area_id,
        public_key="x",
        broker_hash="x",
        created_at=now() - dt.timedelta(days=30),
        boot="b",
        session=1,
        activated_at=values.get("last_seen"),
        **values,
    )


def broadcast(title: str, area_id: int, start: dt.datetime, minutes: float, **values: Any) -> Broadcast:
    return Broadcast(
        occurrence=f"x{start.timestamp()}",
        area_id=area_id,
        title=title,
        klass=values.pop("klass", BulletinClass.ROUTINE),
        start=start,
        duration_ms=int(minutes * 60_000),
        expires=start + dt.timedelta(hours=1),
        state=values.pop("state", BroadcastState.DISPATCHED),
        created_at=now(),
        **values,
    )


def bulletin(title: str, area_id: int, author: Person, state: BulletinState, note: str = "") -> Bulletin:
    at = now() - dt.timedelta(hours=2)
    version = BulletinVersion(
        number=1, title=title, text="Lời đọc.", text_sha256="0" * 64, author_id=author.id, created_at=at
    )
    return Bulletin(
        area_id=area_id,
        author_id=author.id,
        state=state,
        return_note=note,
        created_at=at,
        updated_at=at,
        versions=[version],
    )


@pytest.fixture
def morning(database: Database, cast: Any) -> Morning:
    at = now()
    with database.transaction() as session:
        speakers = [
            loudspeaker(n, cast.villages[n % 3], f"Loa nhà văn hóa {n + 1}", online=True, last_seen=at)
            for n in range(10)
        ]
        gone = loudspeaker(11, cast.villages[0], "Loa chợ Đông", last_seen=at - dt.timedelta(hours=5))
        never = loudspeaker(12, cast.villages[2], "Loa trường tiểu học")
        session.add_all([*speakers, gone, never])
        session.flush()
        rule = {"frequency": "once", "starts_on": "2020-01-01", "times": ["05:00"]}
        plan = Schedule(
            area_id=cast.commune, title="Chương trình sáng", rule=rule, created_by=cast.lan.id, created_at=at
        )
        session.add(plan)
        session.flush()
        current = broadcast(
            "Bản tin sáng: lịch tiêm chủng",
            cast.commune,
            at - dt.timedelta(minutes=3),
            12,
            schedule_id=plan.id,
        )
        current.deliveries = [
            Delivery(
                loudspeaker_id=each.id,
                state=ItemState.PLAYING if each.online else ItemState.MISSED,
                evidence=2,
                updated_at=at,
            )
            for each in (*speakers, gone)
        ]
        # of today also when it is just past midnight
        begun = max(at - dt.timedelta(minutes=20), local_midnight(at))
        length = min(5, (at - begun) // dt.timedelta(minutes=1))
        early = broadcast("Tin đầu ngày", cast.commune, begun, length, schedule_id=plan.id)
        early.deliveries = [
            Delivery(
                loudspeaker_id=each.id, state=ItemState.DONE, evidence=3 if each.online else 1, updated_at=at
            )
            for each in (*speakers, gone)
        ]
        session.add_all(
            [
                current,
                early,
                broadcast(
                    "Thời tiết và nông vụ",
                    cast.commune,
                    at + dt.timedelta(minutes=14),
                    6,
                    schedule_id=plan.id,
                ),
                broadcast(
                    "Thu gom rác thải nhựa",
                    cast.villages[1],
                    at + dt.timedelta(minutes=21),
                    4,
                    klass=BulletinClass.PRIORITY,
                    schedule_id=plan.id,
                ),
                bulletin("Kế hoạch phòng cháy rừng mùa khô", cast.commune, cast.lan, BulletinState.SUBMITTED),
                bulletin(
                    "Lịch cắt điện tuần này",
                    cast.commune,
                    cast.lan,
                    BulletinState.DRAFT,
                    "Ghi rõ giờ cắt điện.",
                ),
            ]
        )
        forged = alarms.raise_alarm(session, kind="bad_signature", now=at, loudspeaker=speakers[2], count=3)
        alarms.raise_alarm(session, kind="silent", now=at - dt.timedelta(hours=4), loudspeaker=gone)
        session.flush()
        return Morning(playing=current.id, silent=gone.id, alarm=forged.id)


def test_the_officer_sees_what_plays_and_what_came_back(
    cast: Any, morning: Morning, client_of: ClientOf
) -> None:
    page = client_of(cast.lan).read("/")
    assert "10 trên 11 cụm loa báo đang phát" in page
    assert "1 cụm không phát được" in page
    assert "10/11 loa đã phát" in page
    assert "Lịch cắt điện tuần này" in page
    assert "Ghi rõ giờ cắt điện." in page
    assert "Kế hoạch phòng cháy rừng" not in page, "approving is for the leader"
    assert "Loa chợ Đông" in page
    assert "5 giờ trước" in page
    assert "Loa trường tiểu học" not in page, "it was never there"
    assert "1 cụm loa chưa từng kết nối" in page
    assert "Lệnh giả mạo bị chặn" in page


def test_the_leader_sees_what_waits_for_approval(cast: Any, morning: Morning, client_of: ClientOf) -> None:
    page = client_of(cast.binh).read("/")
    assert "Kế hoạch phòng cháy rừng" in page
    assert "Lịch cắt điện tuần này" not in page


def test_the_other_commune_sees_nothing_of_it(cast: Any, morning: Morning, client_of: ClientOf) -> None:
    client = client_of(cast.mai)
    page = client.read("/")
    for words in ("tiêm chủng", "Loa chợ", "giả mạo", "phòng cháy"):
        assert words not in page
    assert "Chưa có cụm loa nào" in page
    assert client.send(f"/alarms/{morning.alarm}/close").status_code == 403


def test_an_alarm_is_noted_and_gone(cast: Any, morning: Morning, client_of: ClientOf) -> None:
    client = client_of(cast.lan)
    assert client.send(f"/alarms/{morning.alarm}/close").status_code == 302
    page = client.read("/")
    assert "Lệnh giả mạo" not in page
    assert "Đã ghi nhận" in page
    assert client.send("/alarms/999/close").status_code == 404


def test_stop_is_offered_to_those_who_may(cast: Any, morning: Morning, client_of: ClientOf) -> None:
    assert f'name="broadcast_id" value="{morning.playing}"' in client_of(cast.dung).read("/")
    assert f'name="broadcast_id" value="{morning.playing}"' not in client_of(cast.lan).read("/")


@pytest.fixture
def flood(database: Database, cast: Any, morning: Morning) -> int:
    with database.transaction() as session:
        alert = broadcast(
            "Nước sông lên nhanh, di dời ngay",
            cast.commune,
            now() - dt.timedelta(seconds=20),
            2,
            klass=BulletinClass.EMERGENCY,
            status=AlertStatus.ACTUAL,
            text="Nước sông lên nhanh.",
            created_by=cast.dung.id,
        )
        session.add(alert)
        session.flush()
        return alert.id


def test_an_urgent_announcement_is_on_every_page_with_stop(
    cast: Any, flood: int, client_of: ClientOf
) -> None:
    for path in ("/", "/account"):
        page = client_of(cast.dung).read(path)
        assert "Đang phát khẩn cấp: Nước sông" in page
        assert f'name="broadcast_id" value="{flood}"' in page
    assert "Đang phát khẩn cấp" not in client_of(cast.mai).read("/account")


def test_what_was_heard_but_is_in_force_is_not_called_on_air_and_can_be_stopped(
    cast: Any, flood: int, client_of: ClientOf, database: Database
) -> None:
    with database.transaction() as session:
        session.get_one(Broadcast, flood).start = now() - dt.timedelta(minutes=5)
    page = client_of(cast.dung).read("/account")
    assert "Khẩn cấp còn hiệu lực: Nước sông" in page
    assert "Đang phát khẩn cấp" not in page
    assert f'name="broadcast_id" value="{flood}"' in page


def test_an_urgent_announcement_is_on_the_pages_of_errors_too(
    app: Flask, cast: Any, flood: int, client_of: ClientOf
) -> None:
    def crash() -> str:
        g.session.execute(text("SELECT no_such_column"))
        return ""

    app.add_url_rule("/test/crash", view_func=crash)
    pages = {
        "/nowhere": 404,
        "/loudspeakers/99999": 404,
        "/people/": 403,
        "/preferences": 405,
        "/test/crash": 500,
    }
    for path, status in pages.items():
        page = client_of(cast.dung).read(path, status=status)
        assert "Đang phát khẩn cấp: Nước sông" in page, path
        assert f'name="broadcast_id" value="{flood}"' in page, path
        assert 'data-live-src="/account' in page, path
        assert "Đang phát khẩn cấp" not in client_of(cast.mai).read(path, status=status), path
    refused = client_of(cast.dung).post("/account/name")
    assert refused.status_code >= 400
    assert "Đang phát khẩn cấp: Nước sông" in refused.get_data(as_text=True)


def test_the_page_of_an_error_appears_without_a_database(
    app: Flask, cast: Any, flood: int, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of(cast.dung)

    def crash() -> str:
        monkeypatch.setattr(urgent, "active", no_answer)
        raise ZeroDivisionError

    def no_answer(*_: Any) -> None:
        raise OperationalError("", {}, Exception())

    app.add_url_rule("/test/crash", view_func=crash)
    page = client.read("/test/crash", status=500)
    assert "Máy chủ gặp lỗi" in page
    assert "Đang phát khẩn cấp" not in page


def test_one_tap_on_stop_stops(cast: Any, flood: int, open_as: Open, database: Database) -> None:
    page = open_as(cast.dung, "/account")
    page.locator("#urgent-strip").get_by_role("button", name="DỪNG").click()
    page.wait_for_url("**/urgent/**")
    with database.transaction(read_only=True) as session:
        stopped = session.get(Broadcast, flood)
        assert stopped is not None
        assert stopped.state is BroadcastState.CANCELLED


def test_a_loudspeaker_that_returns_is_seen_without_reloading(
    cast: Any, morning: Morning, open_as: Open, database: Database
) -> None:
    page = open_as(cast.lan, "/")
    expect(page.locator("#speakers")).to_contain_text("Loa chợ Đông")
    with database.transaction() as session:
        back = session.get(Loudspeaker, morning.silent)
        assert back is not None
        back.online, back.last_seen = True, now()
        events.emit(session, now=now(), kind="loudspeaker", area_id=back.area_id, subject=back.id)
    expect(page.locator("#speakers")).not_to_contain_text("Loa chợ Đông")
    expect(page.locator("#speakers")).to_contain_text("11 / 11")


@SQLITE
def test_pictures_of_today(cast: Any, morning: Morning, open_as: Open, judge: Judge) -> None:
    judge(open_as(cast.lan, "/"), "today")


@SQLITE
def test_pictures_of_an_urgent_day(cast: Any, flood: int, open_as: Open, judge: Judge) -> None:
    judge(open_as(cast.dung, "/"), "today-urgent")


@SQLITE
def test_pictures_of_an_empty_day(cast: Any, open_as: Open, judge: Judge) -> None:
    judge(open_as(cast.mai, "/"), "today-empty")
