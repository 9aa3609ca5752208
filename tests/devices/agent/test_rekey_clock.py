"""A box whose clock is far off while it changes its key borrows the server's time and is not locked out."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import random
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from devices.enrolment import NewKey
from devices.envelope import KeySet, SigningKey, open_key_request, seal
from devices.errors import FetchRefused
from devices.speaker import private_file
from devices.speaker.asking import Answer, ask
from devices.speaker.identity import Identity
from devices.speaker.rekey import KeyCare, replace_key

NOW = 1_800_000_000_000
HOUR = 3_600_000
FRESH_MS = 10 * 60_000
SERVER = SigningKey.generate()


class Keeper:
    """The server: takes fresh questions alone, and says what time it is in every answer."""

    def __init__(self, key: SigningKey, *, tells: bool = True, refuses: bool = False) -> None:
        self.keys = KeySet([key.public])
        self.asked: list[int] = []
        self.tells, self.refuses = tells, refuses

    def __call__(self, method: str, url: str, body: bytes | None) -> Answer:
        request = open_key_request(body or b"", self.keys)
        self.asked.append(request.at)
        at_ms = NOW if self.tells else 0
        if self.refuses or abs(request.at - NOW) > FRESH_MS:
            return Answer(403, b"", at_ms=at_ms)
        asked = hashlib.sha256(body or b"").hexdigest()
        told = NewKey(device="loa-001", request=asked, password="new", key_expires=NOW)
        return Answer(200, seal(told, SERVER), at_ms=at_ms)


@pytest.fixture
def old() -> SigningKey:
    return SigningKey.generate()


@pytest.fixture
def path(tmp_path: Path, old: SigningKey) -> Path:
    identity = Identity(
        device="loa-001",
        tenant="xa",
        broker="mqtt://127.0.0.1:1883",
        password="dead",
        private_key=base64.b64encode(old.private_bytes()).decode(),
        server_keys=(SERVER.public,),
        server="http://127.0.0.1:8080",
    )
    identity.save(tmp_path / "loa.json")
    return tmp_path / "loa.json"


@pytest.mark.parametrize("clock", [0, NOW - 6 * HOUR, NOW + 400 * 24 * HOUR])
def test_a_question_that_was_too_old_is_asked_once_more_by_the_server_s_time(
    path: Path, old: SigningKey, clock: int
) -> None:
    keeper = Keeper(old)
    assert replace_key(path, Identity.load(path), clock, keeper).password == "new"
    assert keeper.asked == [clock, NOW]


def test_a_server_that_does_not_say_the_time_is_not_asked_again_at_once(path: Path, old: SigningKey) -> None:
    keeper = Keeper(old, tells=False)
    with pytest.raises(FetchRefused):
        replace_key(path, Identity.load(path), NOW - 6 * HOUR, keeper)
    assert len(keeper.asked) == 1


def test_a_refusal_that_has_nothing_to_do_with_time_is_not_argued_with(path: Path, old: SigningKey) -> None:
    keeper = Keeper(old, refuses=True)
    with pytest.raises(FetchRefused):
        replace_key(path, Identity.load(path), NOW + 1_000, keeper)
    assert len(keeper.asked) == 1


def test_a_change_that_was_begun_goes_on_while_the_box_knows_no_time(path: Path, old: SigningKey) -> None:
    """Its old password may be dead: over the broker it would never learn the time again."""
    begun = SigningKey.generate().private_bytes().hex().encode()
    private_file.write(path.with_name("loa.json.next"), begun)
    care = KeyCare(path, Identity.load(path), lambda: None, random.Random(1), asker=Keeper(old), look_s=0.01)

    async def wait() -> Identity:
        async with asyncio.timeout(20):
            return await care.renewed(lambda: 0)

    assert asyncio.run(wait()).password == "new"


class _Desk(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.send_response(403)  # with a Date, as every server does
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def desk() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), _Desk)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("date", "at_ms"),
    [
        ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777_000),
        ("yesterday", 0),
        ("Sun, 06 Nov 99999 08:49:37 GMT", 0),
        ("", 0),
    ],
)
def test_the_time_of_an_answer_is_read_from_its_head(
    desk: str, date: str, at_ms: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_Desk, "date_time_string", lambda _: date)
    assert ask("POST", f"{desk}/api", b"").at_ms == at_ms
