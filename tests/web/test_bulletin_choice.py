"""A bulletin among hundreds is found by words of its title, with scripts and without, and stays chosen."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from broadcast.authoring import bulletins
from broadcast.models import BulletinState, Clip, Person, Schedule
from broadcast.storage.database import Database
from schedules.types import LOCAL
from web.views import airable

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # services know both

NOW = dt.datetime.now(dt.UTC)
FORM = "/programme/new"


@pytest.fixture
def many(database: Database, cast: Any, approved: int) -> int:
    """More bulletins than a search shows; the one that was approved first is not among the newest."""
    with database.transaction() as session:
        lan, clip = session.get_one(Person, cast.lan.id), session.scalars(select(Clip)).one()
        for number in range(airable.SHOWN + 5):
            made = bulletins.create(
                session,
                lan,
                area_id=cast.commune,
                title=f"Thông báo số {number}",
                text="Mời bà con lắng nghe.",
                now=NOW + dt.timedelta(hours=1, seconds=number),
            )
            made.current.clip_id, made.state = clip.id, BulletinState.APPROVED
    return approved


def titles(page: str) -> list[str]:
    return [each.partition("<")[0] for each in page.split('class="pick__title">')[1:]]


def filled(bulletin_id: int, area: int) -> dict[str, Any]:
    day = (NOW.astimezone(LOCAL).date() + dt.timedelta(days=3)).isoformat()
    when = {"frequency": "once", "starts_on": day, "time": "17:00", "interval": "1"}
    return {"bulletin_id": bulletin_id, "title": "Vệ sinh", "area_id": area, **when}


def test_a_bulletin_is_found_without_accents_and_what_was_chosen_stays(
    lan: Any, mai: Any, cast: Any, many: int
) -> None:
    shown = titles(lan.read(FORM))
    assert len(shown) == airable.SHOWN
    assert "Vệ sinh đường làng" not in shown
    assert "Còn bản tin khác" in lan.read(FORM)
    assert titles(lan.read("/programme/bulletins?find=VE+sinh+LANG")) == ["Vệ sinh đường làng"]
    assert titles(mai.read("/programme/bulletins?find=ve+sinh")) == []
    assert "Không có bản tin nào như vậy" in lan.read("/programme/bulletins?find=xyz")
    chosen = filled(many, cast.commune)
    page = lan.send(FORM, **chosen, find="so 44", found="").get_data(as_text=True)
    assert titles(page) == ["Vệ sinh đường làng", "Thông báo số 44"]
    assert page.split('class="pick__title"')[0].count("checked") == page.count(f'value="{many}" checked')


def test_enter_in_the_search_finds_and_saves_nothing_until_it_has_been_found(
    lan: Any, cast: Any, many: int, database: Database
) -> None:
    chosen = filled(many, cast.commune)
    searched = lan.send(FORM, **chosen, find="so 44", found="")
    assert 'name="found" value="so 44"' in searched.get_data(as_text=True)
    with database.transaction(read_only=True) as session:
        assert session.scalars(select(Schedule)).all() == []
    assert lan.send(FORM, **chosen, find="so 44", found="so 44", accepted="yes").status_code == 302


def test_a_search_in_a_browser_keeps_what_is_chosen_and_saves_it(
    cast: Any, open_as: Callable[[Person | None, str], Page], many: int
) -> None:
    page = open_as(cast.lan, FORM)
    page.get_by_role("checkbox", name="Thông báo số 44").check()
    page.get_by_role("searchbox").fill("ve sinh")
    expect(page.get_by_role("checkbox", name="Vệ sinh đường làng")).to_be_visible()
    expect(page.locator("[data-pick]")).to_have_count(2)
    page.get_by_role("checkbox", name="Vệ sinh đường làng").check()
    page.get_by_role("searchbox").fill("khong co")
    expect(page.get_by_text("Không có bản tin nào như vậy")).to_be_visible()
    expect(page.locator("[data-pick] input:checked")).to_have_count(2)
    page.get_by_role("checkbox", name="Thông báo số 44").uncheck()  # nobody has really approved it
    page.get_by_label("Tên lịch phát").fill("Dọn vệ sinh")
    page.get_by_role("button", name="Lên lịch", exact=True).click()
    expect(page.get_by_role("heading", name="Dọn vệ sinh")).to_be_visible()
