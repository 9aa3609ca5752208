"""``bulletins``: write, submit and approve from the command line, as a named person."""

from __future__ import annotations

from typing import Any

import click

from broadcast import console
from broadcast.authoring import bulletins
from broadcast.models import Bulletin, BulletinState
from broadcast.storage import pages
from broadcast.units import areas
from devices.messages import BulletinClass

from .common import FILE, emit, json_option, now, opened_database, read_bytes, table

AS = click.option(
    "--as", "username", required=True, metavar="NGƯỜI", help="Tên đăng nhập của người làm việc này."
)
NUMBER = click.argument("bulletin_id", type=int, metavar="SỐ")


@click.group("bulletins")
def group() -> None:
    """Soạn, trình và duyệt bản tin."""


def row(bulletin: Bulletin) -> dict[str, Any]:
    version = bulletin.current
    return {
        "id": bulletin.id,
        "title": version.title,
        "state": bulletin.state.value,
        "class": bulletin.klass.value,
        "version": version.number,
        "audio": version.render_state.value,
    }


@group.command()
@click.argument("file", type=FILE, metavar="TỆP")
@click.option("--area", "code", required=True, help="Mã địa bàn.")
@click.option("--title", help="Mặc định: dòng đầu của tệp.")
@click.option(
    "--class",
    "klass",
    type=click.Choice([each.value for each in BulletinClass]),
    default="routine",
    show_default=True,
)
@AS
@json_option
def add(file: str, code: str, title: str | None, klass: str, username: str) -> None:
    """Soạn bản tin từ một tệp văn bản UTF-8."""
    imported = bulletins.import_file(read_bytes(file), file)
    with opened_database() as database, database.transaction() as session:
        bulletin = bulletins.create(
            session,
            console.person(session, username),
            area_id=areas.by_code(session, code).id,
            title=title or imported.title,
            text=imported.text,
            klass=BulletinClass(klass),
            now=now(),
        )
        result = row(bulletin)
    emit(result, f"Đã soạn bản tin {result['id']}: {result['title']}")


@group.command("list")
@click.option("--state", type=click.Choice([each.value for each in BulletinState]))
@click.option("--search", "query", default="")
@AS
@json_option
def list_(state: str | None, query: str, username: str) -> None:
    """Liệt kê bản tin."""
    with opened_database() as database, database.transaction(read_only=True) as session:
        page = bulletins.search(
            session,
            console.person(session, username),
            query=query,
            state=BulletinState(state) if state else None,
            per_page=pages.LARGEST,
        )
        rows = [row(bulletin) for bulletin in page.items]
    emit(rows, table(rows, "Chưa có bản tin nào."))


@group.command()
@NUMBER
@AS
@json_option
def submit(bulletin_id: int, username: str) -> None:
    """Trình bản tin để duyệt."""
    with opened_database() as database, database.transaction() as session:
        result = row(bulletins.submit(session, console.person(session, username), bulletin_id, now=now()))
    emit(result, f"Đã trình bản tin {bulletin_id}.")


@group.command()
@NUMBER
@AS
@json_option
def approve(bulletin_id: int, username: str) -> None:
    """Duyệt đúng văn bản và âm thanh hiện có."""
    with opened_database() as database, database.transaction() as session:
        person = console.person(session, username)
        version = bulletins.get(session, person, bulletin_id).current
        bulletins.approve(
            session,
            person,
            bulletin_id,
            version=version.number,
            text_sha256=version.text_sha256,
            audio_sha256=version.clip.sha256 if version.clip else "",
            now=now(),
        )
        result = row(bulletins.get(session, person, bulletin_id))
    emit(result, f"Đã duyệt bản tin {bulletin_id}.")
