"""A bulletin with priority goes into every slot: where it is written and approved, an end is suggested."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select, update

from broadcast.models import Bulletin
from broadcast.storage.database import Database
from devices.messages import BulletinClass
from schedules.types import LOCAL

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

NOW = dt.datetime(2026, 3, 2, 16, 59, tzinfo=dt.UTC)  # a minute before midnight
TODAY = NOW.astimezone(LOCAL).date()
WRITTEN = {"title": "Cảnh báo lừa đảo", "text": "Không đọc mã OTP cho ai.", "klass": "priority"}
ENDLESS = "Chưa có ngày hết hiệu lực"


def only(database: Database) -> Bulletin:
    with database.transaction(read_only=True) as session:
        return session.scalars(select(Bulletin)).one()


def test_a_new_one_is_written_with_an_end_in_seven_days_that_may_be_taken_away(
    lan: Any, cast: Any, database: Database
) -> None:
    offered = TODAY + dt.timedelta(days=7)
    assert f'name="until_day" type="date" value="{offered}"' in lan.read("/bulletins/new")
    answer = lan.send("/bulletins/new", **WRITTEN, area_id=cast.commune, until_day=offered.isoformat())
    ends = dt.datetime.combine(offered + dt.timedelta(days=1), dt.time(), tzinfo=LOCAL)
    assert only(database).valid_until == ends
    assert ENDLESS not in lan.read(answer.headers["Location"])


def test_without_an_end_the_page_warns_and_offers_one_that_is_not_saved_by_itself(
    lan: Any, cast: Any, database: Database
) -> None:
    path = lan.send("/bulletins/new", **WRITTEN, area_id=cast.commune, until_day="").headers["Location"]
    page = lan.read(path)
    assert ENDLESS in page
    assert f'name="until_day" value="{TODAY + dt.timedelta(days=7)}"' in page
    assert only(database).valid_until is None
    lan.send(f"{path}/airtime", until_day=(TODAY + dt.timedelta(days=2)).isoformat())
    assert ENDLESS not in lan.read(path)


def test_a_routine_one_needs_no_end_and_keeps_none(lan: Any, cast: Any, database: Database) -> None:
    values = {**WRITTEN, "klass": "routine", "until_day": TODAY.isoformat()}
    page = lan.read(lan.send("/bulletins/new", **values, area_id=cast.commune).headers["Location"])
    assert only(database).valid_until is None
    assert ENDLESS not in page
    assert "Bản tin chỉ phát khi được xếp vào lịch" in page


def test_an_end_that_is_over_is_refused_and_what_was_typed_stays(
    lan: Any, cast: Any, database: Database
) -> None:
    gone = (TODAY - dt.timedelta(days=3)).isoformat()
    answer = lan.send("/bulletins/new", **WRITTEN, area_id=cast.commune, until_day=gone)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Không đọc mã OTP cho ai." in page
    assert f'value="{gone}"' in page
    with database.transaction(read_only=True) as session:
        assert session.scalars(select(Bulletin)).all() == []


def test_who_approves_is_told_before_and_a_withdrawn_one_asks_for_nothing(
    binh: Any, lan: Any, approved: int, database: Database
) -> None:
    with database.transaction() as session:
        session.execute(update(Bulletin).values(klass=BulletinClass.PRIORITY, state="submitted"))
    page = binh.read(f"/bulletins/{approved}")
    assert "Duyệt rồi, bản tin ưu tiên này phát trong mọi khung giờ" in page
    assert page.index("Duyệt rồi, bản tin") < page.index('value="approve"')
    with database.transaction() as session:
        session.execute(update(Bulletin).values(state="withdrawn"))
    assert ENDLESS not in lan.read(f"/bulletins/{approved}")
