"""``truyen-thanh-speaker enrol``: the code and its picture in the terminal of a new box."""

from __future__ import annotations

import datetime as dt
import json
import re
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from devices.enrolment import Waiting
from devices.envelope import KeySet
from devices.errors import EnrolRefused, FetchError, IdentityInvalid

from .enrol import About, Enrolment
from .identity import Identity

_MODEL = (Path("/proc/device-tree/model"), Path("/sys/class/dmi/id/product_name"))
_SERIAL = (Path("/proc/device-tree/serial-number"), Path("/sys/class/dmi/id/product_serial"))
_ROWS = re.compile(r"[01]{21,177}")
_QUIET = 2  # cells around the picture
_HALVES = {"00": " ", "01": "▄", "10": "▀", "11": "█"}
_BLACK_ON_WHITE, _AS_BEFORE = "\x1b[30;107m", "\x1b[0m"
_HERE = ("localhost", "127.0.0.1", "::1")


@click.command()
@click.option("--server", required=True, help="Địa chỉ trang của máy chủ, ví dụ https://loa.xa.gov.vn.")
@click.option(
    "--identity",
    "identity_file",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="Tệp danh tính sẽ được ghi (quyền 0600).",
)
@click.option(
    "--server-key",
    "server_keys",
    multiple=True,
    help="Khóa công khai của máy chủ (“truyen-thanh keys list”), để không tin nhầm máy chủ khác.",
)
@click.option("--again", is_flag=True, help="Nhận lại: thay tệp danh tính đang có.")
@click.option("--hardware", help="Loại máy; mặc định lấy từ máy này.")
@click.option("--serial", help="Số máy; mặc định lấy từ máy này.")
@click.option("--json", "as_json", is_flag=True, help="In mỗi bước một dòng JSON.")
def enrol(
    *,
    server: str,
    identity_file: Path,
    server_keys: tuple[str, ...],
    again: bool,
    hardware: str | None,
    serial: str | None,
    as_json: bool,
) -> None:
    """Xin danh tính cho hộp loa này: hiện mã, rồi chờ cán bộ nhận loa trên điện thoại."""
    server = server.rstrip("/")
    _check(server, identity_file, again)
    known = known_keys(server, identity_file, server_keys)
    about = About(
        hardware=hardware if hardware is not None else _first_line(_MODEL),
        serial=serial if serial is not None else _first_line(_SERIAL),
        firmware=f"truyen-thanh {metadata.version('truyen-thanh')}",
    )
    show = _say_as_json if as_json else _say
    try:
        identity = Enrolment(server, identity_file, about, show, known=known).run()
    except (EnrolRefused, FetchError) as error:
        raise click.ClickException(f"Máy chủ không nhận hộp loa này ({error}).") from error
    if as_json:
        click.echo(json.dumps({"device": identity.device, "identity": str(identity_file)}))
        return
    click.echo(f"Đã được nhận: loa {identity.device}. Tệp danh tính: {identity_file}. Chạy loa bằng:")
    click.echo(f"  truyen-thanh-speaker run --identity {identity_file} --data THƯ_MỤC")


def picture(rows: Sequence[str], *, colours: bool) -> str:
    """A QR code as text, two rows in a line; without colours for a terminal with light signs on dark.

    What is no such picture becomes nothing: it comes from the network and goes to a terminal.
    """
    if not rows or any(not _ROWS.fullmatch(row) or len(row) != len(rows) for row in rows):
        return ""
    side = "0" * _QUIET
    empty = "0" * (len(rows) + 2 * _QUIET)
    framed = [*[empty] * _QUIET, *(f"{side}{row}{side}" for row in rows), *[empty] * _QUIET]
    if len(framed) % 2:
        framed.append(empty)
    if not colours:
        framed = [row.translate({48: "1", 49: "0"}) for row in framed]
    lines = (
        "".join(_HALVES[upper + lower] for upper, lower in zip(framed[at], framed[at + 1], strict=True))
        for at in range(0, len(framed), 2)
    )
    return "\n".join(f"{_BLACK_ON_WHITE}{line}{_AS_BEFORE}" if colours else line for line in lines)


def known_keys(server: str, identity_file: Path, told: tuple[str, ...]) -> tuple[str, ...]:
    """The server's keys that are known before it is asked: told by a person, or from the last time."""
    try:
        KeySet(told)
    except ValueError as error:
        raise click.UsageError("--server-key không phải khóa công khai của máy chủ.") from error
    try:
        before = Identity.load(identity_file)
    except IdentityInvalid:
        return told
    return told or (before.server_keys if before.server == server else ())


def _check(server: str, identity_file: Path, again: bool) -> None:
    parts = urlsplit(server)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise click.UsageError("--server phải là địa chỉ dạng https://máy.")
    if identity_file.exists() and not again:
        raise click.UsageError(f"Đã có {identity_file}; muốn nhận lại hộp loa này thì thêm --again.")
    if parts.scheme == "http" and parts.hostname not in _HERE:
        click.echo(
            "Cảnh báo: đường truyền không mã hóa; chỉ dùng http trong mạng riêng của đơn vị.", err=True
        )


def _say(waiting: Waiting) -> None:
    click.echo(picture(waiting.qr, colours=sys.stdout.isatty()))
    click.echo(f"\n  Mã nhận loa:  {_printable(waiting.claim)}\n")
    if waiting.url:
        click.echo(f"Cán bộ quét hình trên, hoặc mở {_printable(waiting.url)}")
    until = dt.datetime.fromtimestamp(waiting.expires_at / 1000, dt.UTC).astimezone()
    click.echo(f"Mã dùng đến {until:%H:%M}; hết hạn sẽ hiện mã mới. Đang chờ…")


def _say_as_json(waiting: Waiting) -> None:
    told: dict[str, Any] = {
        "claim": waiting.claim,
        "url": waiting.url,
        "expires_at": waiting.expires_at,
    }
    click.echo(json.dumps(told))


def _printable(text: str) -> str:
    return "".join(sign for sign in text if sign.isprintable())


def _first_line(places: Sequence[Path]) -> str:
    for place in places:
        try:
            text = place.read_text("utf-8", "replace").strip("\0\n ")
        except OSError:
            continue
        if text:
            return text.splitlines()[0]
    return ""
