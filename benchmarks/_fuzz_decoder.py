"""Fuzzes what opens messages; an independent validator says what may be taken."""

from __future__ import annotations

import base64
import json
import random
from pathlib import Path
from typing import Any

import jsonschema
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from benchmarks._fuzz_mutation import Mutator
from devices.envelope import PAYLOAD_TYPE, KeySet, SigningKey, decode_plan, open_order, open_report
from devices.errors import OrderRejected
from devices.topics import Topics

PUBLISHED = Path(__file__).parents[1] / "docs/protocol"
ORDERS = ("desired", "alerts", "cmd", "cursor", "time")
SEALED, OPEN = ("evt", "ack"), ("state", "tele", "time_req")


class Violation(AssertionError):  # noqa: N818 - named for what happened
    """What must never happen."""


def schema(name: str) -> Any:
    body = json.loads((PUBLISHED / "schemas" / f"{name}.json").read_text("utf-8"))
    return jsonschema.Draft202012Validator(body)


def example(name: str) -> Any:
    return json.loads((PUBLISHED / "examples" / f"{name}.json").read_text("utf-8"))["message"]


def _published_key() -> SigningKey:
    keys = json.loads((PUBLISHED / "examples/test-keys.json").read_text("utf-8"))["keys"]
    return SigningKey.from_bytes(base64.b64decode(keys["server"]["private"]))


KEY = _published_key()
KEYS = KeySet([KEY.public])
_PUBLIC = Ed25519PublicKey.from_public_bytes(base64.b64decode(KEY.public))
_SCHEMAS = {name: schema(name) for name in (*ORDERS, *SEALED, *OPEN, "plan")}
_EXAMPLES = {name: example(name) for name in _SCHEMAS}
_TOPICS = Topics("xa")


def sealed(body: bytes) -> bytes:
    """Any bytes under a good signature: what a broken server could send."""
    kind = PAYLOAD_TYPE.encode()
    covered = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(body), body)
    signature = {"keyid": KEY.keyid, "sig": base64.b64encode(KEY.sign(covered)).decode()}
    payload = base64.b64encode(body).decode()
    return json.dumps({"payloadType": PAYLOAD_TYPE, "payload": payload, "signatures": [signature]}).encode()


def one(rng: random.Random) -> str:
    """One input; says what became of it. Raises Violation, and whatever should not escape."""
    mutator = Mutator(rng)
    match rng.randrange(6):
        case 0:
            return _forged(rng, mutator)
        case 1:
            return _topic(rng, mutator)
        case 2:
            name = "plan"
            return _judged(name, _body(name, rng, mutator), decode_plan)
        case 3:
            name = rng.choice(OPEN)
            return _judged(name, _body(name, rng, mutator), lambda body: open_report(body, None), OPEN)
        case 4:
            name = rng.choice(SEALED)
            return _judged(
                name, _body(name, rng, mutator), lambda body: open_report(sealed(body), KEYS), SEALED
            )
        case _:
            name = rng.choice(ORDERS)
            return _judged(
                name, _body(name, rng, mutator), lambda body: open_order(sealed(body), KEYS), ORDERS
            )


def _body(name: str, rng: random.Random, mutator: Mutator) -> bytes:
    body = json.dumps(mutator.message(_EXAMPLES[name]), ensure_ascii=rng.random() < 0.5).encode()
    return mutator.bytes(body) if rng.random() < 0.3 else body


def _judged(name: str, body: bytes, take: Any, family: tuple[str, ...] = ()) -> str:
    try:
        take(body)
    except OrderRejected:
        return "refused" if not _is_valid(name, body, family) else "refused_though_valid"
    if not _is_valid(name, body, family):
        raise Violation(f"an invalid {name} was taken: {body[:300]!r}")
    return "taken"


def _is_valid(name: str, body: bytes, family: tuple[str, ...]) -> bool:
    try:
        value = json.loads(body.decode(), parse_constant=_no_number)
        if family and isinstance(value, dict) and value.get("type") in family:
            name = value["type"]
        valid: bool = _SCHEMAS[name].is_valid(value)
    except (ValueError, RecursionError):
        return False
    else:
        return valid


def _no_number(text: str) -> float:
    raise ValueError(text)


def _forged(rng: random.Random, mutator: Mutator) -> str:
    """A good envelope that was changed on its way: never taken unless its signature is still good."""
    body = json.dumps(_EXAMPLES[rng.choice(ORDERS)]).encode()
    envelope = sealed(body)
    data = mutator.bytes(envelope) if rng.random() < 0.6 else _reshaped(envelope, mutator)
    try:
        open_order(data, KEYS)
    except OrderRejected:
        return "refused"
    if not _has_good_signature(data):
        raise Violation(f"a forged envelope was taken: {data[:300]!r}")
    return "taken"


def _reshaped(envelope: bytes, mutator: Mutator) -> bytes:
    return json.dumps(mutator.message(json.loads(envelope))).encode()


def _has_good_signature(data: bytes) -> bool:
    envelope = json.loads(data)
    body, kind = base64.b64decode(envelope["payload"]), envelope["payloadType"].encode()
    covered = (
        b"DSSEv1 " + str(len(kind)).encode() + b" " + kind + b" " + str(len(body)).encode() + b" " + body
    )
    for each in envelope["signatures"]:
        try:
            _PUBLIC.verify(base64.b64decode(each["sig"]), covered)
        except InvalidSignature:
            continue
        return True
    return False


def _topic(rng: random.Random, mutator: Mutator) -> str:
    topic = rng.choice((*_TOPICS.device_reads("loa-1", ["xa"]), *_TOPICS.device_writes("loa-1")))
    changed = mutator.bytes(topic.encode()).decode("utf-8", "replace")
    try:
        place = _TOPICS.parse(changed)
    except OrderRejected:
        return "refused"
    if any(sign in place.name for sign in "/+#\0"):
        raise Violation(f"a topic that could widen a subscription was taken: {changed!r}")
    return "taken"
