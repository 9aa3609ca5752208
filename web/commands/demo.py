"""``demo``: the whole way with a simulated commune, from an empty folder to proof."""

from __future__ import annotations

from pathlib import Path

import click

from .common import FILE, json_option, read_bytes, wants_json


@click.command()
@click.option(
    "--once", is_flag=True, help="Kết thúc sau khi phát xong; mã thoát 0 chỉ khi mọi cụm loa đạt E3 trở lên."
)
@click.option(
    "--bulletin", "file", type=FILE, metavar="TỆP", help="Phát tệp văn bản UTF-8 này thay cho ba bản tin mẫu."
)
@click.option(
    "--speed-up", type=click.FloatRange(1, 200), help="Cho loa giả lập phát nhanh hơn bấy nhiêu lần."
)
@click.option("--port", type=click.IntRange(1, 65535), default=8080, show_default=True)
@click.option("--keep", is_flag=True, help="Giữ dữ liệu của lần chạy trước.")
@click.option(
    "--broker", type=click.Choice(["auto", "mosquitto", "amqtt"]), default="auto", show_default=True
)
@json_option
@click.pass_context
def demo(
    context: click.Context,
    *,
    once: bool,
    file: str | None,
    speed_up: float | None,
    port: int,
    keep: bool,
    broker: str,
) -> None:
    """Chạy toàn bộ công việc với một xã giả lập có 24 cụm loa."""
    from web.demo import Options, run  # noqa: PLC0415 - loads every part of the system

    options = Options(
        once=once,
        bulletin=(Path(file).name, read_bytes(file)) if file else None,
        speed_up=speed_up,
        port=port,
        keep=keep,
        broker=broker,
        as_json=wants_json(),
        home=context.find_root().obj or Path("var/demo"),
    )
    context.exit(run(options))
