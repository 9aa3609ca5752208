"""Whose schedule gave way reads so on the first page, until she has seen it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from broadcast.models import Notice, NoticeKind, Schedule
from broadcast.scheduling import notices
from schedules import recurrence
from schedules.types import Frequency, Rule

RULE = Rule(Frequency.DAILY, dt.date(2026, 3, 2), (dt.time(17),))
PARAMS = {
    "by": "Trần Văn Bình",
    "area": "Xã An Hòa",
    "other": "Tin bão",
    "times": 3,
    "first": "2026-03-04T17:00:00",
}
SAID = {
    NoticeKind.DISPLACED: (
        "Trần Văn Bình (Xã An Hòa) xếp “Tin bão” thay cho 3 lượt của “Tin chiều”, từ 17:00, 04/03/2026."
    ),
    NoticeKind.CUT: "Trần Văn Bình (Xã An Hòa) xếp “Tin bão” phát trước: 3 lượt của “Tin chiều” bị ngắt",
    NoticeKind.DECIDED: "Trần Văn Bình quyết định: ở Xã An Hòa, “Tin bão” phát trước “Tin chiều”.",
}


@pytest.fixture
def told(database: Any, cast: Any, now: dt.datetime) -> Any:
    def tell(kind: NoticeKind) -> Notice:
        with database.transaction() as session:
            schedule = Schedule(
                area_id=cast.commune,
                title="Tin chiều",
                rule=recurrence.to_dict(RULE),
                created_by=cast.lan.id,
                created_at=now,
            )
            session.add(schedule)
            session.flush()
            made = notices.tell(session, kind, schedule, by=cast.binh, params=PARAMS, now=now)
            assert made is not None
            return made

    return tell


@pytest.mark.parametrize("kind", NoticeKind)
def test_its_author_reads_it_until_she_has_seen_it(told: Any, lan: Any, binh: Any, kind: NoticeKind) -> None:
    notice = told(kind)
    assert SAID[kind] in lan.read("/")
    assert "Tin bão" not in binh.read("/")
    assert binh.send(f"/notices/{notice.id}/seen").status_code == 404
    opened = lan.send(f"/notices/{notice.id}/seen", open="1")
    assert opened.headers["Location"] == f"/programme/schedules/{notice.schedule_id}"
    assert "Tin bão" not in lan.read("/")


def test_it_is_put_away_without_leaving_the_page(told: Any, lan: Any) -> None:
    notice = told(NoticeKind.DISPLACED)
    assert lan.send(f"/notices/{notice.id}/seen").headers["Location"] == "/"


def test_nobody_is_told_what_they_did_themselves(
    database: Any, cast: Any, told: Any, now: dt.datetime
) -> None:
    schedule_id = told(NoticeKind.CUT).schedule_id
    with database.transaction() as session:
        schedule = session.get_one(Schedule, schedule_id)
        assert notices.tell(session, NoticeKind.CUT, schedule, by=cast.lan, params=PARAMS, now=now) is None
