"""The server's own secrets in files of its own: the signing key of orders and the key of sign-in sessions."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import secrets
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from devices.envelope import SigningKey

from .errors import DiskFull, KeyDamaged, StorageFailed

log = logging.getLogger(__name__)

SIGNING_FILE = "signing"
KEY_BYTES = 32


@dataclass(frozen=True)
class Keys:
    """What the server signs with; ``session`` is the secret of the cookies."""

    signing: SigningKey
    session: bytes

    @property
    def public(self) -> tuple[str, ...]:
        """The keys a loudspeaker is given to trust, base64."""
        return (self.signing.public,)


def load(directory: Path, session_file: Path | None = None) -> Keys:
    """Read the keys; the first start makes them. Errors: KeyDamaged, StorageFailed, DiskFull."""
    signing = _read_or_make(directory / SIGNING_FILE, lambda: SigningKey.generate().private_bytes())
    session = _read_or_make(session_file or directory / "session", lambda: secrets.token_bytes(KEY_BYTES))
    return Keys(SigningKey.from_bytes(signing), session)


def _read_or_make(path: Path, make: Callable[[], bytes]) -> bytes:
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write_first(path, make())
        if path.stat().st_mode & 0o077:
            log.warning("A key file was open to others and is closed now", extra={"action": "keys.closed"})
            path.chmod(0o600)
        value = bytes.fromhex(path.read_text("ascii").strip())
    except ValueError as error:
        raise KeyDamaged(path=str(path)) from error
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise DiskFull(path=str(path)) from error
        raise StorageFailed(path=str(path), cause=errno.errorcode.get(error.errno or 0, "")) from error
    if len(value) != KEY_BYTES:
        raise KeyDamaged(path=str(path))
    return value


def _write_first(path: Path, value: bytes) -> None:
    """Several processes may start at once: the first one's key is everybody's, and it is never half there."""
    handle, temporary = tempfile.mkstemp(dir=path.parent)  # mode 0600
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(value.hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        Path(temporary).unlink()
