"""The page where a bulletin is read and heard, in a browser: one tap to the lexicon, any sentence, keys."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from broadcast.authoring import bulletins
from broadcast.authoring.rendering import render_next
from broadcast.models import Bulletin, BulletinState, Person
from broadcast.storage.database import Database

Open = Callable[[Person | None, str], Page]
pytestmark = pytest.mark.parametrize(
    "database_url", ["sqlite"], indirect=True
)  # what a browser does is the same
NOW = dt.datetime.now(dt.UTC)
TEXT = "Họp lúc 7h30. Hỏi KQX của xã. Mang theo thẻ BHYT."
SPELLED = "ca quy ích"
SOUNDS = re.compile("is-heard")
FAST = """() => {
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () {
    this.playbackRate = 8;
    this.addEventListener("playing", () => { window.heard = (window.heard ?? 0) + 1; }, { once: true });
    return play.call(this);
  };
}"""
HEARD = "document.querySelector('[data-player] audio')"


@pytest.fixture(autouse=True)
def quiet(system: Any) -> Iterator[None]:
    """The voices' processes end with the test."""
    yield
    system.synthesiser.close()


@pytest.fixture
def speak(database: Database, system: Any) -> Callable[[], None]:
    """Make the audio that waits, as the worker does."""

    def run() -> None:
        while render_next(
            database, system.library, system.synthesiser, "test", lambda: dt.datetime.now(dt.UTC)
        ):
            pass

    return run


def write(database: Database, person: Person, area_id: int) -> int:
    with database.transaction() as session:
        author = session.get_one(Person, person.id)
        return bulletins.create(session, author, area_id=area_id, title="Họp", text=TEXT, now=NOW).id


def approve(database: Database, cast: Any, bulletin_id: int) -> None:
    with database.transaction() as session:
        bulletins.submit(session, session.get_one(Person, cast.lan.id), bulletin_id, now=NOW)
    with database.transaction() as session:
        version = session.get_one(Bulletin, bulletin_id).current
        bulletins.approve(
            session,
            session.get_one(Person, cast.binh.id),
            bulletin_id,
            version=version.number,
            text_sha256=version.text_sha256,
            audio_sha256=version.clip.sha256 if version.clip else "",
            now=NOW,
        )


def state_of(database: Database, bulletin_id: int) -> BulletinState:
    with database.transaction(read_only=True) as session:
        return session.get_one(Bulletin, bulletin_id).state


def test_a_mark_becomes_an_entry_the_text_is_read_anew_and_its_approval_is_void(
    cast: Any, database: Database, open_as: Open, speak: Callable[[], None]
) -> None:
    bulletin_id = write(database, cast.lan, cast.commune)
    speak()
    approve(database, cast, bulletin_id)
    page = open_as(cast.lan, f"/bulletins/{bulletin_id}")
    said = page.locator("[data-part='0'][data-sentence='1'] .spoken__said")
    page.get_by_role("link", name="KQX").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(SPELLED)
    dialog.get_by_label("Đọc thành").fill("khu quản xá")
    expect(dialog).to_contain_text("1 bản phải duyệt lại")
    with page.expect_response("**/bulletins/hear") as heard:
        dialog.get_by_role("button", name="Nghe thử").click()
    assert heard.value.headers["content-type"] == "audio/mpeg"
    dialog.get_by_role("button", name="Lưu cách đọc").click()
    expect(dialog).to_be_hidden()
    expect(said).to_contain_text("khu quản xá")
    expect(page.locator("[data-part='0'][data-sentence='1'] :focus")).to_be_visible()  # where one was
    expect(page.get_by_text("Cần duyệt lại", exact=True).first).to_be_visible()
    assert state_of(database, bulletin_id) is BulletinState.SUBMITTED
    speak()
    expect(page.locator("[data-player]")).to_be_visible()
    page.get_by_role("button", name="Hoàn tác").click()
    expect(said).to_contain_text(SPELLED)


def test_it_is_heard_from_any_sentence_and_by_keys(
    cast: Any, database: Database, open_as: Open, speak: Callable[[], None]
) -> None:
    bulletin_id = write(database, cast.lan, cast.commune)
    speak()
    page = open_as(cast.lan, f"/bulletins/{bulletin_id}")
    rows = page.locator("[data-sentence]:has([data-say])")
    marks = {
        (part, sentence): start
        for part, sentence, start, _end in page.evaluate(
            f"JSON.parse({HEARD}.closest('[data-player]').dataset.marks)"
        )
    }
    last = rows.last
    place = (int(last.get_attribute("data-part") or 0), int(last.get_attribute("data-sentence") or 0))
    last.get_by_role("button", name="Nghe từ câu").click()
    expect(last).to_have_class(SOUNDS)
    assert page.evaluate(f"{HEARD}.currentTime") * 1000 >= marks[place]
    page.keyboard.press("k")
    expect(rows.nth(rows.count() - 2)).to_have_class(SOUNDS)
    page.keyboard.press("Escape")
    expect(page.locator(".is-heard")).to_have_count(0)
    assert page.evaluate(f"{HEARD}.paused")


def test_while_it_is_written_one_sentence_is_heard_and_the_next_is_fetched(cast: Any, open_as: Open) -> None:
    page = open_as(cast.lan, "/bulletins/new")
    page.get_by_label("Nội dung để đọc").fill(TEXT)
    row = page.locator("[data-part='0'][data-sentence='0']")
    expect(row).to_contain_text("bảy giờ")
    asked: list[str] = []
    page.on("response", lambda answer: asked.append(f"{answer.status}") if "/hear" in answer.url else None)
    row.get_by_role("button", name="Nghe từ câu").click()
    expect(row).to_have_class(SOUNDS)
    following = page.locator("[data-part='0'][data-sentence='1']")
    expect(following).to_have_class(SOUNDS)
    assert asked[:2] == ["200", "200"]
    page.keyboard.press("Escape")
    expect(page.locator(".is-heard")).to_have_count(0)
    page.keyboard.press("F8")
    expect(page.get_by_role("link", name="KQX")).to_be_focused()
    expect(page.locator(".spoken__said .is-linked")).to_have_text(SPELLED)
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog").get_by_label("Đọc thành")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_label("Nội dung để đọc")).to_have_value(TEXT)


def test_the_only_sentence_is_heard_twice_and_its_word_keeps_the_focus(cast: Any, open_as: Open) -> None:
    page = open_as(cast.lan, "/bulletins/new")
    page.evaluate(FAST)
    page.locator("[name=opening_from]").evaluate("box => { box.value = 'none'; }")
    page.get_by_label("Nội dung để đọc").fill("Hỏi KQX.")
    row = page.locator("[data-part='0'][data-sentence='0']")
    expect(page.locator("[data-sentence]")).to_have_count(1)
    for _ in range(2):
        row.get_by_role("button", name="Nghe từ câu").click()
        expect(row).to_have_class(SOUNDS)
        page.wait_for_function("() => window.heard > 0")
        expect(page.locator(".is-heard")).to_have_count(0)
        page.evaluate("window.heard = 0")
    page.get_by_role("link", name="KQX").press("Enter")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Đọc thành").fill("khu quản xá")
    dialog.get_by_role("button", name="Lưu cách đọc").click()
    expect(row.locator(".spoken__said")).to_contain_text("khu quản xá")
    expect(row.locator("[data-token]:focus")).to_have_text("KQX")


def test_a_sentence_that_no_voice_reads_says_so_at_its_place(cast: Any, open_as: Open) -> None:
    page = open_as(cast.lan, "/bulletins/new")
    page.get_by_label("Nội dung để đọc").fill(TEXT)
    row = page.locator("[data-part='0'][data-sentence='0']")
    expect(row).to_contain_text("bảy giờ")
    page.route(
        "**/bulletins/hear",
        lambda route: route.fulfill(
            status=503, body="<p>Hệ thống đang bận.</p>", content_type="text/html; charset=utf-8"
        ),
    )
    row.get_by_role("button", name="Nghe từ câu").click()
    expect(row.locator("[data-failure]")).to_contain_text("Không nghe được câu này")
    expect(page.locator(".is-heard")).to_have_count(0)
