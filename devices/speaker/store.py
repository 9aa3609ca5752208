"""The loudspeaker's own store: facts and the journal in one SQLite file that survives a power cut."""

from __future__ import annotations

import operator
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from devices.errors import StoreFailed
from devices.messages import JournalEvent

from .ports import JournalEntry

_SCHEMA = """
CREATE TABLE IF NOT EXISTS fact (
    kind TEXT NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL, PRIMARY KEY (kind, key)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS journal (seq INTEGER PRIMARY KEY, boot TEXT NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS used_seq (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL);
INSERT OR IGNORE INTO used_seq VALUES (1, 0);
"""

# A damaged file may also break what SQLite wants to say about it.
_DAMAGED = (sqlite3.Error, UnicodeDecodeError)

_event_decoder = msgspec.json.Decoder(JournalEvent)


class SqliteStore:
    """Implements ``ports.Store``; ``:memory:`` serves simulations that need not survive.

    A commit is one fsync (WAL, synchronous FULL). Writes wait in the open
    transaction for ``sync``, so that a plan of a hundred items costs one.
    """

    def __init__(self, path: Path | str, *, read_only: bool = False, fsync: bool = True) -> None:
        """Open or create the file, or only look at one that is in use; raises StoreFailed.

        Without ``fsync`` what was synced survives the program but not the machine.
        """
        self._path = str(path)
        self._closed = False
        uri = f"file:{quote(self._path)}?mode=ro" if read_only else self._path
        try:
            self._db = sqlite3.connect(uri, isolation_level=None, uri=read_only)
        except sqlite3.Error as error:
            raise StoreFailed(f"{self._path}: {error}") from error
        try:
            if not read_only:
                self._db.execute("PRAGMA journal_mode=WAL")
                self._db.execute(f"PRAGMA synchronous={'FULL' if fsync else 'OFF'}")
                self._db.executescript(_SCHEMA)
            self._last_seq: int = operator.index(self._db.execute("SELECT seq FROM used_seq").fetchone()[0])
        except (*_DAMAGED, TypeError) as error:
            self._db.close()
            raise StoreFailed(f"{self._path}: {error}") from error

    def facts(self) -> dict[tuple[str, str], bytes]:
        rows = self._rows("SELECT kind, key, body FROM fact")
        if not all(isinstance(kind, str) and isinstance(body, bytes) for kind, _, body in rows):
            raise StoreFailed(f"{self._path}: a fact is damaged")
        return {(kind, key): body for kind, key, body in rows}

    def keep(self, kind: str, key: str, body: bytes) -> None:
        self._write("INSERT OR REPLACE INTO fact VALUES (?, ?, ?)", kind, key, body)

    def drop(self, kind: str, key: str) -> None:
        self._write("DELETE FROM fact WHERE kind = ? AND key = ?", kind, key)

    def append(self, entry: JournalEntry) -> None:
        """Add to the journal; raises AssertionError when ``seq`` would leave a gap."""
        seq = entry.event.seq
        if seq != self._last_seq + 1:
            raise AssertionError(f"journal event {seq} after {self._last_seq}")
        self._write("INSERT INTO journal VALUES (?, ?, ?)", seq, entry.boot, msgspec.json.encode(entry.event))
        self._write("UPDATE used_seq SET seq = ?", seq)
        self._last_seq = seq

    def last_seq(self) -> int:
        return self._last_seq

    def pending(self, limit: int, after: int = 0) -> list[JournalEntry]:
        """Unconfirmed entries above ``after``, oldest first. What is told must not be lost: synced before."""
        self.sync()
        query = "SELECT boot, body FROM journal WHERE seq > ? ORDER BY seq LIMIT ?"
        try:
            found = self._rows(query, after, limit)
            return [JournalEntry(boot, _event_decoder.decode(body)) for boot, body in found]
        except (msgspec.DecodeError, UnicodeDecodeError, TypeError) as error:
            raise StoreFailed(f"{self._path}: an event of the journal is damaged: {error}") from error

    def confirm(self, boot: str, seq: int) -> int:
        """Forget confirmed entries.

        The server confirms what reached it without a gap, so a cursor of a boot we know
        covers the boots before it; one of an unknown boot is of a store that is no more.
        """
        if not self._rows("SELECT 1 FROM journal WHERE boot = ? LIMIT 1", boot):
            return 0
        self._write("DELETE FROM journal WHERE seq <= ?", seq)
        return int(self._rows("SELECT changes()")[0][0])

    def check(self) -> None:
        """Read the whole file; raises StoreFailed when it is damaged."""
        found = str(self._rows("PRAGMA quick_check(1)")[0][0])
        if found != "ok":
            raise StoreFailed(f"{self._path}: {found}")

    def sync(self) -> None:
        if self._has_begun():
            self._run("COMMIT")

    def close(self) -> None:
        """Write what is buffered and close; raises StoreFailed. Harmless when closed."""
        if self._closed:
            return
        try:
            self.sync()
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Close as a power cut would: what was not synced is lost."""
        self._closed = True
        self._db.close()

    def _write(self, query: str, *values: object) -> None:
        if not self._has_begun():
            self._run("BEGIN IMMEDIATE")
        self._run(query, *values)

    def _has_begun(self) -> bool:
        if self._closed:
            raise StoreFailed(f"{self._path} is closed")
        return self._db.in_transaction

    def _rows(self, query: str, *values: object) -> list[Any]:
        """What a query finds; a damaged file shows itself only when it is read."""
        cursor = self._run(query, *values)
        try:
            return cursor.fetchall()
        except _DAMAGED as error:
            raise StoreFailed(f"{self._path}: {error}") from error

    def _run(self, query: str, *values: object) -> sqlite3.Cursor:
        try:
            return self._db.execute(query, values)
        except _DAMAGED as error:
            raise StoreFailed(f"{self._path}: {error}") from error
