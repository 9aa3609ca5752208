"""What was typed on a bad line or after the session ended stays on the page and is saved from there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from broadcast.models import Person
from broadcast.storage.database import Database
from broadcast.units import people

Open = Callable[[Person | None, str], Page]
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # what is drawn is the same


def test_a_schedule_typed_without_a_line_or_a_session_stays_and_is_saved_afterwards(
    cast: Any, approved: int, open_as: Open, database: Database
) -> None:
    page = open_as(cast.lan, "/programme/new")
    page.get_by_role("checkbox", name="Vệ sinh đường làng").check()
    page.get_by_label("Tên lịch phát").fill("Nhắc rằm")
    page.get_by_label("Giờ phát").fill("9h30")
    save = page.get_by_role("button", name="Lên lịch")
    toast = page.locator(".toast--bad")

    page.context.set_offline(True)
    save.click()
    expect(toast).to_contain_text("Không gửi được")
    page.context.set_offline(False)
    toast.get_by_role("button").click()

    with database.transaction() as session:
        people.end_sessions(session, session.get_one(Person, cast.lan.id), dt.datetime.now(dt.UTC))
    save.click()
    expect(toast).to_contain_text("những gì đã nhập vẫn còn")
    expect(toast.get_by_role("button", name="Đăng nhập")).to_be_visible()
    expect(page.get_by_label("Tên lịch phát")).to_have_value("Nhắc rằm")

    with page.context.expect_page() as opened:
        toast.get_by_role("button", name="Đăng nhập").click()
    other = opened.value
    other.get_by_label("Tên đăng nhập").fill("lan")
    other.get_by_label("Mật khẩu").fill(cast.password)
    other.get_by_role("button", name="Đăng nhập").click()
    expect(other.get_by_role("link", name="Lịch phát").first).to_be_visible()
    save.click()
    expect(page.get_by_role("heading", name="Nhắc rằm")).to_be_visible()
    expect(page.get_by_text("09:30").first).to_be_visible()
