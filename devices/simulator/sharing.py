"""What the loudspeakers of one process work out only once: verified orders of a group, plans read alike."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from typing import TypeVar

from devices.envelope import KeySet, decode_plan, open_order
from devices.messages import Order, Plan

_REMEMBERED = 512

K = TypeVar("K")
V = TypeVar("V")


class _Recent(OrderedDict[K, V]):
    """The newest few values."""

    def get_or_make(self, key: K, make: Callable[[], V]) -> V:
        found = super().get(key)
        if found is None:
            found = self[key] = make()
            if len(self) > _REMEMBERED:
                self.popitem(last=False)
        return found


class SharedReading:
    """Gives the values that each box would have read for itself; a refusal is worked out each time."""

    def __init__(self) -> None:
        self._orders: _Recent[tuple[bytes, KeySet], Order] = _Recent()
        self._plans: _Recent[bytes, Plan] = _Recent()

    def open_order(self, data: bytes, keys: KeySet) -> Order:
        """Raises BadSignature, Malformed."""
        return self._orders.get_or_make((data, keys), lambda: open_order(data, keys))

    def read_plan(self, data: bytes) -> Plan:
        """Raises Malformed."""
        return self._plans.get_or_make(hashlib.sha256(data).digest(), lambda: decode_plan(data))
