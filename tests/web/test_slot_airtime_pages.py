"""A bulletin's page: how long it holds, how often it is to air, and when it will by the plan."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from broadcast.models import Bulletin, Person
from broadcast.plans import planning
from broadcast.scheduling import programme
from broadcast.scheduling.intents import Intent
from broadcast.storage.database import Database
from schedules.types import LOCAL, Frequency, Rule

NOW = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)  # Monday 08:00 in Vietnam
TODAY = NOW.astimezone(LOCAL).date()
TOMORROW = TODAY + dt.timedelta(days=1)

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def bulletin(database: Database) -> Bulletin:
    with database.transaction(read_only=True) as session:
        return session.scalars(select(Bulletin)).one()


def test_a_wish_is_saved_and_told_in_one_sentence(lan: Any, approved: int, database: Database) -> None:
    path = f"/bulletins/{approved}"
    assert "Chưa đặt. Bản tin chỉ phát khi được xếp" in lan.read(path)
    answer = lan.send(f"{path}/airtime", from_day=TOMORROW.isoformat(), times="3", days="5", gap_h="12")
    assert answer.status_code == 302
    page = lan.read(path)
    start = f"00:00, {TOMORROW:%d/%m/%Y}"
    assert f"Phát 3 lần trong 5 ngày, cách nhau ít nhất 12 giờ, từ {start}." in page
    assert "Chưa có buổi nào trong kế hoạch 7 ngày tới" in page
    kept = bulletin(database)
    assert (kept.airing_times, kept.airing_days, kept.airing_gap_s) == (3, 5, 12 * 3600)


def test_the_last_day_counts_to_its_end_unless_its_hour_is_said(
    lan: Any, approved: int, database: Database
) -> None:
    path = f"/bulletins/{approved}/airtime"
    lan.send(path, until_day=TOMORROW.isoformat())
    midnight = dt.datetime.combine(TOMORROW + dt.timedelta(days=1), dt.time(), tzinfo=LOCAL)
    assert bulletin(database).valid_until == midnight
    assert f'value="{TOMORROW.isoformat()}"' in lan.read(f"/bulletins/{approved}")
    lan.send(path, until_day=TOMORROW.isoformat(), until_time="14h")
    assert bulletin(database).valid_until == midnight - dt.timedelta(hours=10)
    assert "Có hiệu lực đến 14:00" in lan.read(f"/bulletins/{approved}")
    lan.send(path)
    assert bulletin(database).valid_until is None


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ({"times": "3"}, "Phát số lần ấy trong mấy ngày?"),
        ({"times": "9", "days": "2", "gap_h": "12"}, "thì 2 ngày không đủ cho 9 lần"),
        ({"times": "3", "days": "999"}, "Số ngày phải từ 1 đến 366."),
        ({"from_time": "05:30"}, "Có giờ mà chưa có ngày"),
        ({"until_day": "2001-01-01"}, "Hết hiệu lực trước khi bắt đầu"),
        ({"until_day": "hôm nay"}, "Ngày không đúng"),
        ({"from_day": "2030-01-02", "until_day": "2030-01-01"}, "Hết hiệu lực trước khi bắt đầu"),
    ],
)
def test_what_cannot_be_is_said_beside_its_field_and_nothing_is_saved(
    lan: Any, approved: int, database: Database, typed: dict[str, str], told: str
) -> None:
    answer = lan.send(f"/bulletins/{approved}/airtime", **typed)
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert told in page
    assert all(f'value="{value}"' in page for value in typed.values() if value.isdecimal())
    kept = bulletin(database)
    assert (kept.valid_from, kept.valid_until, kept.airing_times) == (None, None, None)


def test_the_page_says_when_it_is_to_air_and_when_that_is_too_seldom(
    lan: Any, cast: Any, approved: int, database: Database
) -> None:
    daily = Rule(Frequency.DAILY, TOMORROW, (dt.time(5, 30),), until=TOMORROW)
    with database.transaction() as session:
        officer = session.get_one(Person, cast.lan.id)
        programme.create_schedule(
            session, officer, Intent(cast.commune, [approved], daily), title="Buổi sáng", now=NOW
        )
        planning.materialise(session, NOW, 7)
    lan.send(f"/bulletins/{approved}/airtime", times="3", days="5")
    page = lan.read(f"/bulletins/{approved}")
    assert "Theo kế hoạch sẽ phát" in page
    assert "Buổi sáng" in page
    assert "chỉ được 1 trong 3 lần" in page


def test_another_commune_may_not_set_it(mai: Any, approved: int) -> None:
    assert mai.send(f"/bulletins/{approved}/airtime", times="1", days="1").status_code in (403, 404)
