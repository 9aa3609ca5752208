"""The fleet in a browser while everything is real: server, worker, broker and simulated loudspeakers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select, update

from broadcast import demo, worker
from broadcast.models import Alarm, Loudspeaker
from broadcast.models import Fault as Ticket
from devices.simulator import Fault
from tests.acceptance.conftest import Station

PATIENCE_MS = 40_000  # everything that is waited for happens much sooner


@pytest.fixture
def station(tmp_path: Path, empty_sqlite: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Station]:
    """Three loudspeakers that are heard every two seconds; silence means something from the beginning."""
    monkeypatch.setattr(worker, "SETTLING", dt.timedelta())
    path = tmp_path / "station.db"
    path.write_bytes(empty_sqlite.read_bytes())
    made = Station(tmp_path / "station", f"sqlite:///{path}", 3, 1.0, {"TRUYEN_THANH_HEARTBEAT_S": "5"})
    made.serve_here()
    made.start_fleet()
    yield made
    made.close()


@pytest.fixture
def page(browser: Browser, station: Station) -> Iterator[Page]:
    """Lan's phone, signed in by a link."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="vi-VN")
    context.set_default_timeout(PATIENCE_MS)
    with station.database.transaction() as session:
        token = demo.sign_in_token(session, station.cast.lan_id, station.now())
    opened = context.new_page()
    opened.goto(f"http://127.0.0.1:{station.http_port}/link/{token}")
    opened.get_by_role("button", name="Đăng nhập").click()
    expect(opened.get_by_role("heading", name="Hôm nay").first).to_be_visible()
    yield opened
    context.close()


def silences(station: Station, loudspeaker_id: int) -> list[bool]:
    """The alarms that this loudspeaker is silent, and whether each is over."""
    with station.database.transaction(read_only=True) as session:
        whose = select(Alarm).where(Alarm.loudspeaker_id == loudspeaker_id, Alarm.kind == "silent")
        return [each.well_at is not None for each in session.scalars(whose)]


def ordered(page: Page, address: str, action: str) -> str:
    """Order it for the whole page; returns where its progress is."""
    page.goto(f"{address}/loudspeakers/")
    page.get_by_label("Cả trang này").check()
    page.get_by_label("Việc cần làm").select_option(action)
    page.get_by_role("button", name="Tiếp").click()
    page.get_by_role("button", name="cho 3 cụm loa").click()
    expect(page.get_by_text("/ 3")).to_be_visible()
    return page.url


def done_by_all(page: Page) -> None:
    expect(page.get_by_text("3 / 3")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator("tr", has_text="Đã làm xong")).to_have_count(3, timeout=PATIENCE_MS)


def test_a_morning_with_the_fleet_on_a_phone(station: Station, page: Page) -> None:
    address = f"http://127.0.0.1:{station.http_port}"
    lost = station.identities[0].device
    with station.database.transaction(read_only=True) as session:
        row = session.scalars(select(Loudspeaker).where(Loudspeaker.device == lost)).one()
        lost_id, name = row.id, row.name

    # Two orders to all: the progress and the result of every box, without a reload.
    tested = ordered(page, address, "self_test")
    ordered(page, address, "volume")
    done_by_all(page)
    page.goto(tested)
    done_by_all(page)

    # One is lost: the row says so by itself; one alarm.
    page.goto(f"{address}/loudspeakers/")
    here = page.locator(f"#loa-{lost_id}")
    expect(here).to_contain_text("Đang kết nối", timeout=PATIENCE_MS)
    page.evaluate("window.notReloaded = true")
    station.fleet.break_(lost, Fault.NO_POWER)
    expect(here).to_contain_text("Mất kết nối", timeout=PATIENCE_MS)
    with station.database.transaction() as session:  # eleven minutes pass for it alone
        long_ago = station.now() - dt.timedelta(minutes=11)
        session.execute(update(Loudspeaker).where(Loudspeaker.id == lost_id).values(last_seen=long_ago))
    station.hurry("monitor")
    station.wait_for(lambda: silences(station, lost_id) == [False], "the alarm")
    assert page.evaluate("window.notReloaded")

    # Somebody is sent: a ticket that ages and is closed with what was done.
    page.goto(f"{address}/loudspeakers/{lost_id}")
    page.get_by_label("Sự cố gì").select_option("power")
    page.get_by_role("button", name="Mở phiếu").click()
    expect(page.get_by_text("Đã mở phiếu sự cố.")).to_be_visible()
    with station.database.transaction() as session:
        session.execute(update(Ticket).values(opened_at=station.now() - dt.timedelta(days=9, hours=1)))
    page.goto(f"{address}/faults/")
    expect(page.locator("tr", has_text=name)).to_contain_text("9 ngày")

    # It is back: the row says so by itself; one all-well.
    page.goto(f"{address}/loudspeakers/")
    expect(here).to_contain_text("Mất kết nối", timeout=PATIENCE_MS)
    page.evaluate("window.notReloaded = true")
    station.fleet.mend(lost, Fault.NO_POWER)
    expect(here).to_contain_text("Đang kết nối", timeout=PATIENCE_MS)
    assert page.evaluate("window.notReloaded")
    station.hurry("monitor")
    station.wait_for(lambda: silences(station, lost_id) == [True], "all is well")

    page.goto(f"{address}/loudspeakers/{lost_id}")
    page.get_by_label("Đã xử lý thế nào").fill("Thay cầu chì.")
    page.get_by_role("button", name="Đóng phiếu").click()
    expect(page.get_by_text("Đã đóng phiếu.")).to_be_visible()
    page.goto(f"{address}/faults/?state=all")
    expect(page.locator("tr", has_text=name)).to_contain_text("Thay cầu chì.")
