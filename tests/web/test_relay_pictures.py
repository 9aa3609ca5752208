"""The page of the stations to relay: a picture to look at, judged for accessibility."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from broadcast.authoring import relays
from broadcast.models import Person
from broadcast.relay_errors import RelayUnusable
from broadcast.storage.database import Database
from devices.relay import Findings

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # what is drawn is the same


def test_the_stations_their_cost_and_their_troubles_can_be_seen(
    cast: Any,
    database: Database,
    open_as: Callable[[Person | None, str], Page],
    judge: Callable[[Page, str], None],
) -> None:
    now = dt.datetime.now(dt.UTC)
    with database.transaction() as session:
        lan = session.merge(cast.lan)
        for title, rate, host in (
            ("Đài tỉnh", 64_000, "dai-tinh"),
            ("Đài quốc gia", 128_000, "dai-quoc-gia"),
        ):
            found = Findings("audio/mpeg", "MP3", rate, 44_100, 2, title)
            url = f"https://{host}.example/truc-tiep/{'luong-' * 6}1.mp3"
            station = relays.add(session, lan, cast.commune, title="", url=url, found=found, now=now)
        broken = RelayUnusable(why="relay_unreachable")
        relays.note_check(session, lan, station.id, broken, now=now)
    page = open_as(cast.lan, f"/relays/?area={cast.commune}")
    assert page.get_by_text("MP3 64 kb/s, 29,8 MB một giờ").is_visible()
    assert page.get_by_text("Không gọi được đài này.").is_visible()
    judge(page, "relays")
