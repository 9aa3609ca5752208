"""What the programme says around a change: its cost, its undo, what was not understood."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Callable
from typing import Any

import pytest

from broadcast.models import Person, Schedule
from broadcast.scheduling import programme
from broadcast.scheduling.intents import Intent
from broadcast.storage.database import Database
from schedules.types import LOCAL, Frequency, Rule

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # services know both

NOW = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)  # Monday 08:00 in Vietnam
MONDAY = NOW.astimezone(LOCAL).date() + dt.timedelta(days=14)  # far enough that nothing is too near
Add = Callable[..., int]


@pytest.fixture
def add(database: Database, cast: Any, approved: int) -> Add:
    """A schedule of lan's commune, two minutes long, once or every day."""

    def make(title: str, *times: str, daily: bool = False) -> int:
        rule = Rule(
            Frequency.DAILY if daily else Frequency.ONCE, MONDAY, tuple(map(dt.time.fromisoformat, times))
        )
        with database.transaction() as session:
            lan = session.get_one(Person, cast.lan.id)
            return programme.create_schedule(
                session, lan, Intent(cast.commune, [approved], rule), title=title, now=NOW
            ).id

    return make


def week_of(page: str) -> dict[str, str]:
    return {"week": MONDAY.isoformat(), "direction": "later", "days": "0", "minutes": page}


def wish(cast: Any, approved: int, frequency: str) -> dict[str, Any]:
    return {
        "title": "Bản tin mới",
        "area_id": cast.commune,
        "bulletin_id": approved,
        "frequency": frequency,
        "starts_on": MONDAY.isoformat(),
        "time": "17:01",
    }


@pytest.mark.parametrize(
    ("daily", "frequency", "cost"),
    [
        (False, "once", "Cả buổi đó bị bỏ, không chỉ phần trùng."),
        (True, "daily", "trong thời gian đó “Buổi chiều” không còn buổi nào."),
        (True, "weekly", "Mỗi buổi trùng bị bỏ cả buổi, không chỉ phần trùng."),
    ],
)
def test_to_go_over_another_says_what_that_one_loses(
    lan: Any, cast: Any, add: Add, approved: int, *, daily: bool, frequency: str, cost: str
) -> None:
    add("Buổi chiều", "17:00", daily=daily)
    fields = {**wish(cast, approved, frequency), "weekday": MONDAY.weekday()}
    asked = lan.send("/programme/new", **fields)
    assert asked.status_code == 422
    assert cost in html.unescape(asked.get_data(as_text=True))


def test_what_was_made_over_another_is_undone_where_it_is_shown(
    lan: Any, cast: Any, add: Add, approved: int
) -> None:
    other = add("Buổi chiều", "17:00", daily=True)
    made = lan.send("/programme/new", over=other, accepted="yes", **wish(cast, approved, "daily"))
    shown = html.unescape(lan.read(made.location))
    assert "Lập lịch: Bản tin mới, Buổi chiều" in shown
    assert "Lịch đã gỡ lúc" in lan.read(f"/programme/schedules/{other}")
    action = shown.split('action="/programme/changes/')[1].split("/undo")[0]
    undone = lan.send(f"/programme/changes/{action}/undo")
    assert "Đã hoàn tác: Lập lịch: Bản tin mới, Buổi chiều." in lan.read(undone.location)
    assert "Lịch đã gỡ lúc" not in lan.read(f"/programme/schedules/{other}")


def test_undo_is_offered_only_to_who_may_change_the_schedule(
    lan: Any, cast: Any, database: Database, add: Add
) -> None:
    number = add("Của xã", "09:00")
    assert "/undo" in lan.read("/programme/changes")
    with database.transaction() as session:  # as if the district had made it
        session.get_one(Schedule, number).area_id = cast.district
    page = lan.read("/programme/changes")
    assert "Lập lịch: Của xã" in page
    assert "Của đơn vị khác" in page
    assert "/undo" not in page


@pytest.mark.parametrize(
    ("minutes", "said"),
    [
        ("abc", "viết bằng chữ số"),
        ("-5", "viết bằng chữ số"),
        ("0", "Nhập số ngày hoặc số phút muốn dời."),
        ("", "Nhập số ngày hoặc số phút muốn dời."),
        ("1441", "Dời nhiều nhất 366 ngày và 1440 phút."),
    ],
)
def test_a_shift_that_is_not_understood_moves_nothing_and_keeps_what_was_chosen(
    lan: Any, add: Add, minutes: str, said: str
) -> None:
    airing = f"{add('Sáng', '09:00')} {MONDAY}T09:00:00"
    answer = lan.send("/programme/several", what="shift", airing=airing, **week_of(minutes))
    page = html.unescape(answer.get_data(as_text=True))
    assert answer.status_code == 422
    assert said in page
    assert f'value="{airing}" checked' in page
    assert re.search(f'name="minutes"[^>]* value="{minutes}"', page)


def test_a_whole_day_is_chosen_with_one_box(lan: Any, add: Add) -> None:
    add("Sáng", "09:00", "10:00", daily=True)
    fields = {"whole_day": MONDAY.isoformat(), **week_of("30")}
    assert "Cả ngày này: 2 buổi" in lan.read(f"/programme/several?week={MONDAY}")
    done = lan.send("/programme/several", what="shift", **fields)
    assert done.status_code == 302
    week = lan.read(f"/programme/several?week={MONDAY}")
    assert [week.count(time) for time in (">09:30<", ">10:30<", ">09:00<", ">10:00<")] == [1, 1, 6, 6]


def test_the_sheet_for_the_notice_board_asks_for_nothing_that_is_not_there(lan: Any, add: Add) -> None:
    add("Sáng", "09:00")
    page = lan.read(f"/programme/print?week={MONDAY}")
    assert 'rel="icon"' in page  # else a browser asks for /favicon.ico
    for address in re.findall(r'<link[^>]*href="([^"]+)"', page):
        with lan.get(address) as answer:
            assert answer.status_code == 200, address


@pytest.mark.parametrize("path", ["/programme/new", "/programme/slots/new"])
def test_what_is_missing_is_listed_above_a_long_form_and_leads_to_its_field(lan: Any, path: str) -> None:
    answer = lan.send(path, frequency="weekly", time="", minutes="", starts_on="")
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    places = re.findall(r'<li><a href="#([a-z_]+-error)">', page)
    assert {"title-error", "time-error", "weekday-error"} <= set(places)
    assert all(f'id="{place}"' in page for place in places)
    assert "-error" not in lan.read(path)
