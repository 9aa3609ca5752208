"""The web server: waitress on a port that is taken before anything else starts, with an orderly end."""

from __future__ import annotations

import errno
import socket
import threading
from collections.abc import Callable
from typing import Final

from flask import Flask
from waitress import wasyncore
from waitress.server import create_server

from broadcast.errors import PortBusy, SettingInvalid

CONNECTIONS: Final = 2000  # loudspeakers that fetch at the same time and open pages
BACKLOG: Final = 1024
LARGEST_REQUEST: Final = 8_000_000  # bytes taken from anybody before a view is asked; views take less
LOOK_S: Final = 0.2  # how long a request to stop may go unnoticed


def take_port(host: str, port: int) -> socket.socket:
    """Bind before anything else begins. Errors: PortBusy, SettingInvalid."""
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        raise SettingInvalid(name="TRUYEN_THANH_HOST", why=f"“{host}” không phải máy nào") from error
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(BACKLOG)  # a port that two processes only bind is found busy no earlier than here
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortBusy(port=port) from error
        if error.errno == errno.EACCES:
            raise SettingInvalid(
                name="TRUYEN_THANH_PORT", why=f"cổng {port} cần quyền quản trị máy"
            ) from error
        raise SettingInvalid(name="TRUYEN_THANH_HOST", why=f"máy này không có địa chỉ “{host}”") from error
    return listener


class WebServer:
    """Serves an application until told to stop; ``on_stop`` ends what would hold threads (live pages)."""

    def __init__(
        self, app: Flask, listener: socket.socket, threads: int, on_stop: Callable[[], None] = lambda: None
    ) -> None:
        self._channels: dict[int, object] = {}
        self._server = create_server(
            app,
            map=self._channels,
            sockets=[listener],
            threads=threads,
            ident=None,
            connection_limit=CONNECTIONS,
            max_request_body_size=LARGEST_REQUEST,
            asyncore_use_poll=True,
            clear_untrusted_proxy_headers=False,  # proxies.py knows which are trusted, and clears the others'
        )
        self._stopping = threading.Event()
        self._on_stop = on_stop

    def serve(self) -> None:
        """Return after ``stop`` was called, with every thread ended."""
        while not self._stopping.is_set():
            wasyncore.loop(timeout=LOOK_S, use_poll=True, map=self._channels, count=1)
        self._on_stop()
        self._server.task_dispatcher.shutdown()
        wasyncore.close_all(self._channels)

    def stop(self) -> None:
        """May be called from a signal handler and more than once."""
        self._stopping.set()
