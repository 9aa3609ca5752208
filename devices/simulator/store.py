"""The store of a simulated loudspeaker in memory: it survives a power cut, and shares what many keep."""

from __future__ import annotations

from devices.errors import StoreFailed
from devices.speaker.ports import JournalEntry

_LONG = 200  # bytes; below it looking for an equal body costs more than it saves
_SHARED = 20_000  # bodies remembered for sharing


class Shelf:
    """Facts that many loudspeakers keep alike, such as the plan of their village, once in memory."""

    def __init__(self) -> None:
        self._bodies: dict[bytes, bytes] = {}

    def one(self, body: bytes) -> bytes:
        if len(body) < _LONG:
            return body
        if len(self._bodies) >= _SHARED:
            self._bodies.clear()
        return self._bodies.setdefault(body, body)


class Medium:
    """What is on the disk of one box."""

    def __init__(self) -> None:
        self.facts: dict[tuple[str, str], bytes] = {}
        self.journal: list[JournalEntry] = []
        self.last_seq = 0


class MemoryStore:
    """Implements ``ports.Store`` on a medium; what was not synced is lost with the power."""

    def __init__(self, medium: Medium, shelf: Shelf) -> None:
        self._medium = medium
        self._shelf = shelf
        self._facts: dict[tuple[str, str], bytes | None] = {}  # None: dropped
        self._journal: list[JournalEntry] = []
        self._last_seq = medium.last_seq
        self._closed = False

    def facts(self) -> dict[tuple[str, str], bytes]:
        self.sync()
        return dict(self._medium.facts)

    def keep(self, kind: str, key: str, body: bytes) -> None:
        self._require_open()
        self._facts[kind, key] = self._shelf.one(body)

    def drop(self, kind: str, key: str) -> None:
        self._require_open()
        self._facts[kind, key] = None

    def append(self, entry: JournalEntry) -> None:
        self._require_open()
        if entry.event.seq != self._last_seq + 1:
            raise AssertionError(f"journal event {entry.event.seq} after {self._last_seq}")
        self._journal.append(entry)
        self._last_seq += 1

    def last_seq(self) -> int:
        return self._last_seq

    def pending(self, limit: int, after: int = 0) -> list[JournalEntry]:
        self.sync()
        journal = self._medium.journal
        first = max(0, after + 1 - journal[0].event.seq) if journal else 0
        return journal[first : first + limit]

    def confirm(self, boot: str, seq: int) -> int:
        self.sync()
        journal = self._medium.journal
        if not any(entry.boot == boot for entry in journal):
            return 0
        count = max(0, min(len(journal), seq + 1 - journal[0].event.seq))
        del journal[:count]
        return count

    def sync(self) -> None:
        self._require_open()
        for key, body in self._facts.items():
            if body is None:
                self._medium.facts.pop(key, None)
            else:
                self._medium.facts[key] = body
        self._medium.journal += self._journal
        self._medium.last_seq = self._last_seq
        self._facts, self._journal = {}, []

    def close(self) -> None:
        if not self._closed:
            self.sync()
            self._closed = True

    def abandon(self) -> None:
        self._closed = True

    def _require_open(self) -> None:
        if self._closed:
            raise StoreFailed("the power is off")
