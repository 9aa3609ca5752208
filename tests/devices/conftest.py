"""Real brokers and plain MQTT clients for the tests of the wire."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from devices.broker import Account, Broker, embedded_broker, hash_password
from tests.waiting import PATIENCE, free_port, until


@pytest.fixture(name="free_port")
def free_port_fixture() -> int:
    return free_port()


def account(username: str, *, reads: Sequence[str] = (), writes: Sequence[str] = ()) -> Account:
    """An account whose password is ``key of <username>``."""
    hashed = hash_password(f"key of {username}", username.encode()[:12].ljust(12, b"."))
    return Account(username, hashed, tuple(reads), tuple(writes))


@pytest.fixture
def make_account() -> Callable[..., Account]:
    return account


@dataclass
class PlainClient:
    """A client that knows nothing of our link: what a stranger with stolen credentials would use."""

    client: mqtt.Client
    refused: queue.Queue[bool] = field(default_factory=queue.Queue)
    inbox: queue.Queue[tuple[str, bytes, bool]] = field(default_factory=queue.Queue)
    granted: queue.Queue[list[int]] = field(default_factory=queue.Queue)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        self.client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(5)

    def subscribe(self, *topics: str) -> None:
        self.client.subscribe([(topic, 1) for topic in topics])
        self.granted.get(timeout=5)

    def next(self, timeout: float = 5) -> tuple[str, bytes]:
        topic, payload, _ = self.inbox.get(timeout=timeout)
        return topic, payload

    def heard(self) -> list[str]:
        """Payloads that have come so far."""
        found = []
        while not self.inbox.empty():
            found.append(self.inbox.get()[1].decode())
        return found


@pytest.fixture
def plain_client() -> Iterator[Callable[..., PlainClient]]:
    made: list[PlainClient] = []

    def connect(url: str, username: str | None, password: str | None = None) -> PlainClient:
        client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=username or "nobody")
        plain = PlainClient(client)
        if username is not None:
            client.username_pw_set(username, password or f"key of {username}")
        client.on_connect = lambda c, u, f, reason, p: plain.refused.put(reason.is_failure)
        client.on_message = lambda c, u, m: plain.inbox.put((m.topic, bytes(m.payload), m.retain))
        client.on_subscribe = lambda c, u, mid, codes, p: plain.granted.put([code.value for code in codes])
        made.append(plain)
        host, port = url.removeprefix("mqtt://").split(":")
        client.connect(host, int(port))
        client.loop_start()
        return plain

    yield connect
    for plain in made:
        plain.client.disconnect()
        plain.client.loop_stop()


@pytest.fixture
def start_broker(tmp_path: Path, free_port: int) -> Iterator[Callable[..., Broker]]:
    made: list[Broker] = []

    def start(accounts: Sequence[Account], kind: str = "mosquitto", **options: object) -> Broker:
        broker = embedded_broker(tmp_path / "broker", free_port, accounts, kind, **options)  # type: ignore[arg-type]
        broker.start()
        made.append(broker)
        return broker

    yield start
    for broker in made:
        broker.stop()


def _holds(condition: Callable[[], object]) -> bool:
    try:
        return bool(condition())
    except KeyError:
        return False


def eventually(condition: Callable[[], object], within: float = PATIENCE) -> None:
    """Wait until it is true, which it is not while a key is missing; fail when it does not become so."""
    until(lambda: _holds(condition), within)


@pytest.fixture(name="eventually")
def eventually_fixture() -> Callable[..., None]:
    return eventually
