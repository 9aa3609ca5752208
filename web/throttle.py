"""Counts what one address asks for, in this process: guessing and flooding become slow."""

from __future__ import annotations

import ipaddress
import threading
from collections import OrderedDict, deque
from typing import Final

MOST_ADDRESSES: Final = 10_000  # remembered at a time; the one that was quiet the longest is forgotten


def household(address: str) -> str:
    """Whom an address is counted for: one line has 2**64 addresses of IPv6, or one of IPv4."""
    try:
        found = ipaddress.IPv6Address(address)
    except ValueError:
        return address
    return str(found.ipv4_mapped or ipaddress.IPv6Network((int(found) >> 64 << 64, 64)))


class Throttle:
    """``limit`` times within ``within_s`` seconds for each address."""

    def __init__(self, limit: int, within_s: float) -> None:
        self._limit = limit
        self._within = within_s
        self._seen: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def wait_s(self, address: str, now: float) -> int:
        """Seconds until ``address`` may go on; 0 when it may now."""
        with self._lock:
            times = self._seen.get(address)
            if times is None or len(times) < self._limit or times[0] <= now - self._within:
                return 0
            return max(1, round(times[0] + self._within - now))

    def count(self, address: str, now: float) -> None:
        with self._lock:
            self._seen.setdefault(address, deque(maxlen=self._limit)).append(now)
            self._seen.move_to_end(address)
            if len(self._seen) > MOST_ADDRESSES:
                self._seen.popitem(last=False)
