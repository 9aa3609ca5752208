"""Private key files: closed to others, never half there, never written over by another process."""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from broadcast.errors import KeyDamaged
from broadcast.storage.files import translated
from devices.folder import settle

log = logging.getLogger(__name__)

KEY_BYTES = 32


def read_or_make(path: Path, make: Callable[[], bytes]) -> bytes:
    """The key in the file; the first process that asks makes it.

    Errors: KeyDamaged, StorageFailed, DiskFull.
    """
    with translated(path):
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_first(path, as_text(make()))
    return read(path)


def read(path: Path) -> bytes:
    """Errors: KeyDamaged, StorageFailed."""
    with translated(path):
        close_to_others(path)
        try:
            value = bytes.fromhex(path.read_text("ascii").strip())
        except ValueError as error:
            raise KeyDamaged(path=str(path)) from error
    if len(value) != KEY_BYTES:
        raise KeyDamaged(path=str(path))
    return value


def close_to_others(path: Path) -> None:
    if path.stat().st_mode & 0o077:
        log.warning("A key file was open to others and is closed now", extra={"action": "keys.closed"})
        path.chmod(0o600)


def as_text(key: bytes) -> str:
    return key.hex() + "\n"


def write_first(path: Path, text: str) -> None:
    """Several processes may start at once: the first one's file is everybody's."""
    with _draft(path, text) as draft, contextlib.suppress(FileExistsError):
        os.link(draft, path)
    settle(path.parent)


def write_over(path: Path, text: str) -> None:
    """What was there stays until all of the new is on the disk."""
    with _draft(path, text) as draft:
        draft.replace(path)
    settle(path.parent)


@contextlib.contextmanager
def _draft(path: Path, text: str) -> Iterator[Path]:
    handle, temporary = tempfile.mkstemp(dir=path.parent)  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        yield Path(temporary)
    finally:
        Path(temporary).unlink(missing_ok=True)
