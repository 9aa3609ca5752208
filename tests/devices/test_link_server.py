"""The server's connection over a real broker: confirmed publishing, losses, reconnection, birth and will."""

from __future__ import annotations

import json
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from devices.broker import Broker
from devices.errors import LinkDown, LinkRefused
from devices.link import Inbound, ServerLink
from devices.speaker.ports import Message
from devices.topics import Topics

TOPICS = Topics("xa")


@pytest.fixture
def broker(start_broker: Callable[..., Broker], make_account: Callable[..., Any]) -> Broker:
    server = make_account("server", reads=TOPICS.server_reads, writes=TOPICS.server_writes)
    box = make_account(
        "loa-01", reads=TOPICS.device_reads("loa-01", ["g1"]), writes=TOPICS.device_writes("loa-01")
    )
    return start_broker([server, box])


@pytest.fixture
def inbox() -> queue.Queue[Inbound]:
    return queue.Queue()


@pytest.fixture
def link(broker: Broker, inbox: queue.Queue[Inbound]) -> Iterator[ServerLink]:
    link = ServerLink(broker.url, "server", "key of server", TOPICS, inbox, first_pause_s=0.1)
    link.start()
    assert link.wait_connected(60)
    yield link
    link.stop()


def broker_pid(tmp_path: Path) -> int:
    return int((tmp_path / "broker" / "broker.pid").read_text())


def test_what_is_published_reaches_the_loudspeaker(
    link: ServerLink, broker: Broker, plain_client: Any
) -> None:
    box = plain_client(broker.url, "loa-01")
    box.subscribe(TOPICS.cmd("loa-01"))
    link.publish(TOPICS.cmd("loa-01"), b"stop")
    assert box.next() == (TOPICS.cmd("loa-01"), b"stop")


def test_a_retained_order_waits_for_a_loudspeaker_that_comes_later(
    link: ServerLink, broker: Broker, plain_client: Any
) -> None:
    link.publish(TOPICS.desired("loa-01"), b"plan", retain=True)
    box = plain_client(broker.url, "loa-01")
    box.subscribe(TOPICS.desired("loa-01"))
    assert box.next() == (TOPICS.desired("loa-01"), b"plan")


def test_what_loudspeakers_send_lands_in_the_inbox_with_its_time(
    link: ServerLink, inbox: queue.Queue[Inbound], broker: Broker, plain_client: Any
) -> None:
    plain_client(broker.url, "loa-01").publish(TOPICS.evt("loa-01"), b"journal")
    inbound = inbox.get(timeout=60)
    assert (inbound.topic, inbound.payload) == (TOPICS.evt("loa-01"), b"journal")
    assert abs(inbound.received_at.timestamp() - time.time()) < 5


def test_a_state_that_the_broker_kept_is_marked_as_old_news(
    broker: Broker, inbox: queue.Queue[Inbound], plain_client: Any
) -> None:
    plain_client(broker.url, "loa-01").publish(TOPICS.state("loa-01"), b"birth", retain=True)
    link = ServerLink(broker.url, "server", "key of server", TOPICS, inbox)
    link.start()
    assert inbox.get(timeout=60).retained
    link.stop()


def test_what_is_kept_of_thousands_comes_before_any_answer_and_does_not_keep_the_link_down(
    start_broker: Callable[..., Broker],
    make_account: Callable[..., Any],
    inbox: queue.Queue[Inbound],
    plain_client: Any,
) -> None:
    count = 1_500
    states = [TOPICS.state(f"loa-{number}") for number in range(count)]
    server = make_account("server", reads=TOPICS.server_reads, writes=TOPICS.server_writes)
    broker = start_broker([server, make_account("all", writes=["ttcs/1/xa/d/+/state"])])
    everyone = plain_client(broker.url, "all").client
    kept = [everyone.publish(topic, b"birth", qos=1, retain=True) for topic in states]
    for each in kept:
        each.wait_for_publish(20)
    link = ServerLink(broker.url, "server", "key of server", TOPICS, inbox)
    link.start()
    assert link.wait_connected(9)  # less than the patience for one answer
    assert {inbox.get(timeout=9).topic for _ in range(count)} == set(states)
    link.stop()


def test_a_batch_is_confirmed_message_by_message_and_in_order(
    link: ServerLink, broker: Broker, plain_client: Any
) -> None:
    box = plain_client(broker.url, "loa-01")
    box.subscribe(TOPICS.cmd("loa-01"))
    batch = [Message(TOPICS.cmd("loa-01"), str(number).encode()) for number in range(2_500)]
    assert link.publish_many(batch) == [True] * 2_500
    assert [box.next()[1] for _ in range(2_500)] == [message.payload for message in batch]
    assert link.publish_many([]) == []


def test_without_a_broker_publishing_fails_at_once(
    free_port: int, inbox: queue.Queue[Inbound], eventually: Any
) -> None:
    link = ServerLink(f"mqtt://127.0.0.1:{free_port}", "server", "x", TOPICS, inbox, first_pause_s=0.05)
    link.start()
    eventually(lambda: link.last_error)
    began = time.monotonic()
    with pytest.raises(LinkDown, match="no connection"):
        link.publish(TOPICS.cmd("loa-01"), b"stop")
    with pytest.raises(LinkDown):
        link.publish_many([Message(TOPICS.cmd("loa-01"), b"stop")])
    assert time.monotonic() - began < 4  # and not the five seconds of a publish that waits
    link.stop()


def test_a_wrong_password_is_said_and_tried_again(
    broker: Broker, inbox: queue.Queue[Inbound], eventually: Any
) -> None:
    link = ServerLink(broker.url, "server", "a guess", TOPICS, inbox, first_pause_s=0.05)
    link.start()
    eventually(lambda: "refuses server" in link.last_error)
    assert not link.connected
    link.stop()


def test_after_a_broker_restart_the_link_comes_back_and_listens_again(
    *,
    link: ServerLink,
    inbox: queue.Queue[Inbound],
    broker: Broker,
    plain_client: Any,
    tmp_path: Path,
    eventually: Any,
) -> None:
    os.kill(broker_pid(tmp_path), signal.SIGKILL)
    eventually(lambda: not link.connected)
    eventually(lambda: link.connected)
    assert link.connections == 2
    plain_client(broker.url, "loa-01").publish(TOPICS.evt("loa-01"), b"after")
    assert inbox.get(timeout=60).payload == b"after"


def test_a_silent_broker_is_not_taken_for_a_confirmation(link: ServerLink, tmp_path: Path) -> None:
    os.kill(broker_pid(tmp_path), signal.SIGSTOP)
    try:
        with pytest.raises(LinkDown):
            link.publish(TOPICS.cmd("loa-01"), b"stop", timeout_s=0.5)
        batch = [Message(TOPICS.cmd("loa-01"), b"x")] * 3
        assert link.publish_many(batch, timeout_s=0.5) == [False] * 3
        assert link.publish_many(batch * 1_000, timeout_s=0.2) == [False] * 3_000
        assert len(link._link._answers) < 1_500  # once the time was over nothing more was sent
    finally:
        os.kill(broker_pid(tmp_path), signal.SIGCONT)


def test_what_was_not_confirmed_before_a_loss_is_not_sent_behind_the_callers_back(
    link: ServerLink, broker: Broker, plain_client: Any, tmp_path: Path, eventually: Any
) -> None:
    os.kill(broker_pid(tmp_path), signal.SIGKILL)
    eventually(lambda: not link.connected)
    with pytest.raises(LinkDown):
        link.publish(TOPICS.cmd("loa-01"), b"old and urgent")
    eventually(lambda: broker.alive() and link.connected)
    box = plain_client(broker.url, "loa-01")
    box.subscribe(TOPICS.cmd("loa-01"))
    link.publish(TOPICS.cmd("loa-01"), b"new")
    assert box.next()[1] == b"new"


def test_loudspeakers_learn_that_the_server_came_and_went(
    broker: Broker, inbox: queue.Queue[Inbound], plain_client: Any
) -> None:
    box = plain_client(broker.url, "loa-01")
    box.subscribe(TOPICS.server_state)
    link = ServerLink(broker.url, "server", "key of server", TOPICS, inbox)
    link.start()
    assert json.loads(box.next()[1])["online"] is True
    link.stop()
    assert json.loads(box.next()[1])["online"] is False
    assert not link.connected


def test_the_broker_tells_of_a_server_that_died(
    broker: Broker, inbox: queue.Queue[Inbound], plain_client: Any
) -> None:
    box = plain_client(broker.url, "loa-01")
    box.subscribe(TOPICS.server_state)
    link = ServerLink(broker.url, "server", "key of server", TOPICS, inbox, first_pause_s=30)
    link.start()
    assert json.loads(box.next()[1])["online"] is True
    assert link._loop is not None
    link._loop.call_soon_threadsafe(link._link.abort)
    assert json.loads(box.next()[1])["online"] is False
    link.stop()


def test_a_stopped_link_can_be_started_again(link: ServerLink) -> None:
    for _ in range(5):
        link.stop()
        assert not link.connected
        link.stop()
        link.start()
        assert link.wait_connected(60)
        link.publish(TOPICS.cmd("loa-01"), b"again")


def test_a_stop_while_others_publish_is_a_loss_for_them_and_nothing_else(link: ServerLink) -> None:
    outcomes: list[object] = []

    def publish() -> None:
        while True:
            try:
                link.publish_many([Message(TOPICS.cmd("loa-01"), b"x")] * 50)
            except LinkDown as error:
                outcomes.append(type(error))
                return

    threads = [threading.Thread(target=publish) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.3)
    link.stop()
    for thread in threads:
        thread.join(60)
    assert outcomes == [LinkDown] * 4


def test_a_broker_that_retains_is_recognised(link: ServerLink, eventually: Any) -> None:
    eventually(lambda: link.retains)


def test_a_broker_that_retains_nothing_is_complained_of(
    start_broker: Callable[..., Broker],
    make_account: Any,
    inbox: queue.Queue[Inbound],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    from devices import link as module
    from devices.broker import mosquitto

    monkeypatch.setattr(mosquitto, "_SETTINGS", mosquitto._SETTINGS + "retain_available false\n")
    monkeypatch.setattr(module, "_PROBE_WITHIN", 0.3)
    reads, writes = TOPICS.server_reads, TOPICS.server_writes
    broker = start_broker([make_account("server", reads=reads, writes=writes)])
    link = ServerLink(broker.url, "server", "key of server", TOPICS, inbox, first_pause_s=0.05)
    link.start()
    time.sleep(1)
    link.stop()
    assert not link.retains
    assert link.last_error or "keeps no retained messages" in caplog.text


def test_a_listener_that_fails_does_not_break_the_link(
    broker: Broker, inbox: queue.Queue[Inbound], eventually: Any
) -> None:
    told = threading.Event()

    def fail() -> None:
        told.set()
        raise RuntimeError("a bug of the listener")

    link = ServerLink(broker.url, "server", "key of server", TOPICS, inbox, on_connected=fail)
    link.start()
    assert told.wait(60)
    link.publish(TOPICS.cmd("loa-01"), b"still works")
    link.stop()


def test_a_full_inbox_makes_the_broker_wait_and_loses_nothing(broker: Broker, plain_client: Any) -> None:
    small: queue.Queue[Inbound] = queue.Queue(maxsize=5)
    link = ServerLink(broker.url, "server", "key of server", TOPICS, small)
    link.start()
    assert link.wait_connected(60)
    box = plain_client(broker.url, "loa-01")
    for number in range(200):
        box.publish(TOPICS.evt("loa-01"), str(number).encode())
    assert [int(small.get(timeout=5).payload) for _ in range(200)] == list(range(200))
    link.stop()


@pytest.mark.parametrize(
    "url", ["", "http://x", "mqtt://", "mqtt://x:99999", "mqtt://x/path", "mqtt://u@x", "x:1883"]
)
def test_a_wrong_address_is_refused(url: str, inbox: queue.Queue[Inbound]) -> None:
    with pytest.raises(LinkRefused):
        ServerLink(url, "server", "x", TOPICS, inbox)
