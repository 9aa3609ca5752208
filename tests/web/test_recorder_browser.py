"""The recorder in a real browser with a microphone that plays a file: record, pause, send, hear, refuse."""

from __future__ import annotations

import io
import math
import re
import shutil
import struct
import wave
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from broadcast.models import Person, Recording
from broadcast.storage.database import Database

Judge = Callable[[Page, str], None]
Open = Callable[[Person | None, str], Page]
RATE = 48_000

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the pages are the same


def tone(seconds: float, volume: float = 0.5) -> bytes:
    """A WAV file of a tone that swells and fades as syllables do."""
    samples = (
        volume * math.sin(2 * math.pi * 300 * i / RATE) * abs(math.sin(2 * math.pi * 2 * i / RATE))
        for i in range(int(RATE * seconds))
    )
    target = io.BytesIO()
    with wave.open(target, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(b"".join(struct.pack("<h", round(32767 * each)) for each in samples))
    return target.getvalue()


@pytest.fixture(scope="module")
def speaking_browser(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A browser whose microphone hears a file, again and again."""
    heard = tmp_path_factory.mktemp("microphone") / "heard.wav"
    heard.write_bytes(tone(3))
    opened = browser.browser_type.launch(
        executable_path=shutil.which("chromium") or "/usr/bin/chromium",
        args=[
            "--no-sandbox",
            "--disable-gpu",
            "--autoplay-policy=no-user-gesture-required",
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-audio-capture={heard}",
        ],
    )
    yield opened
    opened.close()


@pytest.fixture
def context(speaking_browser: Browser, live_server: str) -> Iterator[BrowserContext]:
    made = speaking_browser.new_context(viewport={"width": 390, "height": 844}, locale="vi-VN")
    made.set_default_timeout(30_000)
    yield made
    made.close()


def the_recording(database: Database, recording_id: int) -> Recording:
    with database.transaction(read_only=True) as session:
        return session.get_one(Recording, recording_id)


def chosen(page: Page) -> int:
    return int(page.locator("input[name=recording_id]").input_value() or 0)


def test_a_voice_is_recorded_paused_sent_and_heard(
    cast: Any, database: Database, context: BrowserContext, open_as: Open, judge: Judge
) -> None:
    context.grant_permissions(["microphone"])
    page = open_as(cast.lan, f"/recordings/new?area_id={cast.commune}")
    page.get_by_role("button", name="Ghi âm").click()
    time = page.get_by_role("timer")
    expect(time).to_have_text("0:01")
    expect(page.get_by_role("button", name="Xong")).to_be_focused()
    level = page.get_by_role("meter", name="Độ to vào micrô")
    page.wait_for_function("level => level.value > 20", arg=level.element_handle())
    page.get_by_role("button", name="Tạm dừng").press("Enter")
    expect(page.get_by_text("Đang tạm dừng").first).to_be_visible()
    stood = time.inner_text()
    judge(page, "recorder-paused")
    assert time.inner_text() == stood
    page.get_by_role("button", name="Ghi tiếp").click()
    expect(time).not_to_have_text(stood)
    page.get_by_role("button", name="Xong").click()
    expect(page.locator("[data-recording] [data-player]")).to_be_visible()
    recording = the_recording(database, chosen(page))
    assert recording.area_id == cast.commune
    assert 1_500 < recording.duration_ms < 6_000  # the pause is not in it
    assert re.fullmatch(r"ghi-am-[\d-]{10}-\d{4}\.webm", recording.name)
    page.get_by_role("button", name="Nghe: ").click()
    page.wait_for_function("() => document.querySelector('[data-player] audio').currentTime > 0.2")

    page.get_by_role("button", name="Bỏ bản thu").click()
    assert chosen(page) == 0
    expect(page.get_by_role("button", name="Ghi âm")).to_be_focused()


def test_a_file_is_sent_and_leads_on_to_a_bulletin(
    cast: Any, database: Database, open_as: Open, page: Page
) -> None:
    open_as(cast.lan, f"/recordings/new?area_id={cast.commune}")
    events = "window.told = []; document.addEventListener('recording:ready', (e) => told.push(e.detail))"
    page.evaluate(events)
    files = page.locator("[data-recorder-file]")
    files.set_input_files({"name": "thư.mp3", "mimeType": "audio/mpeg", "buffer": b"kh\xc3\xb4ng" * 50})
    expect(page.get_by_role("alert")).to_contain_text("không phải âm thanh")
    files.set_input_files({"name": "Lời chúc.wav", "mimeType": "audio/wav", "buffer": tone(1)})
    expect(page.locator("[data-recording]")).to_be_visible()
    expect(page.get_by_role("alert")).to_be_hidden()
    recording_id = chosen(page)
    told = page.evaluate("told")
    assert [(each["id"], each["name"]) for each in told] == [(recording_id, "Lời chúc.wav")]
    page.get_by_role("button", name="Soạn bản tin với bản thu này").click()
    expect(page).to_have_url(
        re.compile(rf"/bulletins/new\?area_id={cast.commune}&recording_id={recording_id}")
    )

    expect(page.locator(f"input[name=recording_id][value='{recording_id}']")).to_have_count(1)

    page.get_by_label("Tiếng của phần mới").select_option("tyz")
    page.get_by_role("button", name="Thêm phần").click()
    part = page.locator("#parts [data-recorder]")
    sound = {"name": "tay.wav", "mimeType": "audio/wav", "buffer": tone(1)}
    part.locator("[data-recorder-file]").set_input_files(sound)
    expect(part.locator("[data-recording]")).to_be_visible()
    recording = the_recording(database, int(part.locator("input[type=hidden]").input_value()))
    assert (recording.name, recording.language) == ("tay.wav", "tyz")


def test_a_refused_microphone_is_explained_and_a_lost_network_loses_nothing(
    cast: Any, context: BrowserContext, open_as: Open, judge: Judge
) -> None:
    page = open_as(cast.lan, f"/recordings/new?area_id={cast.commune}")
    page.get_by_role("button", name="Ghi âm").click()
    expect(page.get_by_role("alert")).to_contain_text("không cho dùng micrô")
    judge(page, "recorder-refused")
    context.set_offline(True)
    sound = {"name": "a.wav", "mimeType": "audio/wav", "buffer": tone(1)}
    page.locator("[data-recorder-file]").set_input_files(sound)
    expect(page.get_by_text("Mất mạng, đang nối lại… Cứ để")).to_be_visible()
    judge(page, "recorder-waiting")
    context.set_offline(False)
    expect(page.locator("[data-recording]")).to_be_visible()


def test_what_the_line_or_the_session_interrupts_goes_on_and_is_told(
    cast: Any, open_as: Open, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.views.uploads.PIECE", 20_000)
    sent: list[int] = []

    def piece(route: Route) -> None:
        sent.append(int(route.request.url.split("=")[1]))
        if sent[1:] == [20_000]:
            route.abort("internetdisconnected")
        elif len(sent) == 3:  # arrives, but its answer does not
            route.fetch()
            route.fulfill(status=502, body="Bad gateway")
        else:
            route.continue_()

    page.route("**/recordings/uploads/*?offset=*", piece)
    page.clock.install()
    open_as(cast.lan, f"/recordings/new?area_id={cast.commune}")
    sound = {"name": "a.wav", "mimeType": "audio/wav", "buffer": tone(1)[:90_044]}
    page.locator("[data-recorder-file]").set_input_files(sound)
    for _ in range(2):
        expect(page.get_by_text("Mất mạng, đang nối lại… Cứ để")).to_be_visible()
        page.clock.run_for(2_000)
    expect(page.locator("[data-recording]")).to_be_visible()
    assert sent == [0, 20_000, 20_000, 40_000, 60_000, 80_000]

    page.route("**/recordings/uploads/", lambda route: route.abort("internetdisconnected"))
    page.get_by_role("button", name="Ghi hoặc chọn lại").click()
    page.locator("[data-recorder-file]").set_input_files(sound)
    expect(page.get_by_text("Mất mạng, đang nối lại… Cứ để")).to_be_visible()
    page.clock.fast_forward("10:00")
    expect(page.get_by_role("alert")).to_contain_text("Không gửi được")
    page.unroute("**/recordings/uploads/")
    page.get_by_role("button", name="Gửi lại").click()
    expect(page.locator("[data-recording]")).to_be_visible()

    page.evaluate("document.querySelector('meta[name=csrf-token]').content = 'of another session'")
    page.get_by_role("button", name="Ghi hoặc chọn lại").click()
    page.locator("[data-recorder-file]").set_input_files(sound)
    expect(page.get_by_role("alert")).to_contain_text("Phiên đăng nhập đã hết")
    page.get_by_role("button", name="Gửi lại").click()
    expect(page.get_by_role("alert")).to_be_hidden()
    expect(page.locator("[data-recording]")).to_be_visible()
