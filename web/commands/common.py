"""What the commands share: settings, transactions, output, and refusals in one sentence."""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from broadcast import settings
from broadcast.errors import DiskFull, DomainError, PortBusy, StorageFailed
from broadcast.settings import Settings
from broadcast.storage.database import Database
from web.errors import sentence

AS_JSON: Final = "truyen_thanh.json"
LARGEST_FILE: Final = 4_000_000  # bytes read of a bulletin file; the limit of its text is far below

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class Guarded(click.Group):
    """A group whose commands refuse with one sentence on stderr and exit code 1, never with a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except DomainError as error:
            refuse(ctx, error)
        except OSError as error:
            known = known_os_error(error)
            if known is None:
                raise
            refuse(ctx, known)


def refuse(ctx: click.Context, error: DomainError) -> None:
    text = sentence(error)
    if ctx.meta.get(AS_JSON):
        click.echo(json.dumps({"error": {"code": error.code, "message": text}}, ensure_ascii=False))
    click.echo(f"Lỗi: {text}", err=True)
    ctx.exit(1)


def known_os_error(error: OSError) -> DomainError | None:
    """Errors of the machine that an operator can mend; any other is a fault of ours."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return DiskFull()
    if error.errno == errno.EADDRINUSE:
        return PortBusy(port="")
    if error.filename is not None and isinstance(
        error, PermissionError | FileNotFoundError | IsADirectoryError | NotADirectoryError
    ):
        return StorageFailed(path=str(error.filename))
    return StorageFailed(path=str(error.filename or "")) if error.errno == errno.EROFS else None


def json_option(command: Decorated) -> Decorated:
    """``--json``: the result as one JSON value on stdout, and nothing else there."""

    def remember(ctx: click.Context, _: click.Parameter, value: bool) -> None:
        ctx.meta[AS_JSON] = value

    option = click.option(
        "--json",
        is_flag=True,
        expose_value=False,
        is_eager=True,
        callback=remember,
        help="Kết quả dạng JSON.",
    )
    return option(command)


def wants_json() -> bool:
    return bool(click.get_current_context().meta.get(AS_JSON))


def emit(result: object, text: str | Iterable[str]) -> None:
    """Print the result: the value as JSON where asked, else the lines for people."""
    if wants_json():
        click.echo(json.dumps(result, ensure_ascii=False, default=str))
        return
    for line in [text] if isinstance(text, str) else text:
        click.echo(line)


def table(rows: list[dict[str, object]], empty: str) -> list[str]:
    """Rows as aligned columns; ``empty`` where there are none."""
    if not rows:
        return [empty]
    names = list(rows[0])
    cells = [names, *([str(row[name]) for name in names] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(names))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    ]


def load_settings(**overrides: object) -> Settings:
    """The settings of the environment, with what the command line says put over them (None: nothing said)."""
    overrides.setdefault("data_dir", click.get_current_context().find_root().obj)
    said = {
        f"{settings.PREFIX}{name.upper()}": str(value)
        for name, value in overrides.items()
        if value is not None
    }
    return settings.load({**os.environ, **said})


@contextlib.contextmanager
def opened_database() -> Iterator[Database]:
    """The database of the settings, with the tables of this version."""
    loaded = load_settings()
    loaded.data_dir.mkdir(parents=True, exist_ok=True)
    database = Database(loaded.database_url)
    try:
        database.migrate()
        yield database
    finally:
        database.dispose()


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def read_bytes(path: str) -> bytes:
    """A file, or standard input for ``-``; one that is far too large is read no further."""
    if path == "-":
        return sys.stdin.buffer.read(LARGEST_FILE)
    try:
        with Path(path).open("rb") as file:
            return file.read(LARGEST_FILE)
    except OSError as error:
        raise click.BadParameter(f"không đọc được tệp {path}: {error.strerror}") from error


FILE = click.Path(exists=False, dir_okay=False, allow_dash=True)
