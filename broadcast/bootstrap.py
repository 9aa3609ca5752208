"""Puts the application together from its settings, starts its parts in order and stops them in reverse."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeVar, cast

from devices import errors as wire_errors
from devices.broker import Account, Broker, embedded_broker, hash_password
from devices.link import ServerLink
from devices.topics import Topics
from tts.errors import SpeechError
from tts.synthesis import Synthesiser, default_synthesiser

from . import keys as key_files
from . import registry
from .database import Database
from .errors import (
    BrokerDown,
    BrokerMissing,
    DomainError,
    PortBusy,
    SettingInvalid,
    StorageFailed,
    VoiceUnavailable,
)
from .inbox import Inbox
from .keys import Keys
from .library import Library
from .outbox import Wire
from .settings import Settings

log = logging.getLogger(__name__)
T = TypeVar("T")
KindName = Literal["auto", "mosquitto", "amqtt"]


def utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass(slots=True)
class System:
    """Every part of a running server; ``broker`` is None where another process or another machine has it."""

    settings: Settings
    database: Database
    library: Library
    synthesiser: Synthesiser
    keys: Keys
    wire: Wire
    broker: Broker | None
    link: ServerLink
    inbox: Inbox
    clock: Callable[[], dt.datetime] = utc_now
    _started: list[Callable[[], None]] = field(default_factory=list)

    @property
    def topics(self) -> Topics:
        return self.wire.topics

    def start(self) -> None:
        """Bring up the database, then the broker. The link belongs to the worker that leads.

        Errors: Unavailable in its kinds; what was started is stopped again.
        """
        try:
            self.database.migrate()
            self._started.append(self.database.dispose)
            if self.broker is not None:
                self.refresh_accounts()
                _translated(self.broker.start)
                self._started.append(self.broker.stop)
        except DomainError:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop in reverse order what was started."""
        while self._started:
            self._started.pop()()

    def refresh_accounts(self) -> None:
        """Tell our own broker who may connect."""
        if self.broker is None:
            return
        with self.database.transaction(read_only=True) as session:
            loudspeakers = registry.accounts(session, self.wire)
        self.broker.set_accounts([_server_account(self.settings, self.keys, self.topics), *loudspeakers])


def build(
    settings: Settings, *, with_broker: bool = True, clock: Callable[[], dt.datetime] = utc_now
) -> System:
    """Make every part and start none; without ``with_broker`` another process runs our broker.

    Errors: SettingInvalid, KeyDamaged, StorageFailed, BrokerMissing, VoiceUnavailable.
    """
    _make_folder(settings.data_dir)
    keys = key_files.load(settings.keys_dir, settings.secret_file)
    topics = Topics(settings.tenant)
    database = Database(settings.database_url)
    wire = Wire(
        topics=topics,
        key=keys.signing,
        public_url=settings.public_url,
        broker_url=broker_url(settings),
        urgent_lead=dt.timedelta(seconds=settings.urgent_lead_s),
        heartbeat_s=settings.heartbeat_s,
    )
    inbox = Inbox(database, wire, clock)
    own = with_broker and not settings.mqtt_url
    return System(
        settings=settings,
        database=database,
        library=Library(settings.library_dir),
        synthesiser=_synthesiser(settings),
        keys=keys,
        wire=wire,
        broker=_own_broker(settings, keys, topics) if own else None,
        link=_link(settings, keys, topics, inbox),
        inbox=inbox,
        clock=clock,
    )


def broker_url(settings: Settings) -> str:
    """Where loudspeakers and this server find the broker."""
    return settings.mqtt_url or f"mqtt://{settings.mqtt_host}:{settings.mqtt_port}"


def broker_password(settings: Settings, keys: Keys) -> str:
    """Of the server's account: given for a broker in the house, derived from our secret for our own."""
    if settings.mqtt_url:
        return settings.mqtt_password
    return hmac.new(keys.session, b"account of the server at its own broker", hashlib.sha256).hexdigest()


def _own_broker(settings: Settings, keys: Keys, topics: Topics) -> Broker:
    account = _server_account(settings, keys, topics)
    kind = cast(KindName, settings.broker)
    return _translated(
        lambda: embedded_broker(settings.broker_dir, settings.mqtt_port, [account], kind, alarm=_broker_died)
    )


def _server_account(settings: Settings, keys: Keys, topics: Topics) -> Account:
    salt = hashlib.sha256(keys.session).digest()[:12]
    return Account(
        username=settings.mqtt_username,
        password_hash=hash_password(broker_password(settings, keys), salt),
        reads=(*topics.server_reads, topics.server_state),
        writes=topics.server_writes,
    )


def _link(settings: Settings, keys: Keys, topics: Topics, inbox: Inbox) -> ServerLink:
    try:
        return ServerLink(
            broker_url(settings),
            settings.mqtt_username,
            broker_password(settings, keys),
            topics,
            inbox.queue,
        )
    except wire_errors.LinkRefused as error:
        raise SettingInvalid(name="TRUYEN_THANH_MQTT_URL", why=str(error)) from error


def _synthesiser(settings: Settings) -> Synthesiser:
    try:
        return default_synthesiser(
            settings.data_dir / "speech",
            engines=settings.engines,
            google_host=settings.google_host or None,
            timeout_s=settings.google_timeout_s,
            workers=settings.workers,
        )
    except SpeechError as error:
        raise VoiceUnavailable(engine=",".join(settings.engines), permanent=True) from error


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageFailed(path=str(path), cause=str(error)) from error


def _broker_died(why: str) -> None:
    log.error("our broker died and is started again: %s", why, extra={"action": "broker_restarted"})


def _translated(call: Callable[[], T]) -> T:
    """The broker's errors as the application's."""
    try:
        return call()
    except wire_errors.PortBusy as error:
        raise PortBusy(port=error.port) from error
    except wire_errors.BrokerMissing as error:
        raise BrokerMissing(why=str(error)) from error
    except wire_errors.DeviceError as error:
        raise BrokerDown(why=str(error)) from error
