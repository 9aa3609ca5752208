"""Puts the application together from its settings, starts its parts in order and stops them in reverse."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast

from devices import errors as wire_errors
from devices.broker import Account, Broker, embedded_broker, hash_password
from devices.link import ServerLink
from devices.topics import Topics
from tts.errors import SpeechError
from tts.synthesis import Synthesiser, default_synthesiser

from .authoring.uploads import Uploads
from .errors import (
    BrokerDown,
    BrokerMissing,
    DomainError,
    PortBusy,
    SettingInvalid,
    StorageFailed,
    VoiceUnavailable,
)
from .evidence.flood import Bounds
from .evidence.inbox import Inbox
from .evidence.time_server import TimeServer
from .joining import registry
from .orders.outbox import Wire
from .settings import Settings
from .signing import keys as key_files
from .signing.keys import Keys
from .storage.database import Database
from .storage.library import Library
from .worker import ROLES, Worker

log = logging.getLogger(__name__)
KindName = Literal["auto", "mosquitto", "amqtt"]

BROKER_ROLE = "broker"
ALL_ROLES = ROLES | {BROKER_ROLE}


def utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass(slots=True)
class System:
    """Every part of a server; ``broker`` is None where another process or another machine has it.

    ``worker`` is None in a process that only shows pages.
    """

    settings: Settings
    database: Database
    library: Library
    synthesiser: Synthesiser
    keys: Keys
    wire: Wire
    broker: Broker | None
    link: ServerLink
    inbox: Inbox
    bounds: Bounds
    clock: Callable[[], dt.datetime] = utc_now
    worker: Worker | None = None
    _started: list[Callable[[], None]] = field(default_factory=list)

    @property
    def topics(self) -> Topics:
        return self.wire.topics

    @property
    def uploads(self) -> Uploads:
        return Uploads(self.settings.data_dir / "uploads", self.library)

    def start(self) -> None:
        """Bring up the database, the broker, the worker. Errors: Unavailable in its kinds.

        What was started is stopped again when a later part cannot start.
        """
        self._started += [self.database.dispose, self.synthesiser.close]
        try:
            self.database.migrate()
            self._start_broker()
            if self.worker is not None:
                self.worker.start()
                self._started.append(self.worker.stop)
        except DomainError:
            self.stop()
            raise

    def kick(self, tick: str = "plan") -> None:
        """Have something done now that would be done within seconds; where no worker is, it is."""
        if self.worker is not None:
            self.worker.kick(tick)

    def _start_broker(self) -> None:
        if self.broker is None:
            return
        self.refresh_accounts()
        try:
            self.broker.start()
        except wire_errors.DirectoryBusy:
            log.info("another process of this server has the broker", extra={"action": "broker_shared"})
            self.broker = None
        except wire_errors.DeviceError as error:
            raise _ours(error) from error
        else:
            self._started.append(self.broker.stop)

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
    settings: Settings,
    roles: Collection[str] = ALL_ROLES,
    *,
    clock: Callable[[], dt.datetime] = utc_now,
) -> System:
    """Make every part that the roles of this process need, and start none; no roles: pages only.

    Errors: SettingInvalid, KeyDamaged, StorageFailed, BrokerMissing, VoiceUnavailable.
    """
    _make_folder(settings.data_dir)
    keys = key_files.load(settings.keys_dir, settings.secret_file)
    database, spoken = Database(settings.database_url), wire(settings, keys)
    inbox, bounds = Inbox(database, spoken, clock), Bounds()
    own = BROKER_ROLE in roles and not settings.mqtt_url
    system = System(
        settings=settings,
        database=database,
        library=Library(settings.library_dir),
        synthesiser=_synthesiser(settings),
        keys=keys,
        wire=spoken,
        broker=_own_broker(settings, keys, spoken.topics) if own else None,
        link=_link(settings, keys, spoken, inbox, TimeServer(spoken, clock), bounds),
        inbox=inbox,
        bounds=bounds,
        clock=clock,
    )
    if set(roles) & ROLES:
        system.worker = Worker(system, roles)
    return system


def wire(settings: Settings, keys: Keys | None = None) -> Wire:
    """What is needed to write to loudspeakers, without a system. Errors: KeyDamaged, StorageFailed."""
    known = keys or key_files.load(settings.keys_dir, settings.secret_file)
    return Wire(
        topics=Topics(settings.tenant),
        keys=known.ring,
        public_url=settings.public_url.rstrip("/"),
        broker_url=broker_url(settings),
        urgent_lead=dt.timedelta(seconds=settings.urgent_lead_s),
        heartbeat_s=settings.heartbeat_s,
        relay_networks=settings.relay_networks,
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
    try:
        return embedded_broker(settings.broker_dir, settings.mqtt_port, [account], kind, alarm=_broker_died)
    except wire_errors.DeviceError as error:
        raise _ours(error) from error


def _server_account(settings: Settings, keys: Keys, topics: Topics) -> Account:
    salt = hashlib.sha256(keys.session).digest()[:12]
    return Account(
        username=settings.mqtt_username,
        password_hash=hash_password(broker_password(settings, keys), salt),
        reads=(*topics.server_reads, topics.server_state),
        writes=topics.server_writes,
    )


def _link(  # noqa: PLR0917 - all that meets at the broker
    settings: Settings, keys: Keys, wire: Wire, inbox: Inbox, time: TimeServer, bounds: Bounds
) -> ServerLink:
    try:
        return ServerLink(
            broker_url(settings),
            settings.mqtt_username,
            broker_password(settings, keys),
            wire.topics,
            inbox.queue,
            reply=time.reply,
            admits=bounds.admits,
        )
    except wire_errors.LinkRefused as error:
        raise SettingInvalid(name="TRUYEN_THANH_MQTT_URL", why=str(error)) from error


def _synthesiser(settings: Settings) -> Synthesiser:
    try:
        return default_synthesiser(
            settings.data_dir / "speech",
            engines=settings.engines,
            voices_dir=settings.voices_dir,
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


def _ours(error: wire_errors.DeviceError) -> DomainError:
    """The broker's errors as the application's."""
    if isinstance(error, wire_errors.PortBusy):
        return PortBusy(port=error.port)
    if isinstance(error, wire_errors.BrokerMissing):
        return BrokerMissing(why=str(error))
    return BrokerDown(why=str(error))
