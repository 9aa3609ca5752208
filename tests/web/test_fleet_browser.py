"""Orders to many in a real browser on a phone: choose three, set a volume, watch it arrive."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select, update

from broadcast.joining import registry
from broadcast.models import Loudspeaker, Person
from broadcast.orders.command_effects import note_in_force, note_sent
from broadcast.storage import events
from broadcast.storage.database import Database

Open = Callable[[Person | None, str], Page]
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the browser sees no other
NOW = dt.datetime.now(dt.UTC)


@pytest.fixture
def speakers(database: Database, system: Any, cast: Any) -> list[int]:
    with database.transaction() as session:
        for number in range(5):
            registry.add(
                session,
                None,
                wire=system.wire,
                device=f"loa-{number}",
                name=f"Loa số {number}",
                area_id=cast.villages[0],
                now=NOW,
            )
        session.execute(
            update(Loudspeaker).values(online=True, last_seen=NOW + dt.timedelta(hours=1), activated_at=NOW)
        )
        return list(session.scalars(select(Loudspeaker.id).order_by(Loudspeaker.id)))


def arrive(database: Database, loudspeaker_ids: list[int]) -> None:
    """The desired states are planned, sent, and in force on these."""
    with database.transaction() as session:
        which = update(Loudspeaker).where(Loudspeaker.id.in_(loudspeaker_ids))
        session.execute(which.values(desired_rev=1, have_rev=1))
        boxes = [session.get_one(Loudspeaker, each) for each in loudspeaker_ids]
        note_sent(session, [], [each.device for each in boxes], NOW)
        note_in_force(session, boxes, NOW)


def test_three_are_chosen_made_quieter_and_watched_until_it_is_so(
    cast: Any, speakers: list[int], database: Database, open_as: Open
) -> None:
    page = open_as(cast.lan, "/loudspeakers/")
    for number in (0, 1, 2):
        page.get_by_label(f"Chọn Loa số {number}").check()
    expect(page.get_by_text("Đã chọn 3 loa")).to_be_visible()
    page.get_by_label("Cả trang này").check()
    expect(page.get_by_text("Đã chọn 5 loa")).to_be_visible()
    page.get_by_label("Chọn Loa số 3").uncheck()
    page.get_by_label("Chọn Loa số 4").uncheck()
    page.get_by_label("Việc cần làm").select_option("volume")
    page.get_by_role("button", name="Tiếp").click()
    expect(page.get_by_role("heading", name="Đặt âm lượng: 3 cụm loa")).to_be_visible()
    page.get_by_label("Âm lượng mới").fill("35")
    expect(page.locator("#volume-shown")).to_have_text("35%")
    page.get_by_role("button", name="Đặt âm lượng cho 3 cụm loa").click()
    expect(page.get_by_role("heading", name="Đặt âm lượng 35%")).to_be_visible()
    expect(page.get_by_text("Chờ gửi").first).to_be_visible()
    arrive(database, speakers[:2])
    expect(page.locator("tr", has_text="Đã làm xong")).to_have_count(2)
    expect(page.get_by_text("2 / 3")).to_be_visible()
    arrive(database, speakers[2:3])
    expect(page.get_by_text("3 / 3")).to_be_visible()
    expect(page.get_by_role("button", name="Hủy phần chưa gửi")).to_have_count(0)
    with database.transaction(read_only=True) as session:
        assert [session.get_one(Loudspeaker, each).volume for each in speakers] == [35, 35, 35, 80, 80]


def test_what_was_chosen_stays_chosen_when_the_list_changes_under_it(
    cast: Any, speakers: list[int], database: Database, open_as: Open
) -> None:
    page = open_as(cast.lan, "/loudspeakers/")
    page.get_by_label("Chọn Loa số 1").check()
    with database.transaction() as session:
        box = session.get_one(Loudspeaker, speakers[1])
        box.silenced = "local"
        events.emit(session, now=NOW, kind="loudspeaker", area_id=box.area_id, subject=box.id)
    expect(page.locator(f"#loa-{speakers[1]}")).to_contain_text("Đang tắt tiếng")
    expect(page.get_by_label("Chọn Loa số 1")).to_be_checked()
    expect(page.get_by_text("Đã chọn 1 loa")).to_be_visible()
