"""The published schemas, examples and channels against the types and topics of the programs, both ways."""

import json
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
import msgspec
import pytest
import yaml

from devices import enrolment, messages
from devices.envelope import decode_plan
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
    for field in example:
        wrong = ["no", {"such": "value"}]
        changes = [example | {field: wrong}, {k: v for k, v in example.items() if k != field}]
        for changed in changes:
            valid = validator(name).is_valid(changed)
            assert decodes(name, changed) == valid, (field, changed)


def decodes(name, value):
    tagged = TYPES[name].__struct_config__.tag is None or "type" in value
    try:
        msgspec.json.decode(json.dumps(value).encode(), type=TYPES[name])
    except msgspec.DecodeError:
        return False
    return tagged  # alone a type needs no tag; among others, as on the wire, it does


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
