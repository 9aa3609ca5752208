"""A slow line brings the scripts late: what a person did before counts as if they had been there."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Dialog, Page, expect
from sqlalchemy import select

from broadcast.models import Clip, CommandOrder, Person, RenderState, Schedule
from broadcast.scheduling import programme, urgent
from broadcast.scheduling.intents import Intent
from broadcast.storage.database import Database
from devices.messages import AlertStatus
from schedules.types import LOCAL, Frequency, Rule

Open = Callable[[Person | None, str], Page]
OpenBeforeScripts = Callable[[Person, str], Callable[[], None]]
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # what is drawn is the same
NOW = dt.datetime.now(dt.UTC)
PICTURE = Path(__file__).with_name("pole.jpg")


@pytest.fixture
def announced(database: Database, cast: Any, speakers: list[int]) -> int:
    """An urgent announcement that has been spoken and waits to be sent."""
    with database.transaction() as session:
        sender = session.get_one(Person, cast.dung.id)
        bulletin = urgent.prepare(
            session,
            sender,
            area_id=cast.commune,
            text="Nước lên.",
            title="Nước",
            status=AlertStatus.ACTUAL,
            now=NOW,
        )
        sound = {"sha256": "d" * 64, "key": "d" * 64, "media_type": "audio/mpeg", "size": 9_000}
        voice = {"engine": "espeak", "engine_version": "1.52", "loudness": -16.0, "true_peak": -2.0}
        clip = Clip(**sound, **voice, duration_ms=15_000, peaks=[40] * 80, created_at=NOW)
        session.add(clip)
        session.flush()
        bulletin.current.clip_id, bulletin.current.render_state = clip.id, RenderState.READY
        return bulletin.id


def move_slider(page: Page) -> None:
    page.locator("#volume").fill("35")


def slider_is_told(page: Page) -> None:
    expect(page.locator("#volume-shown")).to_have_text("35%")


def choose_loudspeakers(page: Page) -> None:
    page.get_by_label("Cả trang này").check()
    page.get_by_label("Chọn Loa số 1").check()


def loudspeakers_are_counted(page: Page) -> None:
    expect(page.get_by_text("Đã chọn 5 loa")).to_be_visible()
    expect(page.get_by_label("Chọn Loa số 4")).to_be_checked()


def write_bulletin(page: Page) -> None:
    page.get_by_label("Nội dung để đọc").fill("Họp lúc 7h30.")
    page.locator("[data-voice] summary").click()
    page.get_by_label("Đọc mấy lần").select_option("2")


def bulletin_is_kept_and_read(page: Page) -> None:
    expect(page.get_by_text("Đã giữ tạm trên máy này")).to_be_visible()
    expect(page.locator("[data-preview]")).to_contain_text("bảy giờ")
    expect(page.locator("[data-voice-summary]")).not_to_have_text("như đài")


def write_schedule(page: Page) -> None:
    page.get_by_label("Giờ phát").fill("9h30")
    page.get_by_label("Từ ngày").fill("2026-12-04")


def schedule_is_written_out(page: Page) -> None:
    expect(page.get_by_label("Giờ phát")).to_have_value("09:30")
    day_is_told(page)


def day_is_told(page: Page) -> None:
    expect(page.locator("[data-date-words=starts_on]")).to_have_text("Thứ Sáu, 04/12/2026")


def write_announcement(page: Page) -> None:
    page.get_by_label("Nội dung đọc ra loa").fill("Nước lên ở [tên xóm].")


def choose_prepared_text(page: Page) -> None:
    page.locator(".templates a").first.click()


def prepared_text_is_there(page: Page) -> None:
    expect(page.get_by_label("Tên ngắn")).not_to_have_value("")
    assert "announcement=" not in page.url


def blanks_are_named(page: Page) -> None:
    expect(page.locator("[data-blanks-list]")).to_have_text("[tên xóm]")


def choose_picture(page: Page) -> None:
    page.locator("[data-photo]").set_input_files(PICTURE)


def picture_is_shown_and_guarded(page: Page) -> None:
    expect(page.locator("canvas")).to_be_visible()
    expect(page.locator("[data-file-name]")).to_have_text("pole.jpg")
    expect(page.locator("form[data-guard]")).to_have_attribute("data-dirty", "yes")


def choose_station(page: Page) -> None:
    page.get_by_label("Đài của").select_option(label="Thôn Đoài")


def station_is_shown(page: Page) -> None:
    expect(page.get_by_text("Bản tin của Thôn Đoài")).to_be_visible()


def ask_to_restart(page: Page) -> None:
    button = page.get_by_role("button", name="Khởi động lại")
    for _impatience in range(3):
        button.press("Enter")
    expect(button).to_have_attribute("aria-busy", "true")


def it_is_asked_about(page: Page) -> None:
    expect(page.get_by_role("dialog")).to_contain_text("Khởi động lại Loa số 0?")


CASES = {
    "a slider": ("lan", "/commands/new?action=volume&id=1&id=2", move_slider, slider_is_told),
    "a choice of many": ("lan", "/loudspeakers/", choose_loudspeakers, loudspeakers_are_counted),
    "a schedule": ("lan", "/programme/new", write_schedule, schedule_is_written_out),
    "an announcement": ("dung", "/urgent/new?status=test", write_announcement, blanks_are_named),
    "a prepared text": ("dung", "/urgent/new?status=test", choose_prepared_text, prepared_text_is_there),
    "a bulletin": ("lan", "/bulletins/new", write_bulletin, bulletin_is_kept_and_read),
    "a photograph": ("admin", "/loudspeakers/1/place", choose_picture, picture_is_shown_and_guarded),
    "another page": ("admin", "/stations/{commune}", choose_station, station_is_shown),
    "a question": ("admin", "/loudspeakers/1", ask_to_restart, it_is_asked_about),
}
GIVEN_BACK = {
    "a slider": slider_is_told,
    "a choice of many": loudspeakers_are_counted,
    "a schedule": day_is_told,
    "an announcement": blanks_are_named,
}


@pytest.mark.parametrize("case", CASES)
def test_what_was_done_before_the_scripts_arrived_counts(
    cast: Any, speakers: list[int], page: Page, open_before_scripts: OpenBeforeScripts, case: str
) -> None:
    who, path, act, truth = CASES[case]
    arrive = open_before_scripts(getattr(cast, who), path.format(commune=cast.commune))
    act(page)
    arrive()
    truth(page)


def test_a_long_form_sent_before_the_scripts_arrived_is_not_lost_with_the_line(
    cast: Any, approved: int, page: Page, open_before_scripts: OpenBeforeScripts
) -> None:
    arrive = open_before_scripts(cast.lan, "/programme/new")
    page.get_by_role("checkbox", name="Vệ sinh đường làng").check()
    page.get_by_label("Tên lịch phát").fill("Nhắc rằm")
    page.route("**/account/token", lambda route: route.abort("internetdisconnected"))
    page.get_by_role("button", name="Lên lịch").click()
    arrive()
    expect(page.locator(".toast--bad")).to_contain_text("Không gửi được")
    expect(page.get_by_label("Tên lịch phát")).to_have_value("Nhắc rằm")


def test_enter_in_the_search_of_a_form_saves_nothing_before_the_scripts_arrived(
    cast: Any, approved: int, page: Page, open_before_scripts: OpenBeforeScripts, database: Database
) -> None:
    arrive = open_before_scripts(cast.lan, "/programme/new?find=ve")
    page.get_by_role("checkbox", name="Vệ sinh đường làng").check()
    page.get_by_label("Tên lịch phát").fill("Nhắc rằm")
    page.get_by_role("searchbox").fill("xyz")
    page.get_by_role("searchbox").press("Enter")
    expect(page.locator("[name=found]")).to_have_value("xyz")  # the server's answer
    arrive()
    expect(page.get_by_label("Tên lịch phát")).to_have_value("Nhắc rằm")
    with database.transaction(read_only=True) as session:
        assert session.scalars(select(Schedule)).all() == []


def test_what_the_browser_gives_back_is_told_too(cast: Any, speakers: list[int], open_as: Open) -> None:
    for case, is_told in GIVEN_BACK.items():
        who, path, act, _truth = CASES[case]
        page = open_as(getattr(cast, who), path)
        act(page)
        open_as(None, "/account")
        page.go_back()
        is_told(page)


def test_a_page_one_comes_back_to_names_what_it_is_about(cast: Any, open_as: Open) -> None:
    page = open_as(cast.admin, f"/stations/{cast.commune}")
    choose_station(page)
    station_is_shown(page)
    page.go_back()
    expect(page.get_by_text("Bản tin của Xã An Hòa")).to_be_visible()
    expect(page.get_by_label("Đài của")).to_have_value(str(cast.commune))


def test_an_announcement_is_not_sent_by_a_press_before_holding_it_can_be_asked_for(
    cast: Any, announced: int, page: Page, open_before_scripts: OpenBeforeScripts
) -> None:
    arrive = open_before_scripts(cast.dung, f"/urgent/prepared/{announced}?minutes=30")
    page.get_by_role("button", name="Phát tới").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    arrive()
    expect(page.get_by_role("button", name="Giữ để phát")).to_be_visible()


def test_no_airing_hides_another_before_the_week_is_drawn(
    cast: Any, approved: int, page: Page, open_before_scripts: OpenBeforeScripts, database: Database
) -> None:
    today = NOW.astimezone(LOCAL).date()
    monday = today + dt.timedelta(days=7 - today.weekday())
    with database.transaction() as session:
        lan = session.get_one(Person, cast.lan.id)
        for hour in (6, 17):
            intent = Intent(cast.commune, [approved], Rule(Frequency.ONCE, monday, (dt.time(hour),)))
            programme.create_schedule(session, lan, intent, title=f"Lúc {hour}", now=NOW)
    page.set_viewport_size({"width": 1280, "height": 900})
    arrive = open_before_scripts(cast.lan, f"/programme/?week={monday}")
    early, late = (page.locator("[data-block]", has_text=f"Lúc {hour}") for hour in (6, 17))
    expect(late).to_be_visible()
    first, second = early.bounding_box(), late.bounding_box()
    assert first is not None
    assert second is not None
    assert first["y"] + first["height"] <= second["y"]
    arrive()
    expect(page.locator("html")).to_have_class(re.compile("is-drawn"))
    assert (
        late.evaluate("(block) => block.offsetTop") == early.evaluate("(block) => block.offsetTop") + 11 * 56
    )


def test_where_the_scripts_never_come_the_browser_asks_before_an_order(
    cast: Any, speakers: list[int], open_as: Open, page: Page, database: Database
) -> None:
    asked: list[str] = []

    def refuse(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", refuse)
    page.route("**/js/app.js", lambda route: route.abort("internetdisconnected"))
    open_as(cast.admin, "/loudspeakers/1")
    page.get_by_role("button", name="Khởi động lại").click()
    assert asked == ["Khởi động lại Loa số 0? Buổi đang phát sẽ bị cắt ngang."]
    with database.transaction(read_only=True) as session:
        assert session.scalars(select(CommandOrder)).all() == []
