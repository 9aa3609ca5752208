"""What a page costs on a slow network: compressed text, files that are fetched once."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from broadcast.models import Person

Open = Callable[[Person | None, str], Page]
FIRST_LOAD = 150_000  # bytes
COMPRESSED = {"Accept-Encoding": "gzip"}


def test_pages_and_scripts_travel_compressed(cast: Any, client_of: Callable[[Person], Any]) -> None:
    client = client_of(cast.lan)
    plain = client.get("/")
    script = re.search(r'src="([^"]*htmx\.js)"', plain.get_data(as_text=True))
    assert script is not None
    for path in ("/", script[1]):
        whole = client.get(path, buffered=True)
        packed = client.get(path, headers=COMPRESSED, buffered=True)
        assert packed.headers["Content-Encoding"] == "gzip"
        assert "Accept-Encoding" in packed.vary
        assert "Accept-Encoding" in whole.vary
        assert len(packed.data) < len(whole.data) / 2
        assert b"</html>" in gzip.decompress(packed.data) or gzip.decompress(packed.data) == whole.data


def test_the_size_of_a_page_does_not_tell_what_is_in_it(
    cast: Any, client_of: Callable[[Person], Any]
) -> None:
    client = client_of(cast.lan)
    assert len({len(client.get("/account", headers=COMPRESSED).data) for _ in range(8)}) > 1


@pytest.mark.parametrize("kind", ["woff2", "css"])
def test_a_file_is_kept_for_good(client: Any, kind: str) -> None:
    page = client.get("/sign-in").get_data(as_text=True)
    found = re.search(rf'href="([^"]*\.{kind})"', page)
    assert found is not None
    answer = client.get(found[1], headers=COMPRESSED, buffered=True)
    assert answer.cache_control.immutable
    assert answer.cache_control.max_age == 365 * 24 * 3600
    assert answer.headers.get("Content-Encoding") == ("gzip" if kind == "css" else None)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_first_visit_is_light_and_the_second_costs_only_the_page(cast: Any, open_as: Open) -> None:
    page = open_as(cast.lan, "/account")  # no live parts but the strip; other pages add one small sheet
    page.context.clear_cookies()
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    received: list[float] = []
    session.on("Network.loadingFinished", lambda event: received.append(event["encodedDataLength"]))

    def weigh() -> float:
        received.clear()
        open_as(cast.lan, "/")
        page.wait_for_function("document.fonts.status === 'loaded'")
        page.wait_for_timeout(300)
        return sum(received)

    session.send("Network.clearBrowserCache")
    first, second = weigh(), weigh()
    assert 20_000 < first < FIRST_LOAD
    assert second < 12_000
