"""What a box asks over HTTP: to be enrolled, what became of it, and another key; and how strangers fare."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
from typing import Any

import pytest
from sqlalchemy import select

from broadcast.joining import enrolment, registry
from broadcast.joining.placing import Place
from broadcast.models import AuditRow, Loudspeaker
from broadcast.speakers import boxes
from broadcast.storage.database import Database
from devices.broker.accounts import check_password
from devices.envelope import KeySet, SigningKey, key_proof, open_granted, open_new_key, seal
from devices.messages import Ack, KeyRequest
from devices.speaker.identity import Identity

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def ask(client: Any, **changes: Any) -> Any:
    content = {"public_key": SigningKey.generate().public, "hardware": "Pi 3B", "serial": "A-17", **changes}
    return client.post("/api/enrol", json=content)


def claim(database: Database, cast: Any, code: str) -> None:
    with database.transaction() as session:
        place = Place(area_id=cast.villages[0], name="Cột điện")
        enrolment.claim_new(session, session.merge(cast.admin), code, place, now())


@pytest.fixture
def box(database: Database, system: Any, cast: Any) -> Identity:
    with database.transaction() as session:
        return registry.add(
            session,
            None,
            wire=system.wire,
            device="loa-001",
            name="Loa",
            area_id=cast.villages[0],
            now=now(),
        )


def request_key(box: Identity, new: SigningKey, by: SigningKey | None = None, **changes: Any) -> bytes:
    proof = changes.pop("proved_by", new).sign(key_proof(box.device, new.public))
    fields = {
        "device": box.device,
        "public_key": new.public,
        "proof": base64.b64encode(proof).decode(),
        "at": int(now().timestamp() * 1000),
    }
    return seal(KeyRequest(**{**fields, **changes}), by or box.key)


def loudspeaker(database: Database) -> Loudspeaker:
    with database.transaction(read_only=True) as session:
        return session.scalars(select(Loudspeaker)).one()


def test_a_box_asks_waits_and_gets_its_identity_without_a_session_or_a_token(
    client: Any, database: Database, cast: Any, system: Any
) -> None:
    answer = ask(client)
    assert answer.status_code == 201
    told = answer.json
    assert told["url"] == f"{system.wire.public_url}/loudspeakers/claim/{told['claim']}"
    assert len(told["qr"]) == len(told["qr"][0]) >= 21
    assert set("".join(told["qr"])) == {"0", "1"}
    waiting = client.get(f"/api/enrol/{told['poll']}")
    assert (waiting.status_code, waiting.json) == (202, {"state": "waiting"})
    assert int(waiting.headers["Retry-After"]) >= 1
    claim(database, cast, told["claim"])
    granted = client.get(f"/api/enrol/{told['poll']}")
    assert granted.status_code == 200
    assert granted.headers["Cache-Control"] == "no-store"
    assert told["server_keys"] == [system.wire.key.public]
    got = open_granted(granted.data, KeySet(told["server_keys"]))
    assert got.public_key == loudspeaker(database).public_key
    assert got.server_keys == (system.wire.key.public,)
    assert got.server == system.wire.public_url
    assert check_password(got.password, loudspeaker(database).broker_hash)


@pytest.mark.parametrize("name", ["x", "HX4Q-7KMT", "../speakers", "a" * 43])
def test_a_name_nobody_was_told_is_gone(client: Any, name: str) -> None:
    assert client.get(f"/api/enrol/{name}").status_code in (404, 410)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"public_key": 1}',
        json.dumps({"public_key": "AAAA"}).encode(),
        json.dumps({"public_key": SigningKey.generate().public, "serial": "x" * 81}).encode(),
    ],
)
def test_what_is_no_question_is_refused(client: Any, content: bytes) -> None:
    answer = client.post("/api/enrol", data=content, content_type="application/json")
    assert (answer.status_code, answer.json) == (422, {"error": {"code": "invalid_input"}})


def test_too_long_a_question_is_not_read(client: Any) -> None:
    assert client.post("/api/enrol", data=b"x" * 9_000).status_code == 413


def test_an_address_that_asks_without_end_is_told_when_it_may_again(client: Any) -> None:
    for _ in range(30):
        assert ask(client).status_code == 201
    answer = ask(client)
    assert answer.status_code == 429
    assert 800 < int(answer.headers["Retry-After"]) <= 900


def test_a_box_gets_a_new_key_and_until_it_was_used_the_old_one_counts_too(
    client: Any, database: Database, box: Identity
) -> None:
    new, trusted = SigningKey.generate(), KeySet(box.server_keys)
    answer = client.post("/api/speakers/loa-001/key", data=request_key(box, new))
    assert answer.status_code == 200
    first = open_new_key(answer.data, trusted)
    question = request_key(box, new)
    again = open_new_key(client.post("/api/speakers/loa-001/key", data=question).data, trusted)
    assert (again.device, again.request) == (box.device, hashlib.sha256(question).hexdigest())
    assert again.password != first.password
    found = loudspeaker(database)
    assert (found.public_key, found.previous_key) == (new.public, box.key.public)
    assert check_password(again.password, found.broker_hash)
    assert found.key_expires_at is not None
    assert again.key_expires == int(found.key_expires_at.timestamp() * 1000)
    lost = SigningKey.generate()  # the file of the first was lost before it was used
    assert client.post("/api/speakers/loa-001/key", data=request_key(box, lost)).status_code == 200
    assert loudspeaker(database).previous_key == box.key.public
    with database.transaction(read_only=True) as session:
        assert [row.public_key for row in boxes.history(session, found.id)] == [lost.public]
        assert "loudspeaker.key" in set(session.scalars(select(AuditRow.action)))


@pytest.mark.parametrize(
    "change",
    [
        {"by": SigningKey.generate()},
        {"proved_by": SigningKey.generate()},
        {"proof": "xx"},
        {"device": "loa-002"},
        {"public_key": "AAAA"},
        {"at": 0},
    ],
)
def test_nobody_else_changes_the_key_of_a_box(
    client: Any, database: Database, box: Identity, change: dict[str, Any]
) -> None:
    body = request_key(box, SigningKey.generate(), **change)
    answer = client.post("/api/speakers/loa-001/key", data=body)
    assert (answer.status_code, answer.json) == (403, {"error": {"code": "key_refused"}})
    assert loudspeaker(database).public_key == box.key.public


def test_what_is_no_request_for_a_key_is_refused_whoever_sealed_it(client: Any, box: Identity) -> None:
    ack = seal(Ack(device=box.device, command="c", stage="done"), box.key)
    for body in (b"", b"{}", ack):
        assert client.post("/api/speakers/loa-001/key", data=body).status_code == 403
    assert client.post("/api/speakers/loa-9/key", data=ack).status_code == 404


def test_a_key_that_has_ended_opens_nothing(client: Any, database: Database, box: Identity) -> None:
    with database.transaction() as session:
        session.scalars(select(Loudspeaker)).one().key_expires_at = now() - dt.timedelta(seconds=1)
    body = request_key(box, SigningKey.generate())
    assert client.post("/api/speakers/loa-001/key", data=body).status_code == 403
