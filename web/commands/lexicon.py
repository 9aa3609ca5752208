"""``lexicon``: how words are read in an area, one by one or as a whole table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from broadcast import console
from broadcast.authoring import lexicon
from broadcast.authoring.lexicon import Change, EntryView
from broadcast.errors import NotFound
from broadcast.storage import pages
from broadcast.units import areas
from web.forms.lexicon import refused_line

from .bulletins import AS
from .common import FILE, emit, json_option, now, opened_database, read_bytes, table

CODE = click.option("--area", "code", required=True, help="Mã địa bàn.")


@click.group("lexicon")
def group() -> None:
    """Từ điển cách đọc."""


@group.command("list")
@CODE
@click.option("--search", "query", default="", help="Chữ hoặc cách đọc, có dấu hay không.")
@AS
@json_option
def list_(code: str, query: str, username: str) -> None:
    """Liệt kê các từ dùng ở một địa bàn, kể cả của cấp trên."""
    rows: list[dict[str, object]] = []
    with opened_database() as database, database.transaction(read_only=True) as session:
        person, area_id = console.person(session, username), areas.by_code(session, code).id
        number = last = 1
        while number <= last:
            page = lexicon.search(
                session, person, area_id=area_id, query=query, page=number, per_page=pages.LARGEST
            )
            rows += [row(view) for view in page.items]
            number, last = number + 1, page.pages
    emit(rows, table(rows, "Từ điển còn trống; hãy dùng `truyen-thanh lexicon add`."))


@group.command()
@click.argument("written", metavar="CHỮ")
@click.argument("spoken", metavar="CÁCH_ĐỌC")
@CODE
@click.option("--note", default="", help="Ghi chú.")
@AS
@json_option
def add(*, written: str, spoken: str, code: str, note: str, username: str) -> None:
    """Thêm một từ, hoặc đổi cách đọc của nó."""
    with opened_database() as database, database.transaction() as session:
        change = lexicon.put(
            session,
            console.person(session, username),
            area_id=areas.by_code(session, code).id,
            written=written,
            spoken=spoken,
            note=note,
            now=now(),
        )
        result = touched(change)
    emit(result, [f"{result['written']} → {result['spoken']}", consequences(result)])


@group.command()
@click.argument("written", metavar="CHỮ")
@CODE
@AS
@json_option
def remove(written: str, code: str, username: str) -> None:
    """Bỏ một từ khỏi từ điển của địa bàn."""
    with opened_database() as database, database.transaction() as session:
        person = console.person(session, username)
        entry = lexicon.own(session, areas.by_code(session, code).id, written=written)
        if entry is None:
            raise NotFound(kind="lexicon_entry", id=written)
        result = touched(lexicon.retire(session, person, entry.id, now=now()))
    emit(result, [f"Đã bỏ {result['written']}.", consequences(result)])


@group.command("import")
@click.argument("file", type=FILE, metavar="TỆP")
@CODE
@AS
@json_option
@click.pass_context
def import_(context: click.Context, *, file: str, code: str, username: str) -> None:
    """Nhập một bảng CSV; khi có dòng không dùng được thì không nhập gì."""
    with opened_database() as database, database.transaction() as session:
        imported = lexicon.import_csv(
            session,
            console.person(session, username),
            area_id=areas.by_code(session, code).id,
            data=read_bytes(file),
            now=now(),
        )
    counts = {
        "added": imported.added,
        "changed": imported.changed,
        "same": imported.same,
        "bulletins": len(imported.bulletins),
        "approvals": imported.approvals,
    }
    refused = [{"line": line, "why": why} for line, why in imported.refused]
    lines = [
        "Chưa nhập gì: có dòng không dùng được."
        if refused
        else f"Thêm {imported.added}, đổi {imported.changed}, giữ nguyên {imported.same}.",
        *(f"  Dòng {line}: {refused_line(why)}" for line, why in imported.refused),
    ]
    emit({**counts, "refused": refused}, lines)
    if refused:
        context.exit(1)


@group.command()
@CODE
@click.option(
    "--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Mặc định: đầu ra chuẩn."
)
@AS
def export(code: str, output: Path | None, username: str) -> None:
    """Xuất từ điển của địa bàn thành CSV."""
    with opened_database() as database, database.transaction(read_only=True) as session:
        text = lexicon.export_csv(session, console.person(session, username), areas.by_code(session, code).id)
    if output is None:
        click.echo(text, nl=False)
    else:
        output.write_text(text, encoding="utf-8", newline="")


def row(view: EntryView) -> dict[str, object]:
    return {
        "written": view.entry.written,
        "spoken": view.entry.spoken,
        "area": view.area.code,
        "own": view.own,
        "overridden": view.overridden,
    }


def touched(change: Change) -> dict[str, Any]:
    return {
        "id": change.entry.id,
        "written": change.entry.written,
        "spoken": change.entry.spoken,
        "bulletins": len(change.bulletins),
        "approvals": change.approvals,
    }


def consequences(result: dict[str, Any]) -> str:
    return f"{result['bulletins']} bản tin được đọc lại, {result['approvals']} bản phải duyệt lại."
