"""Whose data lies in the folder: a box that became another loudspeaker must not go on with the old one's.

Its revisions would make it refuse the new orders as old ones, and the keys it had learned would make it
refuse a new server. A new identity for the same loudspeaker goes on with everything, its journal too.
"""

from __future__ import annotations

import logging
from pathlib import Path

import msgspec

from . import private_file
from .core import recall
from .identity import Identity
from .store import SqliteStore

log = logging.getLogger(__name__)

_MARK = "owner.json"
# Of a SQLite file, itself last: what lies beside none would be taken for part of the next one, and lost.
_PARTS = ("-wal", "-shm", "")


class Owner(msgspec.Struct, frozen=True):
    """Who enrolled; a new key of the box changes nothing here."""

    tenant: str
    device: str
    server_keys: tuple[str, ...]


def settle(identity: Identity, store: Path) -> None:
    """Put the store of another loudspeaker, or for another server, aside; raises StoreFailed, OSError."""
    mark = store.with_name(_MARK)
    mine = Owner(identity.tenant, identity.device, identity.server_keys)
    before = _read(mark)
    if before == mine:
        return
    if before is not None and store.exists():
        if not _goes_on(before, mine, store):
            _put_aside(store, before)
        elif before.server_keys != mine.server_keys:
            _begin_with_new_keys(store)
    private_file.write(mark, msgspec.json.encode(mine))


def _goes_on(before: Owner, mine: Owner, store: Path) -> bool:
    """The same loudspeaker, whose store trusts a key of the server that took it in again."""
    if (before.tenant, before.device) != (mine.tenant, mine.device):
        return False
    opened = SqliteStore(store, read_only=True)
    try:
        held = recall(opened.facts()).keyset.get("")
    finally:
        opened.close()
    trusted = {each.key for each in held.keys} if held else set(before.server_keys)
    return bool(trusted & set(mine.server_keys))


def _begin_with_new_keys(store: Path) -> None:
    """Whoever enrolled anew was told the keys of today; all those the store holds may have ended."""
    opened = SqliteStore(store)
    try:
        opened.drop("keyset", "")
        opened.sync()
    finally:
        opened.close()


def _put_aside(store: Path, before: Owner) -> None:
    log.warning("The data of %s is put aside", before.device, extra={"action": "owner_changed"})
    for part in _PARTS:
        file = store.with_name(store.name + part)
        if file.exists():
            file.replace(store.with_name(f"{store.name}.of-{before.device}{part}"))


def _read(mark: Path) -> Owner | None:
    try:
        return msgspec.json.decode(mark.read_bytes(), type=Owner)
    except (FileNotFoundError, msgspec.DecodeError, UnicodeDecodeError):
        return None  # a box that does not start is worse than one that asks for its orders anew
