"""``truyen-thanh-speaker``: the command line of one loudspeaker, for the person who installs it."""

from __future__ import annotations

import asyncio
import enum
import json
import logging
import random
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any, NoReturn

import click

from devices.errors import (
    AlreadyRunning,
    DeviceError,
    IdentityInvalid,
    LinkRefused,
    NoSoundCard,
    StoreFailed,
)
from devices.messages import ClockQuality
from devices.terminal import speak_vietnamese

from .agent import Agent
from .assembly import Fittings, alone_in, assemble
from .checkup import Finding, examine, report
from .clock import SystemClock
from .enrol_command import enrol
from .identity import Identity
from .ports import Sink
from .rekey import KeyCare
from .service import Service
from .sink import has_sound_card, open_sink

speak_vietnamese()
log = logging.getLogger(__name__)

_SENTENCES: dict[type[DeviceError], str] = {
    IdentityInvalid: "Tệp danh tính của loa không dùng được",
    StoreFailed: "Không mở được kho dữ liệu của loa",
    AlreadyRunning: "Một chương trình loa khác đang dùng thư mục dữ liệu này; không chạy thêm lần nữa",
    NoSoundCard: "Không có ngõ ra âm thanh dùng được",
    LinkRefused: "Địa chỉ máy chủ MQTT trong tệp danh tính không dùng được",
}

_identity = click.option(
    "--identity",
    "identity_file",
    type=click.Path(path_type=Path),
    required=True,
    help="Tệp danh tính của loa (JSON, quyền 0600).",
)
_data = click.option(
    "--data", type=click.Path(path_type=Path), required=True, help="Thư mục dữ liệu: nhật ký và âm thanh."
)
_FILE = click.Path(path_type=Path)
_FITTINGS = (
    click.option("--amplifier", type=_FILE, help="Tệp GPIO bật (1) và tắt (0) tăng âm."),
    click.option("--amplifier-sense", type=_FILE, help="Tệp cho biết công suất ra loa, tính bằng oát."),
    click.option("--microphone", is_flag=True, help="Có micrô cạnh loa."),
    click.option("--silence-file", type=_FILE, help="Còn tệp này thì loa im hẳn (nút im tại chỗ)."),
    click.option("--voltage-file", type=_FILE, help="Tệp cho biết điện áp nguồn, tính bằng vôn."),
    click.option("--signal-file", type=_FILE, help="Tệp cho biết mức sóng di động, tính bằng dBm."),
)
_RESTART = 75  # the exit code that asks the service manager to start the program again


def _fittings(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_FITTINGS):
        command = option(command)
    return command


_as_json = click.option("--json", "as_json", is_flag=True, help="In kết quả dạng JSON.")


@click.group()
@click.version_option(package_name="truyen-thanh", message="%(version)s")
def main() -> None:
    """Chương trình của một cụm loa truyền thanh."""


main.add_command(enrol)


@main.command()
@_identity
@_data
@click.option(
    "--sink",
    "kind",
    type=click.Choice(["auto", "alsa", "wav", "silent"]),
    default="auto",
    show_default=True,
    help="Ngõ ra âm thanh; auto dùng card âm thanh, và chờ card nếu chưa có.",
)
@click.option("--wav", type=click.Path(path_type=Path), help="Tệp WAV được ghi khi --sink wav.")
@click.option(
    "--rate",
    type=click.FloatRange(0.1, 1000),
    default=1.0,
    show_default=True,
    help="Tốc độ đồng hồ mẫu của ngõ ra không có card, để thử nghiệm.",
)
@click.option("--reboot-command", help="Lệnh khởi động lại hộp loa; không có thì chỉ chương trình chạy lại.")
@_fittings
def run(
    *,
    identity_file: Path,
    data: Path,
    kind: str,
    wav: Path | None,
    rate: float,
    reboot_command: str | None,
    **fitted: Any,
) -> None:
    """Chạy cụm loa cho đến khi nhận SIGTERM hoặc SIGINT; SIGUSR1 bật và tắt im lặng tại chỗ."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    if kind == "wav" and wav is None:
        raise click.UsageError("--sink wav cần thêm --wav TỆP.")
    if rate != 1.0 and kind not in ("silent", "wav"):
        raise click.UsageError("--rate chỉ dùng với --sink silent hoặc wav.")
    fittings, ending = Fittings(**fitted), Ending.RENEWED
    replaced: set[int] = set()
    try:
        with alone_in(data):
            while ending is Ending.RENEWED:
                ending = asyncio.run(
                    _run(identity_file, data, lambda: _open_sink(kind, wav, rate), fittings, replaced)
                )
    except DeviceError as error:
        _fail(error)
    if ending is Ending.RESTART:
        _restart(reboot_command)


@main.command()
@_data
@_as_json
def status(data: Path, *, as_json: bool) -> None:
    """Cho biết loa đang giữ gì: kế hoạch, âm thanh, nhật ký chưa gửi."""
    try:
        found = report(data)
    except DeviceError as error:
        _fail(error)
    _show(found, as_json, lambda: "\n".join(f"{name}: {value}" for name, value in found.items()))


@main.command()
@_identity
@_data
@_as_json
@_fittings
def doctor(identity_file: Path, data: Path, *, as_json: bool, **fitted: Any) -> None:
    """Kiểm tra máy này: danh tính, kho dữ liệu, âm thanh, tăng âm, đồng hồ, máy chủ MQTT."""
    findings = asyncio.run(examine(identity_file, data, Fittings(**fitted)))
    rows = [{"id": f.id, "ok": f.ok, "text": f.text, "hint": f.hint} for f in findings]
    _show(rows, as_json, lambda: "\n".join(_line(finding) for finding in findings))
    if not all(finding.ok for finding in findings):
        sys.exit(1)


class Ending(enum.Enum):
    """Why the loudspeaker stopped."""

    STOPPED = enum.auto()
    RESTART = enum.auto()  # ordered to start anew
    RENEWED = enum.auto()  # there is a new identity to go on with


async def _run(
    identity_file: Path, data: Path, open_sink: Callable[[], Sink], fittings: Fittings, replaced: set[int]
) -> Ending:
    identity = Identity.load(identity_file)
    sink = open_sink()
    firmware = f"truyen-thanh {metadata.version('truyen-thanh')}"
    try:
        clock = SystemClock()
        agent = assemble(
            identity,
            data,
            sink,
            firmware=firmware,
            fittings=fittings,
            clock=clock,
            second_place=identity_file.with_name(identity_file.name + ".kept"),
        )
    except BaseException:
        sink.close()
        raise
    loop = asyncio.get_running_loop()
    stopping: list[asyncio.Task[None]] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: stopping.append(loop.create_task(agent.stop())))
    loop.add_signal_handler(signal.SIGUSR1, agent.button.toggle)
    click.echo(f"Loa {identity.device} đang chạy.")
    alive = loop.create_task(Service().keep_alive())
    renewing = loop.create_task(_renewed(identity_file, identity, agent, clock, replaced))
    running = loop.create_task(agent.run())
    try:
        await asyncio.wait((running, renewing), return_when=asyncio.FIRST_COMPLETED)
        if not running.done():
            await agent.stop()
        await running
    except BaseException:
        await agent.power_off()  # without a journal nothing may go on sounding
        raise
    finally:
        alive.cancel()
        renewing.cancel()
    await asyncio.gather(*stopping)
    if agent.restart_wanted:
        return Ending.RESTART
    return Ending.RENEWED if renewing.done() and not stopping else Ending.STOPPED


async def _renewed(
    identity_file: Path, identity: Identity, agent: Agent, clock: SystemClock, replaced: set[int]
) -> None:
    """Return between two sounds, once there is another key to go on with."""
    care = KeyCare(
        identity_file,
        identity,
        lambda: None if clock.quality() is ClockQuality.UNKNOWN else clock.utc_ms(),
        random.SystemRandom(),
        trusted=lambda: agent.trusted,
        replaced=replaced,
    )
    await care.renewed(lambda: agent.key_expires)
    while agent.is_playing:
        await asyncio.sleep(1)


def _restart(command: str | None) -> NoReturn:
    """Start the box anew, or let the service manager start the program."""
    if command:
        try:
            subprocess.run(shlex.split(command), check=True)
        except (OSError, ValueError, subprocess.CalledProcessError):
            log.exception("The box does not start anew", extra={"action": "reboot_failed"})
    sys.exit(_RESTART)


def _open_sink(kind: str, wav: Path | None, rate: float) -> Sink:
    if kind == "auto" and not has_sound_card():
        click.echo("Máy này chưa có card âm thanh: mọi lượt phát sẽ báo lỗi cho đến khi cắm card.", err=True)
    return open_sink(f"wav:{wav}" if kind == "wav" else kind, rate=rate)


def _line(finding: Finding) -> str:
    mark = "ĐẠT " if finding.ok else "LỖI "
    hint = f"\n      → {finding.hint}" if finding.hint and not finding.ok else ""
    return f"{mark} {finding.text}{hint}"


def _show(value: Any, as_json: bool, as_text: Callable[[], str]) -> None:
    click.echo(json.dumps(value, ensure_ascii=False) if as_json else as_text())


def _fail(error: DeviceError) -> NoReturn:
    sentence = _SENTENCES.get(type(error), "Chương trình loa gặp lỗi")
    raise click.ClickException(f"{sentence} ({error}).")
