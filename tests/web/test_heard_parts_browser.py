"""The tick of an approver, in a browser: one language heard is not the whole heard."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from broadcast.models import Person
from broadcast.storage.database import Database
from tests.web.language_stage import speak_two_languages

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
Open = Callable[[Person | None, str], Page]
HEAR = """audio => new Promise(done => {
  audio.addEventListener("ended", () => setTimeout(done, 0), { once: true });
  audio.muted = true;
  audio.playbackRate = 8;
  audio.play();
})"""


def test_the_tick_waits_for_each_part_of_what_is_to_be_approved(
    database: Database, system: Any, cast: Any, open_as: Open
) -> None:
    with contextlib.closing(system.synthesiser):
        spoken = speak_two_languages(database, system, cast)
    page = open_as(cast.binh, f"/bulletins/{spoken}")
    tick = page.locator("[data-heard]")
    page.get_by_text("Nghe riêng từng thứ tiếng").click()
    parts = page.locator("[data-alone] audio")
    expect(parts).to_have_count(4)
    for number in range(4):
        expect(tick).not_to_be_checked()
        parts.nth(number).evaluate(HEAR)
    expect(tick).to_be_checked()
