"""Urgent pages: status before everything, nothing is sent by mistake, STOP is one request."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import func, select, update

from broadcast.joining import registry
from broadcast.models import Broadcast, BroadcastState, Bulletin, Clip, OutboxMessage, Person, RenderState
from broadcast.scheduling import urgent
from broadcast.storage.database import Database
from devices.messages import AlertStatus, BulletinClass, ItemState

NOW = dt.datetime.now(dt.UTC)
TEXT = "Nước lũ đang lên nhanh tại thôn Đoài. Bà con đến ngay trường tiểu học."
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # what is drawn is the same


@pytest.fixture
def dung(cast: Any, client_of: Callable[[Person], Any]) -> Any:
    return client_of(cast.dung)


@pytest.fixture
def loudspeakers(database: Database, system: Any, cast: Any) -> int:
    """Three loudspeakers in the commune; returns how many."""
    with database.transaction() as session:
        for number, area_id in enumerate(cast.villages):
            registry.add(
                session,
                None,
                wire=system.wire,
                device=f"loa-{number}",
                name=f"Loa {number}",
                area_id=area_id,
                now=NOW,
            )
    return len(cast.villages)


def prepared(
    database: Database, person: Person, area_id: int, status: AlertStatus = AlertStatus.ACTUAL
) -> int:
    """An announcement that has been spoken."""
    with database.transaction() as session:
        sender = session.get_one(Person, person.id)
        bulletin = urgent.prepare(
            session, sender, area_id=area_id, text=TEXT, status=status, title="Nước lũ", now=NOW
        )
        clip = Clip(
            sha256="d" * 64,
            key="d" * 64,
            media_type="audio/mpeg",
            size=9_000,
            duration_ms=15_000,
            engine="espeak",
            engine_version="1.52",
            loudness=-16.0,
            true_peak=-2.0,
            peaks=[40] * 80,
            created_at=NOW,
        )
        session.add(clip)
        session.flush()
        bulletin.current.clip_id, bulletin.current.render_state = clip.id, RenderState.READY
        return bulletin.id


def order(area_id: int, loudspeakers: int, **changes: Any) -> dict[str, Any]:
    return {"status": "actual", "area_id": area_id, "loudspeakers": loudspeakers, "minutes": 60, **changes}


def sent(database: Database) -> list[Broadcast]:
    with database.transaction(read_only=True) as session:
        return list(session.scalars(select(Broadcast)))


def test_without_a_status_one_is_asked_for_it_first(dung: Any) -> None:
    answer = dung.get("/urgent/new")
    assert answer.status_code == 302
    page = dung.read("/urgent/")
    for word in ("THẬT", "DIỄN TẬP", "THỬ"):
        assert word in page


@pytest.mark.parametrize(("status", "word"), [("actual", "THẬT"), ("exercise", "DIỄN TẬP"), ("test", "THỬ")])
def test_the_status_lies_over_the_whole_page(dung: Any, status: str, word: str) -> None:
    page = dung.read(f"/urgent/new?status={status}")
    assert f"alarm--{status}" in page
    assert f"<strong>{word}</strong>" in page


def test_a_text_with_places_left_to_fill_in_is_refused(dung: Any, cast: Any, database: Database) -> None:
    answer = dung.send(
        "/urgent/new",
        status="actual",
        area_id=cast.commune,
        title="Lũ",
        text="Nước lên tại [tên thôn]. Gọi [số điện thoại].",
        minutes=60,
    )
    assert answer.status_code == 422
    assert "[tên thôn], [số điện thoại]" in answer.get_data(as_text=True)
    with database.transaction(read_only=True) as session:
        assert session.scalar(select(func.count(Bulletin.id))) == 0


def test_a_drill_is_spoken_as_a_drill_and_cannot_be_sent_as_real(
    dung: Any, cast: Any, database: Database, loudspeakers: int
) -> None:
    bulletin_id = prepared(database, cast.dung, cast.commune, AlertStatus.EXERCISE)
    page = dung.read(f"/urgent/prepared/{bulletin_id}?minutes=30")
    assert "Đây là thông báo diễn tập" in page
    assert "alarm--exercise" in page
    forged = dung.send(f"/urgent/prepared/{bulletin_id}/send", **order(cast.commune, loudspeakers))
    assert forged.status_code == 409
    assert sent(database) == []


def test_the_area_and_number_that_were_read_back_are_the_ones_that_are_sent(
    dung: Any, cast: Any, database: Database, loudspeakers: int
) -> None:
    bulletin_id = prepared(database, cast.dung, cast.commune)
    page = dung.read(f"/urgent/prepared/{bulletin_id}?minutes=120")
    assert "Xã An Hòa" in page
    assert f"Phát tới {loudspeakers} cụm loa" in page
    address = f"/urgent/prepared/{bulletin_id}/send"
    changed = dung.send(address, **order(cast.commune, loudspeakers + 1))
    assert changed.status_code == 409
    assert "Số cụm loa vừa đổi" in changed.get_data(as_text=True)
    assert sent(database) == []
    answer = dung.send(address, **order(cast.commune, loudspeakers, minutes=120))
    assert answer.status_code == 302
    (broadcast,) = sent(database)
    assert (broadcast.klass, broadcast.status) == (BulletinClass.EMERGENCY, AlertStatus.ACTUAL)
    assert broadcast.expires - broadcast.start == dt.timedelta(hours=2)
    assert "Đang phát ở Xã An Hòa" in dung.read(answer.headers["Location"])


def test_an_announcement_that_is_not_spoken_yet_cannot_be_sent(
    dung: Any, cast: Any, database: Database, loudspeakers: int
) -> None:
    answer = dung.send(
        "/urgent/new", status="test", area_id=cast.commune, title="Thử loa", text="Thử loa.", minutes=15
    )
    assert answer.status_code == 302
    page = dung.read(answer.headers["Location"])
    assert "Chờ máy đọc xong" in page
    assert 'data-dialog-open="send"' not in page
    address = answer.headers["Location"].split("?")[0] + "/send"
    assert dung.send(address, **order(cast.commune, loudspeakers, status="test")).status_code == 422


def test_stop_is_one_request_and_may_be_repeated(
    dung: Any, cast: Any, database: Database, loudspeakers: int
) -> None:
    bulletin_id = prepared(database, cast.dung, cast.commune)
    dung.send(f"/urgent/prepared/{bulletin_id}/send", **order(cast.commune, loudspeakers))
    broadcast_id = sent(database)[0].id
    assert dung.send("/urgent/stop", broadcast_id=broadcast_id).status_code == 302
    assert sent(database)[0].state is BroadcastState.CANCELLED
    with database.transaction(read_only=True) as session:
        before = session.scalar(select(func.count(OutboxMessage.id))) or 0
    assert dung.send("/urgent/stop", broadcast_id=broadcast_id).status_code == 302
    with database.transaction(read_only=True) as session:
        assert (session.scalar(select(func.count(OutboxMessage.id))) or 0) > before


def test_after_stop_the_page_says_which_loudspeakers_still_sound(
    dung: Any, cast: Any, database: Database, loudspeakers: int
) -> None:
    bulletin_id = prepared(database, cast.dung, cast.commune)
    dung.send(f"/urgent/prepared/{bulletin_id}/send", **order(cast.commune, loudspeakers))
    broadcast_id = sent(database)[0].id
    with database.transaction() as session:
        for delivery in session.get_one(Broadcast, broadcast_id).deliveries:
            delivery.state, delivery.evidence = ItemState.PLAYING, 2
    page = dung.read(dung.send("/urgent/stop", broadcast_id=broadcast_id).headers["Location"])
    assert "Đã dừng lúc" in page
    assert "3 loa vẫn đang kêu" in page
    assert "DỪNG LẦN NỮA" in page


def test_silence_over_an_area_holds_as_long_as_asked(dung: Any, cast: Any, loudspeakers: int) -> None:
    answer = dung.send("/urgent/stop", area_id=cast.commune, hold_s=300)
    assert answer.status_code == 302
    assert "Đã ra lệnh im lặng" in dung.read(answer.headers["Location"])


def test_who_may_not_send_sees_no_send_and_no_stop(
    cast: Any, database: Database, loudspeakers: int, dung: Any, client_of: Callable[[Person], Any]
) -> None:
    bulletin_id = prepared(database, cast.dung, cast.commune)
    dung.send(f"/urgent/prepared/{bulletin_id}/send", **order(cast.commune, loudspeakers))
    broadcast_id = sent(database)[0].id
    binh, mai = client_of(cast.binh), client_of(cast.mai)
    page = binh.read(f"/urgent/broadcasts/{broadcast_id}")
    assert "DỪNG" not in page
    assert binh.send("/urgent/stop", broadcast_id=broadcast_id).status_code == 403
    mai.read(f"/urgent/broadcasts/{broadcast_id}", status=404)
    assert mai.send("/urgent/stop", broadcast_id=broadcast_id).status_code == 403
    assert mai.send(f"/urgent/prepared/{bulletin_id}/send", **order(cast.commune, 3)).status_code == 403
    assert sent(database)[0].state is not BroadcastState.CANCELLED


def on_air(database: Database, system: Any, person: Person, area_id: int) -> int:
    bulletin_id = prepared(database, person, area_id)
    with database.transaction() as session:
        order = urgent.send(
            session,
            session.get_one(Person, person.id),
            wire=system.wire,
            bulletin_id=bulletin_id,
            status=AlertStatus.ACTUAL,
            area_id=area_id,
            expires_in=dt.timedelta(hours=1),
            now=dt.datetime.now(dt.UTC),
        )
        session.flush()
        return order.id


@SQLITE
def test_stop_is_in_sight_wherever_the_page_is_scrolled_to(
    cast: Any,
    database: Database,
    system: Any,
    loudspeakers: int,
    open_as: Callable[[Person | None, str], Page],
) -> None:
    broadcast_id = on_air(database, system, cast.dung, cast.commune)
    for path in (f"/urgent/broadcasts/{broadcast_id}", "/urgent/", "/account", "/"):
        page = open_as(cast.dung, path)
        page.set_viewport_size({"width": 390, "height": 480})
        stop = page.get_by_role("button", name="DỪNG", exact=True)
        expect(stop).to_have_count(1)
        for share in (0, 0.5, 1):
            page.evaluate(f"scrollTo(0, document.documentElement.scrollHeight * {share})")
            expect(stop).to_be_in_viewport(ratio=1)
            stop.click(trial=True)  # nothing lies over it


def test_the_page_of_an_old_announcement_does_not_hide_the_stop_of_a_new_one(
    cast: Any, database: Database, system: Any, loudspeakers: int, dung: Any
) -> None:
    old = on_air(database, system, cast.dung, cast.commune)
    with database.transaction() as session:
        session.get_one(Broadcast, old).state = BroadcastState.CLOSED
        session.execute(update(Clip).values(sha256="e" * 64, key="e" * 64))
    new = on_air(database, system, cast.dung, cast.villages[0])
    page = dung.read(f"/urgent/broadcasts/{old}")
    assert f'name="broadcast_id" value="{new}"' in page


@SQLITE
def test_without_scripts_an_announcement_is_sent_and_stopped(
    cast: Any, database: Database, loudspeakers: int, browser: Browser, live_server: str
) -> None:
    bulletin_id = prepared(database, cast.dung, cast.commune)
    context = browser.new_context(java_script_enabled=False, locale="vi-VN")
    page = context.new_page()
    page.goto(f"{live_server}/urgent/prepared/{bulletin_id}")
    page.get_by_label("Tên đăng nhập").fill("dung")
    page.get_by_label("Mật khẩu").fill(cast.password)
    page.get_by_role("button", name="Đăng nhập").click()
    expect(page.get_by_role("button", name="Phát tới")).to_have_count(0)
    page.get_by_role("button", name="Giữ để phát").click()
    page.get_by_role("button", name="DỪNG", exact=True).click()
    expect(page.get_by_text("Đã dừng lúc")).to_be_visible()
    context.close()
    assert [each.state for each in sent(database)] == [BroadcastState.CANCELLED]
