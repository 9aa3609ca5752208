"""What every measurement with a server of its own needs: a free port, and patience."""

from __future__ import annotations

import contextlib
import random
import socket
import time
from collections.abc import Callable

PATIENCE_S = 180.0  # a measurement may share the machine


def wait(holds: Callable[[], object], what: str) -> None:
    limit = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > limit:
            raise TimeoutError(f"waited in vain for {what}")
        time.sleep(0.05)


def free_port() -> int:
    """Below those that the kernel gives to outgoing connections, of which thousands may come first."""
    while True:
        port = random.SystemRandom().randrange(10_000, 30_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
