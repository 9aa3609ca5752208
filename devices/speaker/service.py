"""Tells systemd that the loudspeaker runs, and again and again that its loop still turns."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Mapping

log = logging.getLogger(__name__)


class Service:
    """The service manager of this process, where there is one (sd_notify(3))."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        limit = environment.get("WATCHDOG_USEC", "")
        self._pause_s = int(limit) / 3_000_000 if limit.isdigit() and int(limit) else None

    def say(self, message: str) -> None:
        """``READY=1``, ``STOPPING=1`` or ``WATCHDOG=1``; silent where nobody listens."""
        if not self._address:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
                sock.setblocking(False)  # a manager that does not read must not stop the loop
                sock.sendto(message.encode(), address)
        except OSError as error:
            log.warning("systemd does not listen: %s", error, extra={"action": "service_deaf"})

    async def keep_alive(self) -> None:
        """Never ends; when the loop hangs systemd hears nothing and starts the program anew."""
        self.say("READY=1")
        while self._pause_s is not None:
            self.say("WATCHDOG=1")
            await asyncio.sleep(self._pause_s)
