"""Drives one client of the broker from an asyncio loop: reads, writes and keep-alives, without a thread.

paho's own loops use ``select()``, which fails without a word in a process with more than 1,023 open files.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import cast

from paho.mqtt.client import Client

from devices.link_stream import Published, Stream, StreamClient

log = logging.getLogger(__name__)


class Pump:
    """Watches the stream of a connected client until it is closed.

    ``hear`` is given every message, ``lose`` why the connection must be given up.
    """

    def __init__(
        self, client: StreamClient, hear: Callable[[Published], None], lose: Callable[[str], None]
    ) -> None:
        self._client = client
        self._hear = hear
        self._lose = lose
        self._sock: Stream | None = None  # set while the loop watches it
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
        self._sock = cast("Stream", self._client.socket())
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
            loop = asyncio.get_running_loop()
            loop.add_reader(self._sock, self._readable)
            loop.call_soon(self._readable)  # some has been read from the socket already

    def flush(self) -> None:
        """Write what paho has; where the socket takes no more, go on when it does."""
        self._flush_due = False
        if self._sock is not None:
            self._client.loop_write()
        if self._sock is not None:
            self._send(self._sock)

    def _send(self, sock: Stream) -> None:
        loop = asyncio.get_running_loop()
        try:
            everything = sock.flush()
        except OSError as error:
            self._lose(str(error))
            return
        if everything:
            loop.remove_writer(sock)
        else:
            loop.add_writer(sock, self.flush)

    def _readable(self) -> None:
        sock = self._sock
        if sock is None or self._paused:
            return
        try:
            alive = sock.fill()
            self._take(sock)
            if self._sock is sock:
                self._send(sock)
            if self._sock is sock and not alive and not self._paused:
                self._lose("the broker has closed it")
        except OSError as error:
            self._lose(str(error))
        except Exception:
            log.exception("the broker sent what is not MQTT", extra={"action": "link_garbage"})
            self._lose("what came is not MQTT")

    def _take(self, sock: Stream) -> None:
        """All that is whole, in the order in which it came; what is heard is confirmed."""
        while self._sock is sock and not self._paused:
            packet = sock.next_packet()
            if packet is None:
                return
            if isinstance(packet, Published):
                self._hear(packet)
                if packet.mid:
                    sock.confirm(packet.mid)
            else:
                sock.hand_over(packet)
                self._client.loop_read()

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
