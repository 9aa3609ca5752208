"""``db``: the tables and the audit chain."""

from __future__ import annotations

import click

from broadcast.storage import audit
from broadcast.storage.database import Database

from .common import emit, json_option, load_settings, opened_database


@click.group("db")
def database_group() -> None:
    """Cơ sở dữ liệu."""


@database_group.command()
@json_option
def migrate() -> None:
    """Đưa các bảng lên phiên bản này; chạy lại không sao."""
    with opened_database() as database:
        emit({"database": database.kind, "current": True}, "Các bảng đã đúng phiên bản.")


@database_group.command()
@json_option
def check() -> None:
    """Kiểm tra phiên bản của các bảng, không thay đổi gì."""
    database = Database(load_settings().database_url)
    try:
        database.check()
    finally:
        database.dispose()
    emit({"database": database.kind, "current": True}, "Các bảng đúng phiên bản.")


@database_group.command()
@click.pass_context
@json_option
def verify(context: click.Context) -> None:
    """Kiểm tra chuỗi nhật ký kiểm toán."""
    with opened_database() as database, database.transaction(read_only=True) as session:
        broken = audit.verify(session)
    whole = broken is None
    emit(
        {"whole": whole, "first_broken": broken},
        "Nhật ký kiểm toán nguyên vẹn." if whole else f"Nhật ký kiểm toán bị sửa từ dòng {broken}.",
    )
    if not whole:
        context.exit(1)
