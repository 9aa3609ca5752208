"""Drives one paho client from an asyncio loop: reads, writes and keep-alives, without a thread or ``select``.

paho's own loops use ``select()``, which fails without a word in a process with more than 1,023 open files.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from typing import cast

from paho.mqtt.client import Client

log = logging.getLogger(__name__)

_BURST = 100  # packets in one turn of the loop


class Pump:
    """Watches the socket of a connected client until it is closed; ``lose`` hears why it must be given up."""

    def __init__(self, client: Client, lose: Callable[[str], None]) -> None:
        self._client = client
        self._lose = lose
        self._sock: socket.socket | None = None  # set while the loop watches it
        self._paused = False
        self._flush_due = False
        self._misc: asyncio.TimerHandle | None = None
        client.on_socket_close = self._on_socket_close
        client.on_socket_register_write = self._wants_write

    @property
    def paused(self) -> bool:
        return self._paused

    def start(self, keepalive_s: float) -> None:
        """Begin to watch; the client has been connected, its greeting waits to be written."""
        loop = asyncio.get_running_loop()
        self._sock = cast("socket.socket", self._client.socket())
        loop.add_reader(self._sock, self._readable)
        self._misc = loop.call_later(keepalive_s / 6, self._keep_alive, keepalive_s / 6)
        self.flush()

    def stop(self) -> None:
        """Watch no more, and close the socket without a good-bye."""
        self._release()
        sock = self._client.socket()
        if sock is not None:
            sock.close()

    def pause(self) -> None:
        """Read no more for now: the broker has to wait."""
        if self._sock is not None and not self._paused:
            self._paused = True
            asyncio.get_running_loop().remove_reader(self._sock)

    def resume(self) -> None:
        if self._sock is not None and self._paused:
            self._paused = False
            asyncio.get_running_loop().add_reader(self._sock, self._readable)

    def flush(self) -> None:
        """Write what paho has; where the socket takes no more, go on when it does."""
        self._flush_due = False
        if self._sock is None:
            return
        self._client.loop_write()
        if self._sock is None:
            return
        loop = asyncio.get_running_loop()
        if self._client.want_write():
            loop.add_writer(self._sock, self.flush)
        else:
            loop.remove_writer(self._sock)

    def _readable(self) -> None:
        """paho reads one packet at a time: more of what has come already cost no turn of the loop each."""
        sock = self._sock
        try:
            self._client.loop_read()
            for _ in range(_BURST):
                if sock is None or self._sock is not sock or self._paused or not _waits(sock):
                    break
                self._client.loop_read()
            # Nothing calls again for what is decrypted already.
            while isinstance(sock, ssl.SSLSocket) and self._sock is sock and sock.pending():
                self._client.loop_read()
        except Exception:
            log.exception("the broker sent what is not MQTT", extra={"action": "link_garbage"})
            self._lose("what came is not MQTT")

    def _wants_write(self, client: Client, userdata: object, sock: object) -> None:
        """paho has something to send; several packets of one turn of the loop are written together."""
        if self._sock is not None and not self._flush_due:
            self._flush_due = True
            asyncio.get_running_loop().call_soon(self.flush)

    def _keep_alive(self, interval: float) -> None:
        self._misc = asyncio.get_running_loop().call_later(interval, self._keep_alive, interval)
        self._client.loop_misc()

    def _on_socket_close(self, client: Client, userdata: object, sock: object) -> None:
        if sock is self._sock:
            self._release()

    def _release(self) -> None:
        """Let the loop stop watching the socket, before it is closed and its number used again."""
        sock, self._sock = self._sock, None
        if sock is None:
            return
        loop = asyncio.get_running_loop()
        loop.remove_reader(sock)
        loop.remove_writer(sock)
        if self._misc is not None:
            self._misc.cancel()


def _waits(sock: socket.socket) -> bool:
    """Whether something to read is there now; of what is encrypted a socket cannot say it."""
    if isinstance(sock, ssl.SSLSocket):
        return False
    try:
        sock.recv(1, socket.MSG_PEEK)
    except OSError:
        return False
    return True
