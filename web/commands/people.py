"""``people``: who may do what, and links that work once."""

from __future__ import annotations

import datetime as dt
from typing import Any

import click

from broadcast import console
from broadcast.models import LinkPurpose, Person, Role
from broadcast.units import areas, people

from .common import emit, json_option, load_settings, now, opened_database, table

INVITATION = dt.timedelta(days=7)
SIGN_IN = dt.timedelta(minutes=30)
PATHS = {LinkPurpose.SIGN_IN: "/link/", LinkPurpose.INVITE: "/link/", LinkPurpose.SETUP: "/setup/"}


@click.group("people")
def group() -> None:
    """Người dùng và quyền."""


def row(person: Person) -> dict[str, Any]:
    return {
        "username": person.username,
        "name": person.name,
        "active": person.active,
        "grants": ", ".join(f"{grant.role.value}@{grant.area.code}" for grant in person.grants),
    }


@group.command("list")
@json_option
def list_() -> None:
    """Liệt kê người dùng."""
    with opened_database() as database, database.transaction(read_only=True) as session:
        rows = [row(person) for person in console.everyone(session)]
    emit(rows, table(rows, "Chưa có ai; hãy mở liên kết thiết lập mà `truyen-thanh run` in ra."))


@group.command()
@click.argument("username", metavar="TÊN_ĐĂNG_NHẬP")
@click.option("--name", required=True, help="Họ và tên.")
@click.option("--title", default="", help="Chức danh.")
@click.option("--area", "code", required=True, help="Mã địa bàn.")
@click.option(
    "--role", "roles", type=click.Choice([role.value for role in Role]), multiple=True, required=True
)
@json_option
def invite(username: str, name: str, title: str, code: str, roles: tuple[str, ...]) -> None:
    """Thêm một người và in liên kết để họ đặt mật khẩu."""
    instant = now()
    with opened_database() as database, database.transaction() as session:
        area = areas.by_code(session, code)
        person = people.create_person(session, username=username, name=name, title=title, now=instant)
        for role in roles:
            people.grant(session, person, Role(role), area.id, now=instant)
        token = people.issue_link(
            session, purpose=LinkPurpose.INVITE, person_id=person.id, now=instant, valid=INVITATION
        )
    show_link(username, link(LinkPurpose.INVITE, token), INVITATION)


@group.command("link")
@click.argument("username", metavar="TÊN_ĐĂNG_NHẬP")
@json_option
def link_(username: str) -> None:
    """In một liên kết đăng nhập dùng một lần (quên mật khẩu, trình diễn)."""
    with opened_database() as database, database.transaction() as session:
        person = console.person(session, username)
        token = people.issue_link(
            session, purpose=LinkPurpose.SIGN_IN, person_id=person.id, now=now(), valid=SIGN_IN
        )
    show_link(username, link(LinkPurpose.SIGN_IN, token), SIGN_IN)


def link(purpose: LinkPurpose, token: str) -> str:
    return f"{load_settings().public_url}{PATHS[purpose]}{token}"


def show_link(username: str, address: str, valid: dt.timedelta) -> None:
    result = {"username": username, "link": address, "valid_s": int(valid.total_seconds())}
    emit(result, [f"Liên kết dùng một lần cho {username}:", f"  {address}"])
