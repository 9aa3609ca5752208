"""The bytes under a connection: halves of packets, large ones, several at once, cuts."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.broker import Broker
from devices.errors import LinkDown
from devices.link_async import SpeakerLink
from devices.link_stream import Published, Stream
from devices.speaker.ports import Message
from devices.topics import Topics

TOPICS = Topics("xa")
WILL = Message(TOPICS.state("loa-01"), b"gone", retain=True)
PATIENCE = 20.0  # seconds
PUBACK = b"\x40\x02\x00\x07"


def length(size: int) -> bytes:
    encoded = b""
    while True:
        size, low = divmod(size, 128)
        encoded += bytes([low | (0x80 if size else 0)])
        if not size:
            return encoded


def publish(topic: bytes, payload: bytes, mid: bytes = b"\x00\x01", *, retain: bool = False) -> bytes:
    body = len(topic).to_bytes(2, "big") + topic + mid + payload
    return bytes([0x30 | (2 if mid else 0) | int(retain)]) + length(len(body)) + body


@pytest.fixture
def pair() -> Iterator[tuple[Stream, socket.socket]]:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    yield Stream(ours), theirs
    ours.close()
    theirs.close()


@contextlib.contextmanager
def fake_broker(port: int, talk: Callable[[socket.socket], None]) -> Iterator[str]:
    """Greets, grants one subscription, and then does as ``talk`` says."""

    def serve() -> None:
        peer, _ = listening.accept()
        with peer:
            peer.settimeout(PATIENCE)
            peer.recv(1000)
            peer.sendall(b"\x20\x02\x00\x00")
            subscribed = peer.recv(1000)
            peer.sendall(b"\x90\x03" + subscribed[2:4] + b"\x01")
            talk(peer)

    with socket.create_server(("127.0.0.1", port)) as listening:
        thread = threading.Thread(target=serve)
        thread.start()
        yield f"mqtt://127.0.0.1:{port}"
        thread.join(2 * PATIENCE)
        assert not thread.is_alive()


def run(story: Any) -> None:
    asyncio.run(asyncio.wait_for(story, 30))


@given(
    st.lists(
        st.one_of(
            st.builds(
                Published,
                st.binary(max_size=200),
                st.binary(max_size=20_000),
                st.booleans(),
                st.sampled_from([b"", b"\x00\x07"]),
            ),
            st.just(PUBACK),
        ),
        max_size=12,
    ),
    st.randoms(use_true_random=False),
)
def test_however_the_bytes_are_cut_the_same_packets_come_out_in_order(
    packets: list[Published | bytes], chance: random.Random
) -> None:
    sent = b"".join(
        each if isinstance(each, bytes) else publish(each.topic, each.payload, each.mid, retain=each.retain)
        for each in packets
    )
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        stream, found = Stream(ours), []
        while sent:
            size = chance.choice([1, 2, 3, 10, 1_000, 70_000])
            theirs.send(sent[:size])
            sent = sent[size:]
            assert stream.fill()
            while (packet := stream.next_packet()) is not None:
                found.append(packet)
        assert found == packets


def test_half_a_packet_waits_for_its_other_half(pair: tuple[Stream, socket.socket]) -> None:
    stream, peer = pair
    whole = publish(b"t", b"x" * 300)
    for part in (whole[:1], whole[1:2], whole[2:150]):
        peer.send(part)
        assert stream.fill()
        assert stream.next_packet() is None
    peer.send(whole[150:] + whole[:1])
    assert stream.fill()
    assert stream.next_packet() == Published(b"t", b"x" * 300, False, b"\x00\x01")
    assert stream.next_packet() is None


@pytest.mark.parametrize(
    "garbage",
    [
        pytest.param(b"\x30\x02\x00\xff", id="a topic longer than its packet"),
        pytest.param(b"\x32\x03\x00\x01t", id="QoS 1 without a number"),
        pytest.param(b"\x34\x05\x00\x01t\x00\x01", id="QoS 2, which nobody asked for"),
        pytest.param(b"\x36\x05\x00\x01t\x00\x01", id="QoS 3, which does not exist"),
        pytest.param(b"\x30\x00", id="nothing in it"),
        pytest.param(b"\x30\xff\xff\xff\xff\x01", id="a length without an end"),
    ],
)
def test_what_is_no_message_is_an_error_and_no_message(
    pair: tuple[Stream, socket.socket], garbage: bytes
) -> None:
    stream, peer = pair
    peer.send(garbage)
    assert stream.fill()
    with pytest.raises(ValueError, match=r"asked for|without an end"):
        stream.next_packet()


def test_a_close_is_told_after_what_came_before_it(pair: tuple[Stream, socket.socket]) -> None:
    stream, peer = pair
    peer.send(publish(b"t", b"last"))
    peer.close()
    assert stream.fill()
    assert isinstance(stream.next_packet(), Published)
    assert not stream.fill()


def test_what_is_sent_leaves_at_once_and_whole_and_in_order(pair: tuple[Stream, socket.socket]) -> None:
    stream, peer = pair
    peer.setblocking(False)
    assert stream.send(b"first") == 5
    stream.confirm(b"\x00\x07")
    stream.send(b"last")
    with pytest.raises(BlockingIOError):
        peer.recv(100)
    assert stream.flush()
    assert peer.recv(100) == b"first" + PUBACK + b"last"


def test_what_the_socket_does_not_take_leaves_later(pair: tuple[Stream, socket.socket]) -> None:
    stream, peer = pair
    large = random.Random(1).randbytes(3_000_000)
    stream.send(large)
    assert not stream.flush()
    stream.send(b"end")
    received = b""
    peer.setblocking(False)
    while len(received) < len(large) + 3:
        with contextlib.suppress(BlockingIOError):
            received += peer.recv(1_000_000)
        stream.flush()
    assert received == large + b"end"


def test_paho_is_given_our_stream(broker: Broker) -> None:
    """It has no public place for it: a new paho that makes its sockets elsewhere is noticed here."""

    async def story() -> None:
        link = SpeakerLink(broker.url, "loa-01", "key of loa-01")
        await link.connect(WILL, [TOPICS.cmd("loa-01")])
        assert isinstance(link._require().socket(), Stream)
        await link.close()

    run(story())


def test_a_message_in_pieces_is_heard_once_and_confirmed_once(free_port: int) -> None:
    heard = threading.Event()
    answers: list[bytes] = []

    def talk(peer: socket.socket) -> None:
        whole = publish(b"t", b"whole", b"\x00\x07")
        peer.sendall(whole[:5])
        assert not heard.wait(0.1)
        peer.sendall(whole[5:])
        answers.append(peer.recv(len(PUBACK)))
        peer.recv(100)  # the good-bye

    async def story(url: str) -> None:
        link = SpeakerLink(url, "loa-01", "x")
        await link.connect(WILL, ["t"])
        message = await link.receive()
        heard.set()
        assert (message.topic, message.payload) == ("t", b"whole")
        await link.close()

    with fake_broker(free_port, talk) as url:
        run(story(url))
    assert answers == [PUBACK]


def test_a_cut_in_the_middle_of_a_message_is_a_loss_and_no_message(free_port: int) -> None:
    def talk(peer: socket.socket) -> None:
        peer.sendall(publish(b"t", b"whole") + publish(b"t", b"x" * 1_000)[:500])

    async def story(url: str) -> None:
        link = SpeakerLink(url, "loa-01", "x")
        await link.connect(WILL, ["t"])
        assert (await link.receive()).payload == b"whole"
        with pytest.raises(LinkDown):
            await link.receive()
        assert not link.connected

    with fake_broker(free_port, talk) as url:
        run(story(url))


@pytest.mark.parametrize("cut", [False, True], ids=["and then silence", "and then a cut"])
def test_a_reader_that_was_behind_still_hears_all_that_came(free_port: int, *, cut: bool) -> None:
    count = 3_000

    def talk(peer: socket.socket) -> None:
        peer.sendall(b"".join(publish(b"t", str(number).encode()) for number in range(count)))
        if cut:
            peer.shutdown(socket.SHUT_WR)
        with contextlib.suppress(OSError):
            while peer.recv(10_000):
                pass

    async def story(url: str) -> None:
        link = SpeakerLink(url, "loa-01", "x")
        await link.connect(WILL, ["t"])
        while link._pump is None or not link._pump.paused:
            await asyncio.sleep(0.01)
        async with asyncio.timeout(PATIENCE / 2):  # then the silence has its end too
            assert [int((await link.receive()).payload) for _ in range(count)] == list(range(count))
        await link.close()

    with fake_broker(free_port, talk) as url:
        run(story(url))


@pytest.fixture
def broker(start_broker: Callable[..., Broker], make_account: Callable[..., Any]) -> Broker:
    return start_broker([make_account("loa-01", reads=[TOPICS.cmd("loa-01")], writes=[TOPICS.cmd("loa-01")])])


@pytest.mark.parametrize("size", [60_000, 70_000, 250_000])
def test_messages_beyond_one_read_arrive_whole(broker: Broker, size: int) -> None:
    payloads = [random.Random(number).randbytes(size) for number in range(5)]

    async def story() -> None:
        link = SpeakerLink(broker.url, "loa-01", "key of loa-01")
        await link.connect(WILL, [TOPICS.cmd("loa-01")])
        for payload in payloads:
            await link.publish(Message(TOPICS.cmd("loa-01"), payload))
        assert [(await link.receive()).payload for _ in payloads] == payloads
        await link.close()

    run(story())
