"""The station's page: what holds, who said so, how it is read and heard, and who may change it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from broadcast.authoring import stations
from broadcast.models import Person, Role
from broadcast.storage.database import Database
from broadcast.units.people import grant

NOW = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the use cases know both


def say(database: Database, person: Person, area_id: int, **values: Any) -> None:
    with database.transaction() as session:
        who = session.get_one(Person, person.id)
        grant(session, who, Role.ADMIN, area_id, now=NOW)
        stations.save(session, who, area_id, values=values, now=NOW)


def sound(database: Database, area_id: int) -> stations.Sound:
    with database.transaction(read_only=True) as session:
        return stations.effective(session, area_id)


def test_the_way_in_leads_to_ones_own_area(admin: Any, cast: Any) -> None:
    assert admin.get("/stations/").headers["Location"] == f"/stations/{cast.commune}"
    assert admin.get(f"/stations/?area_id={cast.villages[1]}").headers["Location"] == (
        f"/stations/{cast.villages[1]}"
    )
    assert 'href="/stations/"' in admin.read("/account")


def test_where_nothing_is_said_the_name_opens(admin: Any, cast: Any) -> None:
    page = admin.read(f"/stations/{cast.commune}")
    assert "Đây là Đài truyền thanh xã An Hòa." in page
    assert "đây là đài truyền thanh xã an hòa" in page.lower()  # as it is read
    assert "Mặc định: vừa" in page
    assert "Không đọc gì ở chỗ này" in page  # there is no closing


def test_every_value_tells_which_area_said_it(admin: Any, cast: Any, database: Database) -> None:
    say(database, cast.dung, cast.district, speed=0.9, opening="Đài huyện Yên Bình.", repeats=2)
    page = admin.read(f"/stations/{cast.commune}")
    assert "Huyện Yên Bình: chậm" in page
    assert "Huyện Yên Bình: 2 lần" in page
    assert "Đài huyện Yên Bình." in page
    assert "Đây là Đài truyền thanh xã An Hòa." not in page


def test_what_is_chosen_is_kept_and_what_is_left_is_inherited(
    admin: Any, cast: Any, database: Database
) -> None:
    say(database, cast.dung, cast.district, speed=0.9, closing="Xin cảm ơn.")
    answer = admin.send(
        f"/stations/{cast.commune}",
        voice="espeak:south",
        speed="",
        preset="outdoor",
        opening_from="own",
        opening="Đây là đài xã An Hòa, số 1.",
        closing_from="none",
        repeats="2",
        lead_in_s="1.5",
        slot_minutes="30",
    )
    assert answer.status_code == 302
    found = sound(database, cast.commune)
    assert (found.engine, found.voice, found.speed, found.preset) == ("espeak", "south", 0.9, "outdoor")
    assert (found.opening, found.closing) == ("Đây là đài xã An Hòa, số 1.", "")
    assert (found.repeats, found.lead_in_s, found.slot_minutes) == (2, 1.5, 30)
    page = admin.read(f"/stations/{cast.commune}")
    assert '<option value="espeak:south" selected>' in page
    assert "Đỗ Văn Quản" in page
    admin.send(f"/stations/{cast.commune}", opening_from="above", closing_from="above")
    assert sound(database, cast.commune).speed == 0.9
    assert sound(database, cast.commune).closing == "Xin cảm ơn."


def test_wrong_choices_are_told_beside_them(admin: Any, cast: Any, database: Database) -> None:
    answer = admin.send(f"/stations/{cast.commune}", opening_from="own", opening="", speed="9")
    assert answer.status_code == 422
    assert 'id="opening-error"' in answer.text
    assert 'id="speed-error"' in answer.text
    answer = admin.send(f"/stations/{cast.commune}", voice="espeak:không có")
    assert answer.status_code == 422
    assert "không có giọng này" in answer.text
    assert sound(database, cast.commune) == stations.Sound(opening="Đây là Đài truyền thanh xã An Hòa.")


def test_a_formula_is_read_while_it_is_typed(admin: Any, cast: Any) -> None:
    path = f"/stations/{cast.commune}/reading?formula=opening"
    typed = admin.send(path, opening_from="own", opening="Bản tin số 12.").text
    assert "mười hai" in typed
    assert "truyền thanh" in admin.send(path, opening_from="above", opening="Bản tin số 12.").text.lower()
    assert "Không đọc gì" in admin.send(path, opening_from="none").text
    assert admin.send(f"/stations/{cast.commune}/reading?formula=secret").status_code == 422


def test_a_formula_is_heard_sentence_by_sentence_in_the_chosen_voice(
    admin: Any, cast: Any, system: Any
) -> None:
    path = f"/stations/{cast.commune}/hear?formula=opening"
    form = {"opening_from": "own", "opening": "Kính chào. Xin nghe.", "voice": "espeak:south"}
    first = admin.send(path, **form)
    second = admin.send(path, **form, sentence=1)
    system.synthesiser.close()
    assert (first.status_code, first.mimetype, first.headers["X-Sentences"]) == (200, "audio/mpeg", "2")
    assert second.data != first.data
    assert admin.send(path, **form, sentence=7).status_code == 404
    assert admin.send(path, opening_from="none").status_code == 422


def test_only_administrators_of_the_area_change_it_and_strangers_do_not_see_it(
    cast: Any, client_of: Callable[[Person], Any], database: Database
) -> None:
    lan, mai = client_of(cast.lan), client_of(cast.mai)
    page = lan.read(f"/stations/{cast.commune}")
    assert "mới đổi được" in page
    assert ">Lưu<" not in page
    assert lan.send(f"/stations/{cast.commune}", speed="0.8").status_code == 403
    assert mai.get(f"/stations/{cast.commune}").status_code == 403
    for path in ("", "/reading?formula=opening", "/hear?formula=opening"):
        assert mai.send(f"/stations/{cast.commune}{path}", opening_from="above").status_code == 403
    assert lan.post(f"/stations/{cast.commune}", data={"speed": "0.8"}).status_code == 400
    assert sound(database, cast.commune).speed == 1.0
