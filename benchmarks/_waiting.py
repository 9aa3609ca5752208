"""What every measurement with a server of its own needs: a free port, and patience."""

from __future__ import annotations

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
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port
