"""Calendar and log side by side: what differs stands there with its reason, and can be downloaded."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from typing import Any

import pytest
from playwright.sync_api import expect
from sqlalchemy import delete, select

from broadcast.authoring import validity
from broadcast.evidence.reconciliation import Change, Part, Row
from broadcast.evidence.whys import Why
from broadcast.evidence.wishes_past import Left
from broadcast.joining import registry
from broadcast.models import AsRun, Broadcast, BroadcastState, Loudspeaker, Person
from broadcast.storage.database import Database
from broadcast.units import merging
from devices.messages import BulletinClass, ItemState
from schedules.slots import Airings
from schedules.types import LOCAL
from web.views.reconciliation import left, told, why

START = dt.datetime(2026, 3, 2, 5, 30, tzinfo=LOCAL).astimezone(dt.UTC)
PAGE = "/as-run/calendar/?first=2026-03-01&days=7"
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def aired(database: Database, system: Any, cast: Any) -> None:
    """Heard whole on one loudspeaker, cut by the hours on the second; the third has not said a word."""
    with database.transaction() as session:
        for number, area_id in enumerate(cast.villages):
            made = {"device": f"loa-{number}", "name": f"Loa số {number}", "area_id": area_id}
            registry.add(session, None, wire=system.wire, now=START - MINUTE, **made)
        first, second, _ = session.scalars(select(Loudspeaker).order_by(Loudspeaker.id))
        broadcast = Broadcast(
            occurrence="u1",
            area_id=cast.commune,
            title="=Bản tin sáng",
            klass=BulletinClass.PRIORITY,
            start=START,
            duration_ms=90_000,
            expires=START + 5 * MINUTE,
            state=BroadcastState.CLOSED,
            created_at=START - MINUTE / 2,
        )
        session.add(broadcast)
        session.flush()
        ends = ((first, 90_000, ItemState.DONE, ""), (second, 9_000, ItemState.PARTIAL, "outside_hours"))
        for speaker, played, result, reason in ends:
            run = AsRun(loudspeaker_id=speaker.id, broadcast_id=broadcast.id, occurrence="u1")
            run.title, run.planned_start, run.planned_ms = broadcast.title, START, 90_000
            run.started_at, run.ended_at = START, START + dt.timedelta(milliseconds=played)
            run.played_ms, run.volume, run.evidence = played, 75, 3
            run.result, run.reason = result, reason
            session.add(run)


def test_what_differs_is_listed_with_its_reason_and_what_is_equal_is_counted(lan: Any, aired: None) -> None:
    page = " ".join(lan.read(PAGE).split())
    assert '1<span class="stat__of"> / 3</span>' in page
    for name, words in (("Loa số 1", "Ngoài khung giờ được phép"), ("Loa số 2", "Loa chưa báo về")):
        assert name in page
        assert f"<strong>{words}</strong>" in page
    assert ">Loa số 0<" not in page
    assert ">Loa số 2<" not in lan.read(f"{PAGE}&why=hours")
    assert "/as-run/calendar/" in lan.read("/as-run/")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_loudspeakers_of_which_the_same_is_told_are_one_line(
    lan: Any, aired: None, database: Database
) -> None:
    with database.transaction() as session:
        session.execute(delete(AsRun).where(AsRun.result == ItemState.PARTIAL))
    page = " ".join(lan.read(PAGE).split())
    assert page.count("<strong>Loa chưa báo về</strong>") == 1
    assert "<summary>2 cụm loa</summary>" in page
    assert page.index(">Loa số 1<") < page.index(">Loa số 2<")


def test_the_table_has_every_row_and_no_cell_is_a_formula(lan: Any, aired: None) -> None:
    body = lan.read("/as-run/calendar/calendar.csv?first=2026-03-01&days=7")
    rows = list(csv.reader(io.StringIO(body.removeprefix("\ufeff"))))
    assert [(row[2], row[3], row[8]) for row in rows[1:]] == [
        ("'=Bản tin sáng", "Loa số 0", "Đúng lịch"),
        ("'=Bản tin sáng", "Loa số 1", "Ngoài khung giờ được phép"),
        ("'=Bản tin sáng", "Loa số 2", "Loa chưa báo về"),
    ]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_place_is_called_what_it_was_called_then(
    lan: Any, cast: Any, aired: None, database: Database
) -> None:
    with database.transaction() as session:
        admin, merged = session.get_one(Person, cast.admin.id), cast.villages[1:]
        merging.merge(
            session, admin, merged, code="H40.10.1.9", name="Thôn Mới", now=START + dt.timedelta(days=30)
        )
    body = lan.read("/as-run/calendar/calendar.csv?first=2026-03-01&days=7")
    rows = list(csv.reader(io.StringIO(body.removeprefix("\ufeff"))))
    assert [row[4] for row in rows[1:]] == ["Thôn Đông", "Thôn Đoài", "Thôn Trung"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_table_is_a_workbook_too(lan: Any, aired: None) -> None:
    answer = lan.get("/as-run/calendar/calendar.xlsx?first=2026-03-01&days=7", buffered=True)
    with zipfile.ZipFile(io.BytesIO(answer.data)) as book:
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
    assert "Ngoài khung giờ được phép" in sheet
    assert lan.get("/as-run/calendar/calendar.pdf").status_code == 404


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_began_later_by_an_order_is_told_with_its_seconds(app: Any) -> None:
    part = Part(1, "s1.20260302T053000", "Tin", START)
    change = Change(Why.STAGGERED, START - MINUTE, "Lan")
    with app.test_request_context():
        words = told(Row(part, None, Why.STAGGERED, change, shift=MINUTE))
    assert words == "muộn 60 giây, Lan, 05:29 02/03/2026"


def test_days_without_anything_and_nonsense_in_the_address_are_answered(
    lan: Any, mai: Any, aired: None
) -> None:
    assert "Không có buổi phát nào" in lan.read("/as-run/calendar/?first=2025-01-01")
    assert "Đối chiếu" in lan.read("/as-run/calendar/?first=hôm-qua&days=9999&why=x&area=7")
    assert "Loa số" not in mai.read(PAGE)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_explanation_has_words_of_its_own(app: Any) -> None:
    with app.test_request_context():
        phrases = [why(each) for each in (None, *Why)]
        reasons = [left(each) for each in Left]
    assert len(set(phrases)) == len(Why) + 1
    assert len(set(reasons)) == len(Left)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_wish_that_fell_short_is_told_with_its_count_and_reason(
    lan: Any, cast: Any, approved: int, database: Database
) -> None:
    with database.transaction() as session:
        person, wish = session.get_one(Person, cast.lan.id), Airings(9, 2)
        more = {"valid_from": START, "valid_until": None, "airings": wish, "now": START}
        validity.save(session, person, approved, **more).created_at = START
    page = " ".join(lan.read(PAGE).split())
    assert "Bản tin phát chưa đủ số lần" in page
    assert "0 / 9" in page
    assert "không còn buổi nào trong thời hạn" in page


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_on_a_phone_it_is_a_list_without_sideways_scrolling(
    open_as: Any, judge: Any, cast: Any, aired: None
) -> None:
    page = open_as(cast.lan, PAGE)
    expect(page.get_by_role("heading", name="Đối chiếu lịch và thực phát")).to_be_visible()
    judge(page, "reconciliation")
