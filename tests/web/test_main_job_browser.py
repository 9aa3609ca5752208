"""The main path in a real browser on a phone: write, hear, approve by another, schedule; send and STOP."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from broadcast.authoring.rendering import render_next
from broadcast.joining import registry
from broadcast.models import Broadcast, BroadcastState, Person, Role, Schedule
from broadcast.storage.database import Database
from broadcast.units.people import grant
from devices.messages import AlertStatus, ItemState

Open = Callable[[Person | None, str], Page]
SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # clients send the same on both
NOW = dt.datetime.now(dt.UTC)
TEXT = "Từ 7h30 ngày 5/3, trạm y tế xã tiêm chủng. Hỏi KQX khi cần."


@pytest.fixture
def speak(database: Database, system: Any) -> Iterator[Callable[[], None]]:
    """Make the audio that waits, as the worker does, with the voice that is always there."""

    def run() -> None:
        while render_next(
            database, system.library, system.synthesiser, "test", lambda: dt.datetime.now(dt.UTC)
        ):
            pass

    yield run
    system.synthesiser.close()


@pytest.fixture
def loudspeakers(database: Database, system: Any, cast: Any) -> None:
    with database.transaction() as session:
        grant(session, session.get_one(Person, cast.lan.id), Role.URGENT, cast.commune, now=NOW)
        for number, area_id in enumerate(cast.villages):
            registry.add(
                session,
                None,
                wire=system.wire,
                device=f"loa-{number}",
                name=f"Loa số {number}",
                area_id=area_id,
                now=NOW,
            )


def the(database: Database, kind: type[Any]) -> Any:
    with database.transaction(read_only=True) as session:
        return session.scalars(select(kind)).one()


def test_a_bulletin_is_written_heard_approved_by_another_and_scheduled(
    cast: Any, database: Database, open_as: Open, speak: Callable[[], None]
) -> None:
    page = open_as(cast.lan, "/bulletins/new")
    page.get_by_label("Tên bản tin").fill("Lịch tiêm chủng")
    page.get_by_label("Nội dung để đọc").fill(TEXT)
    spoken = page.locator("[data-preview]")
    expect(spoken).to_contain_text("bảy giờ ba mươi")  # while typing
    expect(spoken.locator(".spoken__written .doubt")).to_have_text("KQX")
    page.get_by_role("button", name="Lưu và nghe thử").click()
    expect(page.get_by_text("Chờ tạo âm thanh")).to_be_visible()
    speak()
    expect(page.locator("[data-player]")).to_be_visible()  # without loading the page again
    page.get_by_role("button", name="Gửi duyệt").click()
    expect(page.get_by_text("Người soạn không tự duyệt")).to_be_visible()
    address = page.url.split("/", 3)[3]

    page = open_as(cast.binh, f"/{address}")
    heard = page.get_by_label("Tôi đã nghe hết bản tin này")
    expect(heard).not_to_be_checked()
    page.locator("[data-player] audio").evaluate("audio => (audio.playbackRate = 8)")
    page.locator("[data-player-toggle]").click()
    expect(heard).to_be_checked()  # heard to the end, not clicked
    page.get_by_role("button", name="Duyệt", exact=True).click()
    expect(page.get_by_text("Đã duyệt. Bản tin lên lịch phát được.")).to_be_visible()

    page = open_as(cast.lan, f"/{address}")
    page.get_by_role("link", name="Lên lịch phát").click()
    page.get_by_label("Giờ phát").fill("03:15")
    page.get_by_role("button", name="Đổi thành 15:15").click()
    expect(page.locator("input[name=time]")).to_have_value("15:15")
    expect(page.locator("[data-preview] .alert")).to_have_count(0)
    page.get_by_role("button", name="Lên lịch").click()
    expect(page.get_by_role("heading", name="Lịch tiêm chủng")).to_be_visible()
    assert the(database, Schedule).rule["times"] == ["15:15"]


@SQLITE
def test_what_was_typed_survives_a_closed_browser_and_goes_once_it_is_saved(cast: Any, open_as: Open) -> None:
    page = open_as(cast.lan, "/bulletins/new")
    page.get_by_label("Nội dung để đọc").fill("Đang gõ dở thì mất điện.")
    expect(page.get_by_text("Đã giữ tạm trên máy này")).to_be_visible()
    page = open_as(cast.lan, "/bulletins/new")
    expect(page.get_by_label("Nội dung để đọc")).to_have_value("")
    page.get_by_role("button", name="Lấy lại").click()
    expect(page.get_by_label("Nội dung để đọc")).to_have_value("Đang gõ dở thì mất điện.")
    page.get_by_label("Tên bản tin").fill("Mất điện")
    page.get_by_role("button", name="Lưu và nghe thử").click()
    expect(page.get_by_role("heading", name="Mất điện")).to_be_visible()
    page = open_as(cast.lan, "/bulletins/new")
    expect(page.get_by_text("Máy này còn giữ nội dung chưa lưu")).to_be_hidden()


@SQLITE
def test_an_urgent_announcement_is_held_to_be_sent_and_stopped_with_one_tap(
    cast: Any, database: Database, open_as: Open, speak: Callable[[], None], loudspeakers: None
) -> None:
    page = open_as(cast.lan, "/urgent/")
    page.get_by_role("link", name="DIỄN TẬP").click()
    page.get_by_role("radio", name="Xã An Hòa").check()
    page.get_by_role("link", name="Cháy rừng").click()
    text = page.get_by_label("Nội dung đọc ra loa")
    expect(page.get_by_text("Còn phải điền:")).to_be_visible()
    page.keyboard.type("đồi Con Voi")  # the first bracket is selected
    expect(text).to_have_value(re.compile("cháy rừng tại đồi Con Voi"))
    text.fill("Đang có cháy rừng tại đồi Con Voi.")
    page.get_by_role("button", name="Tiếp: nghe thử").click()
    expect(page.get_by_text("Chờ máy đọc xong…")).to_be_visible()
    speak()
    page.get_by_role("button", name="Phát tới 3 cụm loa").click()
    hold = page.get_by_role("button", name="Giữ để phát – DIỄN TẬP")
    hold.click()  # a mere tap
    assert the_broadcasts(database) == []
    hold.hover()
    page.mouse.down()
    expect(page.get_by_role("button", name="DỪNG", exact=True).last).to_be_visible()
    page.mouse.up()
    (broadcast,) = the_broadcasts(database)
    assert broadcast.status is AlertStatus.EXERCISE

    with database.transaction() as session:
        for delivery in session.get_one(Broadcast, broadcast.id).deliveries:
            delivery.state, delivery.evidence = ItemState.PLAYING, 2
    page.reload()
    expect(page.locator(".count--live")).to_contain_text("3 / 3")
    page.get_by_role("button", name="DỪNG", exact=True).last.click()
    expect(page.get_by_text("Đã dừng lúc")).to_be_visible()
    (broadcast,) = the_broadcasts(database)
    assert broadcast.state is BroadcastState.CANCELLED


@SQLITE
def test_the_keyboard_alone_sends_and_stops(
    cast: Any, database: Database, open_as: Open, speak: Callable[[], None], loudspeakers: None
) -> None:
    page = open_as(cast.lan, "/urgent/new?status=test")
    page.get_by_role("radio", name="Thôn Đông").focus()
    page.keyboard.press("Space")
    page.get_by_label("Tên ngắn").fill("Thử loa")
    page.get_by_label("Nội dung đọc ra loa").fill("Thử loa thôn Đông.")
    page.get_by_role("button", name="Tiếp: nghe thử").press("Enter")
    speak()
    page.get_by_role("button", name="Phát tới 1 cụm loa").press("Enter")
    expect(page.get_by_role("button", name="Chưa phát")).to_be_focused()  # Enter alone never sends
    page.get_by_role("button", name="Giữ để phát").focus()
    page.keyboard.down("Enter")
    stop = page.get_by_role("button", name="DỪNG", exact=True).last
    expect(stop).to_be_visible()
    page.keyboard.up("Enter")
    stop.press("Enter")
    expect(page.get_by_text("Đã dừng lúc")).to_be_visible()


def the_broadcasts(database: Database) -> list[Broadcast]:
    with database.transaction(read_only=True) as session:
        return list(session.scalars(select(Broadcast)))
