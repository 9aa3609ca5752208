"""``speakers``: register loudspeakers and see how they are."""

from __future__ import annotations

from pathlib import Path

import click

from broadcast import bootstrap, console
from broadcast.joining import registry
from broadcast.units import areas

from .common import emit, json_option, load_settings, now, opened_database, table


@click.group("speakers")
def group() -> None:
    """Cụm loa."""


@group.command("list")
@json_option
def list_() -> None:
    """Liệt kê cụm loa đang dùng."""
    with opened_database() as database, database.transaction(read_only=True) as session:
        rows: list[dict[str, object]] = [
            {
                "device": each.device,
                "name": each.name,
                "area": each.area.code,
                "online": each.online,
                "last_seen": each.last_seen,
                "playing": each.playing,
            }
            for each in console.loudspeakers(session)
        ]
    emit(rows, table(rows, "Chưa có cụm loa nào; hãy dùng `truyen-thanh speakers add`."))


@group.command()
@click.argument("device", metavar="MÃ_LOA")
@click.option("--name", required=True, help="Tên dễ nhớ, ví dụ: Loa nhà văn hóa thôn 2.")
@click.option("--area", "code", required=True, help="Mã địa bàn.")
@click.option("--latitude", type=float)
@click.option("--longitude", type=float)
@click.option(
    "--output", "-o", type=click.Path(dir_okay=False, path_type=Path), required=True, help="Tệp danh tính."
)
@json_option
def add(
    *, device: str, name: str, code: str, latitude: float | None, longitude: float | None, output: Path
) -> None:
    """Đăng ký một cụm loa và ghi tệp danh tính cho hộp loa."""
    wire = bootstrap.wire(load_settings())
    with opened_database() as database, database.transaction() as session:
        identity = registry.add(
            session,
            None,
            wire=wire,
            device=device,
            name=name,
            area_id=areas.by_code(session, code).id,
            latitude=latitude,
            longitude=longitude,
            now=now(),
        )
        identity.save(output)  # before the commit: without its file a registered loudspeaker is of no use
    emit(
        {"device": device, "identity": str(output)},
        [
            f"Đã đăng ký {device}. Chép {output} vào hộp loa (chỉ chủ tệp được đọc), rồi chạy:",
            f"  truyen-thanh-speaker run --identity {output.name}",
        ],
    )


@group.command()
@click.argument("device", metavar="MÃ_LOA")
@json_option
def retire(device: str) -> None:
    """Ngừng dùng một cụm loa; nhật ký của nó được giữ."""
    wire = bootstrap.wire(load_settings())
    with opened_database() as database, database.transaction() as session:
        found = console.loudspeaker(session, device)
        registry.retire(session, None, wire=wire, loudspeaker_id=found.id, now=now())
    emit({"device": device, "retired": True}, f"Đã ngừng dùng {device}.")
