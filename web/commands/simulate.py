"""``simulate``: many loudspeakers in one process, for trials and the demonstration."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from pathlib import Path

import click

from broadcast.errors import NotFound
from devices import simulator
from devices.errors import IdentityInvalid
from devices.speaker.identity import Identity
from web import logs

from .common import emit, json_option, load_settings

FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.option("--identities", type=FOLDER, required=True, help="Thư mục tệp danh tính (*.json).")
@click.option("--directory", type=FOLDER, required=True, help="Nơi các loa giả lập giữ dữ liệu.")
@click.option(
    "--rate", type=click.FloatRange(1, 200), default=1.0, show_default=True, help="Phát nhanh gấp bấy nhiêu."
)
@json_option
def simulate(*, identities: Path, directory: Path, rate: float) -> None:
    """Chạy các cụm loa giả lập cho đến khi bị dừng."""
    logs.set_up(load_settings().log_level)
    found = [read_identity(path) for path in sorted(identities.glob("*.json"))]
    if not found:
        raise NotFound(kind="identity", id=str(identities))
    emit({"speakers": len(found), "rate": rate}, f"{len(found)} cụm loa giả lập đang chạy.")
    asyncio.run(until_stopped(found, directory, rate))


def read_identity(path: Path) -> Identity:
    try:
        return Identity.load(path)
    except IdentityInvalid as error:
        raise click.ClickException(f"Tệp danh tính không dùng được: {error}") from error


async def until_stopped(identities: list[Identity], directory: Path, rate: float) -> None:
    """SIGINT and SIGTERM let every loudspeaker say goodbye."""
    running = asyncio.create_task(simulator.simulate(identities, directory, rate=rate))
    for name in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(name, running.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await running
