"""Tests with a browser and tests with a loop of their own run one after the other in one process."""

from __future__ import annotations

import asyncio

import pytest
from playwright.sync_api import Browser


async def seventeen() -> int:
    await asyncio.sleep(0)
    return 17


@pytest.mark.parametrize("turn", ["first", "again"])
def test_the_browser_answers_whatever_ran_before(browser: Browser, turn: str) -> None:
    page = browser.new_page()
    page.set_content("<h1>Loa</h1>")
    assert page.inner_text("h1") == "Loa"
    page.close()


@pytest.mark.parametrize("turn", ["first", "again"])
def test_a_loop_runs_whatever_ran_before(turn: str) -> None:
    assert asyncio.run(seventeen()) == 17
