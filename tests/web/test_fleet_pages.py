"""The fleet on its pages: found, ordered and followed; who may; tickets, tables, uptime and limits."""

from __future__ import annotations

import csv
import datetime as dt
import io
import re
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, insert, select, update

from broadcast import fleet_map, registry
from broadcast.command_effects import note_acks, note_sent
from broadcast.conditions import Status
from broadcast.database import Database
from broadcast.models import (
    Alarm,
    AreaPolicy,
    AsRun,
    Bulk,
    CommandOrder,
    CommandState,
    Fault,
    Loudspeaker,
    OutboxMessage,
    Person,
    Role,
    StartMode,
    UptimeDay,
)
from broadcast.people import grant
from devices.messages import Ack, Action, ItemState
from schedules.types import LOCAL
from web.views import fleet_words

NOW = dt.datetime.now(dt.UTC)
TODAY = NOW.astimezone(LOCAL).date()
S = CommandState


@pytest.fixture
def lan(cast: Any, client_of: Callable[[Person], Any]) -> Any:
    return client_of(cast.lan)


@pytest.fixture
def admin(cast: Any, client_of: Callable[[Person], Any]) -> Any:
    return client_of(cast.admin)


@pytest.fixture
def mai(cast: Any, client_of: Callable[[Person], Any]) -> Any:
    """Of another commune."""
    return client_of(cast.mai)


@pytest.fixture
def speakers(database: Database, system: Any, cast: Any) -> list[int]:
    """Five that are well, two in each of two villages and one in a third."""
    with database.transaction() as session:
        for number in range(5):
            registry.add(
                session,
                None,
                wire=system.wire,
                device=f"loa-{number}",
                name=f"Loa số {number}",
                area_id=cast.villages[number // 2],
                latitude=21.5 + number * 0.002,
                longitude=104.9,
                now=NOW,
            )
        well = {
            "online": True,
            "last_seen": NOW + dt.timedelta(minutes=5),
            "activated_at": NOW,
            "clock": "synced",
            "report": {"tele": {"signal_dbm": -71, "voltage_v": 12.3, "temperature_c": 41.0}},
        }
        session.execute(update(Loudspeaker).values(**well))
        return list(session.scalars(select(Loudspeaker.id).order_by(Loudspeaker.id)))


@pytest.fixture
def change(database: Database) -> Callable[..., None]:
    def apply(loudspeaker_id: int, **values: Any) -> None:
        with database.transaction() as session:
            session.execute(update(Loudspeaker).where(Loudspeaker.id == loudspeaker_id).values(**values))

    return apply


@pytest.fixture
def one(database: Database) -> Callable[[Any], Any]:
    def read(query: Any) -> Any:
        with database.transaction(read_only=True) as session:
            return session.scalars(query).one()

    return read


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


def test_thousands_of_loudspeakers_are_a_page_of_fifty_and_a_map_of_a_few_hundred_marks(
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
        for number in range(3000)
    ]
    with database.transaction() as session:
        session.execute(insert(Loudspeaker), many)
    page = lan.read("/loudspeakers/")
    assert len(rows(page)) == 50
    assert "Tất cả 3.000 cụm loa đang lọc" in page
    drawn = lan.read("/loudspeakers/?view=map")
    assert 50 < drawn.count("mark--many") <= fleet_map.COLUMNS * fleet_map.ROWS
    closer = re.search(r'mark--many" href="([^"]+)"', drawn)
    assert closer is not None
    inside = lan.read(closer[1].replace("&amp;", "&"))
    assert "Thu nhỏ: cả bản đồ" in inside
    assert 'href="/loudspeakers/' in inside


# --- orders to many ----------------------------------------------------------


def test_an_order_is_read_back_before_it_leaves_and_followed_after(
    lan: Any, speakers: list[int], change: Callable[..., None], database: Database, one: Any
) -> None:
    change(speakers[1], online=False)
    chosen = "&".join(f"id={each}" for each in speakers[:3])
    page = lan.read(f"/commands/new?action=identify&{chosen}")
    for told in ("Kêu một tiếng để tìm: 3 cụm loa", "Thôn Đông", "Loa số 1", "1 loa đang mất kết nối"):
        assert told in page
    with database.transaction(read_only=True) as session:
        assert session.scalar(select(func.count()).select_from(Bulk)) == 0
    answer = lan.send("/commands/new", action="identify", id=[str(each) for each in speakers[:3]], expected=3)
    bulk = one(select(Bulk))
    assert answer.headers["Location"] == f"/commands/{bulk.id}"
    assert (bulk.action, bulk.total) == (Action.IDENTIFY, 3)
    page = lan.read(f"/commands/{bulk.id}")
    assert "Hủy phần chưa gửi" in page
    assert page.count("○ Chờ gửi") == 3
    assert "Kêu một tiếng để tìm" in lan.read("/commands/")


def test_all_that_the_filter_finds_are_meant_and_if_their_number_changed_it_is_read_back_again(
    lan: Any, cast: Any, speakers: list[int], one: Any
) -> None:
    wanted = {"everyone": "1", "area": cast.villages[0], "action": "report"}
    answer = lan.send("/commands/new", **wanted, expected=1)
    assert answer.status_code == 409
    assert "Số loa vừa thay đổi" in answer.get_data(as_text=True)
    assert lan.send("/commands/new", **wanted, expected=2).status_code == 302
    assert one(select(Bulk.total)) == 2


def test_who_failed_is_asked_again_and_what_has_not_left_is_called_back(
    lan: Any, speakers: list[int], database: Database, one: Any
) -> None:
    lan.send("/commands/new", action="self_test", id=[str(each) for each in speakers[:3]])
    with database.transaction() as session:
        orders = list(session.scalars(select(CommandOrder).order_by(CommandOrder.loudspeaker_id)))
        boxes = [session.get_one(Loudspeaker, each) for each in speakers]
        first, second = orders[0].id, orders[1].id
        note_sent(session, [first, second], [], NOW)
        done = Ack(device="loa-0", command=first, stage="done", code="dead_horn", at=0)
        refused = Ack(device="loa-1", command=second, stage="refused", code="outside_hours", at=0)
        note_acks(session, [(boxes[0], done), (boxes[1], refused)], NOW)
    page = lan.read("/commands/1")
    for told in ("củ loa hỏng", "ngoài khung giờ được phép", "Gửi lại cho 1 loa chưa làm được"):
        assert told in page
    lan.send("/commands/1/cancel")
    with database.transaction(read_only=True) as session:
        assert session.scalar(select(func.count()).select_from(OutboxMessage)) == 2  # those are noted as sent
        left = session.get_one(CommandOrder, (orders[2].id, speakers[2]))
        assert (left.state, left.code) == (S.FAILED, "cancelled")
    assert "⊘ Đã hủy" in lan.read("/commands/1?state=failed")
    assert lan.send("/commands/1/retry").headers["Location"] == "/commands/2"
    assert "lệnh trước" in lan.read("/commands/2")
    assert one(select(CommandOrder.loudspeaker_id).where(CommandOrder.bulk_id == 2)) == speakers[1]


def test_a_volume_that_was_not_planned_yet_is_called_back_to_what_it_was(
    lan: Any, speakers: list[int], database: Database, change: Callable[..., None]
) -> None:
    lan.send("/commands/new", action="volume", volume=35, id=[str(each) for each in speakers[:2]])
    change(speakers[1], desired_rev=1)  # this one has left
    lan.send("/commands/1/cancel")
    with database.transaction(read_only=True) as session:
        assert [session.get_one(Loudspeaker, each).volume for each in speakers[:2]] == [80, 35]
    assert "Hoàn tác" in lan.read("/commands/1")


def test_nobody_orders_what_is_not_theirs(
    lan: Any, mai: Any, cast: Any, speakers: list[int], database: Database
) -> None:
    mine = str(speakers[0])
    assert mai.get(f"/commands/new?action=report&id={mine}").status_code == 404
    assert mai.send("/commands/new", action="report", id=mine).status_code == 404
    assert lan.send("/commands/new", action="silence", id=mine).status_code == 403
    assert lan.send("/commands/new", action="reboot", id=mine).status_code == 403
    assert 'value="reboot"' not in lan.read("/loudspeakers/")
    with database.transaction() as session:
        grant(session, session.get_one(Person, cast.lan.id), Role.URGENT, cast.commune, now=NOW)
    page = lan.read(f"/commands/new?action=silence&id={mine}")
    assert "tin khẩn cấp thật cũng không phát ra được" in page
    assert lan.send("/commands/new", action="silence", id=mine, hold_minutes="30").status_code == 302
    mai.read("/commands/1", status=404)
    assert "Tắt tiếng 30 phút" in lan.read("/commands/1")


def test_without_a_choice_the_page_says_what_is_missing(lan: Any, speakers: list[int]) -> None:
    answer = lan.get("/commands/new?action=report")
    assert answer.status_code == 302
    assert "Hãy đánh dấu ít nhất một cụm loa" in lan.read(answer.headers["Location"])
    lan.get(f"/commands/new?id={speakers[0]}")
    assert "Hãy chọn việc cần làm" in lan.read("/loudspeakers/")


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
                planned_start=NOW,
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


# --- limits of an area -------------------------------------------------------


def test_the_limits_of_an_area_show_what_comes_from_above_and_are_the_administrators(  # noqa: PLR0917 - fixtures
    lan: Any, mai: Any, admin: Any, cast: Any, database: Database, one: Any
) -> None:
    with database.transaction() as session:
        session.add(
            AreaPolicy(
                area_id=cast.district,
                quiet=[{"start": "11:30", "end": "13:30"}],
                updated_at=NOW,
                updated_by=cast.admin.id,
            )
        )
    path = f"/policies/{cast.commune}"
    form = {
        "windows_start": ["05:00", "16:30", ""],
        "windows_end": ["07:00", "18:30", ""],
        "quiet_start": "",
        "quiet_end": "",
        "volumes_start": "05:00",
        "volumes_end": "06:00",
        "volumes_percent": "60",
        "minutes_a_day": "90",
        "start_mode": "staggered",
    }
    assert lan.send(path, **form).status_code == 403
    mai.read(path, status=403)
    assert admin.send(path, **form).status_code == 302
    own = one(select(AreaPolicy).where(AreaPolicy.area_id == cast.commune))
    assert own.windows == [{"start": "05:00", "end": "07:00"}, {"start": "16:30", "end": "18:30"}]
    assert (own.quiet, own.max_volume, own.start_mode) == (None, None, StartMode.STAGGERED)
    page = lan.read(path)
    for told in ("Huyện Yên Bình", "11:30–13:30", "05:00–06:00: 60%", "90 phút", "mới đổi được"):
        assert told in page
    below = lan.read(f"/policies/{cast.villages[0]}")
    assert "Giờ thật sự được phát: 05:00–07:00, 16:30–18:30" in below
    assert f"/policies/{cast.commune}" in lan.read(f"/stations/{cast.commune}")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"windows_start": "05:00", "windows_end": ""}, "đủ giờ bắt đầu và giờ kết thúc"),
        ({"volumes_start": "05:00", "volumes_end": "06:00", "volumes_percent": "140"}, "từ 0 đến 100"),
        ({"max_volume": "nhiều"}, "Hãy nhập một số từ 0 đến 100"),
        ({"minutes_a_day": "9999"}, "Hãy nhập một số từ 0 đến 1440"),
    ],
)
def test_limits_that_make_no_sense_are_refused_beside_their_field(
    admin: Any, cast: Any, change: dict[str, str], sentence: str
) -> None:
    answer = admin.send(f"/policies/{cast.commune}", **change)
    assert answer.status_code == 422
    assert sentence in answer.get_data(as_text=True)


def test_turns_are_proposed_with_the_echo_they_avoid_and_adopted(
    lan: Any, admin: Any, cast: Any, speakers: list[int], database: Database
) -> None:
    page = lan.read(f"/policies/{cast.commune}")
    assert "Tiếng vọng nếu phát cùng lúc" in page
    assert re.search(r"tới \d{3} ms", page)
    assert lan.send(f"/policies/{cast.commune}/turns").status_code == 403
    admin.send(f"/policies/{cast.commune}/turns")
    with database.transaction(read_only=True) as session:
        assert set(session.scalars(select(Loudspeaker.turn))) == {0, 1}
