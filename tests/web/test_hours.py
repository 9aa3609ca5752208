"""Hours are asked for and told in 24 hours, also by a browser whose language says AM and PM."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from broadcast.models import AreaPolicy, Person
from web.forms.clock_time import clock_time
from web.forms.policies import read_policy

HOURS = st.tuples(st.integers(0, 23), st.integers(0, 59))


@given(HOURS, st.sampled_from([":", "h", "H", "g", ".", " : ", ""]), st.booleans())
def test_an_hour_is_read_however_it_is_written(at: tuple[int, int], between: str, padded: bool) -> None:
    hour, minute = at
    written = f"{hour:02}{between}{minute:02}" if padded else f"{hour}{between}{minute:02}"
    assert clock_time(written) == f"{hour:02}:{minute:02}"


@given(HOURS)
def test_what_is_shown_is_read_as_itself(at: tuple[int, int]) -> None:
    shown = clock_time(f"{at[0]}:{at[1]:02}")
    assert shown is not None
    assert clock_time(shown) == shown


@pytest.mark.parametrize("written", ["", "24:00", "5:60", "2460", "5:30 PM", "5:3", "-5", "05300", "٥:٣٠"])
def test_what_is_no_hour_is_none(written: str) -> None:
    assert clock_time(written) is None


def test_a_whole_hour_needs_no_minutes() -> None:
    assert [clock_time(each) for each in ("5", "17h", "05:30:00")] == ["05:00", "17:00", "05:30"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_is_no_hour_stays_in_the_form_as_it_was_typed(app: Flask) -> None:
    with app.test_request_context():
        typed = MultiDict({"quiet_start": "11h30", "quiet_end": "nửa đêm"})
        form = read_policy(typed)
    assert [(line.start, line.end) for line in form.quiet] == [("11:30", "nửa đêm")]
    assert "quiet" in form.errors


@pytest.fixture
def page(browser: Browser, live_server: str) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="en-US")
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_english_browser_shows_no_am_and_pm(
    cast: Any, open_as: Callable[[Person | None, str], Page], one: Callable[[Any], Any]
) -> None:
    page = open_as(cast.admin, f"/policies/{cast.commune}")
    assert page.evaluate("new Date(0).toLocaleTimeString()").endswith("M"), "this browser says AM and PM"
    first, last = page.locator("#windows-start-1"), page.locator("#windows-end-1")
    first.fill("5h30")
    last.fill("2115")
    last.press("Tab")
    expect(first).to_have_value("05:30")
    expect(last).to_have_value("21:15")
    page.get_by_role("button", name="Lưu").click()
    expect(page.get_by_text("Giờ thật sự được phát: 05:30–21:15")).to_be_visible()
    expect(page.locator("#windows-end-1")).to_have_value("21:15")
    assert page.locator("input[type=time]").count() == 0
    assert one(select(AreaPolicy.windows)) == [{"start": "05:30", "end": "21:15"}]
