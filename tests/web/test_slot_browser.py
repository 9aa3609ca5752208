"""Slots in a real browser on a phone: made, put in order by keys and by hand, previewed, saved, changed."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from broadcast.authoring import bulletins, validity
from broadcast.models import Bulletin, Clip, Person, RenderState, Sound
from broadcast.plans import planning
from broadcast.scheduling import programme
from broadcast.scheduling.intents import Intent
from broadcast.storage.database import Database
from devices.messages import BulletinClass
from schedules.slots import Airings, Entry, Kind, Slot
from schedules.types import LOCAL, Frequency, Rule

Open = Callable[[Person | None, str], Page]
Axe = Callable[[Page], list[str]]

NOW = dt.datetime.now(dt.UTC)
TODAY = NOW.astimezone(LOCAL).date()
TOMORROW = TODAY + dt.timedelta(days=1)
SOUNDS = (
    (Kind.TUNE, "Nhạc hiệu đài xã", 20),
    (Kind.CHIME, "Chuông báo giờ", 6),
    (Kind.CLOSING, "Nhạc kết", 15),
)

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # what is drawn is the same


@dataclass(frozen=True)
class Scene:
    """Ids of what is there."""

    saved: int
    wished: int
    bulletins: tuple[int, ...]


def clip(session: Any, name: str, seconds: int) -> Clip:
    sha256 = name.encode().hex()[:16].ljust(64, "a")
    made = Clip(
        sha256=sha256,
        key=sha256,
        media_type="audio/mpeg",
        size=seconds * 6000,
        duration_ms=seconds * 1000,
        engine="espeak",
        engine_version="1.52",
        loudness=-16.0,
        true_peak=-2.0,
        peaks=[round(20 + 60 * abs(math.sin(i * 0.3 + seconds))) for i in range(80)],
        created_at=NOW,
    )
    session.add(made)
    session.flush()
    return made


def approve(session: Any, cast: Any, area: int, title: str, seconds: int) -> Bulletin:
    lan, binh = session.get_one(Person, cast.lan.id), session.get_one(Person, cast.binh.id)
    klass = BulletinClass.PRIORITY if title.startswith("Cảnh báo") else BulletinClass.ROUTINE
    made = bulletins.create(session, lan, area_id=area, title=title, text=title + ".", klass=klass, now=NOW)
    sound = clip(session, f"{made.id:03}{title}", seconds)
    made.current.clip_id, made.current.render_state = sound.id, RenderState.READY
    session.flush()
    session.refresh(made.current)
    bulletins.submit(session, lan, made.id, now=NOW)
    shown = {"text_sha256": made.current.text_sha256, "audio_sha256": sound.sha256}
    bulletins.approve(session, binh, made.id, version=1, **shown, now=NOW)
    return made


@pytest.fixture
def scene(database: Database, cast: Any) -> Scene:
    """A commune with sounds, bulletins of every kind, and a slot in the evening."""
    with database.transaction() as session:
        lan = session.get_one(Person, cast.lan.id)
        made = [
            approve(session, cast, cast.commune, "Cảnh báo lừa đảo qua điện thoại", 95),
            approve(session, cast, cast.commune, "Lịch tiêm chủng mở rộng tháng 11", 210),
            approve(session, cast, cast.commune, "Thu gom rác thải và vệ sinh đường làng", 130),
            approve(session, cast, cast.villages[0], "Họp thôn Đông về đường bê tông", 75),
            approve(session, cast, cast.commune, "Đọc toàn văn hương ước", 1500),
        ]
        week = dt.timedelta(days=7)
        wished = {"valid_from": NOW, "valid_until": NOW + dt.timedelta(days=3)}
        for number, wish in ((1, Airings(4, 3, dt.timedelta(hours=12))), (3, None), (4, None)):
            until = {"valid_until": NOW + week} if wish is None else {}
            validity.save(session, lan, made[number].id, **{**wished, **until}, airings=wish, now=NOW)
        given = {"area_id": cast.commune, "created_by": lan.id, "created_at": NOW}
        sounds = [
            Sound(kind=kind, title=title, clip_id=clip(session, title, seconds).id, **given)
            for kind, title, seconds in SOUNDS
        ]
        session.add_all(sounds)
        session.flush()
        entries = (
            Entry(Kind.TUNE, str(sounds[0].id), 20_000),
            Entry(Kind.FLOW, fixed=False, classes=frozenset({"priority", "routine"})),
            Entry(Kind.CHIME, str(sounds[1].id), 6_000, fixed=False),
            Entry(Kind.CLOSING, str(sounds[2].id), 15_000),
        )
        saved = programme.create_schedule(
            session,
            lan,
            Intent(
                cast.commune,
                [made[2].id],
                Rule(Frequency.DAILY, TOMORROW, (dt.time(17),)),
                slot=Slot(15 * 60_000, entries),
            ),
            title="Chương trình buổi chiều",
            now=NOW,
        )
        planning.materialise(session, NOW, 7)
        return Scene(saved.id, made[1].id, tuple(each.id for each in made))


def titles(rows: Locator) -> list[str]:
    return rows.locator(".sort__title").all_inner_texts()


def wide(page: Page) -> int:
    """How far the page sticks out of the screen."""
    found: int = page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
    return found


def drag(page: Page, row: Locator, beyond: Locator) -> None:
    grip = row.locator("[data-grip]")
    grip.scroll_into_view_if_needed()
    beyond.scroll_into_view_if_needed()
    start, end = grip.bounding_box(), beyond.bounding_box()
    assert start is not None
    assert end is not None
    page.mouse.move(start["x"] + 8, start["y"] + 12)
    page.mouse.down()
    page.mouse.move(start["x"] + 8, end["y"] + end["height"] - 4, steps=12)
    page.mouse.up()


def test_a_slot_is_made_on_a_phone_put_in_order_previewed_saved_and_changed(
    cast: Any, scene: Scene, open_as: Open, page: Page, axe: Axe
) -> None:
    open_as(cast.lan, f"/programme/slots/new?area={cast.commune}&time=05:30")
    entries = page.locator("[data-sortable]").first.locator("[data-row]")
    assert titles(entries) == ["Nhạc hiệu đài xã", "Bản tin tự vào: ưu tiên rồi đến thường", "Nhạc kết"]
    page.get_by_label("Tên khung giờ").fill("Chương trình sáng")

    page.get_by_label("Thêm vào khung giờ").first.select_option(label="Chuông báo giờ")
    page.get_by_role("button", name="Thêm vào khung giờ").click()
    expect(entries).to_have_count(4)
    expect(page.locator("[data-brief]")).to_have_text("5:46 của 30:00")  # what was added counts at once

    up = page.get_by_role("button", name="Đưa “Chuông báo giờ” lên trước")
    up.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(up).to_be_focused()
    expect(entries.nth(1)).to_contain_text("Chuông báo giờ")
    expect(page.locator("[data-sort-status]")).to_have_text("“Chuông báo giờ”: thứ 2 trên 4.")
    preview = page.locator("[data-preview]")
    expect(preview.locator(".offsets__title").nth(1)).to_have_text("Chuông báo giờ")

    drag(page, entries.nth(1), entries.nth(3))
    expect(entries.nth(3)).to_contain_text("Chuông báo giờ")

    page.get_by_label("Bỏ “Chuông báo giờ”").check()
    expect(preview.locator(".offsets").first).not_to_contain_text("Chuông báo giờ")
    page.get_by_label("Bỏ “Chuông báo giờ”").uncheck()
    page.get_by_label("Thêm bản tin vào thứ tự").first.select_option(
        label="Thu gom rác thải và vệ sinh đường làng"
    )
    page.get_by_role("button", name="Thêm bản tin vào thứ tự").click()
    expect(preview.locator(".offsets").first).to_contain_text("theo thứ tự đã xếp")
    assert axe(page) == []
    assert wide(page) <= 0
    page.get_by_role("button", name="Lưu khung giờ").click()
    expect(page.get_by_role("heading", name="Chương trình sáng")).to_be_visible()
    expect(page.get_by_text("7:56 của 30:00").first).to_be_visible()
    page.get_by_role("link", name="Sửa lịch").click()
    page.get_by_label("Dài bao nhiêu phút").fill("0")
    expect(preview).to_contain_text("Khung giờ phải dài từ 1 phút")
    page.get_by_label("Dài bao nhiêu phút").fill("20")
    expect(page.locator("[data-brief]")).to_have_text("7:56 của 20:00")
    page.get_by_role("button", name="Lưu khung giờ").click()
    expect(page.get_by_role("link", name="Sửa lịch")).to_be_visible()
    expect(page.get_by_text("7:56 của 20:00").first).to_be_visible()
    assert axe(page) == []

    page.emulate_media(color_scheme="dark")
    for path in ("/sounds/", f"/bulletins/{scene.wished}"):
        open_as(cast.lan, path)
        page.locator("details").evaluate_all("all => all.forEach((each) => (each.open = true))")
        assert axe(page) == [], path
        assert wide(page) <= 0, path
