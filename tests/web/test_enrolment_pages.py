"""The officer's side of a new box: the code, the place, the picture, the exchange of a broken one."""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from broadcast.joining import enrolment, registry
from broadcast.joining.enrolment import Asked
from broadcast.models import Loudspeaker, Person
from broadcast.storage.database import Database
from devices.enrolment import Ask
from devices.envelope import SigningKey
from web.views import enrolment as enrolment_views

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PICTURE = Path(__file__).with_name("pole.jpg")


def ask(database: Database, **more: str) -> Asked:
    wanted = Ask(public_key=SigningKey.generate().public, **more)
    with database.transaction() as session:
        return enrolment.ask(session, wanted, dt.datetime.now(dt.UTC))


def known(database: Database, system: Any, area_id: int) -> int:
    with database.transaction() as session:
        registry.add(
            session,
            None,
            wire=system.wire,
            device="loa-cu",
            name="Loa cổng chợ",
            area_id=area_id,
            now=dt.datetime.now(dt.UTC),
        )
        return session.scalars(select(Loudspeaker.id)).one()


def collect(database: Database, system: Any, asked: Asked) -> Any:
    with database.transaction() as session:
        return enrolment.collect(session, asked.poll, wire=system.wire, now=dt.datetime.now(dt.UTC))


def only(database: Database) -> Loudspeaker:
    with database.transaction(read_only=True) as session:
        return session.scalars(select(Loudspeaker)).one()


def test_a_typed_code_leads_to_the_box_and_a_claim_makes_a_loudspeaker(
    admin: Any, database: Database, cast: Any, system: Any
) -> None:
    asked = ask(database, hardware="Pi 3B", serial="A-17")
    answer = admin.send("/loudspeakers/claim", code=asked.code.lower().replace("-", " "))
    assert answer.location.endswith(f"/loudspeakers/claim/{asked.code}")
    page = admin.read(answer.location)
    assert "Pi 3B" in page
    assert "A-17" in page
    answer = admin.send(
        f"/loudspeakers/claim/{asked.code}",
        mode="new",
        area_id=cast.villages[0],
        name="Cột điện đình làng",
        latitude="21,7",
        longitude="104.8",
    )
    assert answer.status_code == 302
    page = admin.read(answer.location)
    assert "Loa lấy danh tính" in page
    assert "Xong" not in page
    collect(database, system, asked)
    found = only(database)
    assert (found.name, found.latitude, found.device) == ("Cột điện đình làng", 21.7, "loa-0001")


def test_a_photograph_is_kept_without_what_the_phone_wrote_and_shown_to_those_who_may(
    admin: Any, database: Database, cast: Any, client_of: Callable[[Person], Any]
) -> None:
    asked = ask(database)
    answer = admin.send(
        f"/loudspeakers/claim/{asked.code}",
        mode="new",
        area_id=cast.villages[0],
        name="Cột điện",
        photo=(io.BytesIO(PICTURE.read_bytes()), "IMG_1.jpg"),
    )
    assert answer.status_code == 302, answer.get_data(as_text=True)
    found = only(database)
    picture = admin.get(f"/loudspeakers/{found.id}/photo")
    assert picture.mimetype == "image/jpeg"
    assert b"358240051111110" in PICTURE.read_bytes()
    assert b"358240051111110" not in picture.data
    picture.close()
    assert client_of(cast.mai).get(f"/loudspeakers/{found.id}/photo").status_code == 404


def test_what_is_no_photograph_is_refused_and_the_code_stays_good(
    admin: Any, database: Database, cast: Any
) -> None:
    asked = ask(database)
    path, place = f"/loudspeakers/claim/{asked.code}", {"area_id": cast.villages[0], "name": "Cột điện"}
    answer = admin.send(path, mode="new", photo=(io.BytesIO(b"<svg>"), "x.jpg"), **place)
    assert answer.status_code == 422
    assert "không phải ảnh" in answer.get_data(as_text=True)
    answer = admin.send(path, mode="new")
    assert "Hãy đặt tên" in answer.get_data(as_text=True)
    assert admin.send(path, mode="new", **place).status_code == 302


def test_a_broken_box_is_exchanged_and_its_loudspeaker_stays(
    admin: Any, database: Database, cast: Any, system: Any
) -> None:
    loudspeaker_id = known(database, system, cast.villages[0])
    asked = ask(database, serial="B-2")
    path = f"/loudspeakers/claim/{asked.code}"
    assert "Loa cổng chợ (loa-cu)" in admin.read(path)
    assert admin.send(path, mode="replace").status_code == 422
    answer = admin.send(path, mode="replace", replaces=loudspeaker_id)
    assert answer.location.endswith(f"/loudspeakers/{loudspeaker_id}/claimed")
    assert (only(database).name, only(database).serial) == ("Loa cổng chợ", "B-2")
    again = ask(database, serial="B-2")
    assert "Loa này đã được nhận trước đây" in admin.read(f"/loudspeakers/claim/{again.code}")


def test_the_exchange_begun_on_a_loudspeakers_page_names_it_until_the_box_is_taken(
    admin: Any, mai: Any, database: Database, cast: Any, system: Any
) -> None:
    loudspeaker_id = known(database, system, cast.villages[0])
    asked = ask(database, serial="B-2")
    (link,) = re.findall(r'href="([^"]+replaces=[^"]+)"', admin.read(f"/loudspeakers/{loudspeaker_id}"))
    with database.transaction() as session:
        hour_ago = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1, minutes=5)
        session.get_one(Loudspeaker, loudspeaker_id).last_seen = hour_ago
    page = admin.read(link)
    assert "Thay hộp của Loa cổng chợ" in page
    assert "1 giờ trước" in page
    wrong = admin.send("/loudspeakers/claim", code="HX4Q-7KMT", replaces=loudspeaker_id)
    assert "Thay hộp của Loa cổng chợ" in wrong.get_data(as_text=True)
    answer = admin.send("/loudspeakers/claim", code=asked.code, replaces=loudspeaker_id)
    page = admin.read(answer.location)
    assert "Thay hộp của Loa cổng chợ" in page
    assert "loa-cu" in page
    assert "Đặt ở chỗ mới" not in page, "there is nothing to choose any more"
    fields = dict(re.findall(r'type="hidden" name="(mode|replaces|seen)" value="([^"]*)"', page))
    answer = admin.send(f"/loudspeakers/claim/{asked.code}", **fields)
    assert answer.location.endswith(f"/loudspeakers/{loudspeaker_id}/claimed")
    assert "Loa cổng chợ" not in mai.get(link).get_data(as_text=True), "of another commune"


def test_where_there_are_too_many_to_choose_from_a_typed_number_is_named_before_it_counts(
    admin: Any, database: Database, cast: Any, system: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enrolment_views, "MOST_OPTIONS", 0)
    loudspeaker_id = known(database, system, cast.villages[0])
    asked = ask(database, serial="B-2")
    path = f"/loudspeakers/claim/{asked.code}"
    assert 'name="unseen"' in admin.read(path)
    none = admin.send(path, mode="replace", replaces=loudspeaker_id + 1, unseen="1")
    assert "Không có cụm loa nào mang số này" in none.get_data(as_text=True)
    answer = admin.send(path, mode="replace", replaces=loudspeaker_id, unseen="1")
    assert answer.status_code == 422
    assert "Thay hộp của Loa cổng chợ" in answer.get_data(as_text=True)
    assert only(database).serial == ""
    answer = admin.send(path, mode="replace", replaces=loudspeaker_id, seen="1")
    assert answer.status_code == 302
    assert only(database).serial == "B-2"


def test_a_loudspeaker_is_moved_and_the_page_tells_which_boxes_hung_there(
    admin: Any, database: Database, cast: Any, system: Any
) -> None:
    loudspeaker_id = known(database, system, cast.villages[0])
    path = f"/loudspeakers/{loudspeaker_id}/place"
    assert "Các hộp loa đã treo ở đây" in admin.read(path)
    assert admin.send(path, area_id=cast.villages[1], name="").status_code == 422
    assert admin.send(path, area_id=cast.villages[1], name="Loa bến đò").status_code == 302
    assert (only(database).area_id, only(database).name) == (cast.villages[1], "Loa bến đò")
    assert admin.send(path, area_id=cast.other_commune, name="Loa bến đò").status_code == 403


def test_who_does_not_administer_is_told_so_and_claims_nothing(
    database: Database, cast: Any, client_of: Callable[[Person], Any], client: Any
) -> None:
    asked = ask(database)
    path = f"/loudspeakers/claim/{asked.code}"
    lan = client_of(cast.lan)
    assert "Chỉ người quản trị" in lan.read("/loudspeakers/claim")
    lan.read(path, status=403)
    assert lan.send(path, mode="new", area_id=cast.villages[0], name="X").status_code == 403
    assert "/sign-in?next=" in client.get(path).location


def test_a_code_that_is_guessed_too_often_makes_the_guesser_wait(admin: Any, database: Database) -> None:
    asked = ask(database)
    for number in range(10):
        answer = admin.send("/loudspeakers/claim", code=f"HX4Q-7K{number:02}")
        assert answer.status_code == 422, number
    assert "Không có hộp loa nào đang hiện mã" in answer.get_data(as_text=True)
    assert admin.send("/loudspeakers/claim", code=asked.code).status_code == 429


def test_a_box_is_claimed_with_a_phone(
    database: Database,
    cast: Any,
    system: Any,
    open_as: Callable[[Person | None, str], Page],
    judge: Callable[[Page, str], None],
) -> None:
    """The way an officer goes at the pole: the picture on the box, the place, a photograph, and waiting."""
    asked = ask(database, hardware="Raspberry Pi 3B+", serial="10000000a1b2c3d4", firmware="truyen-thanh 0.1")
    page = open_as(cast.admin, "/loudspeakers/claim")
    page.fill("#code", asked.code.lower())
    page.click("text=Tiếp")
    page.wait_for_url(f"**/claim/{asked.code}")
    page.context.grant_permissions(["geolocation"])
    page.context.set_geolocation({"latitude": 21.704512, "longitude": 104.871234, "accuracy": 8})
    page.click("text=Lấy vị trí đang đứng")
    expect(page.locator("#latitude")).to_have_value("21.704512")
    expect(page.locator("[data-locate-status]")).to_contain_text("8 m")
    page.fill("#name", "Cột điện nhà văn hóa thôn Đông")
    page.select_option("#area_id", str(cast.villages[0]))
    page.set_input_files("#photo", PICTURE)
    expect(page.locator("#photo-preview")).to_be_visible()
    expect(page.locator("#replaces")).to_be_hidden()
    judge(page, "enrolment-claim")
    page.set_viewport_size({"width": 390, "height": 844})
    page.click("text=Nhận loa này")
    page.wait_for_url("**/claimed")
    judge(page, "enrolment-claimed")
    collect(database, system, asked)
    expect(page.locator(".progress__step--done")).to_have_count(2)
    found = only(database)
    assert found.photo_sha256
    with database.transaction() as session:
        session.get_one(Loudspeaker, found.id).last_seen = dt.datetime.now(dt.UTC)
    page.reload()
    expect(page.get_by_text("Loa đã kết nối")).to_be_visible()
    page.goto(page.url.replace("claimed", "place"))
    expect(page.locator("img.photo")).to_be_visible()
