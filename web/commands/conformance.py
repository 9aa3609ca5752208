"""``conformance``: tries a loudspeaker of any maker against every rule of the protocol."""

from __future__ import annotations

import asyncio
import base64
import binascii
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from devices.conformance import RULES, Outcome, Setup, Verdict, run
from devices.conformance.errors import Unreachable
from devices.envelope import KeySet, SigningKey
from devices.errors import LinkDown, LinkRefused

from .common import emit, json_option, wants_json

_SIGNS = {Outcome.PASS: "✓", Outcome.FAIL: "✗", Outcome.LACKS: "○", Outcome.SKIPPED: "–"}
_PASSWORD = "TRUYEN_THANH_CONFORMANCE_PASSWORD"  # noqa: S105 - the name of a variable
_DEVICE_PASSWORD = "TRUYEN_THANH_CONFORMANCE_DEVICE_PASSWORD"  # noqa: S105
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option("--broker", required=True, help="Địa chỉ máy chủ MQTT: mqtt://… hoặc mqtts://…")
@click.option("--device", required=True, help="Mã cụm loa.")
@click.option("--tenant", default="xa", show_default=True, help="Phần thứ ba của mọi kênh MQTT.")
@click.option(
    "--server-key",
    type=_FILE,
    required=True,
    help="Tệp khóa ký bí mật mà cụm loa tin (32 byte hex hoặc base64).",
)
@click.option("--device-key", required=True, help="Khóa công khai của cụm loa (base64).")
@click.option("--username", default="server", show_default=True, help="Tài khoản MQTT của bên thử.")
@click.option(
    "--group",
    default="conformance",
    show_default=True,
    help="Nhóm mà cụm loa được phép nghe, không ai khác dùng.",
)
@click.option(
    "--http-host", default="127.0.0.1", show_default=True, help="Địa chỉ máy này mà cụm loa tới được."
)
@click.option("--http-port", type=int, default=0, help="Cổng HTTP; 0 là cổng trống bất kỳ.")
@click.option("--lead", type=float, default=4.0, show_default=True, help="Giây từ lệnh đến giờ phát.")
@click.option(
    "--tolerance", type=int, default=250, show_default=True, help="Mili giây lệch giờ phát được chấp nhận."
)
@click.option("--power-cycle", default="", help="Lệnh cắt điện cụm loa và cấp lại.")
@click.option("--wait", type=float, default=30.0, show_default=True, help="Giây chờ cụm loa lên tiếng.")
@click.option("--rotate-keys", is_flag=True, help="Thử cả việc đổi khóa máy chủ.")
@click.option("--rule", "rules", multiple=True, type=click.Choice([rule.id for rule in RULES]), metavar="MÃ")
@json_option
@click.pass_context
def conformance(context: click.Context, /, rules: tuple[str, ...], **options: Any) -> None:
    """Thử một cụm loa theo từng quy tắc của giao thức ttcs/1.

    Mật khẩu MQTT đọc từ biến TRUYEN_THANH_CONFORMANCE_PASSWORD; có thêm
    TRUYEN_THANH_CONFORMANCE_DEVICE_PASSWORD thì thử cả di chúc. Chỉ thử trên cụm loa chưa đưa vào
    dùng: sau lần thử phải xóa kho dữ liệu của nó. Mã thoát 1 khi có quy tắc không đạt.
    """
    setup = _setup(**options)
    try:
        verdicts = asyncio.run(run(setup, rules, _tell))
    except (LinkDown, LinkRefused) as error:
        raise click.ClickException(f"Không dùng được máy chủ MQTT ({error}).") from error
    except Unreachable as error:
        raise click.ClickException(f"Cụm loa {error} không lên tiếng trong {setup.wait_s:g} giây.") from error
    counts = {outcome: sum(v.outcome is outcome for v in verdicts) for outcome in Outcome}
    numbers = {outcome.value: count for outcome, count in counts.items()}
    emit(
        {"device": setup.device, **numbers, "verdicts": [asdict(verdict) for verdict in verdicts]},
        f"{counts[Outcome.PASS]} đạt, {counts[Outcome.FAIL]} không đạt, "
        f"{counts[Outcome.LACKS]} ngoài khả năng đã khai, {counts[Outcome.SKIPPED]} bỏ qua.",
    )
    if counts[Outcome.FAIL]:
        context.exit(1)


def _setup(
    *, server_key: Path, device_key: str, lead: float, tolerance: int, wait: float, **others: Any
) -> Setup:
    try:
        KeySet([device_key])
    except (ValueError, binascii.Error) as error:
        raise click.BadParameter("không phải khóa Ed25519 dạng base64", param_hint="--device-key") from error
    return Setup(
        server_key=_read_key(server_key),
        device_key=device_key,
        lead_s=lead,
        wait_s=wait,
        tolerance_ms=tolerance,
        password=os.environ.get(_PASSWORD, ""),
        device_password=os.environ.get(_DEVICE_PASSWORD, ""),
        **others,
    )


def _read_key(path: Path) -> SigningKey:
    """As the server keeps it, in hexadecimal, or in base64."""
    text = path.read_text("ascii", errors="replace").strip()
    for read in (bytes.fromhex, lambda value: base64.b64decode(value, validate=True)):
        try:
            return SigningKey.from_bytes(read(text))
        except (ValueError, binascii.Error):
            continue
    raise click.BadParameter("không phải khóa bí mật 32 byte", param_hint="--server-key")


def _tell(verdict: Verdict) -> None:
    """Each verdict as it falls: a run takes minutes."""
    if wants_json():
        return
    click.echo(f"{_SIGNS[verdict.outcome]} {verdict.outcome:<7} {verdict.rule:<17} {verdict.title}")
    if verdict.why:
        click.echo(f"      → {verdict.why}")
