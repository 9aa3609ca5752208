"""The published schemas, examples and channels against the types and topics of the programs, both ways."""

import base64
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import jsonschema
import msgspec
import pytest
import yaml

from devices import enrolment, messages
from devices.envelope import (
    PAYLOAD_TYPE,
    KeySet,
    SigningKey,
    decode_plan,
    open_granted,
    open_key_request,
    open_new_key,
    open_order,
    open_report,
)
from devices.errors import Malformed
from devices.speaker.identity import Identity
from devices.topics import Topics

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs/protocol"
SCHEMAS = {
    path.stem: json.loads(path.read_text("utf-8")) for path in sorted((FOLDER / "schemas").glob("*.json"))
}
EXAMPLES = sorted(path.stem for path in (FOLDER / "examples").glob("*.json") if path.stem != "test-keys")
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


KEY = SigningKey.generate()
KEYS = KeySet([KEY.public])
OPENED = (  # what is signed, and who opens it
    dict.fromkeys(("desired", "alerts", "cmd", "cursor", "time"), open_order)
    | dict.fromkeys(("evt", "ack"), open_report)
    | {"key": open_key_request, "enrol_granted": open_granted, "new_key": open_new_key}
)
_NOT_ON_MQTT = {"plan", "key", "enrol_ask", "enrol_waiting", "enrol_granted", "new_key", "identity"}


def validator(name):
    return jsonschema.Draft202012Validator(SCHEMAS[name])


def test_what_is_checked_in_is_what_the_programs_make():
    result = subprocess.run(
        [sys.executable, "scripts/protocol.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr


def test_every_schema_is_one_and_every_message_has_one():
    for schema in SCHEMAS.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    assert set(SCHEMAS) == set(TYPES) | {"envelope", "server_state"}
    unions = msgspec.inspect.multi_type_info([messages.Order, messages.Report])
    members = {member.cls for union in unions for member in union.types}
    assert members <= set(TYPES.values())


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_valid_and_decoded(name):
    example = json.loads((FOLDER / "examples" / f"{name}.json").read_text("utf-8"))
    validator(name).validate(example["message"])
    if "envelope" in example:
        validator("envelope").validate(example["envelope"])
    if name in TYPES:
        message = msgspec.convert(example["message"], TYPES[name])
        again = json.loads(msgspec.json.encode(message))
        validator(name).validate(again)
    if name == "plan":
        assert decode_plan(example["body"].encode()) == message


@pytest.mark.parametrize("name", sorted(set(TYPES) & set(EXAMPLES)))
def test_a_field_that_is_missing_or_mistyped_is_refused_by_both(name):
    example = json.loads((FOLDER / "examples" / f"{name}.json").read_text("utf-8"))["message"]
    for changed in spoiled(example):
        assert decodes(name, changed) == validator(name).is_valid(changed), changed


def spoiled(value):
    """The same with one field, at any depth, left out or of another type."""
    if isinstance(value, dict):
        for field, inner in value.items():
            rest = {k: v for k, v in value.items() if k != field}
            yield rest
            yield value | {field: ["no", {"such": "value"}]}
            yield from (value | {field: each} for each in spoiled(inner))
    if isinstance(value, list):
        for place, inner in enumerate(value):
            yield from ([*value[:place], each, *value[place + 1 :]] for each in spoiled(inner))


def decodes(name, value):
    """Whether a program takes it, from where it expects such messages."""
    data = json.dumps(value).encode()
    try:
        if name in OPENED:
            return isinstance(OPENED[name](sealed(data), KEYS), TYPES[name])
        if TYPES[name] in get_args(messages.Report):
            return isinstance(open_report(data, None), TYPES[name])
        return bool(msgspec.json.decode(data, type=TYPES[name]))
    except (Malformed, msgspec.DecodeError):
        return False


def sealed(body):
    """Any bytes under a good signature."""
    covered = b"DSSEv1 28 application/vnd.ttcs.v1+json %d %b" % (len(body), body)
    signature = {"keyid": KEY.keyid, "sig": base64.b64encode(KEY.sign(covered)).decode()}
    payload = base64.b64encode(body).decode()
    return json.dumps({"payloadType": PAYLOAD_TYPE, "payload": payload, "signatures": [signature]}).encode()


@pytest.mark.parametrize("name", sorted(set(OPENED) & set(EXAMPLES)))
def test_a_signature_for_one_kind_of_message_is_good_for_no_other(name):
    example = json.loads((FOLDER / "examples" / f"{name}.json").read_text("utf-8"))["message"]
    envelope = sealed(json.dumps(example).encode())
    for opening in set(OPENED.values()) - {OPENED[name]}:
        with pytest.raises(Malformed):
            opening(envelope, KEYS)


def test_the_channels_are_the_topics():
    document = yaml.safe_load((FOLDER / "asyncapi.yaml").read_text("utf-8"))
    topics, device, group = Topics("TENANT"), "DEVICE", "GROUP"
    wished = {
        *topics.device_reads(device, [group]),
        *topics.device_writes(device),
    }
    names = {"{tenant}": "TENANT", "{device}": device, "{group}": group}
    found = set()
    for channel in document["channels"].values():
        address = channel["address"]
        for name, value in names.items():
            address = address.replace(name, value)
        found.add(address)
    assert found == wished


def test_the_channels_are_valid_asyncapi():
    document = yaml.safe_load((FOLDER / "asyncapi.yaml").read_text("utf-8"))
    schema = json.loads((ROOT / "node_modules/@asyncapi/specs/schemas/3.0.0-without-$id.json").read_text())
    jsonschema.Draft7Validator(schema).validate(document)


def test_every_reference_of_the_channels_leads_somewhere():
    text = (FOLDER / "asyncapi.yaml").read_text("utf-8")
    document = yaml.safe_load(text)

    def references(value):
        if isinstance(value, dict):
            if "$ref" in value:
                yield value["$ref"]
            for part in value.values():
                yield from references(part)
        elif isinstance(value, list):
            for part in value:
                yield from references(part)

    found = list(references(document))
    assert {f"./schemas/{name}.json" for name in SCHEMAS if name not in _NOT_ON_MQTT} <= set(found)
    for reference in found:
        file, _, inside = reference.partition("#")
        assert not file or (FOLDER / file).is_file(), reference
        target = document
        for part in inside.strip("/").split("/") if inside else ():
            target = target[part.replace("~1", "/")]


def test_every_link_of_the_guide_leads_somewhere():
    for page in FOLDER.rglob("*.md"):
        for target in re.findall(r"\]\(([^)#]+?)(?:#[^)]*)?\)", page.read_text("utf-8")):
            assert target.startswith("http") or (page.parent / target).exists(), (page.name, target)
