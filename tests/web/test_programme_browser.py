"""The programme in a real browser: drag, keys, conflict, undo, a week copied, a phone; and its pictures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from broadcast.models import Person
from broadcast.scheduling import programme
from broadcast.scheduling.intents import Intent
from broadcast.storage.database import Database
from schedules.types import LOCAL, Frequency, NthWeekday, Rule

Open = Callable[[Person | None, str], Page]
Judge = Callable[[Page, str], None]
Axe = Callable[[Page], list[str]]

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # what is drawn is the same

NOW = dt.datetime.now(dt.UTC)
TODAY = NOW.astimezone(LOCAL).date()
MONDAY = TODAY + dt.timedelta(days=14 - TODAY.weekday())  # far enough that nothing is too near
WEEK = f"/programme/?week={MONDAY.isoformat()}"
WIDE = {"width": 1280, "height": 1000}


@pytest.fixture
def scene(database: Database, cast: Any, approved: int, speakers: list[int]) -> None:
    """A week with a routine of every kind."""

    def once(day: int, time: str) -> Rule:
        return Rule(Frequency.ONCE, MONDAY + dt.timedelta(days=day), (dt.time.fromisoformat(time),))

    both = (dt.time(5, 30), dt.time(17))
    rules = {
        "Bản tin hằng ngày": Rule(Frequency.DAILY, TODAY + dt.timedelta(days=1), both),
        "Tiêm chủng": once(1, "08:00"),
        "Họp thôn": once(1, "08:01"),
        "Chi bộ": Rule(Frequency.MONTHLY, TODAY, (dt.time(19),), nth_weekdays=(NthWeekday(2, 2),)),
        "Lễ rằm": Rule(Frequency.LUNAR_MONTHLY, TODAY, (dt.time(6, 15),), month_days=(1, 15)),
    }
    with database.transaction() as session:
        lan = session.get_one(Person, cast.lan.id)
        for title, rule in rules.items():
            programme.create_schedule(
                session, lan, Intent(cast.commune, [approved], rule), title=title, now=NOW
            )


def block(page: Page, title: str, day: int) -> Locator:
    column = page.locator(f"[data-day='{MONDAY + dt.timedelta(days=day)}']")
    return column.locator("[data-block]", has_text=title)


def drag(page: Page, what: Locator, right: float, down: float) -> None:
    box = what.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 12, box["y"] + 6)
    page.mouse.down()
    page.mouse.move(box["x"] + 20, box["y"] + 12)
    page.mouse.move(box["x"] + 12 + right, box["y"] + 6 + down, steps=3)
    expect(page.locator("[data-ghost]")).to_be_visible()
    page.mouse.up()


def column_width(page: Page) -> float:
    box = page.locator("[data-day]").first.bounding_box()
    assert box is not None
    return box["width"]


def test_an_airing_is_dragged_doubted_moved_by_keys_and_undone(
    cast: Any, open_as: Open, scene: None, page: Page
) -> None:
    page.set_viewport_size(WIDE)
    open_as(cast.lan, WEEK)
    hour = 56.0
    meeting = block(page, "Họp thôn", 1)
    expect(meeting).to_be_visible()
    assert meeting.evaluate("(each) => each.offsetLeft") > 40  # beside what it overlaps

    drag(page, meeting, column_width(page), hour)  # a day later, an hour later
    expect(page.get_by_text("Đã dời “Họp thôn” sang 09:01")).to_be_visible()
    expect(block(page, "Họp thôn", 2)).to_contain_text("09:01")
    page.get_by_role("button", name="Hoàn tác").click()
    expect(block(page, "Họp thôn", 1)).to_contain_text("08:01")
    expect(block(page, "Họp thôn", 2)).to_have_count(0)

    drag(page, block(page, "Họp thôn", 1), 0, -2.5 * hour)  # onto the morning's bulletin
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Trùng với “Bản tin hằng ngày”")
    dialog.get_by_role("button", name="Ngay sau đó: 05:32").click()
    expect(block(page, "Họp thôn", 1)).to_contain_text("05:32")

    handle = block(page, "Họp thôn", 1).get_by_role("button")
    handle.focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-grid-status]")).to_contain_text("Đang dời Họp thôn")
    page.keyboard.press("ArrowDown")
    expect(page.locator("[data-grid-status]")).to_contain_text("05:37")
    page.keyboard.press("Escape")
    expect(page.locator("[data-ghost]")).to_be_hidden()
    expect(block(page, "Họp thôn", 1)).to_contain_text("05:32")
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(block(page, "Họp thôn", 2)).to_contain_text("05:47")


def test_a_schedule_by_the_lunar_calendar_is_made_in_conflict_and_over_another(
    cast: Any, open_as: Open, scene: None, page: Page
) -> None:
    page.set_viewport_size(WIDE)
    open_as(cast.lan, f"/programme/new?area={cast.commune}")
    page.get_by_role("checkbox", name="Vệ sinh đường làng").check()
    page.get_by_label("Tên lịch phát").fill("Nhắc rằm")
    expect(page.get_by_label("Rằm", exact=True)).to_be_hidden()
    page.get_by_role("radio", name="Hằng tháng âm lịch").check()
    page.get_by_label("Rằm", exact=True).check()
    page.get_by_role("button", name="Thêm giờ").click()
    page.get_by_label("Giờ phát").nth(1).fill("06:16")
    page.get_by_role("button", name="Bỏ dòng này").first.click()
    preview = page.locator("[data-preview]")
    expect(preview).to_contain_text("Ngày rằm âm lịch hằng tháng, lúc 06:16")
    expect(preview).to_contain_text("Trùng với “Lễ rằm”")
    expect(preview.locator(".coming")).to_contain_text("15/")
    preview.get_by_label("Phát đè: “Lễ rằm”").check()
    expect(preview).not_to_contain_text("Trùng với “Lễ rằm”")
    page.get_by_role("button", name="Lên lịch").click()
    expect(page.get_by_role("heading", name="Nhắc rằm")).to_be_visible()


def test_last_week_is_copied_and_on_a_phone_the_list_comes_first(
    cast: Any, open_as: Open, scene: None, page: Page
) -> None:
    after = MONDAY + dt.timedelta(days=7)
    open_as(cast.lan, f"/programme/?week={after.isoformat()}")  # a phone
    expect(page.locator("[data-grid]")).to_be_hidden()
    expect(page.get_by_text("Tiêm chủng")).to_have_count(0)
    page.locator("summary", has_text="Việc với tuần này").click()
    page.get_by_role("link", name="Chép tuần trước").click()
    page.get_by_role("button", name="Xem trước").click()
    expect(page.get_by_text("Chép được 1 buổi phát")).to_be_visible()
    page.get_by_role("button", name="Chép 1 buổi phát").click()
    expect(page.get_by_role("link", name="Tiêm chủng").last).to_be_visible()
    page.get_by_role("link", name="Tiêm chủng").last.click()
    page.get_by_label("Giờ mới").fill("8h30")
    page.get_by_role("button", name="Dời buổi này").click()
    expect(page.get_by_text("sang 08:30")).to_be_visible()
    page.get_by_role("button", name="Hoàn tác").click()
    expect(page.get_by_text("Đã hoàn tác").first).to_be_visible()


def test_pictures_of_the_programme(cast: Any, open_as: Open, scene: None, judge: Judge) -> None:
    judge(open_as(cast.lan, WEEK), "programme-week")
    judge(open_as(cast.lan, f"/programme/month?month={MONDAY:%Y-%m}"), "programme-month")
    judge(open_as(cast.lan, "/programme/schedules/4/edit"), "programme-edit")


def test_the_other_views_have_no_serious_complaint(
    cast: Any, open_as: Open, scene: None, axe: Axe, speakers: list[int]
) -> None:
    day = (MONDAY + dt.timedelta(days=1)).isoformat()
    for path in (
        f"/programme/day?area={cast.commune}&day={day}",
        f"/programme/several?week={day}",
        f"/programme/print?week={day}",
        f"/programme/loudspeakers/{speakers[0]}?day={day}",
        "/programme/changes",
        f"/programme/copy?week={day}",
        f"/programme/schedules/2/occurrence?at={day}T08:00:00",
    ):
        page = open_as(cast.lan, path)
        assert axe(page) == [], path
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0, path
