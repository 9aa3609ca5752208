"""``keys``: the server's signing keys, and how one takes over from another."""

from __future__ import annotations

import click

from broadcast.care import key_watch
from broadcast.signing import keyring, keys
from broadcast.signing.keyring import Ring

from .common import emit, json_option, load_settings, now, opened_database, table

LATE = 5  # names that are told of those that do not know the new key yet


@click.group("keys")
def group() -> None:
    """Khóa ký lệnh của máy chủ."""


@group.command()
@json_option
def show() -> None:
    """In khóa công khai mà cụm loa tin; khóa bí mật không bao giờ được in."""
    settings = load_settings()
    found = keys.load(settings.keys_dir, settings.secret_file)
    result = {"keyid": found.signing.keyid, "public": list(found.public), "folder": str(settings.keys_dir)}
    emit(result, [f"{found.signing.keyid}  {found.signing.public}", f"Thư mục khóa: {settings.keys_dir}"])


@group.command("list")
@json_option
def list_() -> None:
    """Liệt kê các khóa đang ký, khóa mới nhất ở cuối, và hạn của chúng."""
    ring = keyring.load(load_settings().keys_dir)
    emit({"version": ring.version, "keys": _rows(ring)}, table(_rows(ring), ""))


@group.command()
@json_option
def rotate() -> None:
    """Tạo khóa mới; từ nay lệnh được ký bằng cả hai khóa cho đến khi khóa cũ bị bỏ."""
    made = keyring.rotate(load_settings().keys_dir, now())
    emit(
        {"version": made.version, "keys": _rows(made)},
        [
            f"Khóa mới {made.newest.signing.keyid}, dùng đến {made.newest.not_after:%d/%m/%Y}.",
            "Cụm loa tự nhận khóa mới khi có mạng. Khi mọi loa đã nhận, bỏ khóa cũ bằng:",
            f"  truyen-thanh keys retire {made.keys[0].signing.keyid}",
        ],
    )


@group.command()
@click.argument("keyid", metavar="MÃ_KHÓA")
@click.option(
    "--force", is_flag=True, help="Bỏ cả khi còn loa chưa nhận khóa mới: những loa đó phải nhận lại."
)
@json_option
def retire(keyid: str, *, force: bool) -> None:
    """Bỏ một khóa cũ: lệnh không còn được ký bằng nó."""
    settings = load_settings()
    late = [] if force else _without_newest(keyring.load(settings.keys_dir))
    if late:
        names = ", ".join(late[:LATE]) + (", …" if len(late) > LATE else "")
        raise click.ClickException(
            f"{len(late)} cụm loa chưa nhận khóa mới: {names}. "
            "Hãy đợi; hoặc thêm --force, rồi nhận lại các loa đó."
        )
    left = keyring.retire(settings.keys_dir, keyid)
    emit({"version": left.version, "keys": _rows(left)}, f"Đã bỏ khóa {keyid}.")


def _rows(ring: Ring) -> list[dict[str, object]]:
    return [
        {
            "keyid": each.signing.keyid,
            "public": each.signing.public,
            "created_at": each.created_at.isoformat(timespec="seconds"),
            "not_after": each.not_after.isoformat(timespec="seconds"),
        }
        for each in ring.keys
    ]


def _without_newest(ring: Ring) -> list[str]:
    """The loudspeakers that would obey nothing any more."""
    with opened_database() as database, database.transaction(read_only=True) as session:
        return key_watch.without_newest(session, ring)
