"""Signing in, one-time links, the first set-up, and how sessions end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from broadcast import setup
from broadcast.models import LinkPurpose, Person, Role
from broadcast.storage.database import Database
from broadcast.units import people
from web.auth import safe_next

ClientOf = Callable[[Person], Any]


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def link_for(database: Database, purpose: LinkPurpose, person: Person | None, **valid: float) -> str:
    with database.transaction() as session:
        return people.issue_link(
            session,
            purpose=purpose,
            person_id=person.id if person else None,
            now=now(),
            valid=dt.timedelta(**valid),
        )


def test_who_is_not_signed_in_signs_in_and_comes_back(cast: Any, client: Any) -> None:
    answer = client.get("/account?x=1")
    assert answer.status_code == 302
    assert answer.location == "/sign-in?next=/account?x%3D1"
    answer = client.send("/sign-in", username="lan", password=cast.password, next="/account?x=1")
    assert (answer.status_code, answer.location) == (302, "/account?x=1")
    assert "Nguyễn Thị Lan" in client.read("/account")


def test_a_partial_request_of_a_stranger_tells_the_page_to_sign_in(cast: Any, client: Any) -> None:
    answer = client.get("/account", headers={"HX-Request": "true"})
    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"].startswith("/sign-in")


def test_a_wrong_password_keeps_the_name_and_says_what_to_do(cast: Any, client: Any) -> None:
    answer = client.send("/sign-in", username="lan", password="sai-mật-khẩu")
    text = answer.get_data(as_text=True)
    assert answer.status_code == 401
    assert 'value="lan"' in text
    assert "mật khẩu không đúng" in text
    assert "sai-mật-khẩu" not in text


def test_guessing_is_slowed_down(cast: Any, client: Any) -> None:
    for _ in range(5):
        client.send("/sign-in", username="lan", password="đoán-mò-thôi")
    answer = client.send("/sign-in", username="lan", password=cast.password)
    assert answer.status_code == 429
    assert "Hãy đợi" in answer.get_data(as_text=True)


def test_a_form_without_a_token_is_refused(cast: Any, client: Any) -> None:
    answer = client.post("/sign-in", data={"username": "lan", "password": cast.password})
    assert answer.status_code == 400
    assert "tải lại trang" in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example",
        "//evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "",
        "/a\nb",
        "\t//x.vn",
    ],
)
def test_nobody_is_led_to_another_site(app: Flask, target: str) -> None:
    with app.test_request_context():
        assert safe_next(target) == "/"


def test_ended_sessions_are_over_at_once(cast: Any, client_of: ClientOf, database: Database) -> None:
    client = client_of(cast.lan)
    client.read("/account")
    with database.transaction() as session:
        people.end_sessions(session, people.get_person(session, cast.lan.id), now())
    assert client.get("/account").status_code == 302


def test_a_locked_person_is_out(cast: Any, client_of: ClientOf, database: Database) -> None:
    client = client_of(cast.lan)
    with database.transaction() as session:
        people.set_active(session, people.get_person(session, cast.lan.id), False, now())
    assert client.get("/account").status_code == 302


def test_signing_out_ends_the_session(cast: Any, client_of: ClientOf) -> None:
    client = client_of(cast.lan)
    client.send("/sign-out")
    assert client.get("/account").status_code == 302


def test_an_invitation_is_used_by_its_button_only_and_once(
    cast: Any, client: Any, database: Database
) -> None:
    path = f"/link/{link_for(database, LinkPurpose.INVITE, cast.lan, days=1)}"
    for _ in range(2):  # a preview in a chat opens it too
        assert "Nguyễn Thị Lan" in client.read(path)
    short = client.send(path, password="ngắn", again="ngắn")
    assert short.status_code == 422
    assert "quá dễ đoán" in short.get_data(as_text=True)
    unlike = client.send(path, password="một câu dễ nhớ", again="một câu khác hẳn")
    assert "không giống nhau" in unlike.get_data(as_text=True)
    done = client.send(path, password="một câu dễ nhớ", again="một câu dễ nhớ")
    assert done.status_code == 302
    assert "Nguyễn Thị Lan" in client.read("/account")
    assert "đã dùng rồi" in client.read(path, status=404)


def test_a_sign_in_link_needs_no_password_and_ends(cast: Any, client: Any, database: Database) -> None:
    path = f"/link/{link_for(database, LinkPurpose.SIGN_IN, cast.lan, minutes=5)}"
    assert client.send(path).status_code == 302
    assert "Nguyễn Thị Lan" in client.read("/account")
    old = f"/link/{link_for(database, LinkPurpose.SIGN_IN, cast.lan, minutes=-5)}"
    assert "đã hết hạn" in client.read(old, status=404)
    assert "không dùng được" in client.read("/link/gibberish", status=404)


SETUP = {
    "commune": "Xã Tân Hòa",
    "code": "h26.12",
    "villages": "Thôn Đông\n\n Thôn Đoài ",
    "name": "Nguyễn Thị Lan",
    "username": "lan",
    "password": "loa vang mỗi sáng",
    "again": "loa vang mỗi sáng",
}


def setup_path(database: Database) -> str:
    with database.transaction() as session:
        return f"/setup/{setup.ensure_setup_link(session, now())}"


def test_the_first_start_makes_the_commune_and_its_administrator(client: Any, database: Database) -> None:
    path = setup_path(database)
    assert "chưa được thiết lập" in client.read("/sign-in")
    assert client.send(path, **SETUP).status_code == 302
    page = client.read("/people/")
    assert "Quản trị · Xã Tân Hòa" in page
    assert "chưa được thiết lập" not in client.read("/sign-in", status=302)
    assert "đã dùng rồi" in client.read(path, status=404)


def test_a_refused_set_up_keeps_what_was_typed(client: Any, database: Database) -> None:
    path = setup_path(database)
    wrong = client.send(path, **{**SETUP, "code": "mã sai!"})
    text = wrong.get_data(as_text=True)
    assert wrong.status_code == 422
    assert "không hợp lệ" in text
    assert "Thôn Đoài" in text
    assert 'value="Xã Tân Hòa"' in text
    assert client.send(path, **SETUP).status_code == 302, "the link was not used up by the refusal"


def test_an_administrator_invites_and_the_link_is_shown_once(
    cast: Any, client_of: ClientOf, client: Any
) -> None:
    admin = client_of(cast.admin)
    form = {"name": "Vũ Hà", "title": "Văn thư", "username": "ha", "role": "editor", "area_id": cast.commune}
    assert admin.send("/people/invite", **form).status_code == 302
    page = admin.read("/people/")
    assert "Vũ Hà" in page
    path = page.split('id="fresh-url" value="')[1].split('"')[0].removeprefix("http://127.0.0.1:8080")
    assert "/link/" not in admin.read("/people/")
    assert "Vũ Hà" in client.read(path)


def test_a_taken_name_is_refused_beside_its_field(cast: Any, client_of: ClientOf) -> None:
    form = {"name": "Lan Hai", "username": "lan", "role": "editor", "area_id": cast.commune}
    answer = client_of(cast.admin).send("/people/invite", **form)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert 'id="username-error"' in text
    assert 'value="Lan Hai"' in text


def test_rights_are_given_and_taken(cast: Any, client_of: ClientOf) -> None:
    admin, path = client_of(cast.admin), f"/people/{cast.lan.id}"
    admin.send(f"{path}/grant", role="approver", area_id=cast.villages[0])
    assert "Thôn Đông" in admin.read(path).split("Thêm quyền")[0]
    admin.send(f"{path}/revoke", role="approver", area_id=cast.villages[0])
    assert "Thôn Đông" not in admin.read(path).split("Thêm quyền")[0]


def test_only_administrators_of_the_area_touch_its_people(cast: Any, client_of: ClientOf) -> None:
    for stranger in (cast.lan, cast.mai, cast.binh):
        client = client_of(stranger)
        client.read("/people/", status=403)
        assert client.send(f"/people/{cast.lan.id}/end-sessions").status_code == 403
    admin = client_of(cast.admin)
    assert admin.send(f"/people/{cast.dung.id}/end-sessions").status_code == 403, "the district is above"
    assert admin.send(f"/people/{cast.mai.id}/link").status_code == 403
    answer = admin.send(f"/people/{cast.lan.id}/grant", role="admin", area_id=cast.district)
    assert answer.status_code == 403


def test_a_stale_or_forged_form_is_an_answer_and_not_a_crash(cast: Any, client_of: ClientOf) -> None:
    admin = client_of(cast.admin)
    for values in ({"role": "king", "area_id": cast.commune}, {"role": "editor", "area_id": "x"}, {}):
        assert admin.send(f"/people/{cast.lan.id}/grant", **values).status_code == 422
    form = {"name": "A", "username": "a.b", "role": "king", "area_id": cast.commune}
    assert admin.send("/people/invite", **form).status_code == 422


def test_changing_the_password_signs_out_elsewhere(cast: Any, client_of: ClientOf) -> None:
    here, elsewhere = client_of(cast.lan), client_of(cast.lan)
    wrong = here.send("/account/password", old="không phải", new="câu mới dễ nhớ", again="câu mới dễ nhớ")
    assert wrong.status_code == 422
    assert "không đúng" in wrong.get_data(as_text=True)
    here.send("/account/password", old=cast.password, new="câu mới dễ nhớ", again="câu mới dễ nhớ")
    here.read("/account")
    assert elsewhere.get("/account").status_code == 302


def test_the_name_is_changed_and_an_empty_one_refused(cast: Any, client_of: ClientOf) -> None:
    client = client_of(cast.lan)
    client.send("/account/name", name="Nguyễn Thị Ngọc Lan", title="Công chức")
    assert "Nguyễn Thị Ngọc Lan" in client.read("/account")
    assert client.send("/account/name", name=" ", title="x").status_code == 422


def test_language_and_theme_are_remembered(cast: Any, client_of: ClientOf, client: Any) -> None:
    client.send("/preferences", language="en", next="/sign-in")
    assert "Sign in" in client.read("/sign-in")
    signed_in = client_of(cast.lan)
    signed_in.send("/preferences", language="en")
    signed_in.send("/preferences", theme="dark", next="//evil.example")
    page = signed_in.read("/account")
    assert '<html lang="en" data-theme="dark">' in page
    assert Role.EDITOR.value not in page
