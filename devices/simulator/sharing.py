"""What the loudspeakers of one process have in common: verified orders, plans read alike, room for files."""

from __future__ import annotations

import contextlib
import hashlib
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from devices.envelope import KeySet, decode_plan, open_order
from devices.messages import Order, Plan
from devices.speaker.ports import Fetcher

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


class SharedFiles:
    """Each box downloads and verifies for itself, the same content takes its room on this disk only once.

    Implements ``ports.Fetcher``. For files that nobody alters in place.
    """

    def __init__(self, inner: Fetcher) -> None:
        self._inner = inner
        self._kept: dict[str, Path] = {}

    async def fetch(self, url: str, sha256: str, size: int, directory: Path) -> Path:
        """Raises FetchError."""
        path = await self._inner.fetch(url, sha256, size, directory)
        kept = self._kept.setdefault(sha256, path)
        if kept != path and not _folded(path, kept):
            self._kept[sha256] = path
        return path


def _folded(path: Path, kept: Path) -> bool:
    """Put a link to the file that is kept in place of an equal one; False when it cannot be linked to."""
    link = path.with_name(f"{path.name}.link")
    with contextlib.suppress(OSError):
        if not path.samefile(kept):
            link.hardlink_to(kept)
            link.replace(path)
        return True
    return False
