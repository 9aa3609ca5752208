"""Who a loudspeaker is: its name, its key, its broker and the server keys it trusts, in one private file."""

from __future__ import annotations

import base64
import binascii
import stat
from pathlib import Path

import msgspec

from devices.envelope import KeySet, SigningKey
from devices.errors import IdentityInvalid
from devices.topics import Topics

from . import private_file


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Written when the loudspeaker is registered, and again whenever its key is replaced."""

    device: str
    tenant: str
    broker: str  # mqtt://host:port or mqtts://host:port
    password: str
    private_key: str  # base64 of 32 bytes, Ed25519
    server_keys: tuple[str, ...]  # base64; several while the server's key is being replaced
    server: str = ""  # where a new key is asked for, http:// or https://; empty: nowhere

    def __repr__(self) -> str:
        return f"Identity({self.device!r}, tenant={self.tenant!r}, broker={self.broker!r})"

    @property
    def key(self) -> SigningKey:
        return SigningKey.from_bytes(base64.b64decode(self.private_key, validate=True))

    @property
    def trusted(self) -> KeySet:
        return KeySet(self.server_keys)

    def save(self, path: Path) -> None:
        """Write the file, whole or not at all, readable by its owner alone."""
        private_file.write(path, msgspec.json.format(msgspec.json.encode(self), indent=2))

    @classmethod
    def load(cls, path: Path) -> Identity:
        """Read and check the file; raises IdentityInvalid."""
        try:
            mode = path.stat().st_mode
            identity = msgspec.json.decode(path.read_bytes(), type=cls)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise IdentityInvalid(f"{path}: {error}") from error
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise IdentityInvalid(f"{path}: others may read it; chmod 600 it")
        identity.check()
        return identity

    def check(self) -> None:
        """Raise IdentityInvalid when a field cannot be used."""
        try:
            Topics(self.tenant).desired(self.device)
            self.key  # noqa: B018 - decoding is the check
            trusted = self.trusted
        except (ValueError, binascii.Error) as error:
            raise IdentityInvalid(f"{self.device}: {error}") from error
        if not len(trusted):
            raise IdentityInvalid(f"{self.device}: no server key to trust")
