"""A lock that threads get in the order in which they asked for it.

Python's own goes to whoever runs when it is given back: a thread that takes it again at once, as one
that stores thousands of reports does, can keep a STOP waiting for many seconds.
"""

from __future__ import annotations

import threading
from collections import deque


class FairLock:
    """Handed over directly to who has waited longest."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._taken = False
        self._waiting: deque[threading.Event] = deque()

    def acquire(self, timeout: float) -> bool:
        """False when it was not our turn within ``timeout`` seconds."""
        with self._guard:
            if not self._taken:
                self._taken = True
                return True
            mine = threading.Event()
            self._waiting.append(mine)
        if mine.wait(timeout):
            return True
        with self._guard:
            if mine.is_set():  # given to us in this very moment
                return True
            self._waiting.remove(mine)
            return False

    def release(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._taken = False
