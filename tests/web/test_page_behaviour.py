"""What the browser must do right: our words on its controls, themes, truncation, and work without scripts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from broadcast.models import Area, Bulletin, Person
from broadcast.storage import events
from broadcast.storage.database import Database

Open = Callable[[Person | None, str], Page]
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # what is drawn is the same
LONG = "Xã Thượng Nung và các xóm vùng cao giáp ranh huyện Na Rì sau sáp nhập"
COLOUR = "getComputedStyle(document.querySelector('h1')).color"


def test_a_change_of_the_theme_colours_all_text_at_once(cast: Any, open_as: Open) -> None:
    page = open_as(cast.lan, "/bulletins/")
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.reload()
    light = page.evaluate(COLOUR)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    page.reload()
    dark = page.evaluate(COLOUR)
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    assert page.evaluate(COLOUR) == light != dark


def test_a_file_is_chosen_with_our_words_and_told_by_its_name(cast: Any, open_as: Open) -> None:
    page = open_as(cast.lan, "/bulletins/new")
    expect(page.get_by_text("Chưa chọn tệp nào")).to_be_visible()
    with page.expect_file_chooser() as chooser:
        page.get_by_text("Chọn tệp…").click()
    file: Any = {"name": "thông báo.txt", "mimeType": "text/plain", "buffer": "Họp thôn lúc 19h.".encode()}
    chooser.value.set_files(files=[file])
    expect(page.get_by_text("thông báo.txt")).to_be_visible()
    page.get_by_role("button", name="Lấy nội dung").click()
    expect(page.get_by_label("Nội dung để đọc")).to_have_value("Họp thôn lúc 19h.")


def test_a_date_is_told_in_words_beside_the_control(cast: Any, open_as: Open) -> None:
    page = open_as(cast.lan, "/programme/new")
    words = page.locator("[data-date-words=starts_on]")
    expect(words).not_to_be_empty()
    page.get_by_label("Từ ngày").fill("2026-12-04")
    expect(words).to_have_text("Thứ Sáu, 04/12/2026")


@pytest.mark.parametrize("width", [320, 390])
def test_a_long_name_is_shortened_and_nothing_is_pushed_out(
    cast: Any, open_as: Open, database: Database, width: int
) -> None:
    with database.transaction() as session:
        session.get_one(Area, cast.commune).name = LONG
        session.get_one(Person, cast.lan.id).name = "Nguyễn Thị Phương Thảo Thương Thương"
    page = open_as(cast.lan, "/")
    for path in ("/", "/programme/", "/account", "/as-run/", "/bulletins/new"):
        page.set_viewport_size({"width": width, "height": 700})
        open_as(cast.lan, path)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        menu = page.locator(".topbar summary").bounding_box()
        assert menu is not None
        assert menu["x"] + menu["width"] <= width, path


def test_live_updates_leave_focus_typing_and_open_dialogs_alone(
    cast: Any, open_as: Open, database: Database
) -> None:
    page = open_as(cast.lan, "/bulletins/new")
    page.get_by_label("Nội dung để đọc").fill("Đang gõ dở")
    page.get_by_label("Tên bản tin").focus()
    page.keyboard.type("Họp")
    page.evaluate("document.getElementById('confirm').showModal()")
    with page.expect_request(lambda request: "x-live" in request.headers), database.transaction() as session:
        events.emit(session, now=dt.datetime.now(dt.UTC), kind="broadcast", area_id=cast.commune)
    page.wait_for_timeout(300)
    expect(page.locator("#confirm")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_label("Tên bản tin")).to_be_focused()
    page.keyboard.type(" dân")
    expect(page.get_by_label("Tên bản tin")).to_have_value("Họp dân")
    expect(page.get_by_label("Nội dung để đọc")).to_have_value("Đang gõ dở")


def test_without_scripts_a_bulletin_is_written_from_a_file(
    cast: Any, browser: Browser, live_server: str, database: Database
) -> None:
    context = browser.new_context(java_script_enabled=False, locale="vi-VN")
    page = context.new_page()
    page.goto(f"{live_server}/bulletins/new")
    page.get_by_label("Tên đăng nhập").fill("lan")
    page.get_by_label("Mật khẩu").fill(cast.password)
    page.get_by_role("button", name="Đăng nhập").click()
    page.get_by_label("Tên bản tin").fill("Họp thôn")
    file: Any = {"name": "hop.txt", "mimeType": "text/plain", "buffer": "Họp thôn lúc 19h.".encode()}
    page.locator("#file").set_input_files(files=[file])
    page.get_by_role("button", name="Lấy nội dung").click()
    expect(page.get_by_label("Nội dung để đọc")).to_have_value("Họp thôn lúc 19h.")
    page.get_by_role("button", name="Lưu và nghe thử").click()
    expect(page.get_by_role("heading", name="Họp thôn")).to_be_visible()
    context.close()
    with database.transaction(read_only=True) as session:
        assert session.scalars(select(Bulletin)).one().current.text == "Họp thôn lúc 19h."
