"""What a new box and the server say to each other over HTTP until the box has an identity."""

from __future__ import annotations

from typing import Annotated

import msgspec

from .messages import Int

Short = Annotated[str, msgspec.Meta(max_length=80)]


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """``POST /api/enrol``: a box that belongs to nobody names its public key and what it is."""

    public_key: Short  # Ed25519 in base64
    hardware: Short = ""
    serial: Short = ""
    firmware: Annotated[str, msgspec.Meta(max_length=40)] = ""


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """The code to show, and the secret name under which the box alone asks what became of it."""

    claim: str
    poll: str
    expires_at: Int
    server_keys: tuple[Short, ...] = ()  # one of them seals what the box is granted
    url: str = ""  # of the page where an officer claims the box
    qr: tuple[str, ...] = ()  # ``url`` as rows of 0 and 1

    def __repr__(self) -> str:
        return f"Waiting({self.claim!r})"


class Granted(msgspec.Struct, frozen=True, kw_only=True, tag="granted", tag_field="type"):
    """``GET /api/enrol/<poll>`` once an officer has claimed the box: its identity without the private key.

    Sealed by the server; ``public_key`` is the box's, so that the answer is good for no other question.
    """

    public_key: str
    device: str
    tenant: str
    broker: str
    password: str
    server_keys: tuple[str, ...]
    server: str = ""
    key_expires: Int = 0

    def __repr__(self) -> str:
        return f"Granted({self.device!r}, tenant={self.tenant!r}, broker={self.broker!r})"


class NewKey(msgspec.Struct, frozen=True, kw_only=True, tag="new_key", tag_field="type"):
    """``POST /api/speakers/<device>/key``: the new key counts from now on, with this password.

    Sealed by the server; ``request`` is the sha256 of the very bytes that asked, in hexadecimal digits.
    """

    device: str
    request: str
    password: str
    key_expires: Int

    def __repr__(self) -> str:
        return f"NewKey(key_expires={self.key_expires})"
