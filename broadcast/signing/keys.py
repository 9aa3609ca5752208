"""The server's own secrets in files of its own: the signing keys of orders, and the key of the cookies."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

from devices.envelope import SigningKey

from . import key_files
from .keyring import FIRST_FILE, KeyFolder, Keyring

SIGNING_FILE = FIRST_FILE


@dataclass(frozen=True)
class Keys:
    """What the server signs with; ``session`` is the secret of the cookies."""

    ring: Keyring
    session: bytes

    @property
    def signing(self) -> SigningKey:
        return self.ring.current.newest.signing

    @property
    def public(self) -> tuple[str, ...]:
        """The keys a loudspeaker is given to trust, base64."""
        return self.ring.current.public


def load(directory: Path, session_file: Path | None = None) -> Keys:
    """Read the keys; the first start makes them. Errors: KeyDamaged, StorageFailed, DiskFull."""
    ring = KeyFolder(directory)
    path = session_file or directory / "session"
    return Keys(ring, key_files.read_or_make(path, lambda: secrets.token_bytes(key_files.KEY_BYTES)))
