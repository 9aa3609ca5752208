"""The published test keys and an envelope of their own, written from the rules and not from the programs."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PAYLOAD_TYPE = "application/vnd.ttcs.v1+json"
WARNING = "Published for tests. Whoever trusts this key obeys everybody who can read."


def private(name: str) -> bytes:
    """The key of a role: everybody can make it."""
    return hashlib.sha256(f"ttcs/1 published test key of the {name}".encode()).digest()


def signer(name: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(private(name))


def public(name: str) -> str:
    return b64(signer(name).public_key().public_bytes_raw())


def keyid(name: str) -> str:
    return hashlib.sha256(signer(name).public_key().public_bytes_raw()).hexdigest()[:16]


def files() -> dict[str, Any]:
    """The keys as a document of the examples."""
    roles = ("server", "second server", "loudspeaker", "stranger")
    keys = {
        role: {"private": b64(private(role)), "public": public(role), "keyid": keyid(role)} for role in roles
    }
    return {"examples/test-keys.json": {"warning": WARNING, "keys": keys}}


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def encoded(message: Any) -> bytes:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":")).encode()


def signature(body: bytes, name: str, payload_type: str = PAYLOAD_TYPE) -> dict[str, str]:
    kind = payload_type.encode()
    covered = b"DSSEv1 " + f"{len(kind)} ".encode() + kind + f" {len(body)} ".encode() + body
    return {"keyid": keyid(name), "sig": b64(signer(name).sign(covered))}


def envelope(body: bytes, *names: str) -> dict[str, Any]:
    """A message in its envelope, signed by each of the named."""
    signatures = [signature(body, name) for name in names]
    return {"payloadType": PAYLOAD_TYPE, "payload": b64(body), "signatures": signatures}
