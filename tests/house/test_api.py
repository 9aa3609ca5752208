"""Files named by their content: whole, in part, cached for ever, and refused by type."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from broadcast.models import PlanDocument
from broadcast.storage.database import Database
from broadcast.storage.library import Library
from tts.types import AudioClip
from web.api import create_api

SOUND = bytes(range(256)) * 40
SHA256 = hashlib.sha256(SOUND).hexdigest()
OPUS = b"OggS" + bytes(range(200))
OPUS_SHA256 = hashlib.sha256(OPUS).hexdigest()
PLAN = b'{"start":0,"end":1,"items":[]}'
PLAN_SHA256 = hashlib.sha256(PLAN).hexdigest()


class Reader(FlaskClient):
    """Reads answers to their end, so that the files behind them are closed."""

    def open(self, *arguments: Any, **options: Any) -> Any:
        return super().open(*arguments, buffered=True, **options)


@pytest.fixture
def client_with(database: Database, tmp_path: Path) -> Callable[..., FlaskClient]:
    library = Library(tmp_path / "library")
    library.put(AudioClip(SOUND, SHA256, "audio/mpeg", 1.0, "key", "espeak", "1", opus=OPUS))

    def make(connected: bool | None = None) -> FlaskClient:
        app = Flask("api-alone")
        app.test_client_class = Reader
        app.register_blueprint(
            create_api(database, library, None if connected is None else lambda: connected)
        )
        return app.test_client()

    return make


@pytest.fixture
def client(client_with: Callable[..., FlaskClient]) -> FlaskClient:
    return client_with()


def test_a_clip_is_served_whole_and_may_be_kept_for_ever(client: FlaskClient) -> None:
    answer = client.get(f"/media/{SHA256}.mp3")
    assert (answer.status_code, answer.data, answer.mimetype) == (200, SOUND, "audio/mpeg")
    assert answer.headers["ETag"] == f'"{SHA256}"'
    assert answer.cache_control.immutable
    assert answer.cache_control.public
    assert answer.cache_control.max_age == 31_536_000
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    ("asked", "part", "said"),
    [
        ("bytes=0-99", SOUND[:100], "bytes 0-99/10240"),
        ("bytes=10000-", SOUND[10_000:], "bytes 10000-10239/10240"),
        ("bytes=-5", SOUND[-5:], "bytes 10235-10239/10240"),
    ],
)
def test_an_interrupted_download_goes_on_where_it_stopped(
    client: FlaskClient, asked: str, part: bytes, said: str
) -> None:
    answer = client.get(f"/media/{SHA256}.mp3", headers={"Range": asked, "If-Range": f'"{SHA256}"'})
    assert (answer.status_code, answer.data) == (206, part)
    assert answer.headers["Content-Range"] == said


def test_a_range_of_other_bytes_gives_the_whole_file(client: FlaskClient) -> None:
    headers = {"Range": "bytes=5-", "If-Range": f'"{"0" * 64}"'}
    answer = client.get(f"/media/{SHA256}.mp3", headers=headers)
    assert (answer.status_code, answer.data) == (200, SOUND)


def test_a_range_beyond_the_end_is_refused(client: FlaskClient) -> None:
    assert client.get(f"/media/{SHA256}.mp3", headers={"Range": "bytes=99999-"}).status_code == 416


def test_a_known_file_is_not_sent_again(client: FlaskClient) -> None:
    answer = client.get(f"/media/{SHA256}.mp3", headers={"If-None-Match": f'"{SHA256}"'})
    assert (answer.status_code, answer.data) == (304, b"")


def test_a_head_request_tells_the_size(client: FlaskClient) -> None:
    answer = client.head(f"/media/{SHA256}.mp3")
    assert (answer.status_code, answer.content_length, answer.data) == (200, len(SOUND), b"")


@pytest.mark.parametrize("name", ["0" * 64, "..%2f..%2fkeys%2fsigning", "abc", SHA256.upper(), SHA256 + "0"])
def test_only_the_name_of_a_file_we_have_opens_it(client: FlaskClient, name: str) -> None:
    answer = client.get(f"/media/{name}.mp3")
    assert answer.status_code == 404


def test_the_compact_form_of_a_clip_is_served_like_the_clip(client: FlaskClient) -> None:
    answer = client.get(f"/media/{OPUS_SHA256}.opus")
    assert (answer.status_code, answer.data, answer.mimetype) == (200, OPUS, "audio/ogg")
    assert answer.headers["ETag"] == f'"{OPUS_SHA256}"'
    assert answer.cache_control.immutable
    part = client.get(f"/media/{OPUS_SHA256}.opus", headers={"Range": "bytes=2-5"})
    assert (part.status_code, part.data) == (206, OPUS[2:6])


@pytest.mark.parametrize("kind", ["opus", "flac", "wav"])
def test_a_clip_has_no_other_forms_than_those_that_were_made(client: FlaskClient, kind: str) -> None:
    assert client.get(f"/media/{SHA256}.{kind}").status_code == 404


def test_a_missing_file_is_told_in_a_form_for_machines(client: FlaskClient) -> None:
    answer = client.get(f"/plans/{'0' * 64}.json")
    assert (answer.status_code, answer.json) == (
        404,
        {"error": {"code": "not_found", "kind": "plan", "id": "0" * 64}},
    )


def test_a_plan_is_served_by_its_hash_and_in_parts(
    client: FlaskClient, database: Database, now: object
) -> None:
    with database.transaction() as session:
        session.add(PlanDocument(sha256=PLAN_SHA256, body=PLAN, created_at=now))
    whole = client.get(f"/plans/{PLAN_SHA256}.json")
    assert (whole.data, whole.mimetype, whole.headers["ETag"]) == (
        PLAN,
        "application/json",
        f'"{PLAN_SHA256}"',
    )
    part = client.get(f"/plans/{PLAN_SHA256}.json", headers={"Range": "bytes=9-"})
    assert (part.status_code, part.data) == (206, PLAN[9:])


def test_health_is_well_without_a_link_of_its_own(client: FlaskClient) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok", "checks": {"database": "ok"}})
    assert answer.cache_control.no_store


def test_health_without_a_broker_is_degraded_but_serves(client_with: Callable[..., FlaskClient]) -> None:
    answer = client_with(connected=False).get("/healthz")
    assert answer.status_code == 200
    assert answer.json["status"] == "degraded"
    assert answer.json["checks"]["broker"] == "down"


def test_health_without_its_tables_is_down(tmp_path: Path) -> None:
    empty = Database(f"sqlite:///{tmp_path / 'empty.db'}")
    app = Flask("api-alone")
    app.register_blueprint(create_api(empty, Library(tmp_path)))
    answer = app.test_client().get("/healthz")
    empty.dispose()
    assert (answer.status_code, answer.json["status"]) == (503, "down")
