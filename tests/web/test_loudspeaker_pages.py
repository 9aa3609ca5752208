"""Loudspeaker pages: the computed status, the drawing, the identity shown once, who may manage."""

from __future__ import annotations

import datetime as dt
import json
import re
import urllib.parse
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from broadcast.joining import registry
from broadcast.models import AsRun, Loudspeaker, OutboxMessage, Person
from broadcast.storage.database import Database
from devices.messages import ItemState
from devices.speaker.identity import Identity

NOW = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)  # Monday 08:00 in Vietnam


@pytest.fixture
def fleet(database: Database, system: Any, cast: Any) -> list[int]:
    """Four loudspeakers: online and playing, late, offline, never seen."""
    now = NOW
    with database.transaction() as session:
        for number in range(4):
            registry.add(
                session,
                None,
                wire=system.wire,
                device=f"loa-{number}",
                name=f"Loa số {number}",
                area_id=cast.villages[number % 2],
                latitude=21.5 + number * 0.004,
                longitude=104.9,
                now=now,
            )
        found = list(session.scalars(select(Loudspeaker).order_by(Loudspeaker.id)))
        found[0].online, found[0].last_seen, found[0].playing = True, now + dt.timedelta(minutes=5), "s1"
        found[1].online, found[1].last_seen = True, now - dt.timedelta(seconds=90)
        found[2].online, found[2].last_seen = False, now - dt.timedelta(hours=3)
        for each in found[:3]:
            each.activated_at = now - dt.timedelta(days=1)
        return [each.id for each in found]


def new(area_id: int, **changes: Any) -> dict[str, Any]:
    return {"device": "loa-009", "name": "Loa cổng chợ", "area_id": area_id, **changes}


def test_without_loudspeakers_the_page_says_what_to_do_next(admin: Any, lan: Any) -> None:
    assert "Thêm cụm loa đầu tiên" in admin.read("/loudspeakers/")
    assert "Nhờ người quản trị" in lan.read("/loudspeakers/")


def test_the_status_is_computed_and_told_in_words_and_shapes(lan: Any, fleet: list[int]) -> None:
    page = lan.read("/loudspeakers/?view=map")
    for shape in ("sign--ok", "sign--warn", "sign--bad", "sign--none"):
        assert shape in page
    for name, status in enumerate(("Đang kết nối", "Chậm tín hiệu", "Mất kết nối", "Chưa từng kết nối")):
        assert f'aria-label="Loa số {name}: {status}' in page
    assert page.count('class="mark ') + page.count('class="mark"') == len(fleet)


def test_filters_keep_only_what_was_asked_for(lan: Any, fleet: list[int], cast: Any) -> None:
    assert "Loa số 0" not in lan.read("/loudspeakers/?status=offline")
    assert "Loa số 2" in lan.read("/loudspeakers/?status=offline")
    assert "Loa số 0" in lan.read("/loudspeakers/?playing=1")
    assert "Loa số 1" not in lan.read(f"/loudspeakers/?area={cast.villages[0]}")
    assert "Không có cụm loa nào như vậy" in lan.read("/loudspeakers/?q=khongco")


def test_an_officer_of_another_commune_sees_none_of_them(
    cast: Any, fleet: list[int], client_of: Callable[[Person], Any]
) -> None:
    mai = client_of(cast.mai)
    assert "Loa số" not in mai.read("/loudspeakers/")
    mai.read(f"/loudspeakers/{fleet[0]}", status=404)
    assert mai.send(f"/loudspeakers/{fleet[0]}/volume", volume=10).status_code in (403, 404)


def test_the_identity_is_a_file_to_download_and_is_shown_once(
    admin: Any, cast: Any, database: Database
) -> None:
    page = admin.send("/loudspeakers/new", **new(cast.villages[0])).get_data(as_text=True)
    found = re.search(r'download="loa-009.json" href="data:application/json;charset=utf-8,([^"]+)"', page)
    assert found
    content = urllib.parse.unquote(found[1])
    identity = msgspec.json.decode(content, type=Identity)
    identity.check()
    assert json.loads(content)["device"] == "loa-009"
    with database.transaction(read_only=True) as session:
        loudspeaker = session.scalars(select(Loudspeaker)).one()
        assert loudspeaker.public_key == identity.key.public
        assert identity.private_key not in admin.read(f"/loudspeakers/{loudspeaker.id}")


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"device": "Loa Chợ"}, "chữ thường không dấu"),
        ({"device": ""}, "Hãy đặt mã"),
        ({"name": ""}, "Hãy đặt tên"),
        ({"latitude": "21,5"}, "Hãy nhập cả vĩ độ và kinh độ"),
        ({"latitude": "91", "longitude": "105"}, "Phải từ -90 đến 90"),
    ],
)
def test_what_cannot_be_added_is_refused_beside_its_field(
    admin: Any, cast: Any, change: dict[str, str], sentence: str
) -> None:
    answer = admin.send("/loudspeakers/new", **new(cast.villages[0], **change))
    assert answer.status_code == 422
    assert sentence in answer.get_data(as_text=True)


def test_a_code_that_is_taken_is_refused_in_a_sentence(admin: Any, cast: Any) -> None:
    admin.send("/loudspeakers/new", **new(cast.villages[0]))
    answer = admin.send("/loudspeakers/new", **new(cast.villages[0]))
    assert answer.status_code == 409
    assert "“loa-009” đã có rồi" in answer.get_data(as_text=True)


def test_only_an_administrator_adds_and_retires(lan: Any, admin: Any, cast: Any, fleet: list[int]) -> None:
    assert lan.send("/loudspeakers/new", **new(cast.villages[0])).status_code == 403
    assert lan.send(f"/loudspeakers/{fleet[0]}/retire").status_code == 403
    assert "Ngừng dùng" not in lan.read(f"/loudspeakers/{fleet[0]}")
    assert admin.send(f"/loudspeakers/{fleet[0]}/retire").status_code == 302
    assert "Loa số 0" not in lan.read("/loudspeakers/?q=loa")
    assert "Ngừng dùng từ" in lan.read(f"/loudspeakers/{fleet[0]}")


def test_its_page_shows_what_it_really_played_page_by_page(
    lan: Any, fleet: list[int], database: Database
) -> None:
    assert "Chưa phát buổi nào" in lan.read(f"/loudspeakers/{fleet[0]}")
    with database.transaction() as session:
        for number in range(25):
            start = NOW - dt.timedelta(hours=number)
            session.add(
                AsRun(
                    loudspeaker_id=fleet[0],
                    occurrence=f"s1.{number}",
                    title=f"Buổi {number:02}",
                    planned_start=start,
                    planned_ms=60_000,
                    started_at=start,
                    played_ms=60_000,
                    volume=80,
                    result=ItemState.DONE,
                    evidence=3,
                )
            )
    first, second = lan.read(f"/loudspeakers/{fleet[0]}"), lan.read(f"/loudspeakers/{fleet[0]}?page=2")
    assert "Buổi 00" in first
    assert "Buổi 24" not in first
    assert "Buổi 24" in second
    assert "● Đã phát" in first


def test_what_still_plays_is_not_told_as_failed(lan: Any, fleet: list[int], database: Database) -> None:
    with database.transaction() as session:
        session.add(
            AsRun(
                loudspeaker_id=fleet[0],
                occurrence="s1.now",
                title="Bản tin sáng",
                planned_start=NOW,
                planned_ms=60_000,
                started_at=NOW,
                played_ms=0,
                volume=80,
                result=ItemState.PLAYING,
                evidence=2,
            )
        )
    page = lan.read(f"/loudspeakers/{fleet[0]}")
    assert "▶ Đang phát" in page
    assert "✕" not in page


def test_volume_and_orders_reach_the_outbox_of_an_editor(
    lan: Any, fleet: list[int], database: Database
) -> None:
    assert lan.send(f"/loudspeakers/{fleet[0]}/volume", volume=55).status_code == 302
    assert "Âm lượng phải từ 0 đến 100" in lan.read(
        lan.send(f"/loudspeakers/{fleet[0]}/volume", volume=900).headers["Location"]
    )
    lan.send(f"/loudspeakers/{fleet[0]}/orders", order="identify")
    with database.transaction(read_only=True) as session:
        assert session.get_one(Loudspeaker, fleet[0]).volume == 55
        assert any("loa-0/cmd" in each.topic for each in session.scalars(select(OutboxMessage)))
