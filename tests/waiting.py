"""What tests that run side by side share: patience for what happens, and ports that nobody else takes."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE = 60.0  # seconds; everything waited for happens much sooner


def until(holds: Callable[[], T], seconds: float = PATIENCE) -> T:
    """Look again and again until it holds, and return what it is then; fail when it does not."""
    deadline = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return found


def free_port() -> int:
    """A free port below those that outgoing connections are given: none of them takes it meanwhile."""
    while True:
        port = random.SystemRandom().randrange(10_000, 32_000)
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port
