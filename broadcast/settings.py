"""The settings of the server, read once at start from the environment; a wrong one stops the start."""

from __future__ import annotations

import difflib
import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from urllib.parse import urlsplit

from .errors import SettingInvalid

PREFIX = "TRUYEN_THANH_"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Every setting with its default; the name in the environment is the prefix and the name in capitals."""

    data_dir: Path = Path("var")  # database, keys, audio, the broker's files
    database_url: str = field(default="", repr=False)  # empty: a SQLite file in data_dir
    host: str = "127.0.0.1"
    port: int = 8080
    public_url: str = ""  # how loudspeakers and people reach the server; empty: from host and port
    trusted_proxies: tuple[str, ...] = ()  # networks of reverse proxies whose word on the visitor counts
    threads: int = 32  # of the web server; every open live page holds one
    mqtt_url: str = ""  # mqtt:// or mqtts:// of a broker in the house; empty: one of our own
    mqtt_username: str = "server"
    mqtt_password: str = field(default="", repr=False)
    mqtt_host: str = "127.0.0.1"  # where our own broker listens
    mqtt_port: int = 1883
    broker: str = "auto"  # auto, mosquitto, amqtt: which program our own broker is
    tenant: str = "xa"  # second part of every topic
    engines: tuple[str, ...] = ("google", "espeak")  # in order of preference
    google_host: str = ""  # another address of the same service, for tests and mirrors
    google_timeout_s: float = 8.0
    workers: int = 2  # sentences spoken at the same time
    log_level: str = "INFO"
    plan_days: int = 7
    urgent_lead_s: float = 2.0  # between the order and the first sample of an urgent announcement
    relay_networks: tuple[str, ...] = ()  # beside public addresses, where streams of stations may be called
    heartbeat_s: int = 60  # seconds between two signs of life of a loudspeaker
    secret_file: Path | None = None  # key of the sign-in sessions; empty: in data_dir/keys
    language: str = "vi"  # of people who have not chosen

    @property
    def keys_dir(self) -> Path:
        return self.data_dir / "keys"

    @property
    def library_dir(self) -> Path:
        return self.data_dir / "library"

    @property
    def voices_dir(self) -> Path:
        return self.data_dir / "voices"

    @property
    def broker_dir(self) -> Path:
        return self.data_dir / "broker"


def load(environ: Mapping[str, str]) -> Settings:
    """Read ``TRUYEN_THANH_*``. Errors: SettingInvalid with the name of the setting and why."""
    values: dict[str, object] = {}
    for name in sorted(name for name in environ if name.startswith(PREFIX)):
        key = name.removeprefix(PREFIX).lower()
        if key not in READERS:
            raise SettingInvalid(name=name, why=_unknown(key))
        try:
            values[key] = READERS[key](environ[name].strip())
        except _WrongError as error:
            raise SettingInvalid(name=name, why=str(error)) from error
    return _complete(values)


class _WrongError(ValueError):
    """Why a value cannot be used, as a Vietnamese phrase."""


def _complete(values: dict[str, object]) -> Settings:
    """Fill in what follows from other settings."""
    settings = Settings(**values)  # type: ignore[arg-type]
    if not settings.database_url:
        values["database_url"] = f"sqlite:///{settings.data_dir.absolute() / 'truyen-thanh.db'}"
    if not settings.public_url:
        host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104
        values["public_url"] = f"http://{f'[{host}]' if ':' in host else host}:{settings.port}"
    if settings.secret_file is None:
        values["secret_file"] = settings.keys_dir / "session"
    if settings.mqtt_url and not settings.mqtt_password:
        raise SettingInvalid(name=f"{PREFIX}MQTT_PASSWORD", why="cần có khi đặt TRUYEN_THANH_MQTT_URL")
    return Settings(**values)  # type: ignore[arg-type]


def _whole(low: int, high: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", text) or not low <= int(text) <= high:
            raise _WrongError(f"“{text}” phải là số nguyên từ {low} đến {high}")
        return int(text)

    return read


def _number(low: float, high: float) -> Callable[[str], float]:
    def read(text: str) -> float:
        if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", text) or not low <= float(text) <= high:
            raise _WrongError(f"“{text}” phải là số từ {low:g} đến {high:g}")
        return float(text)

    return read


def _one_of(*allowed: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        found = next((word for word in allowed if word.lower() == text.lower()), None)
        if found is None:
            raise _WrongError(f"“{text}” phải là một trong: {', '.join(allowed)}")
        return found

    return read


def _some_of(*allowed: str) -> Callable[[str], tuple[str, ...]]:
    def read(text: str) -> tuple[str, ...]:
        names = tuple(dict.fromkeys(part.strip().lower() for part in text.split(",") if part.strip()))
        if not names or not set(names) <= set(allowed):
            raise _WrongError(f"“{text}” phải gồm: {', '.join(allowed)}, cách nhau bằng dấu phẩy")
        return names

    return read


def _address(*schemes: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        try:
            parts = urlsplit(text)
            good = parts.scheme in schemes and bool(parts.hostname) and (parts.port is None or parts.port > 0)
        except ValueError:
            good = False
        if not good:
            raise _WrongError(
                "phải là địa chỉ dạng " + " hoặc ".join(f"{scheme}://máy" for scheme in schemes)
            )
        return text.rstrip("/")

    return read


def _networks(text: str) -> tuple[str, ...]:
    """Networks or single addresses; one that takes in everybody would make every stranger one of them."""
    found = []
    for part in filter(None, (each.strip() for each in text.split(","))):
        try:
            network = ipaddress.ip_network(part)
        except ValueError as error:
            raise _WrongError(f"“{part}” phải là địa chỉ hoặc mạng như 10.0.0.5, 10.0.0.0/24") from error
        if network.prefixlen == 0:
            raise _WrongError(f"“{part}” là mọi địa chỉ: ai cũng có thể mạo danh người khác")
        found.append(str(network))
    return tuple(dict.fromkeys(found))


def _database(text: str) -> str:
    if not re.match(r"(sqlite:///.|postgresql(\+psycopg)?://)", text):
        raise _WrongError("phải là sqlite:///TỆP hoặc postgresql://…")
    return text


def _matching(pattern: str, form: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise _WrongError(f"“{text}” phải là {form}")
        return text

    return read


def _secret(text: str) -> str:
    if not text:
        raise _WrongError("không được để trống")
    return text


def _path(text: str) -> Path:
    if not text or "\0" in text:
        raise _WrongError("phải là một đường dẫn")
    return Path(text).expanduser()


def _folder(text: str) -> Path:
    path = _path(text)
    if path.exists() and not path.is_dir():
        raise _WrongError(f"“{text}” không phải thư mục")
    return path


def _unknown(key: str) -> str:
    near = difflib.get_close_matches(key, READERS, n=1)
    return "không có cài đặt này" + (f"; ý bạn là {PREFIX}{near[0].upper()}?" if near else "")


_MACHINE = _matching(r"[0-9A-Za-z.:-]{1,253}", "tên máy hoặc địa chỉ IP")
READERS: dict[str, Callable[[str], object]] = {
    "data_dir": _folder,
    "database_url": _database,
    "host": _MACHINE,
    "port": _whole(1, 65535),
    "public_url": _address("http", "https"),
    "trusted_proxies": _networks,
    "threads": _whole(4, 512),
    "mqtt_url": _address("mqtt", "mqtts"),
    "mqtt_username": _matching(r"[^\s:/+#]{1,80}", "tên đăng nhập"),
    "mqtt_password": _secret,
    "mqtt_host": _MACHINE,
    "mqtt_port": _whole(1, 65535),
    "broker": _one_of("auto", "mosquitto", "amqtt"),
    "tenant": _matching(r"[0-9a-z-]{1,40}", "chữ thường không dấu, chữ số hoặc dấu gạch nối"),
    "engines": _some_of("google", "espeak", "piper", "kokoro"),
    "google_host": _address("http", "https"),
    "google_timeout_s": _number(0.1, 120),
    "workers": _whole(1, 64),
    "log_level": _one_of("DEBUG", "INFO", "WARNING", "ERROR"),
    "plan_days": _whole(1, 31),
    "urgent_lead_s": _number(0.2, 60),
    "relay_networks": _networks,
    "heartbeat_s": _whole(5, 3600),
    "secret_file": _path,
    "language": _one_of("vi", "en"),
}
assert set(READERS) == {each.name for each in fields(Settings)}  # noqa: S101 - a setting without a reader
