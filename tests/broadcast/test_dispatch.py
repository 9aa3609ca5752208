"""The outbox leaves through a real broker: urgent first, at least once, and only the leader sends."""

from __future__ import annotations

import datetime as dt
import queue
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from sqlalchemy import select

from broadcast.models import Broadcast, BroadcastState, Event, OutboxMessage
from broadcast.orders import outbox
from broadcast.orders.outbox import Urgency
from broadcast.plans.dispatch import STEPS, Dispatcher
from broadcast.scheduling import urgent
from broadcast.storage import lease
from broadcast.storage.lease import Leadership, LeaseLost
from devices.broker import Account, Broker, embedded_broker, hash_password
from devices.envelope import KeySet, open_order
from devices.link import Inbound, ServerLink
from devices.messages import Action, Alerts, AlertStatus, Command, Desired, Order
from devices.topics import Topics
from schedules.types import Frequency

TOPICS = Topics("xa-thu")
TTL = dt.timedelta(seconds=5)


class Killed(BaseException):
    """Ends a flush as the end of the process would: nothing after it runs."""


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    accounts = [
        Account(
            "server",
            hash_password("s", b"salt-salt-00"),
            (*TOPICS.server_reads, TOPICS.server_state),
            TOPICS.server_writes,
        ),
        Account("watcher", hash_password("w", b"salt-salt-00"), ("ttcs/1/xa-thu/#",), ()),
    ]
    running = embedded_broker(tmp_path_factory.mktemp("broker"), port, accounts)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def link(broker: Broker) -> Iterator[ServerLink]:
    inbox: queue.Queue[Inbound] = queue.Queue()
    made = ServerLink(broker.url, "server", "s", TOPICS, inbox)
    made.start()
    assert made.wait_connected(60)
    yield made
    made.stop()


class Watcher:
    """Hears everything the server publishes from now on."""

    def __init__(self, broker: Broker) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="watcher")
        self._client.username_pw_set("watcher", "w")
        self._client.on_message = self._hear
        host, port = broker.url.removeprefix("mqtt://").split(":")
        self._client.connect(host, int(port))
        subscribed = threading.Event()
        self._client.on_subscribe = lambda *_: subscribed.set()
        self._client.subscribe("ttcs/1/xa-thu/#", qos=1)
        self._client.loop_start()
        assert subscribed.wait(60)

    def _hear(self, client: object, data: object, message: mqtt.MQTTMessage) -> None:
        if not message.retain and message.payload:
            self.heard.append((message.topic, message.payload))

    def orders(self, key: str, count: int) -> list[Order]:
        deadline = time.monotonic() + 60
        while len(self.heard) < count and time.monotonic() < deadline:
            time.sleep(0.02)
        keys = KeySet([key])
        return [open_order(payload, keys) for topic, payload in self.heard if not topic.endswith("srv/state")]

    def stop(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def watcher(broker: Broker, link: ServerLink) -> Iterator[Watcher]:
    made = Watcher(broker)
    yield made
    made.stop()


def lead(stage: Any, holder: str = "one", now: dt.datetime | None = None) -> Leadership:
    with stage.database.transaction() as session:
        token = lease.acquire(session, "air", holder, now or stage.now, TTL)
    assert token is not None
    return Leadership("air", holder, token)


def dispatcher(stage: Any, link: ServerLink, stop_at: str = "") -> Dispatcher:
    def checkpoint(name: str) -> None:
        assert name in STEPS
        if name == stop_at:
            raise Killed

    return Dispatcher(stage.database, link, stage.wire, 7, lambda: stage.now, checkpoint)


def waiting(stage: Any) -> int:
    with stage.database.transaction(read_only=True) as session:
        return len(session.scalars(select(OutboxMessage)).all())


def send_urgent(stage: Any) -> Broadcast:
    with stage.database.transaction() as session:
        made = urgent.prepare(
            session,
            stage.cast.dung,
            area_id=stage.cast.commune,
            text="Lũ lên.",
            status=AlertStatus.ACTUAL,
            title="Lũ",
            now=stage.now,
        )
        stage.speak(session, made, 20)
        return urgent.send(
            session,
            stage.cast.dung,
            wire=stage.wire,
            bulletin_id=made.id,
            status=AlertStatus.ACTUAL,
            area_id=stage.cast.commune,
            expires_in=dt.timedelta(hours=1),
            now=stage.now,
        )


def on_air(stage: Any) -> Broadcast:
    """A scheduled broadcast on three loudspeakers and an urgent one: four messages wait."""
    stage.loudspeakers(3)
    stage.schedule("17:00", frequency=Frequency.ONCE)
    stage.plan()
    return send_urgent(stage)


def test_everything_leaves_the_urgent_first_and_the_deliveries_are_at_e0(
    stage: Any, link: ServerLink, watcher: Watcher
) -> None:
    on_air(stage)
    assert {d.evidence for d in stage.deliveries()} == {None}
    dispatcher(stage, link).flush(lead(stage))
    orders = watcher.orders(stage.wire.key.public, 4)
    assert [type(order) for order in orders] == [Alerts, Desired, Desired, Desired]
    assert waiting(stage) == 0
    assert {d.evidence for d in stage.deliveries()} == {0}
    assert {b.state for b in stage.broadcasts()} == {BroadcastState.DISPATCHED}


@pytest.mark.parametrize("step", STEPS)
def test_a_death_after_any_step_loses_nothing(
    stage: Any, link: ServerLink, watcher: Watcher, step: str
) -> None:
    on_air(stage)
    with pytest.raises(Killed):
        dispatcher(stage, link, stop_at=step).flush(lead(stage))
    stage.now += TTL
    dispatcher(stage, link).flush(lead(stage, "two"))
    orders = watcher.orders(stage.wire.key.public, 4)
    assert {o.device for o in orders if isinstance(o, Desired)} == {box.device for box in stage.boxes}
    assert {o.rev for o in orders} == {1}, "a second copy is the same revision"
    assert waiting(stage) == 0
    assert {d.evidence for d in stage.deliveries()} == {0}


def test_a_paused_leader_that_published_late_has_everything_published_again(
    stage: Any, link: ServerLink, watcher: Watcher
) -> None:
    on_air(stage)
    old = lead(stage)

    def pause(name: str) -> None:
        if name == "published":
            stage.now += TTL
            lead(stage, "two")

    slow = Dispatcher(stage.database, link, stage.wire, 7, lambda: stage.now, pause)
    with pytest.raises(LeaseLost):
        slow.flush(old)
    assert waiting(stage) > 0
    dispatcher(stage, link).flush(lead(stage, "two"))
    assert waiting(stage) == 0
    assert {d.evidence for d in stage.deliveries()} == {0}


def test_documents_wait_where_only_what_is_urgent_may_leave(
    stage: Any, link: ServerLink, watcher: Watcher
) -> None:
    """After a connection: what waited since before may be a plan with what was withdrawn since."""
    on_air(stage)
    leadership = lead(stage)
    dispatcher(stage, link).flush(leadership, upto=Urgency.COMMAND)
    assert [type(order) for order in watcher.orders(stage.wire.key.public, 1)] == [Alerts]
    assert waiting(stage) == 3
    dispatcher(stage, link).flush(leadership)
    assert waiting(stage) == 0


def test_who_does_not_lead_sends_nothing(stage: Any, link: ServerLink, watcher: Watcher) -> None:
    on_air(stage)
    old = lead(stage)
    stage.now += TTL
    lead(stage, "two")
    with pytest.raises(LeaseLost):
        dispatcher(stage, link).flush(old)
    assert waiting(stage) == 4
    time.sleep(0.3)
    assert watcher.orders(stage.wire.key.public, 0) == []


def test_without_a_connection_everything_waits(stage: Any, broker: Broker) -> None:
    on_air(stage)
    never = ServerLink(broker.url, "server", "wrong", TOPICS, queue.Queue())
    assert dispatcher(stage, never).flush(lead(stage)) is False
    assert waiting(stage) == 4


def test_an_order_whose_time_is_over_is_dropped_and_told(
    stage: Any, link: ServerLink, watcher: Watcher
) -> None:
    with stage.database.transaction() as session:
        late = stage.now - dt.timedelta(seconds=1)
        order = Command(id="c1", target="H40.10.1", issued_at=1, expires_at=2, action=Action.STOP)
        topic = stage.wire.topics.group_cmd("H40.10.1")
        outbox.put(session, stage.wire, topic, order, urgency=Urgency.STOP, now=stage.now, expires_at=late)
    dispatcher(stage, link).flush(lead(stage))
    assert waiting(stage) == 0
    time.sleep(0.2)
    assert watcher.orders(stage.wire.key.public, 0) == []
    with stage.database.transaction(read_only=True) as session:
        kinds = [e.kind for e in session.scalars(select(Event).order_by(Event.id))]
    assert kinds == ["order_expired"]


def test_a_delivery_whose_newer_document_still_waits_is_not_sent_yet(
    stage: Any, link: ServerLink, watcher: Watcher
) -> None:
    stage.loudspeakers(1)
    stage.schedule("17:00", frequency=Frequency.ONCE)
    stage.plan()

    def meanwhile(name: str) -> None:
        if name == "publishing":
            stage.schedule("18:00", frequency=Frequency.ONCE)
            stage.plan()

    Dispatcher(stage.database, link, stage.wire, 7, lambda: stage.now, meanwhile).flush(lead(stage))
    assert {d.evidence for d in stage.deliveries()} == {None}
    dispatcher(stage, link).flush(lead(stage))
    assert {d.evidence for d in stage.deliveries()} == {0}
    assert [o.rev for o in watcher.orders(stage.wire.key.public, 2)] == [1, 2]
