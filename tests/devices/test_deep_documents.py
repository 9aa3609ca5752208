"""Documents that only cost work, nested thousands deep or signed a thousand times, are refused at once."""

from __future__ import annotations

import base64
from collections.abc import Callable

import msgspec
import pytest

from devices import envelope
from devices.envelope import KeySet, SigningKey
from devices.errors import BadSignature, Malformed

KEY = SigningKey.generate()
KEYS = KeySet([KEY.public])
DEEP = b"[" * 50_000 + b"]" * 50_000


def sealed(body: bytes) -> bytes:
    covered = envelope._covered(envelope.PAYLOAD_TYPE, body)
    signature = {"keyid": KEY.keyid, "sig": base64.b64encode(KEY.sign(covered)).decode()}
    content = {
        "payloadType": envelope.PAYLOAD_TYPE,
        "payload": base64.b64encode(body).decode(),
        "signatures": [signature],
    }
    return msgspec.json.encode(content)


@pytest.mark.parametrize(
    "read",
    [
        lambda data: envelope.open_order(data, KEYS),
        lambda data: envelope.open_report(data, KEYS),
        lambda data: envelope.open_report(data, None),
        lambda data: envelope.open_key_request(data, KEYS),
        envelope.decode_plan,
    ],
    ids=["order", "sealed", "open", "key", "plan"],
)
def test_what_is_nested_without_end_is_malformed_whoever_sealed_it(read: Callable[[bytes], object]) -> None:
    inside = b'{"type":"state","x":' + DEEP + b"}"
    for data in (DEEP, inside, sealed(inside), b'{"x":' + DEEP + b"}"):
        with pytest.raises(Malformed):
            read(data)


def test_an_envelope_with_more_signatures_than_anybody_makes_costs_no_verification() -> None:
    """The same known key named a thousand times would keep a small box busy for seconds."""
    one = msgspec.json.decode(sealed(b"{}"))
    bad = {**one["signatures"][0], "sig": base64.b64encode(bytes(64)).decode()}
    for count, error in ((envelope.MOST_SIGNATURES, BadSignature), (envelope.MOST_SIGNATURES + 1, Malformed)):
        with pytest.raises(error):
            envelope.open_order(msgspec.json.encode({**one, "signatures": [bad] * count}), KEYS)
