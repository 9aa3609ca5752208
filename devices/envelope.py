"""Signed envelopes (DSSE, Ed25519): the broker is not trusted, so orders and proofs carry their seal."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable
from typing import TypeVar

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from .enrolment import Granted, NewKey
from .errors import BadSignature, Malformed
from .messages import (
    Ack,
    Alerts,
    Command,
    Cursor,
    Desired,
    Journal,
    KeyRequest,
    Order,
    Plan,
    Report,
    State,
    Telemetry,
    TimeRequest,
    TimeResponse,
)

PAYLOAD_TYPE = "application/vnd.ttcs.v1+json"
T = TypeVar("T")

MOST_SIGNATURES = 8  # two keys and two persons sign at most; each costs a verification
MAX_BYTES = 256 * 1024  # far above any honest message; bounds what a stranger can make us parse

# The last: lists in lists in lists, in a field that nobody knows.
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

# All that one side signs is told apart by its type: a signature for one kind is good for no other.
_server_decoder: msgspec.json.Decoder[Order | NewKey | Granted] = msgspec.json.Decoder(
    Desired | Alerts | Command | Cursor | TimeResponse | NewKey | Granted
)
_device_decoder: msgspec.json.Decoder[Journal | Ack | KeyRequest] = msgspec.json.Decoder(
    Journal | Ack | KeyRequest
)
_open_decoder: msgspec.json.Decoder[State | Telemetry | TimeRequest] = msgspec.json.Decoder(
    State | Telemetry | TimeRequest
)
_plan_decoder = msgspec.json.Decoder(Plan)


class _Signature(msgspec.Struct, frozen=True):
    keyid: str
    sig: str


class _Envelope(msgspec.Struct, frozen=True):
    payloadType: str  # noqa: N815 - the name in the DSSE specification
    payload: str
    signatures: tuple[_Signature, ...]


_envelope_decoder = msgspec.json.Decoder(_Envelope)


class SigningKey:
    """A private Ed25519 key; ``public`` is base64 of the 32 raw bytes, ``keyid`` a short hash of them."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        raw = key.public_key().public_bytes_raw()
        self.public = base64.b64encode(raw).decode()
        self.keyid = _keyid(raw)

    @classmethod
    def generate(cls) -> SigningKey:
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_bytes(cls, raw: bytes) -> SigningKey:
        """Take up 32 private bytes; raises ValueError for any other length."""
        return cls(Ed25519PrivateKey.from_private_bytes(raw))

    def private_bytes(self) -> bytes:
        return self._key.private_bytes_raw()

    def sign(self, data: bytes) -> bytes:
        return self._key.sign(data)


class KeySet:
    """The public keys trusted for one purpose, by key id; two are valid while a key is replaced."""

    def __init__(self, public_keys: Iterable[str]) -> None:
        """Take base64 keys; raises ValueError when one is not an Ed25519 public key."""
        self._keys: dict[str, Ed25519PublicKey] = {}
        for text in public_keys:
            raw = base64.b64decode(text, validate=True)
            self._keys[_keyid(raw)] = Ed25519PublicKey.from_public_bytes(raw)

    def __len__(self) -> int:
        return len(self._keys)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KeySet) and self._keys.keys() == other._keys.keys()

    def __hash__(self) -> int:
        return hash(frozenset(self._keys))

    def verify(self, keyid: str, signature: bytes, data: bytes) -> bool:
        key = self._keys.get(keyid)
        if key is None:
            return False
        try:
            key.verify(signature, data)
        except InvalidSignature:
            return False
        return True


def seal(message: Order | Journal | Ack | KeyRequest | NewKey | Granted, *keys: SigningKey) -> bytes:
    """Encode and sign a message, once with each key."""
    body = msgspec.json.encode(message)
    covered = _covered(PAYLOAD_TYPE, body)
    signatures = tuple(_Signature(key.keyid, base64.b64encode(key.sign(covered)).decode()) for key in keys)
    return msgspec.json.encode(_Envelope(PAYLOAD_TYPE, base64.b64encode(body).decode(), signatures))


def open_order(data: bytes, keys: KeySet) -> Order:
    """Verify and decode an order to a loudspeaker; raises BadSignature or Malformed."""
    message = _decode(_server_decoder, _verified(data, keys))
    if isinstance(message, NewKey | Granted):
        raise Malformed(f"a {type(message).__name__}, not an order")
    return message


def open_report(data: bytes, keys: KeySet | None) -> Report:
    """Decode a report: with the device's key a sealed journal or ack, without one anything else.

    Raises BadSignature or Malformed. A plain message is never taken for a sealed
    one: nobody without the device's key can claim that something was played.
    """
    if keys is None:
        return _decode(_open_decoder, _bounded(data))
    message = _decode(_device_decoder, _verified(data, keys))
    if isinstance(message, KeyRequest):
        raise Malformed("a KeyRequest, not a report")
    return message


def open_key_request(data: bytes, keys: KeySet) -> KeyRequest:
    """Verify and decode what a loudspeaker asks over HTTP; raises BadSignature or Malformed."""
    return _only(KeyRequest, _decode(_device_decoder, _verified(data, keys)))


def open_new_key(data: bytes, keys: KeySet) -> NewKey:
    """Verify and decode the answer to a change of keys; raises BadSignature or Malformed."""
    return _only(NewKey, _decode(_server_decoder, _verified(data, keys)))


def open_granted(data: bytes, keys: KeySet) -> Granted:
    """Verify and decode what a claimed box is granted; raises BadSignature or Malformed."""
    return _only(Granted, _decode(_server_decoder, _verified(data, keys)))


def _only(kind: type[T], message: object) -> T:
    if not isinstance(message, kind):
        raise Malformed(f"a {type(message).__name__}, not a {kind.__name__}")
    return message


def key_proof(device: str, public_key: str) -> bytes:
    """What a new key signs, so that nobody can enter a key that is not theirs."""
    return f"{PAYLOAD_TYPE} key of {device}: {public_key}".encode()


def is_proved(request: KeyRequest) -> bool:
    """Whether whoever asks has the private part of the new key."""
    try:
        raw = base64.b64decode(request.public_key, validate=True)
        proof = base64.b64decode(request.proof, validate=True)
        covered = key_proof(request.device, request.public_key)
        Ed25519PublicKey.from_public_bytes(raw).verify(proof, covered)
    except (ValueError, InvalidSignature):
        return False
    return True


def encode_report(report: State | Telemetry | TimeRequest) -> bytes:
    return msgspec.json.encode(report)


def encode_plan(plan: Plan) -> bytes:
    """The bytes whose sha256 a plan pointer names; equal plans give equal bytes."""
    return msgspec.json.encode(plan)


def decode_plan(data: bytes) -> Plan:
    """Decode a plan whose hash was already compared with the signed one; raises Malformed."""
    return _decode(_plan_decoder, data)


def _verified(data: bytes, keys: KeySet) -> bytes:
    try:
        _bounded(data).decode()
        envelope = _envelope_decoder.decode(data)
        body = base64.b64decode(envelope.payload, validate=True)
        signatures = [(s.keyid, base64.b64decode(s.sig, validate=True)) for s in envelope.signatures]
    except (msgspec.DecodeError, binascii.Error, ValueError, RecursionError) as error:
        raise Malformed(f"not an envelope: {error}") from error
    if envelope.payloadType != PAYLOAD_TYPE:
        raise Malformed(f"unknown payload type {envelope.payloadType!r}")
    if len(signatures) > MOST_SIGNATURES:
        raise Malformed(f"{len(signatures)} signatures")
    covered = _covered(envelope.payloadType, body)
    if not any(keys.verify(keyid, signature, covered) for keyid, signature in signatures):
        raise BadSignature("no signature by a trusted key")
    return body


def _covered(payload_type: str, body: bytes) -> bytes:
    """Pre-authentication encoding of the DSSE specification, version 1."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(body), body)


def _decode(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    try:
        body.decode()  # msgspec looks at no byte of a field that nobody knows
        return decoder.decode(body)
    except _UNREADABLE as error:
        raise Malformed(f"not a message of this protocol: {error}") from error


def _bounded(data: bytes) -> bytes:
    if len(data) > MAX_BYTES:
        raise Malformed(f"{len(data)} bytes are more than a message may have")
    return data


def _keyid(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()[:16]
