"""What the operator should know before the server is relied upon: findings with stable ids and hints."""

from __future__ import annotations

import enum
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from devices.broker import embedded_broker
from devices.errors import DeviceError
from tts import voices
from tts.errors import SpeechError
from tts.synthesis import default_synthesiser

from . import console, setup
from .errors import DatabaseOutdated, DomainError
from .settings import Settings
from .signing import keys
from .storage import audit
from .storage.database import Database
from .storage.library import RESERVE

CONNECT_S = 3.0
NEURAL = {"piper": "piper", "kokoro": "neural"}  # engines that come with an extra


class Level(enum.StrEnum):
    OK = "ok"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """``text`` and ``hint`` are for people, in Vietnamese; ``id`` is for machines."""

    id: str
    level: Level
    text: str
    hint: str = ""


def examine(settings: Settings) -> list[Finding]:
    """Look at everything and change nothing."""
    checks: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
        _folder,
        _keys,
        _database,
        _broker,
        _voices,
    )
    return [finding for check in checks for finding in check(settings)]


def _folder(settings: Settings) -> Iterator[Finding]:
    existing = next(
        each
        for each in (settings.data_dir.absolute(), *settings.data_dir.absolute().parents)
        if each.exists()
    )
    free = shutil.disk_usage(existing).free
    if free < 2 * RESERVE:
        yield Finding(
            "disk.full", Level.ERROR, f"chỉ còn {free // 2**20} MiB trống", f"Dọn ổ đĩa chứa {existing}."
        )
    else:
        yield Finding("disk", Level.OK, f"còn {free // 2**30} GiB trống")


def _keys(settings: Settings) -> Iterator[Finding]:
    if not (settings.keys_dir / keys.SIGNING_FILE).exists():
        yield Finding("keys.none", Level.WARNING, "chưa có khóa ký", "Lần chạy đầu tiên sẽ tạo khóa.")
        return
    try:
        found = keys.load(settings.keys_dir, settings.secret_file)
    except DomainError as error:
        yield Finding(
            f"keys.{error.code}",
            Level.ERROR,
            "không đọc được khóa",
            f"Kiểm tra {settings.keys_dir}; khôi phục từ bản sao lưu.",
        )
    else:
        yield Finding("keys", Level.OK, f"khóa ký {found.signing.keyid}")


def _database(settings: Settings) -> Iterator[Finding]:
    if settings.database_url.startswith("sqlite:///") and not Path(settings.database_url[10:]).exists():
        yield Finding("database.none", Level.WARNING, "chưa có cơ sở dữ liệu", "Lần chạy đầu tiên sẽ tạo.")
        return
    database = Database(settings.database_url)
    try:
        database.check()
        yield Finding("database", Level.OK, f"{database.kind}, các bảng đúng phiên bản")
        yield from _content(database)
    except DatabaseOutdated:
        yield Finding(
            "database.outdated", Level.ERROR, "các bảng cũ hơn phần mềm", "Chạy `truyen-thanh db migrate`."
        )
    except DomainError as error:
        yield Finding(
            f"database.{error.code}",
            Level.ERROR,
            "không dùng được cơ sở dữ liệu",
            "Kiểm tra TRUYEN_THANH_DATABASE_URL.",
        )
    finally:
        database.dispose()


def _content(database: Database) -> Iterator[Finding]:
    with database.transaction(read_only=True) as session:
        broken = audit.verify(session)
        needed = setup.needs_setup(session)
        speakers = len(console.loudspeakers(session))
        waiting = console.orders_waiting(session)
    if broken is not None:
        yield Finding(
            "audit.broken", Level.ERROR, f"nhật ký kiểm toán bị sửa từ dòng {broken}", "So với bản sao lưu."
        )
    else:
        yield Finding("audit", Level.OK, "nhật ký kiểm toán nguyên vẹn")
    if needed:
        yield Finding(
            "setup.needed", Level.WARNING, "chưa có ai quản trị", "Mở liên kết mà `truyen-thanh run` in ra."
        )
    if not speakers:
        yield Finding(
            "speakers.none", Level.WARNING, "chưa có cụm loa nào", "Dùng `truyen-thanh speakers add`."
        )
    if waiting:
        yield Finding(
            "orders.waiting", Level.WARNING, f"{waiting} lệnh chưa gửi đi", "Máy chủ MQTT có chạy không?"
        )


def _broker(settings: Settings) -> Iterator[Finding]:
    if settings.mqtt_url:
        yield reachable(settings.mqtt_url)
        return
    try:
        own = embedded_broker(settings.broker_dir, settings.mqtt_port, [], settings.broker)  # type: ignore[arg-type]
    except DeviceError:
        yield Finding(
            "broker.missing",
            Level.ERROR,
            "không có chương trình MQTT nào",
            "Cài mosquitto: apt-get install mosquitto.",
        )
        return
    if own.name.startswith("amqtt"):
        yield Finding(
            "broker.small",
            Level.WARNING,
            f"{own.name}: chỉ đủ để thử",
            "Cài mosquitto: apt-get install mosquitto.",
        )
    else:
        yield Finding("broker", Level.OK, own.name)


def reachable(url: str) -> Finding:
    """Whether something answers where the broker in the house should be."""
    parts = urlsplit(url)
    address = (parts.hostname or "", parts.port or (8883 if parts.scheme == "mqtts" else 1883))
    try:
        socket.create_connection(address, timeout=CONNECT_S).close()
    except OSError as error:
        why = f"không tới được {address[0]}:{address[1]} ({error.strerror or error})"
        hint = "Kiểm tra TRUYEN_THANH_MQTT_URL và tường lửa."
        return Finding("broker.unreachable", Level.ERROR, why, hint)
    return Finding("broker", Level.OK, f"{address[0]}:{address[1]} trả lời")


def _voices(settings: Settings) -> Iterator[Finding]:
    for engine in settings.engines:
        try:
            made = default_synthesiser(
                settings.data_dir / "speech", engines=(engine,), voices_dir=settings.voices_dir, workers=1
            )
        except (SpeechError, OSError) as error:
            yield Finding(
                f"voice.{engine}", Level.ERROR, f"không dùng được giọng {engine}: {error}", _mend(engine)
            )
            continue
        languages = ", ".join(made.voices()[engine])
        made.close()
        if languages:
            yield Finding(f"voice.{engine}", Level.OK, f"đọc được: {languages}")
    yield from _installed_voices(settings)
    if settings.engines == ("google",):
        yield Finding(
            "voice.online_only",
            Level.WARNING,
            "mất mạng là không có giọng đọc",
            "Thêm espeak vào TRUYEN_THANH_ENGINES.",
        )


def _mend(engine: str) -> str:
    extra = NEURAL.get(engine)
    return f"Cài phần bổ sung [{extra}] của truyen-thanh." if extra else "Cài lại bằng `make setup`."


def _installed_voices(settings: Settings) -> Iterator[Finding]:
    """A file that is not the one installed must be known before a bulletin is read by another voice."""
    found = voices.catalogue({}, settings.voices_dir, thorough=True)
    used = "piper" in settings.engines
    for each in found:
        if each.state is not voices.VoiceState.READY:
            yield Finding(
                f"voice.piper.{each.state}",
                Level.ERROR if used else Level.WARNING,
                f"giọng {each.name} đã cài nhưng không dùng được",
                f"Khôi phục {settings.voices_dir}, hoặc cài lại bằng `truyen-thanh voices install`.",
            )
    if used and not found:
        yield Finding(
            "voice.piper.none",
            Level.WARNING,
            "chưa cài giọng Piper nào",
            "Dùng `truyen-thanh voices install TỆP.onnx`.",
        )
    if found and not used:
        yield Finding(
            "voice.piper.unused",
            Level.WARNING,
            f"đã cài {len(found)} giọng Piper mà không dùng",
            "Thêm piper vào TRUYEN_THANH_ENGINES.",
        )
