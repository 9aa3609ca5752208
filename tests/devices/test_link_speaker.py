"""A loudspeaker's connection over a real broker: subscriptions, losses, last wills, a thousand at once."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import gc
import ipaddress
import os
import signal
import socket
import ssl
import threading
import time
import warnings
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from devices.broker import Broker
from devices.envelope import MAX_BYTES
from devices.errors import LinkDown, LinkRefused
from devices.link_async import SpeakerLink
from devices.speaker.ports import Message
from devices.topics import Topics

TOPICS = Topics("xa")
WILL = Message(TOPICS.state("loa-01"), b"gone", retain=True)
READS = (TOPICS.cmd("loa-01"), TOPICS.desired("loa-01"), TOPICS.alerts("g1"))


@pytest.fixture
def broker(start_broker: Callable[..., Broker], make_account: Callable[..., Any]) -> Broker:
    server = make_account("server", reads=TOPICS.server_reads, writes=TOPICS.server_writes)
    box = make_account(
        "loa-01", reads=TOPICS.device_reads("loa-01", ["g1"]), writes=TOPICS.device_writes("loa-01")
    )
    return start_broker([server, box])


def make_link(url: str, name: str = "loa-01", **options: Any) -> SpeakerLink:
    return SpeakerLink(url, name, f"key of {name}", **options)


def run(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(story, 60))


@contextlib.asynccontextmanager
async def connected(url: str, **options: Any) -> AsyncIterator[SpeakerLink]:
    link = make_link(url, **options)
    await link.connect(WILL, READS)
    try:
        yield link
    finally:
        await link.close()


def test_orders_arrive_in_order_and_retained_ones_are_marked(broker: Broker, plain_client: Any) -> None:
    async def story() -> None:
        async with connected(broker.url) as link:
            assert (await link.receive()).retain
            for number in range(50):
                await asyncio.to_thread(server.publish, TOPICS.cmd("loa-01"), str(number).encode())
            received = [await link.receive() for _ in range(50)]
            assert [message.payload for message in received] == [str(n).encode() for n in range(50)]
            assert not any(message.retain for message in received)

    server = plain_client(broker.url, "server")
    server.publish(TOPICS.desired("loa-01"), b"plan", retain=True)
    run(story())


def test_a_report_is_confirmed_by_the_broker(broker: Broker, plain_client: Any) -> None:
    server = plain_client(broker.url, "server")
    server.subscribe(TOPICS.evt("loa-01"))

    async def story() -> None:
        async with connected(broker.url) as link:
            await link.publish(Message(TOPICS.evt("loa-01"), b"journal"))
            await link.publish(Message(TOPICS.evt("loa-01"), b"beat"), qos=0)

    run(story())
    assert [server.next()[1], server.next()[1]] == [b"journal", b"beat"]


def test_a_group_can_be_joined_and_left(broker: Broker, plain_client: Any) -> None:
    server = plain_client(broker.url, "server")

    async def story() -> None:
        async with connected(broker.url) as link:
            await link.subscribe([TOPICS.group_cmd("g1")])
            await asyncio.to_thread(server.publish, TOPICS.group_cmd("g1"), b"joined")
            assert (await link.receive()).payload == b"joined"
            await link.unsubscribe([TOPICS.group_cmd("g1")])
            await asyncio.to_thread(server.publish, TOPICS.group_cmd("g1"), b"left")
            await asyncio.to_thread(server.publish, TOPICS.cmd("loa-01"), b"own")
            assert (await link.receive()).payload == b"own"

    run(story())


def test_what_was_ordered_while_away_is_delivered_on_return(broker: Broker, plain_client: Any) -> None:
    server = plain_client(broker.url, "server")

    async def story() -> None:
        async with connected(broker.url):
            pass
        await asyncio.to_thread(server.publish, TOPICS.cmd("loa-01"), b"while away")
        async with connected(broker.url) as link:
            assert (await link.receive()).payload == b"while away"

    run(story())


def test_a_loss_is_told_to_everybody_who_waits(broker: Broker, tmp_path: Path) -> None:
    async def story() -> None:
        link = make_link(broker.url)
        await link.connect(WILL, READS)
        pid = int((tmp_path / "broker" / "broker.pid").read_text())
        os.kill(pid, signal.SIGSTOP)
        waiting = [
            asyncio.create_task(link.receive()),
            asyncio.create_task(link.publish(Message(TOPICS.evt("loa-01"), b"journal"))),
        ]
        await asyncio.sleep(0.1)
        os.kill(pid, signal.SIGKILL)
        results = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 5)
        assert [type(result) for result in results] == [LinkDown, LinkDown]
        assert not link.connected
        for attempt in (link.receive, lambda: link.publish(Message("x", b"")), lambda: link.subscribe(["x"])):
            with pytest.raises(LinkDown):
                await attempt()
        while True:
            with contextlib.suppress(LinkDown):
                await link.connect(WILL, READS)
                break
            await asyncio.sleep(0.1)
        await link.publish(Message(TOPICS.evt("loa-01"), b"journal"))
        await link.close()

    run(story())


def test_the_last_will_speaks_after_a_cut_and_not_after_a_goodbye(broker: Broker, plain_client: Any) -> None:
    server = plain_client(broker.url, "server")
    server.subscribe(TOPICS.state("loa-01"), TOPICS.evt("loa-01"))

    async def story() -> None:
        async with connected(broker.url) as link:
            await link.publish(Message(TOPICS.evt("loa-01"), b"good-bye"))
        link = make_link(broker.url)
        await link.connect(WILL, READS)
        await link.publish(Message(TOPICS.evt("loa-01"), b"cut"))
        link.abort()

    run(story())
    assert [server.next()[1] for _ in range(3)] == [b"good-bye", b"cut", b"gone"]


def test_a_refusal_is_told_apart_from_an_outage(broker: Broker, free_port: int) -> None:
    async def story() -> None:
        with pytest.raises(LinkRefused, match="loa-01"):
            await SpeakerLink(broker.url, "loa-01", "a guess").connect(WILL, READS)
        with pytest.raises(LinkDown):
            await make_link("mqtt://127.0.0.1:9").connect(WILL, READS)
        with pytest.raises(LinkDown):
            await make_link("mqtt://no-such-host.invalid").connect(WILL, READS)

    run(story())


def test_a_broker_that_accepts_and_says_nothing_is_given_up(free_port: int) -> None:
    async def story() -> None:
        began = time.monotonic()
        with pytest.raises(LinkDown, match="does not answer"):
            await make_link(f"mqtt://127.0.0.1:{free_port}", answer_within_s=0.3).connect(WILL, READS)
        assert time.monotonic() - began < 8  # and not the ten seconds of the default

    with socket.create_server(("127.0.0.1", free_port)):
        run(story())


def test_a_broker_that_falls_silent_is_noticed_by_the_keep_alive(broker: Broker, tmp_path: Path) -> None:
    async def story() -> None:
        link = make_link(broker.url, keepalive_s=1)
        await link.connect(WILL, READS)
        pid = int((tmp_path / "broker" / "broker.pid").read_text())
        os.kill(pid, signal.SIGSTOP)
        try:
            with pytest.raises(LinkDown):
                await asyncio.wait_for(link.receive(), 6)
        finally:
            os.kill(pid, signal.SIGCONT)

    run(story())


def test_the_keep_alive_keeps_an_idle_connection(broker: Broker) -> None:
    async def story() -> None:
        async with connected(broker.url, keepalive_s=1) as link:
            await asyncio.sleep(3)
            await link.publish(Message(TOPICS.evt("loa-01"), b"still here"))

    run(story())


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x20\x02\x00\x00\x30\x02\x00\xff",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x20\x02\x00\x00\xff\xff\xff\xff\xff",
    ],
)
def test_what_is_not_mqtt_ends_the_connection_and_not_the_program(free_port: int, garbage: bytes) -> None:
    async def story() -> None:
        link = make_link(f"mqtt://127.0.0.1:{free_port}", answer_within_s=1)
        with pytest.raises((LinkDown, LinkRefused)):
            await link.connect(WILL, READS)
        assert not link.connected

    def answer(listening: socket.socket) -> None:
        peer, _ = listening.accept()
        with peer:
            peer.recv(1000)
            peer.sendall(garbage)
            peer.settimeout(2)
            with contextlib.suppress(OSError):
                while peer.recv(1000):
                    pass

    with socket.create_server(("127.0.0.1", free_port)) as listening:
        thread = threading.Thread(target=answer, args=(listening,))
        thread.start()
        run(story())
        thread.join()


def test_a_flood_waits_at_the_broker_and_not_in_memory(broker: Broker, plain_client: Any) -> None:
    count = 5_000
    server = plain_client(broker.url, "server")

    async def story() -> None:
        async with connected(broker.url) as link:
            for number in range(count):
                server.client.publish(TOPICS.cmd("loa-01"), str(number).encode(), qos=1)
            await asyncio.sleep(1)
            assert link._inbox.qsize() <= 1_100
            assert [int((await link.receive()).payload) for _ in range(count)] == list(range(count))

    run(story())


def test_a_flood_of_large_messages_does_not_fill_the_memory(broker: Broker, plain_client: Any) -> None:
    count, large = 200, b"x" * 250_000
    server = plain_client(broker.url, "server")

    async def story() -> None:
        async with connected(broker.url) as link:
            for _ in range(count):
                server.client.publish(TOPICS.cmd("loa-01"), large, qos=1)
            await asyncio.sleep(1)
            assert link._inbox.qsize() * len(large) < 17_000_000
            assert [(await link.receive()).payload for _ in range(count)] == [large] * count

    run(story())


def test_of_a_message_larger_than_any_honest_one_only_the_beginning_is_kept(
    start_broker: Callable[..., Broker],
    make_account: Any,
    plain_client: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from devices.broker import mosquitto

    monkeypatch.setattr(mosquitto, "_SETTINGS", mosquitto._SETTINGS.replace("message_size_limit", "#"))
    server = make_account("server", writes=TOPICS.server_writes)
    url = start_broker([server, make_account("loa-01", reads=READS)]).url

    async def story() -> None:
        async with connected(url) as link:
            await asyncio.to_thread(client.publish, TOPICS.cmd("loa-01"), b"x" * 3_000_000)
            assert len((await link.receive()).payload) == MAX_BYTES + 1

    client = plain_client(url, "server")
    run(story())


def test_a_thousand_share_one_loop(
    start_broker: Callable[..., Broker], make_account: Any, plain_client: Any
) -> None:
    names = [f"loa-{number:04}" for number in range(1_000)]
    accounts = [
        make_account(name, reads=[TOPICS.alerts("g1")], writes=[TOPICS.state(name)]) for name in names
    ]
    server = make_account("server", writes=[TOPICS.alerts("g1")])
    broker = start_broker([server, *accounts])

    async def story() -> None:
        links = [make_link(broker.url, name) for name in names]
        await asyncio.gather(*(link.connect(WILL, [TOPICS.alerts("g1")]) for link in links))
        publisher = SpeakerLink(broker.url, "server", "key of server")
        await publisher.connect(Message(TOPICS.alerts("g1"), b""), [])
        await publisher.publish(Message(TOPICS.alerts("g1"), b"alert"))
        received = await asyncio.wait_for(asyncio.gather(*(link.receive() for link in links)), 20)
        assert {message.payload for message in received} == {b"alert"}
        await asyncio.gather(*(link.close() for link in links), publisher.close())

    run(story())


def test_a_broker_behind_tls_is_trusted_by_its_certificate_only(
    start_broker: Callable[..., Broker], make_account: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from devices.broker import mosquitto

    trusted = make_certificate(tmp_path)
    settings = mosquitto._SETTINGS + f"certfile {tmp_path}/cert.pem\nkeyfile {tmp_path}/key.pem\n"
    monkeypatch.setattr(mosquitto, "_SETTINGS", settings)
    box = make_account("loa-01", reads=READS, writes=READS)
    url = start_broker([box]).url.replace("mqtt:", "mqtts:")
    payloads = [b"x" * 100_000, *(str(number).encode() for number in range(1_500)), b"y" * 100_000]

    async def story() -> None:
        async with connected(url, tls=trusted) as link:
            sent = [link.post(Message(TOPICS.cmd("loa-01"), payload)) for payload in payloads]
            await asyncio.gather(*sent)
            assert [(await link.receive()).payload for _ in payloads] == payloads
        with pytest.raises(LinkRefused, match="certificate"):
            await make_link(url).connect(WILL, READS)

    with warnings.catch_warnings(record=True) as left_open:
        warnings.simplefilter("always", ResourceWarning)
        run(story())
        gc.collect()
    assert not [str(warning.message) for warning in left_open]


def make_certificate(directory: Path) -> ssl.SSLContext:
    """A certificate for 127.0.0.1, and a context that trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    (directory / "cert.pem").write_bytes(pem)
    (directory / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
    )
    return ssl.create_default_context(cadata=pem.decode())
