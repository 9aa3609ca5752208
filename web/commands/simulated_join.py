"""``simulate --server``: identities for simulated loudspeakers of a server that runs elsewhere.

Few enrol as boxes on poles do, and an officer claims each by its code. For many the server enters them itself
(``simulate --write FILE``), and the file is brought here.
"""

from __future__ import annotations

import asyncio
import stat
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import click
import msgspec

from broadcast.joining import trial
from devices.enrolment import Waiting
from devices.errors import EnrolRefused, FetchError, IdentityInvalid, LinkDown, LinkRefused
from devices.link_async import SpeakerLink
from devices.speaker import private_file
from devices.speaker.asking import ask
from devices.speaker.enrol import About, Enrolment
from devices.speaker.identity import Identity
from devices.speaker.ports import Message
from devices.topics import Topics

MOST_BY_CODE = 20  # boxes that an officer may be asked to claim one by one


def read(path: Path) -> list[Identity]:
    """The identities of a folder of files, or of the one file that ``simulate --write`` wrote."""
    try:
        if path.is_dir():
            return [Identity.load(file) for file in sorted(path.glob("*.json"))]
        return _many(path)
    except IdentityInvalid as error:
        raise click.ClickException(f"Tệp danh tính không dùng được: {error}") from error


def _many(path: Path) -> list[Identity]:
    """Raises IdentityInvalid."""
    try:
        mode = path.stat().st_mode
        found = msgspec.json.decode(path.read_bytes(), type=list[Identity])
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise IdentityInvalid(f"{path}: {error}") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise IdentityInvalid(f"{path}: others may read it; chmod 600 it")
    for identity in found:
        identity.check()
    return found


def write(path: Path, identities: Sequence[Identity]) -> None:
    """All in one file that only its owner may read: it holds keys and passwords."""
    try:
        private_file.write(path, msgspec.json.encode(identities))
    except OSError as error:
        raise click.ClickException(f"Không ghi được {path}: {error}") from error


def address(server: str) -> str:
    parts = urlsplit(server)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise click.UsageError("--server phải là địa chỉ trang của máy chủ, dạng https://máy.")
    return server.rstrip("/")


def home_of(folder: Path, server: str) -> Path:
    """Where the simulated loudspeakers of a server keep what is theirs: another server knows them not."""
    return folder / urlsplit(server).netloc.replace(":", "_")


def check_server(server: str) -> None:
    try:
        status = ask("GET", f"{server}/healthz").status
    except FetchError as error:
        raise click.ClickException(f"Máy chủ {server} không trả lời ({error}).") from error
    if status != 200:
        raise click.ClickException(
            f"{server} không phải máy chủ truyền thanh đang chạy tốt: {server}/healthz đáp mã {status}."
        )


def check_broker(server: str, identity: Identity, patience_s: float = 0.0) -> None:
    """Greet the broker once as one of them: thousands that are refused would only say so in a log.

    Who was claimed a moment ago is not known there at once: ``patience_s``.
    """
    if identity.server and identity.server.rstrip("/") != server:
        click.echo(
            f"Chú ý: danh tính {identity.device} ghi máy chủ là {identity.server}, không phải {server}.",
            err=True,
        )
    try:
        asyncio.run(_greet(identity, patience_s))
    except LinkRefused as error:
        raise click.ClickException(
            f"Máy chủ MQTT {identity.broker} từ chối {identity.device}: danh tính không thuộc máy chủ này, "
            f"hoặc loa đã bị gỡ ({error})."
        ) from error
    except LinkDown as error:
        raise click.ClickException(
            f"Không tới được máy chủ MQTT {identity.broker} ghi trong danh tính. Loa ở máy khác cần địa chỉ "
            f"MQTT mà chúng tới được, đặt trong cấu hình của máy chủ ({error})."
        ) from error


async def _greet(identity: Identity, patience_s: float) -> None:
    """Raises LinkDown, LinkRefused."""
    link = SpeakerLink(identity.broker, identity.device, identity.password)
    limit = time.monotonic() + patience_s
    while True:
        try:
            await link.connect(Message(Topics(identity.tenant).state(identity.device), b""), ())
        except LinkRefused:
            if time.monotonic() >= limit:
                raise
            await asyncio.sleep(0.5)
        else:
            await link.close()
            return


def enrol_missing(server: str, folder: Path, count: int) -> None:
    """Let those that have no identity yet ask for one, side by side, until an officer has claimed all."""
    files = [folder / f"{trial.name(number)}.json" for number in range(1, count + 1)]
    missing = [file for file in files if not file.exists()]
    if len(missing) > MOST_BY_CODE:
        raise click.ClickException(
            f"Nhận từng loa bằng mã chỉ hợp với tối đa {MOST_BY_CODE} loa. Với {count} loa: chạy ở máy chủ "
            f"“truyen-thanh simulate --speakers {count} --write loa.json”, chép tệp về đây, rồi thêm "
            "--identities loa.json."
        )
    folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(max(1, len(missing)), thread_name_prefix="enrol") as threads:
        for done in [threads.submit(_enrol, server, file) for file in missing]:
            done.result()


def _enrol(server: str, file: Path) -> None:
    def show(waiting: Waiting) -> None:
        click.echo(f"{file.stem}: mã nhận loa {waiting.claim}  {waiting.url}".rstrip(), err=True)

    try:
        identity = Enrolment(server, file, About("simulator", file.stem, "simulator"), show).run()
    except (EnrolRefused, FetchError) as error:
        raise click.ClickException(f"Máy chủ không nhận {file.stem} ({error}).") from error
    click.echo(f"{file.stem}: đã được nhận là {identity.device}.", err=True)
