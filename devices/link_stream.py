"""The socket under a paho client: what loudspeakers publish is read and confirmed here, much of it at once.

paho takes three or more system calls and forty microseconds for each message it hears. It keeps all that
is not a PUBLISH: greetings, subscriptions, confirmations, keep-alives, and everything that is sent.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
from typing import NamedTuple

from paho.mqtt.client import Client

_CHUNK = 65_536  # bytes asked of the socket at once
_PUBLISH = 3
_PUBACK = b"\x40\x02"
_LENGTH_BYTES = 4  # MQTT gives the length of a packet no more
_BLOCKED = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Published(NamedTuple):
    """A message at QoS 0 or 1; ``mid`` as it came, empty at QoS 0."""

    topic: bytes
    payload: bytes
    retain: bool
    mid: bytes


class Stream:
    """A socket as paho wants one; the pump reads it first, and decides when what is sent leaves."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._came = bytearray()
        self._leaves = bytearray()
        self._for_paho = bytearray()

    # --- what paho uses ------------------------------------------------------

    def recv(self, buffer_size: int) -> bytes:
        if not self._for_paho:
            raise BlockingIOError
        data = bytes(self._for_paho[:buffer_size])
        del self._for_paho[:buffer_size]
        return data

    def send(self, buffer: bytes | bytearray) -> int:
        self._leaves += buffer
        return len(buffer)

    def close(self) -> None:
        """A good-bye may still be waiting to leave."""
        with contextlib.suppress(OSError):
            self.flush()
        self._sock.close()

    def fileno(self) -> int:
        return self._sock.fileno()

    def setblocking(self, flag: bool) -> None:
        self._sock.setblocking(flag)

    # --- what the pump uses -----------------------------------------------------

    def fill(self) -> bool:
        """Read what has come, up to a limit; False when the broker has closed it. Raises OSError."""
        while True:
            try:
                data = self._sock.recv(_CHUNK)
            except _BLOCKED:
                return True
            self._came += data
            # Nothing tells of what is decrypted already.
            if not (isinstance(self._sock, ssl.SSLSocket) and self._sock.pending()):
                return bool(data)

    def next_packet(self) -> Published | bytes | None:
        """The next message, or another packet as it came; None until one is whole. Raises ValueError."""
        came = self._came
        if len(came) < 2:
            return None
        start, length = 2, came[1]
        if length & 0x80:
            start, length = _long(came)
        end = start + length
        if not start or len(came) < end:
            return None
        packet = bytes(came[:end])
        del came[:end]
        return _published(packet, start) if packet[0] >> 4 == _PUBLISH else packet

    def confirm(self, mid: bytes) -> None:
        self._leaves += _PUBACK + mid

    def hand_over(self, packet: bytes) -> None:
        """To paho, which reads it when it is told to."""
        self._for_paho += packet

    def flush(self) -> bool:
        """Send what is collected; False when the socket does not take all of it now. Raises OSError."""
        while self._leaves:
            try:
                sent = self._sock.send(self._leaves)
            except _BLOCKED:
                return False
            del self._leaves[:sent]
        return True


class StreamClient(Client):
    """A paho client over a :class:`Stream`."""

    # paho has no public place for a socket of one's own; test_link_stream notices when this one is gone.
    def _create_socket(self) -> Stream:
        sock = super()._create_socket()
        assert isinstance(sock, socket.socket)  # noqa: S101 - neither of the wrappers for web sockets
        # With Nagle's algorithm a round trip takes 44 ms instead of 0.3 ms.
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return Stream(sock)


def _long(came: bytearray) -> tuple[int, int]:
    """Where the body of a packet begins and how long it is, above 127 bytes; zeros until that has come."""
    length = 0
    for place in range(_LENGTH_BYTES):
        if len(came) < place + 2:
            return 0, 0
        byte = came[place + 1]
        length |= (byte & 0x7F) << (7 * place)
        if not byte & 0x80:
            return place + 2, length
    raise ValueError("a length without an end")


def _published(packet: bytes, start: int) -> Published:
    """Raises ValueError."""
    flags = packet[0]
    payload = topic_end = start + 2 + int.from_bytes(packet[start : start + 2], "big")
    if flags & 0x06:
        payload += 2
    if flags & 0x04 or payload > len(packet):  # we ask for QoS 1 at most
        raise ValueError("not a message that was asked for")
    return Published(
        packet[start + 2 : topic_end], packet[payload:], bool(flags & 1), packet[topic_end:payload]
    )
