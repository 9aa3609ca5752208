"""A drop over several programmes in a real browser: all that overlaps is asked about in one dialog."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import APIResponse, Page, Request, Route, expect

from broadcast.models import Person, Role, Schedule
from broadcast.scheduling import programme
from broadcast.scheduling.intents import Intent
from broadcast.storage.database import Database
from broadcast.units import people
from schedules import recurrence
from schedules.types import LOCAL, Frequency, Rule

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # what is drawn is the same

NOW = dt.datetime.now(dt.UTC)
TODAY = NOW.astimezone(LOCAL).date()
SETTLED_MS = 300  # an answer that is there is drawn at once
DOWN = ["ArrowDown"] * 12  # an hour
MONDAY = TODAY + dt.timedelta(days=7 - TODAY.weekday())


def at(time: str) -> Rule:
    return Rule(Frequency.ONCE, MONDAY, (dt.time.fromisoformat(time),))


@pytest.fixture
def scene(database: Database, cast: Any, approved: int, speakers: list[int]) -> dict[str, int]:
    """Lan's bulletin, and three by binh: two of them one behind the other at ten, one at eight."""
    with database.transaction() as session:
        lan, binh = (session.get_one(Person, each.id) for each in (cast.lan, cast.binh))
        people.grant(session, binh, Role.EDITOR, cast.commune, now=NOW)
        session.flush()
        return {
            title: programme.create_schedule(
                session, who, Intent(cast.commune, [approved], at(time)), title=title, now=NOW
            ).id
            for title, who, time in (
                ("Bản tin sáng", lan, "09:01"),
                ("Tiêm chủng", binh, "10:00"),
                ("Họp dân", binh, "10:02"),
                ("Tập thể dục", binh, "08:00"),
            )
        }


def skipped(database: Database, schedule_id: int) -> bool:
    with database.transaction(read_only=True) as session:
        schedule = session.get_one(Schedule, schedule_id)
        return schedule.withdrawn_at is not None or bool(recurrence.from_dict(schedule.rule).skipped)


def is_live(request: Request) -> bool:
    return "x-live" in request.headers


def press(page: Page, keys: list[str]) -> None:
    handle = page.locator("[data-block]", has_text="Bản tin sáng").get_by_role("button")
    handle.focus()
    for key in ("Enter", *keys):
        page.keyboard.press(key)


def test_several_overlaps_are_asked_about_at_once_for_all_or_one_by_one(
    cast: Any,
    open_as: Callable[[Person | None, str], Page],
    scene: dict[str, int],
    database: Database,
    axe: Callable[[Page], list[str]],
) -> None:
    page = open_as(cast.lan, f"/programme/?week={MONDAY.isoformat()}")
    page.set_viewport_size({"width": 1280, "height": 1600})
    press(page, [*DOWN, "Enter"])
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Trùng với “Tiêm chủng”")
    expect(dialog).to_contain_text("Trùng với “Họp dân”")
    expect(dialog.get_by_role("button", name="Phát đè: cả 2 lịch nhường buổi này")).to_be_visible()
    assert axe(page) == []
    dialog.get_by_role("checkbox", name="“Họp dân” nhường buổi này").check()
    dialog.get_by_role("button", name="Vẫn lưu").click()
    expect(page.get_by_text("Đã dời “Bản tin sáng” sang 10:01")).to_be_visible()
    expect(page.locator("[data-block]", has_text="Bản tin sáng")).to_contain_text("10:01")
    assert [skipped(database, scene[title]) for title in ("Tiêm chủng", "Họp dân")] == [False, True]
    page.get_by_role("button", name="Hoàn tác").click()
    expect(page.get_by_text("Đã hoàn tác")).to_be_visible()
    expect(page.locator("[data-block]", has_text="Bản tin sáng")).to_contain_text("09:01")

    press(page, [*DOWN, "Enter"])
    dialog.get_by_role("button", name="Phát đè: cả 2 lịch nhường buổi này").click()
    expect(page.locator("[data-block]", has_text="Bản tin sáng")).to_contain_text("10:01")
    assert all(skipped(database, scene[title]) for title in ("Tiêm chủng", "Họp dân"))
    assert not skipped(database, scene["Tập thể dục"])


def test_a_move_by_keys_goes_on_when_an_answer_about_the_week_comes_late(
    cast: Any, open_as: Callable[[Person | None, str], Page], scene: dict[str, int]
) -> None:
    page = open_as(cast.lan, f"/programme/?week={MONDAY.isoformat()}")
    page.set_viewport_size({"width": 1280, "height": 1600})
    late: list[tuple[Route, APIResponse]] = []

    def hold(route: Route) -> None:
        if not is_live(route.request):
            route.continue_()
        elif not late:
            late.append((route, route.fetch()))

    page.route("**/programme/?week=*", hold)
    with page.expect_request(is_live):
        press(page, [*DOWN[:1], "Enter"])
    page.get_by_role("button", name="Hoàn tác").click()
    expect(page.get_by_text("Đã hoàn tác")).to_be_visible()
    press(page, DOWN[:6])
    [(route, answer)] = late
    with page.expect_response(lambda given: is_live(given.request)):
        route.fulfill(response=answer)  # as it was before it was undone
    page.wait_for_timeout(SETTLED_MS)
    expect(page.locator("[data-ghost-time]")).to_have_text("09:31")
    for key in (*DOWN[6:], "Enter"):
        page.keyboard.press(key)
    expect(page.get_by_role("dialog")).to_contain_text("Trùng với “Họp dân”")
