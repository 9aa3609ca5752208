"""The programme in a real browser: a slot stretched, a drop over another, templates, whose turn, merging."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import update

from broadcast.models import Bulletin, Person, Role
from broadcast.scheduling import decisions, programme, week_templates
from broadcast.scheduling.intents import Intent
from broadcast.storage.database import Database
from broadcast.units import people
from devices.messages import BulletinClass
from schedules.slots import Entry, Kind, Slot
from schedules.types import LOCAL, Frequency, Rule

Open = Callable[[Person | None, str], Page]
Axe = Callable[[Page], list[str]]

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # what is drawn is the same

NOW = dt.datetime.now(dt.UTC)
TODAY = NOW.astimezone(LOCAL).date()
MONDAY = TODAY + dt.timedelta(days=7 - TODAY.weekday())
WEEK = f"/programme/?week={MONDAY.isoformat()}"
HOUR = 56.0  # pixels of the grid


@pytest.fixture
def scene(database: Database, cast: Any, approved: int, speakers: list[int]) -> None:
    """A slot, a meeting by somebody else, and a priority programme from above onto the commune's own."""
    flow = Entry(Kind.FLOW, fixed=False, classes=frozenset({"priority", "routine"}))

    def at(time: str, day: int = 1, frequency: Frequency = Frequency.ONCE) -> Rule:
        return Rule(frequency, MONDAY + dt.timedelta(days=day), (dt.time.fromisoformat(time),))

    with database.transaction() as session:
        session.execute(update(Bulletin).values(klass=BulletinClass.PRIORITY))
        lan, admin, binh = (session.get_one(Person, each.id) for each in (cast.lan, cast.admin, cast.binh))
        people.grant(session, admin, Role.EDITOR, cast.district, now=NOW)
        people.grant(session, admin, Role.ADMIN, cast.district, now=NOW)
        people.grant(session, binh, Role.EDITOR, cast.commune, now=NOW)
        session.flush()
        slot = Slot(60 * 60_000, (flow,))
        rule = at("17:00", 0, Frequency.DAILY)
        programme.create_schedule(
            session, lan, Intent(cast.commune, [], rule, slot=slot), title="Chương trình chiều", now=NOW
        )
        own = {
            title: programme.create_schedule(
                session, who, Intent(area, [approved], rule), title=title, now=NOW
            ).id
            for title, who, area, rule in (
                ("Họp thôn", lan, cast.commune, at("08:00")),
                ("Tiêm chủng", binh, cast.commune, at("10:00")),
                ("Bản tin của xã", lan, cast.commune, at("06:01", 2)),
                ("Tin bão của huyện", admin, cast.district, at("06:00", 2)),
                ("Lễ của xã", lan, cast.commune, at("07:01", 3)),
                ("Lễ của huyện", admin, cast.district, at("07:00", 3)),
            )
        }
        first, second = own["Lễ của xã"], own["Lễ của huyện"]
        decisions.decide(session, lan, area_id=cast.commune, first=first, second=second, now=NOW)
        week_templates.save(session, lan, cast.commune, name="Tuần mẫu", monday=MONDAY, now=NOW)


def block(page: Page, title: str, day: int) -> Locator:
    column = page.locator(f"[data-day='{MONDAY + dt.timedelta(days=day)}']")
    return column.locator("[data-block]", has_text=title)


def drag(page: Page, what: Locator, down: float) -> None:
    what.locator("xpath=ancestor-or-self::li").hover()  # a short block grows under the pointer
    box = what.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 1, y + 8)
    page.mouse.move(x, y + down, steps=3)


def test_a_slot_is_stretched_and_a_drop_onto_another_goes_over_it(
    cast: Any, open_as: Open, scene: None, page: Page
) -> None:
    page.set_viewport_size({"width": 1280, "height": 1600})
    open_as(cast.lan, WEEK)
    drag(page, block(page, "Chương trình chiều", 0).locator("[data-edge]"), HOUR / 2)
    expect(page.locator("[data-ghost-time]")).to_have_text("17:00–18:30")
    page.mouse.up()
    expect(page.get_by_text("“Chương trình chiều” nay dài 90 phút")).to_be_visible()
    expect(page.locator("[data-minutes='90']")).to_have_count(7)
    page.get_by_role("button", name="Hoàn tác").click()
    expect(page.locator("[data-minutes='60']")).to_have_count(7)

    drag(page, block(page, "Họp thôn", 1).locator("[data-edge]"), HOUR)
    page.mouse.up()
    expect(page.get_by_text("“Họp thôn” dài bằng âm thanh")).to_be_visible()
    assert page.evaluate("getSelection().toString()") == ""  # the browser would drag it in place of the block

    handle = block(page, "Chương trình chiều", 2).get_by_role("button")
    handle.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+ArrowUp")
    expect(page.locator("[data-grid-status]")).to_contain_text("17:00–17:55, dài 55 phút")
    page.keyboard.press("Enter")
    expect(page.locator("[data-minutes='55']")).to_have_count(7)

    drag(page, block(page, "Họp thôn", 1).locator(".block__title"), 2 * HOUR)
    page.mouse.up()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Trùng với “Tiêm chủng”")
    expect(dialog.get_by_role("button", name="Ngay sau đó: 10:02")).to_be_visible()
    dialog.get_by_role("button", name="Phát đè: “Tiêm chủng” nhường buổi này").click()
    expect(block(page, "Họp thôn", 1)).to_contain_text("10:00")
    expect(block(page, "Tiêm chủng", 1)).to_have_count(0)


def test_templates_turns_and_merging_on_a_phone_have_no_serious_complaint(
    cast: Any, open_as: Open, scene: None, axe: Axe
) -> None:
    page = open_as(cast.lan, f"/programme/templates/1?week={MONDAY + dt.timedelta(days=7)}")
    page.get_by_role("button", name="Xem trước").click()
    expect(page.get_by_role("button", name="Xếp 4 buổi phát")).to_be_visible()
    assert looked_at(page, axe) == []
    page = open_as(cast.lan, f"/programme/order?area={cast.commune}")
    assert looked_at(page, axe) == []
    page.get_by_role("button", name="“Bản tin của xã” phát trước").click()
    expect(page.get_by_text("Đã ghi: ở Xã An Hòa, “Bản tin của xã” phát trước.")).to_be_visible()
    page.get_by_role("button", name="“Tin bão của huyện” phát trước").click()
    expect(page.get_by_text("“Tin bão của huyện” phát trước.")).to_be_visible()
    for path in ("/programme/templates", WEEK):
        assert looked_at(open_as(cast.lan, path), axe) == [], path

    page = open_as(cast.admin, "/areas/merge")
    page.get_by_label("Đơn vị thứ nhất").select_option(label="\u2003Xã An Hòa")
    page.get_by_label("Đơn vị thứ hai").select_option(label="\u2003Xã Tân Tiến")
    page.get_by_label("Tên đơn vị mới").fill("Xã An Tiến")
    page.get_by_label("Mã định danh mới").fill("H40.10.9")
    page.get_by_role("button", name="Xem sẽ thế nào").click()
    page.get_by_label("Gõ lại tên đơn vị mới").fill("Xã An Tiến")
    assert looked_at(page, axe) == []
    page.get_by_role("button", name="Sáp nhập", exact=True).click()
    expect(page.get_by_text("Xã An Hòa → Xã An Tiến")).to_be_visible()


def looked_at(page: Page, axe: Axe) -> list[str]:
    """What is wrong with what is open, on a phone."""
    wide = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return axe(page) + ([f"{wide} px wider than the screen"] if wide > 0 else [])
