"""Pages and tables name a unit that was merged as such: uptime, tickets and the log to take away."""

from __future__ import annotations

import csv
import datetime as dt
import io
from typing import Any

import pytest
from sqlalchemy import update

from broadcast.models import Area, Loudspeaker, UptimeDay
from broadcast.speakers import faults
from broadcast.speakers.faults import FaultKind
from broadcast.storage.database import Database
from schedules.types import LOCAL

SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


@SQLITE
def test_a_merged_unit_is_named_with_the_day_on_which_it_was_merged(
    admin: Any, cast: Any, speakers: list[int], database: Database
) -> None:
    now = dt.datetime.now(dt.UTC)
    tomorrow = now.astimezone(LOCAL).date() + dt.timedelta(days=1)
    with database.transaction() as session:
        faults.open_(session, cast.admin, loudspeaker_id=speakers[0], kind=FaultKind.HORN, now=now)
        session.execute(update(Loudspeaker).values(activated_at=now))
        today = now.astimezone(LOCAL).date()
        session.add(UptimeDay(loudspeaker_id=speakers[0], day=today, online_s=60, late_s=0, offline_s=0))
        merged_at = {"merged_at": now + dt.timedelta(days=1)}
        session.execute(update(Area).where(Area.id == cast.commune).values(**merged_at))
        session.execute(
            update(Area).where(Area.id == cast.villages[0]).values(merged_at=now - dt.timedelta(days=3))
        )
    day = f"{tomorrow:%d/%m/%Y}"
    assert f"Xã An Hòa (sáp nhập {day})" in admin.read("/uptime/")
    assert "Thôn Đông (sáp nhập " in admin.read("/faults/")
    table = list(csv.reader(io.StringIO(admin.read("/faults/export.csv").removeprefix("\ufeff"))))
    assert table[0][-1] == "Sáp nhập lúc"
    assert table[1][-1].startswith(f"{(now - dt.timedelta(days=3)).astimezone(LOCAL):%Y-%m-%d}")
