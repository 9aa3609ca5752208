"""The loudspeaker asks the server for the time over the real broker, and believes signed answers alone."""

from __future__ import annotations

import asyncio
import datetime as dt
import queue
import random
import time
from collections.abc import Callable
from typing import Any

import pytest

from broadcast.evidence.time_server import TimeServer
from broadcast.orders.outbox import Wire
from broadcast.signing.keyring import Keyring
from devices.broker import Broker
from devices.envelope import KeySet, SigningKey, encode_report, open_order
from devices.link import Inbound, ServerLink
from devices.link_async import SpeakerLink
from devices.messages import ClockQuality, TimeRequest, TimeResponse
from devices.speaker import clock as clock_module
from devices.speaker.clock import SystemClock
from devices.speaker.ports import Message
from devices.speaker.time_exchange import PATIENCE, TimeExchange
from devices.topics import Topics

TOPICS = Topics("xa")
BOX = "loa-01"
AHEAD = dt.timedelta(hours=3)  # of the server's clock before that of this machine


@pytest.fixture(autouse=True)
def nothing_steers(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = clock_module._Timex(status=clock_module._STA_UNSYNC)
    monkeypatch.setattr(clock_module, "_ask_kernel", lambda: kernel)


@pytest.fixture
def wire() -> Wire:
    keys = Keyring.of(SigningKey.generate())
    return Wire(TOPICS, keys, "http://127.0.0.1", "mqtt://127.0.0.1")


@pytest.fixture
def broker(start_broker: Callable[..., Broker], make_account: Callable[..., Any]) -> Broker:
    server = make_account("server", reads=TOPICS.server_reads, writes=TOPICS.server_writes)
    box = make_account(BOX, reads=TOPICS.device_reads(BOX, []), writes=TOPICS.device_writes(BOX))
    return start_broker([server, box])


def later() -> dt.datetime:
    return dt.datetime.now(dt.UTC) + AHEAD


class Ahead(TimeServer):
    """A server in whose network a clock goes ahead."""

    def reply(self, inbound: Inbound) -> Message | None:
        return super().reply(Inbound(inbound.topic, inbound.payload, inbound.received_at + AHEAD))


def test_a_box_without_a_time_service_takes_the_servers_time(broker: Broker, wire: Wire) -> None:
    inbox: queue.Queue[Inbound] = queue.Queue()
    reply = Ahead(wire, later).reply
    server = ServerLink(broker.url, "server", "key of server", TOPICS, inbox, reply=reply)
    server.start()
    assert server.wait_connected(60)
    clock = SystemClock()
    assert clock.quality() is ClockQuality.HOLDOVER
    try:
        asyncio.run(ask_once(broker, wire, clock))
    finally:
        server.stop()
    assert clock.quality() is ClockQuality.SYNCED
    assert abs(clock.utc_ms() - later().timestamp() * 1000) <= (clock.error_ms() or 0) + 2
    assert inbox.empty()


async def ask_once(broker: Broker, wire: Wire, clock: SystemClock) -> None:
    link = SpeakerLink(broker.url, BOX, f"key of {BOX}")
    await link.connect(Message(TOPICS.state(BOX), b"gone"), TOPICS.device_reads(BOX, []))
    exchange = TimeExchange(BOX, clock, random.Random(1))

    async def publish(body: bytes) -> None:
        await link.publish(Message(TOPICS.time_req(BOX), body), qos=0)

    asking = asyncio.create_task(exchange.run(publish))
    async with asyncio.timeout(20):
        while not clock.keeper.knows:
            message = await link.receive()
            if message.topic == TOPICS.time(BOX):
                order = open_order(message.payload, KeySet([wire.key.public]))
                assert isinstance(order, TimeResponse)
                exchange.answer(order)
    asking.cancel()
    await link.close()


class Asked:
    """An exchange whose question is out, and its nonce."""

    def __init__(self) -> None:
        self.clock = SystemClock()
        self.exchange = TimeExchange(BOX, self.clock, random.Random(1))
        self.questions: list[bytes] = []
        asyncio.run(self._ask())

    async def _ask(self) -> None:
        async def publish(body: bytes) -> None:
            self.questions.append(body)
            raise asyncio.CancelledError

        await asyncio.gather(self.exchange.run(publish), return_exceptions=True)

    def response(self, **changes: Any) -> TimeResponse:
        now = time.time_ns() // 1000
        nonce = self.questions[0].decode().split('"nonce":"')[1].split('"')[0]
        said = {"device": BOX, "nonce": nonce, "received_us": now, "sent_us": now}
        return TimeResponse(**{**said, **changes})


def test_the_answer_to_the_question_is_read_once() -> None:
    asked = Asked()
    response = asked.response()
    asked.exchange.answer(response)
    assert asked.clock.keeper.knows
    before = asked.clock.error_ms()
    asked.exchange.answer(response)
    assert asked.clock.error_ms() == before


def test_sirenjack_replay_an_old_answer_to_a_question_without_a_nonce_is_never_read() -> None:
    """Whoever sits in the broker can have the server sign one for a box, keep it, and hand it over later."""
    hour = 3_600_000_000
    asked = Asked()
    long_ago = asked.response(nonce="").received_us - hour
    old = asked.response(nonce="", received_us=long_ago, sent_us=long_ago)
    asked.exchange.answer(old)
    assert not asked.clock.keeper.knows
    asked.exchange.answer(asked.response())
    asked.exchange.answer(old)
    assert abs(asked.clock.utc_ms() - time.time() * 1000) < 1_000
    assert not asked.clock.keeper._doubted


def test_the_server_signs_no_time_for_a_question_without_a_nonce(wire: Wire) -> None:
    question = encode_report(TimeRequest(device=BOX, nonce=""))
    assert TimeServer(wire, later).reply(Inbound(TOPICS.time_req(BOX), question, later())) is None


@pytest.mark.parametrize("changes", [{"nonce": "another"}, {"device": "loa-02"}, {"sent_us": 0}])
def test_any_other_answer_is_not_read(changes: dict[str, Any]) -> None:
    asked = Asked()
    asked.exchange.answer(asked.response(**changes))
    assert not asked.clock.keeper.knows


def test_an_answer_that_was_held_back_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = Asked()
    response, now = asked.response(), time.monotonic()
    monkeypatch.setattr(clock_module.time, "monotonic", lambda: now + PATIENCE + 1)
    asked.exchange.answer(response)
    assert not asked.clock.keeper.knows


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        (TOPICS.time_req(BOX), encode_report(TimeRequest(device="loa-02", nonce="1"))),
        (TOPICS.tele(BOX), encode_report(TimeRequest(device=BOX, nonce="1"))),
        (TOPICS.time_req(BOX), b"{"),
        ("somewhere/else", b""),
    ],
)
def test_the_server_answers_nothing_but_a_loudspeakers_own_question(
    wire: Wire, topic: str, payload: bytes
) -> None:
    inbound = Inbound(topic, payload, later())
    assert TimeServer(wire, later).reply(inbound) is None
