"""MQTT 3.1.1 over bare sockets: thousands of clients in one process, for the measurements."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

CONNACK, PUBLISH, PUBACK, SUBACK = 2, 3, 4, 9


def _string(text: str | bytes) -> bytes:
    raw = text.encode() if isinstance(text, str) else text
    return len(raw).to_bytes(2, "big") + raw


def _packet(first: int, body: bytes) -> bytes:
    length, size = len(body), bytearray()
    while True:
        length, digit = divmod(length, 128)
        size.append(digit | (0x80 if length else 0))
        if not length:
            return bytes([first]) + bytes(size) + body


def connect(
    name: str, password: str, will: tuple[str, bytes], *, clean: bool, keepalive_s: int = 600
) -> bytes:
    flags = (
        0x80 | 0x40 | 0x20 | 0x08 | 0x04 | (0x02 if clean else 0)
    )  # name, password, will at QoS 1, retained
    head = _string("MQTT") + bytes([4, flags]) + keepalive_s.to_bytes(2, "big")
    return _packet(0x10, head + b"".join(map(_string, (name, will[0], will[1], name, password))))


def subscribe(topics: Iterable[str], number: int = 1) -> bytes:
    asked = b"".join(_string(topic) + b"\x01" for topic in topics)
    return _packet(0x82, number.to_bytes(2, "big") + asked)


def publish(topic: str, payload: bytes, number: int, *, retain: bool = False) -> bytes:
    """At QoS 1."""
    return _packet(0x32 | retain, _string(topic) + number.to_bytes(2, "big") + payload)


class Client(asyncio.Protocol):
    """One connection: ``on_packet`` hears (first byte, body) of every packet; messages are confirmed here."""

    def __init__(self, on_packet: Callable[[int, bytes], None], on_lost: Callable[[], None]) -> None:
        self._on_packet = on_packet
        self._on_lost = on_lost
        self._transport: asyncio.Transport | None = None
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def send(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._on_lost()

    def data_received(self, data: bytes) -> None:
        data = self._rest + data
        start = 0
        while (found := _split(data, start)) is not None:
            body_at, start_next = found
            first, body = data[start], data[body_at:start_next]
            if first >> 4 == PUBLISH and first & 0x06:
                at = 2 + int.from_bytes(body[:2], "big")
                self.send(b"\x40\x02" + body[at : at + 2])
            self._on_packet(first, body)
            start = start_next
        self._rest = data[start:]


def _split(data: bytes, start: int) -> tuple[int, int] | None:
    """Where the body of the packet at ``start`` begins and ends; None while it is not whole."""
    length, shift, at = 0, 0, start + 1
    while at < len(data):
        length |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if not data[at - 1] & 0x80:
            return (at, at + length) if at + length <= len(data) else None
    return None
