"""Downloads that were not what a signed document names: somebody answers in the place of the server."""

from __future__ import annotations

from collections.abc import Set as AbstractSet

from .events import Sync
from .record import Record

_PREFIX = "swapped:"
_AGAIN = 12 * 3600 * 1000  # ms; told so often for as long as it lasts


class Swaps:
    """Journals each swapped file once, and once when it came as it should, or is not wanted any more."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._numbers = record.memory.number

    def noticed(self, sha256: str, now: int) -> None:
        told = self._numbers.get(_PREFIX + sha256)
        if told is None or not 0 <= now - told < _AGAIN:
            self._record.keep("number", _PREFIX + sha256, now)
            self._record.journal(now, "swapped", reason=sha256)
            self._record.act(Sync())

    def came(self, sha256: str, now: int) -> None:
        """The file is here, and is the one that was named."""
        if _PREFIX + sha256 in self._numbers:
            self._record.drop("number", _PREFIX + sha256)
            self._record.journal(now, "swap_over", reason=sha256)
            self._record.act(Sync())

    def forget(self, wanted: AbstractSet[str], now: int) -> None:
        for key in [key for key in self._numbers if key.startswith(_PREFIX)]:
            sha256 = key.removeprefix(_PREFIX)
            if sha256 not in wanted:
                self.came(sha256, now)
