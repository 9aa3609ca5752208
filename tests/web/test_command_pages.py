"""Orders to many on their pages: read back, sent, followed, called back and asked again; who may."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from sqlalchemy import func, select

from broadcast.models import Bulk, CommandOrder, CommandState, Loudspeaker, OutboxMessage, Person, Role
from broadcast.orders.command_effects import note_acks, note_sent
from broadcast.storage.database import Database
from broadcast.units.people import grant
from devices.messages import Ack, Action

NOW = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)  # Monday 08:00 in Vietnam
S = CommandState


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
