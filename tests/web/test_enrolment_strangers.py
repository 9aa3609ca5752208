"""What strangers and people without the right send to the doors of enrolment: little work, nothing kept."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from broadcast.errors import DatabaseBusy
from broadcast.joining import enrolment, registry
from broadcast.models import AuditRow, Claim, Person
from broadcast.storage.database import Database
from devices.enrolment import Ask
from devices.envelope import SigningKey

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

PICTURE = Path(__file__).with_name("pole.jpg")
KEY = SigningKey.generate().public.encode()


def rows(database: Database, table: Any) -> int:
    with database.transaction(read_only=True) as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


@pytest.mark.parametrize(
    "content",
    [
        b'{"public_key":"' + KEY + b'","x":' + b"[" * 4_000 + b"]" * 4_000 + b"}",
        b'{"public_key":"' + KEY + b'","serial":"\xff\xfe"}',
    ],
    ids=["deep", "no text"],
)
def test_what_cannot_be_read_is_refused_in_a_word(client: Any, content: bytes) -> None:
    answer = client.post("/api/enrol", data=content, content_type="application/json")
    assert (answer.status_code, answer.json) == (422, {"error": {"code": "invalid_input"}})


def test_a_line_with_a_whole_network_of_addresses_is_one_asker(client: Any) -> None:
    def ask(address: str) -> int:
        content = {"public_key": KEY.decode()}
        answer = client.post("/api/enrol", json=content, environ_base={"REMOTE_ADDR": address})
        return int(answer.status_code)

    assert {ask(f"2001:db8:0:1::{number:x}") for number in range(30)} == {201}
    assert ask("2001:db8:0:1:ffff::9") == 429
    assert ask("2001:db8:0:2::9") == 201


def test_signs_that_grow_when_they_are_put_together_still_fit(client: Any, database: Database) -> None:
    """PostgreSQL would refuse the row, and a stranger would see an error of ours."""
    content = {"public_key": KEY.decode(), "serial": "\ufb2c" * 80, "firmware": "\ufb2c" * 40}
    assert client.post("/api/enrol", json=content).status_code == 201
    with database.transaction(read_only=True) as session:
        found = session.scalars(select(Claim)).one()
        assert (len(found.serial), len(found.firmware)) == (80, 40)


def test_who_only_asks_writes_nothing_into_the_log_that_is_kept_for_ever(
    client: Any, database: Database, cast: Any
) -> None:
    before = rows(database, AuditRow)
    assert client.post("/api/enrol", json={"public_key": KEY.decode()}).status_code == 201
    assert rows(database, AuditRow) == before


def test_a_box_that_waits_and_a_stranger_who_guesses_take_nobodys_turn_to_write(
    client: Any, database: Database
) -> None:
    poll = client.post("/api/enrol", json={"public_key": KEY.decode()}).json["poll"]
    with database.transaction():  # somebody writes
        assert client.get(f"/api/enrol/{poll}").status_code == 202
        assert client.get("/api/enrol/guessed").status_code == 410


def test_a_failure_of_the_server_writes_no_secret_name_into_its_log(
    client: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def break_(*_: object) -> bool:
        raise KeyError("something of ours")

    monkeypatch.setattr(enrolment, "is_waiting", break_)
    client.application.config["PROPAGATE_EXCEPTIONS"] = False
    with caplog.at_level(logging.ERROR):
        assert client.get("/api/enrol/SECRETNAME").status_code == 500
    assert "/api/enrol/…" in caplog.text
    assert "SECRETNAME" not in caplog.text.replace("GET /api/enrol/SECRETNAME", "")


def test_who_may_not_move_a_loudspeaker_leaves_no_picture_on_the_disk(
    database: Database, system: Any, cast: Any, client_of: Callable[[Person], Any]
) -> None:
    with database.transaction() as session:
        area, now = cast.villages[0], system.clock()
        registry.add(session, None, wire=system.wire, device="loa-1", name="Loa", area_id=area, now=now)
    path, photo = "/loudspeakers/1/place", (io.BytesIO(PICTURE.read_bytes()), "x.jpg")
    answer = client_of(cast.lan).send(path, area_id=cast.villages[0], name="Loa", photo=photo)
    assert answer.status_code == 403
    assert not list(system.library.root.rglob("*.jpg"))


def test_a_busy_database_sends_a_box_away_for_a_moment(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object) -> bool:
        raise DatabaseBusy(cause="x")

    monkeypatch.setattr(enrolment, "is_waiting", busy)
    answer = client.get("/api/enrol/any")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")


def test_asked_keeps_its_secret_name_to_itself(database: Database, system: Any) -> None:
    with database.transaction() as session:
        asked = enrolment.ask(session, Ask(public_key=KEY.decode()), system.clock())
    assert asked.poll not in repr(asked)
