"""The fleet on its pages: found and filtered; one loudspeaker, tickets, uptime and tables; who may."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import zipfile
from collections.abc import Callable
from typing import Any

from sqlalchemy import insert, update

from broadcast.models import Alarm, AsRun, Fault, Loudspeaker, UptimeDay
from broadcast.speakers import fleet_map
from broadcast.speakers.conditions import Status
from broadcast.storage.database import Database
from devices.messages import ItemState
from schedules.types import LOCAL
from web.views import fleet_words

NOW = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)  # Monday 08:00 in Vietnam
TODAY = NOW.astimezone(LOCAL).date()


def rows(page: str) -> list[int]:
    return [int(number) for number in re.findall(r'<tr id="loa-(\d+)"', page)]


# --- the list and the map ----------------------------------------------------


def test_every_status_has_a_word_a_colour_and_advice_on_the_page_of_the_loudspeaker(
    lan: Any, speakers: list[int], change: Callable[..., None]
) -> None:
    troubles: dict[Status, dict[str, Any]] = {
        Status.OFFLINE: {"online": False},
        Status.SILENT: {"asked_at": NOW - dt.timedelta(hours=1)},
        Status.CLOCK_UNKNOWN: {"clock": "unknown"},
        Status.SILENCED: {"silenced": "central"},
        Status.REFUSING: {"refused_at": NOW},
    }
    for loudspeaker_id, (status, values) in zip(speakers, troubles.items(), strict=True):
        change(loudspeaker_id, **values)
        page = lan.read(f"/loudspeakers/{loudspeaker_id}")
        assert fleet_words.status(status).text in page
        assert fleet_words.status(status).hint in page
    page = lan.read("/loudspeakers/")
    assert rows(page) == speakers
    for status in troubles:
        assert f"badge--{fleet_words.status(status).tone} badge--status" in page


def test_several_troubles_are_all_told(lan: Any, speakers: list[int], change: Callable[..., None]) -> None:
    change(speakers[0], clock="unknown", silenced="local", faults=" dead_horn ")
    page = lan.read("/loudspeakers/?q=số+0")
    for word in ("Đang tắt tiếng", "Chưa biết giờ", "củ loa hỏng hoặc đứt dây"):
        assert word in page.split("<tbody>")[1]


def test_filters_and_order_are_in_the_address_and_what_makes_no_sense_in_it_is_ignored(
    lan: Any, cast: Any, speakers: list[int], change: Callable[..., None]
) -> None:
    change(speakers[3], maker="Sông Đà", firmware="1.1", playing="s1.1")
    assert rows(lan.read("/loudspeakers/?maker=Sông+Đà")) == [speakers[3]]
    assert rows(lan.read("/loudspeakers/?firmware=1.1")) == [speakers[3]]
    assert rows(lan.read("/loudspeakers/?playing=1")) == [speakers[3]]
    assert rows(lan.read(f"/loudspeakers/?area={cast.villages[1]}")) == speakers[2:4]
    assert rows(lan.read("/loudspeakers/?sort=-name")) == speakers[::-1]
    assert rows(lan.read("/loudspeakers/?sort=x&status=x&page=-4&box=x&area=99999")) == speakers
    assert 'aria-sort="descending"' in lan.read("/loudspeakers/?sort=-name")


def test_many_loudspeakers_are_a_page_of_fifty_and_a_map_of_no_more_marks_than_fingers_hit(
    lan: Any, cast: Any, database: Database
) -> None:
    many = [
        {
            "device": f"d{number}",
            "name": f"Loa {number}",
            "area_id": cast.villages[number % 3],
            "latitude": 21 + number % 100 / 100,
            "longitude": 104 + number // 100 / 100,
            "public_key": "",
            "broker_hash": "",
            "created_at": NOW,
        }
        for number in range(1200)
    ]
    with database.transaction() as session:
        session.execute(insert(Loudspeaker), many)
    page = lan.read("/loudspeakers/")
    assert len(rows(page)) == 50
    assert "Tất cả 1.200 cụm loa đang lọc" in page
    assert "<h2>1.200 cụm loa</h2>" in page
    drawn = lan.read("/loudspeakers/?view=map")
    assert 20 < drawn.count("mark--many") <= fleet_map.MOST
    closer = re.search(r'mark--many" href="([^"]+)"', drawn)
    assert closer is not None
    inside = lan.read(closer[1].replace("&amp;", "&"))
    assert "Thu nhỏ: cả bản đồ" in inside
    assert 'href="/loudspeakers/' in inside


# --- one loudspeaker ---------------------------------------------------------


def test_the_evidence_of_every_play_is_told_with_its_score(
    lan: Any, speakers: list[int], database: Database
) -> None:
    with database.transaction() as session:
        for level in range(7):
            session.add(
                AsRun(
                    loudspeaker_id=speakers[0],
                    occurrence=f"s{level}",
                    title="Bản tin",
                    planned_start=NOW,
                    planned_ms=60_000,
                    result=ItemState.DONE,
                    evidence=level,
                    score=0.93 if level == 5 else None,
                )
            )
    page = lan.read(f"/loudspeakers/{speakers[0]}")
    assert all(page.count(f">E{level}</strong>") == 2 for level in range(7))  # the row and the legend
    assert "nghe khớp 93%" in page


def test_thirty_days_are_a_row_of_bars_that_says_its_number(
    lan: Any, speakers: list[int], database: Database
) -> None:
    assert "Chưa có số đo" in lan.read(f"/loudspeakers/{speakers[0]}")
    with database.transaction() as session:
        for back in range(4):
            day = TODAY - dt.timedelta(days=back)
            session.add(UptimeDay(loudspeaker_id=speakers[0], day=day, online_s=3 * 3600, offline_s=3600))
    page = lan.read(f"/loudspeakers/{speakers[0]}")
    assert "Có kết nối 75.0% thời gian trong 4 ngày có số đo" in page
    assert (page.count('class="bars__on"'), page.count('class="bars__none"')) == (4, 26)


def test_the_makers_name_and_the_limit_of_the_sim_are_the_administrators(
    lan: Any, admin: Any, speakers: list[int]
) -> None:
    path = f"/loudspeakers/{speakers[0]}/equipment"
    assert lan.send(path, maker="Sông Đà", data_limit_mb="3000").status_code == 403
    admin.send(path, maker="Sông Đà", data_limit_mb="3000")
    page = lan.read(f"/loudspeakers/{speakers[0]}")
    assert "Sông Đà" in page
    assert "3,0 GB" in page
    admin.send(path, maker="", data_limit_mb="nhiều")
    assert "Hãy nhập một số nguyên" in admin.read(f"/loudspeakers/{speakers[0]}")


# --- tickets, uptime, tables -------------------------------------------------


def test_a_ticket_waits_until_somebody_says_what_was_done(
    lan: Any, mai: Any, speakers: list[int], database: Database, cast: Any
) -> None:
    assert "Không có phiếu nào" in lan.read("/faults/")
    path = f"/faults/loudspeakers/{speakers[0]}"
    assert mai.send(path, kind="horn").status_code == 404
    lan.send(path, kind="horn", note="Rè rồi tắt")
    with database.transaction() as session:
        session.execute(update(Fault).values(opened_at=NOW - dt.timedelta(days=9)))
    page = lan.read("/faults/")
    for told in ("Hỏng củ loa", "Rè rồi tắt", "9 ngày", "badge--bad"):
        assert told in page
    assert "Loa số" not in mai.read("/faults/")
    assert "Loa số" not in lan.read("/faults/?what=power")
    assert "Loa số" not in lan.read(f"/faults/?area={cast.villages[2]}")
    lan.send("/faults/1/close", resolution="")
    assert "Hãy ghi đã xử lý thế nào" in lan.read("/faults/")
    lan.send("/faults/1/close", resolution="Thay củ loa", next="loudspeaker")
    assert "Loa số 0" not in lan.read("/faults/")
    assert "Thay củ loa" in lan.read("/faults/?state=all")
    assert lan.send("/faults/1/close", resolution="nữa").status_code == 409


def test_an_alarm_becomes_a_ticket_from_the_first_page(
    lan: Any, speakers: list[int], database: Database, cast: Any
) -> None:
    with database.transaction() as session:
        alarm = Alarm(
            kind="dead_horn", loudspeaker_id=speakers[0], area_id=cast.villages[0], opened_at=NOW, last_at=NOW
        )
        session.add(alarm)
    assert "Củ loa hỏng hoặc đứt dây" in lan.read("/")
    answer = lan.send("/faults/alarms/1")
    assert f"/loudspeakers/{speakers[0]}" in answer.headers["Location"]
    assert "Củ loa hỏng hoặc đứt dây" in lan.read("/faults/")


def test_uptime_and_silence_are_counted_by_commune_and_by_maker(
    lan: Any, mai: Any, speakers: list[int], database: Database, change: Callable[..., None]
) -> None:
    assert "Chưa có số đo" in lan.read("/uptime/")
    change(speakers[0], maker="Sông Đà")
    with database.transaction() as session:
        session.add(UptimeDay(loudspeaker_id=speakers[0], day=TODAY, online_s=900, offline_s=100))
        old = TODAY - dt.timedelta(days=20)
        session.add(UptimeDay(loudspeaker_id=speakers[0], day=old, offline_s=1000))
        for number, level in enumerate((3, 1)):
            session.add(
                AsRun(
                    loudspeaker_id=speakers[0],
                    occurrence=f"s{number}",
                    title="Bản tin",
                    planned_start=NOW,
                    planned_ms=60_000,
                    result=ItemState.DONE,
                    evidence=level,
                )
            )
    page = lan.read("/uptime/")
    for told in ("Xã An Hòa", "Sông Đà", "90,0%", "(50,0%)"):
        assert told in page
    assert "45,0%" in lan.read("/uptime/?days=30")
    assert "Xã An Hòa" not in mai.read("/uptime/").split('id="main"')[1]


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))


def test_tables_hold_what_the_filters_find_in_the_words_of_the_pages(  # noqa: PLR0917 - fixtures
    lan: Any, mai: Any, cast: Any, speakers: list[int], database: Database, change: Callable[..., None]
) -> None:
    change(speakers[0], name="=1+1", online=False)
    answer = lan.get("/loudspeakers/export.csv?status=offline", buffered=True)
    assert answer.mimetype == "text/csv"
    assert re.search(r'filename="cum-loa-\d{8}-\d{4}\.csv"', answer.headers["Content-Disposition"])
    (row,) = table(answer.get_data(as_text=True))
    assert (row["Tên"], row["Trạng thái"], row["Sóng (dBm)"]) == ("'=1+1", "Mất kết nối", "-71")
    assert table(mai.get("/loudspeakers/export.csv", buffered=True).get_data(as_text=True)) == []
    book = lan.get("/loudspeakers/export.xlsx", buffered=True)
    assert book.content_length == len(book.data)
    assert b"M\xe1\xba\xa5t k\xe1\xba\xbft n\xe1\xbb\x91i" in zipfile.ZipFile(io.BytesIO(book.data)).read(
        "xl/worksheets/sheet1.xml"
    )
    lan.send(f"/faults/loudspeakers/{speakers[1]}", kind="power")
    (ticket,) = table(lan.get("/faults/export.csv", buffered=True).get_data(as_text=True))
    assert (ticket["Mã"], ticket["Loại sự cố"]) == ("loa-1", "Mất điện")
    with database.transaction() as session:
        session.add(
            AsRun(
                loudspeaker_id=speakers[2],
                occurrence="s1",
                title="Bản tin",
                planned_start=NOW,  # the table is of today
                planned_ms=60_000,
                result=ItemState.MISSED,
                reason="off",
                evidence=1,
            )
        )
    (run,) = table(lan.get("/export/as-run.csv", buffered=True).get_data(as_text=True))
    assert (run["Kết quả"], run["Lý do"], run["Mức bằng chứng"]) == ("Bỏ lỡ", "loa tắt vào giờ phát", "E1")
    assert lan.get(f"/export/as-run.csv?area={cast.other_commune}").status_code == 404
    assert lan.get("/loudspeakers/export.pdf").status_code == 404


def test_an_empty_fleet_says_how_to_begin_on_the_list_and_on_the_map(admin: Any, lan: Any, cast: Any) -> None:
    for path in ("/loudspeakers/", "/loudspeakers/?view=map"):
        assert "Thêm cụm loa đầu tiên" in admin.read(path)
        assert "Nhờ người quản trị" in lan.read(path)
        assert "Chưa có cụm loa nào" in lan.read(path)
    assert "Thử bỏ bớt điều kiện lọc" in lan.read("/loudspeakers/?view=map&q=x")
