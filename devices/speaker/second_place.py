"""What must outlive the store: the newest keys of the server and the newest revisions, beside the identity.

A box whose store is lost would else trust the keys of its first day, and with them one that was stolen and
retired since; and it would take an order of last year, kept by a thief, for a new one.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TypeVar

import msgspec

from devices.messages import Keyset

from . import private_file
from .identity import Identity
from .ports import JournalEntry, Store

T = TypeVar("T")

_KEYSET = ("keyset", "")
_COUNTED = ("desired", "alerts:")  # documents whose revision only grows


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """Whose it is, and the newest that it has seen."""

    tenant: str
    device: str
    server_keys: tuple[str, ...]  # whoever is enrolled anew begins with the keys of that day
    keyset: Keyset | None = None
    revisions: dict[str, tuple[int, int]] = {}


class KeptTwice:
    """Implements ``ports.Store``: a store whose keys and revisions are written to a second file too."""

    def __init__(self, store: Store, path: Path, identity: Identity) -> None:
        self._store = store
        self._path = path
        self._kept = self._written = _read(path, identity)

    def facts(self) -> dict[tuple[str, str], bytes]:
        """Those of the store, but for what the second file knows to be older than it was."""
        found = dict(self._store.facts())
        held = _decoded(found.get(_KEYSET), Keyset)
        if self._kept.keyset and (held is None or held.version < self._kept.keyset.version):
            found[_KEYSET] = msgspec.json.encode(self._kept.keyset)
        for document, (epoch, rev) in self._kept.revisions.items():
            known = _decoded(found.get(("revision", document)), tuple[int, int])
            if known is None or known < (epoch, rev):
                # One below: the document of that revision is gone with the store, and is wanted again.
                found["revision", document] = msgspec.json.encode((epoch, rev - 1))
        for (kind, key), body in found.items():
            self._note(kind, key, body)
        return found

    def keep(self, kind: str, key: str, body: bytes) -> None:
        self._note(kind, key, body)
        self._store.keep(kind, key, body)

    def drop(self, kind: str, key: str) -> None:
        self._store.drop(kind, key)

    def append(self, entry: JournalEntry) -> None:
        self._store.append(entry)

    def last_seq(self) -> int:
        return self._store.last_seq()

    def pending(self, limit: int, after: int = 0) -> list[JournalEntry]:
        return self._store.pending(limit, after)

    def confirm(self, boot: str, seq: int) -> int:
        return self._store.confirm(boot, seq)

    def sync(self) -> None:
        self._store.sync()
        self._write()

    def close(self) -> None:
        self._store.close()
        self._write()

    def abandon(self) -> None:
        self._store.abandon()

    def _note(self, kind: str, key: str, body: bytes) -> None:
        if (kind, key) == _KEYSET and (keyset := _decoded(body, Keyset)) is not None:
            if self._kept.keyset is None or keyset.version > self._kept.keyset.version:
                self._kept = msgspec.structs.replace(self._kept, keyset=keyset)
        elif kind == "revision" and key.startswith(_COUNTED):
            revision = _decoded(body, tuple[int, int])
            if revision is not None and revision > self._kept.revisions.get(key, (0, 0)):
                revisions = {**self._kept.revisions, key: revision}
                self._kept = msgspec.structs.replace(self._kept, revisions=revisions)

    def _write(self) -> None:
        """A second place that cannot be written keeps nobody from playing: the first one was."""
        if self._kept != self._written:
            with contextlib.suppress(OSError):
                private_file.write(self._path, msgspec.json.encode(self._kept))
                self._written = self._kept


def _read(path: Path, identity: Identity) -> Kept:
    mine = Kept(tenant=identity.tenant, device=identity.device, server_keys=identity.server_keys)
    try:
        found = msgspec.json.decode(path.read_bytes(), type=Kept)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return mine
    same = (found.tenant, found.device, found.server_keys) == (mine.tenant, mine.device, mine.server_keys)
    return found if same else mine


def _decoded(body: bytes | None, kind: type[T]) -> T | None:
    try:
        return None if body is None else msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
