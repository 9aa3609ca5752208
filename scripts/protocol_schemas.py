"""JSON Schemas of every message of the protocol, made from the types that the programs use."""

from __future__ import annotations

import inspect
import re
from typing import Any

import msgspec

from devices import enrolment, messages
from devices.speaker.identity import Identity

DRAFT = "https://json-schema.org/draft/2020-12/schema"
_FIELD = re.compile(r"^    (?P<name>\w+): [^#]*?(?:  # (?P<note>.+))?$")

TYPES = {
    "desired": messages.Desired,
    "plan": messages.Plan,
    "alerts": messages.Alerts,
    "cmd": messages.Command,
    "cursor": messages.Cursor,
    "time": messages.TimeResponse,
    "state": messages.State,
    "tele": messages.Telemetry,
    "evt": messages.Journal,
    "ack": messages.Ack,
    "time_req": messages.TimeRequest,
    "key": messages.KeyRequest,
    "enrol_ask": enrolment.Ask,
    "enrol_waiting": enrolment.Waiting,
    "enrol_granted": enrolment.Granted,
    "new_key": enrolment.NewKey,
    "identity": Identity,
}

_BASE64 = {"type": "string", "contentEncoding": "base64", "pattern": "^[A-Za-z0-9+/]*={0,2}$"}
ENVELOPE = {
    "title": "Envelope",
    "description": "DSSE envelope: the payload is the message in base64, signed with Ed25519.",
    "type": "object",
    "properties": {
        "payloadType": {"const": "application/vnd.ttcs.v1+json"},
        "payload": _BASE64,
        "signatures": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "keyid": {
                        "type": "string",
                        "description": "the first 16 hexadecimal digits of the sha256 of the raw public key",
                    },
                    "sig": _BASE64 | {"description": "64 bytes"},
                },
                "required": ["keyid", "sig"],
            },
        },
    },
    "required": ["payloadType", "payload", "signatures"],
}
SERVER_STATE = {
    "title": "ServerState",
    "description": "The server's birth and last will; not signed, and therefore never more than a hint.",
    "type": "object",
    "properties": {
        "online": {"type": "boolean"},
        "birth": {"type": "string", "description": "drawn by lot at every start of the server"},
        "connection": {"type": "integer"},
        "at": {"type": "integer"},
    },
    "required": ["online"],
}


def files() -> dict[str, Any]:
    """The schemas by file name."""
    found = {f"schemas/{name}.json": schema(name) for name in TYPES}
    found["schemas/envelope.json"] = _head("envelope") | ENVELOPE
    found["schemas/server_state.json"] = _head("server_state") | SERVER_STATE
    return found


def schema(name: str) -> dict[str, Any]:
    """One message with everything that it is made of."""
    root = TYPES[name]
    _, parts = msgspec.json.schema_components([root], ref_template="#/$defs/{name}")
    for part, body in parts.items():
        kind = root if part == root.__name__ else getattr(messages, part)
        _annotate(kind, body)
        if kind is not root:
            _relieve(kind, body)
    whole = _head(name) | parts.pop(root.__name__)
    return whole | {"$defs": dict(sorted(parts.items()))} if parts else whole


def _head(name: str) -> dict[str, Any]:
    return {"$schema": DRAFT, "$id": f"urn:ttcs:1:{name}"}


def _relieve(kind: type, body: dict[str, Any]) -> None:
    """Inside another message only one kind can stand: its type may be left out there, as decoders let it."""
    config = getattr(kind, "__struct_config__", None)  # an enumeration has none
    if config and config.tag_field in body.get("required", ()):
        body["required"].remove(config.tag_field)


def _annotate(kind: type, body: dict[str, Any]) -> None:
    """Tell in the schema what the comments beside the fields tell in the code."""
    body.pop("description", None)
    if own := vars(kind).get("__doc__"):
        body["description"] = " ".join(own.replace("``", "").split())
    notes = {m["name"]: m["note"] for m in map(_FIELD.match, inspect.getsource(kind).splitlines()) if m}
    for name, field in body.get("properties", {}).items():
        if note := notes.get({"class": "klass"}.get(name, name)):
            field["description"] = note.replace("``", "")
