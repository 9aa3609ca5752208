"""The box's side of a new key: a server that answers, is silent, loses the line, or is somebody else."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import itertools
import json
import random
import tempfile
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.enrolment import Granted, NewKey
from devices.envelope import KeySet, SigningKey, is_proved, open_key_request, seal
from devices.errors import BadSignature, FetchError, FetchRefused, FetchUnreachable
from devices.messages import KeyRequest
from devices.speaker import rekey
from devices.speaker.asking import Answer
from devices.speaker.identity import Identity
from devices.speaker.rekey import KeyCare, due_at, is_begun, replace_key

SERVER = SigningKey.generate()
URL = "http://127.0.0.1:8080"
NOW = 1_800_000_000_000
DAY = 86_400_000


STRANGER = SigningKey.generate()


class PowerCutError(Exception):
    pass


def new_key(question: bytes, password: str, **changes: Any) -> NewKey:
    request = hashlib.sha256(question).hexdigest()
    told = NewKey(device="loa-001", request=request, password=password, key_expires=NOW + 730 * DAY)
    return msgspec.structs.replace(told, **changes)


class Keeper:
    """The server's side of a loudspeaker's key, as broadcast.joining.rekeying keeps it."""

    def __init__(self, key: SigningKey) -> None:
        self.public, self.previous = key.public, ""
        self.numbers = itertools.count(1)
        self.password = "old"
        self.lose: list[str] = []  # "question" or "answer", in order

    def __call__(self, method: str, url: str, body: bytes | None) -> Answer:
        assert (method, url) == ("POST", f"{URL}/api/speakers/loa-001/key")
        lost = self.lose.pop(0) if self.lose else ""
        if lost == "question":
            raise FetchUnreachable("no route")
        used, request = self._opened(body or b"")
        assert is_proved(request)
        if request.public_key != self.public:
            self.public, self.previous = request.public_key, used
        self.password = f"password {next(self.numbers)}"
        if lost == "answer":
            raise FetchUnreachable("the line broke")
        return Answer(200, seal(new_key(body or b"", self.password), SERVER))

    def _opened(self, body: bytes) -> tuple[str, KeyRequest]:
        try:
            return self.public, open_key_request(body, KeySet([self.public]))
        except BadSignature:
            return self.previous, open_key_request(body, KeySet([self.previous]))

    def accepts(self, identity: Identity) -> bool:
        """Whether the box may connect and is believed; by its first use the new key stands alone."""
        if identity.password != self.password:
            return False
        if identity.key.public == self.public:
            self.previous = ""
        return identity.key.public in (self.public, self.previous)


def identity(key: SigningKey) -> Identity:
    return Identity(
        device="loa-001",
        tenant="xa",
        broker="mqtt://127.0.0.1:1883",
        password="old",
        private_key=base64.b64encode(key.private_bytes()).decode(),
        server_keys=(SERVER.public,),
        server=URL,
    )


def test_a_new_key_is_written_after_the_server_confirmed_it(tmp_path: Path) -> None:
    old = SigningKey.generate()
    path, keeper = tmp_path / "loa.json", Keeper(old)
    identity(old).save(path)
    renewed = replace_key(path, identity(old), NOW, keeper)
    assert Identity.load(path) == renewed
    assert renewed.key.public == keeper.public != old.public
    assert keeper.accepts(renewed)
    assert [each.name for each in tmp_path.iterdir()] == ["loa.json"]


@pytest.mark.parametrize(
    "answers",
    [
        lambda asked: msgspec.json.encode(new_key(asked, "evil")),
        lambda asked: seal(new_key(asked, "evil"), STRANGER),
        lambda asked: seal(new_key(b"another question", "evil"), SERVER),
        lambda asked: seal(new_key(asked, "evil", device="loa-002"), SERVER),
        lambda asked: seal(granted(), SERVER),
    ],
    ids=["unsealed", "another's seal", "an old answer", "of another box", "another kind"],
)
def test_a_password_that_the_server_did_not_send_never_locks_the_box_out(
    tmp_path: Path, answers: Any
) -> None:
    """Whoever is on the way answers in the server's place; the box keeps what works and asks again."""
    old = SigningKey.generate()
    path, keeper = tmp_path / "loa.json", Keeper(old)
    identity(old).save(path)
    with pytest.raises(FetchRefused):
        replace_key(path, identity(old), NOW, lambda _, __, body: Answer(200, answers(body)))
    assert Identity.load(path) == identity(old)
    assert is_begun(path, identity(old))
    assert keeper.accepts(replace_key(path, identity(old), NOW, keeper))


def test_the_keys_that_count_today_seal_the_answer_and_not_those_of_the_first_day(tmp_path: Path) -> None:
    old = SigningKey.generate()
    path = tmp_path / "loa.json"
    identity(old).save(path)
    with pytest.raises(FetchRefused):
        replace_key(path, identity(old), NOW, Keeper(old), (STRANGER.public,))
    with pytest.raises(FetchRefused):
        replace_key(path, identity(old), NOW, Keeper(old), ())  # all have ended
    assert replace_key(path, identity(old), NOW, Keeper(old), (STRANGER.public, SERVER.public))


STEPS = ("write", "save", "remove")


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(st.sampled_from(["", "question", "answer"]), st.sampled_from(["", *STEPS])), max_size=6
    )
)
def test_no_loss_of_the_line_or_of_power_ever_loses_the_box(troubles: list[tuple[str, str]]) -> None:
    """Cut before any step of any attempt: what is on the disk then always finds its way to a working key."""
    with tempfile.TemporaryDirectory() as folder:
        old = SigningKey.generate()
        path, keeper = Path(folder) / "loa.json", Keeper(old)
        identity(old).save(path)
        for lost, step in troubles:
            keeper.lose = [lost] if lost else []
            with pytest.MonkeyPatch.context() as patch:
                _cut_before(patch, step)
                with contextlib.suppress(FetchError, PowerCutError):
                    replace_key(path, Identity.load(path), NOW, keeper)
        keeper.lose = []
        now = Identity.load(path)
        last = replace_key(path, now, NOW, keeper) if is_begun(path, now) else now
        assert keeper.accepts(last)


def _cut_before(patch: pytest.MonkeyPatch, step: str) -> None:
    def cut(*_: object) -> None:
        raise PowerCutError

    if step == "save":
        patch.setattr(Identity, "save", cut)
    elif step:
        patch.setattr(rekey.private_file, step, cut)


def test_a_key_is_seen_to_within_its_last_sixty_days_and_not_by_all_on_one_day() -> None:
    expires = NOW + 730 * DAY
    dues = [expires - due_at(f"loa-{number:04}", expires) for number in range(500)]
    assert all(30 * DAY < each <= 60 * DAY for each in dues)
    assert len({each // DAY for each in dues}) >= 20


def care(path: Path, keeper: Keeper, **more: Any) -> KeyCare:
    basics: dict[str, Any] = {"now_ms": lambda: NOW, "rng": random.Random(1), "asker": keeper}
    return KeyCare(path, Identity.load(path), **{**basics, "look_s": 0.01, "pause_s": 0.01, **more})


@pytest.mark.parametrize(
    ("expires", "clock", "server", "renews"),
    [
        (NOW + 20 * DAY, NOW, URL, True),
        (NOW + 61 * DAY, NOW, URL, False),
        (0, NOW, URL, False),
        (NOW + 20 * DAY, None, URL, False),
        (NOW + 20 * DAY, NOW, "", False),
    ],
)
def test_the_running_box_renews_when_it_is_time_it_knows_the_time_and_whom_to_ask(
    tmp_path: Path, expires: int, clock: int | None, server: str, renews: bool
) -> None:
    old = SigningKey.generate()
    path, keeper = tmp_path / "loa.json", Keeper(old)
    msgspec.structs.replace(identity(old), server=server).save(path)

    async def watch() -> bool:
        try:
            async with asyncio.timeout(10 if renews else 0.1):
                await care(path, keeper, now_ms=lambda: clock).renewed(lambda: expires)
        except TimeoutError:
            return False
        return True

    assert asyncio.run(watch()) is renews


def test_a_box_asks_again_until_the_server_answers_also_after_a_restart(tmp_path: Path) -> None:
    old = SigningKey.generate()
    path, keeper = tmp_path / "loa.json", Keeper(old)
    identity(old).save(path)
    keeper.lose = ["answer"]
    with pytest.raises(FetchUnreachable):
        replace_key(path, identity(old), NOW, keeper)
    keeper.lose = ["question", "question"]

    async def watch() -> Identity:
        async with asyncio.timeout(20):
            return await care(path, keeper).renewed(lambda: NOW + 400 * DAY)  # begun: whatever the day

    renewed = asyncio.run(watch())
    assert keeper.accepts(renewed)
    assert json.loads(path.read_text())["device"] == "loa-001"


def test_a_key_is_replaced_once_though_the_old_wish_names_its_end_until_a_newer_one_comes(
    tmp_path: Path,
) -> None:
    old = SigningKey.generate()
    path, keeper = tmp_path / "loa.json", Keeper(old)
    identity(old).save(path)
    replaced: set[int] = set()
    end = [NOW + 20 * DAY]

    async def run() -> str:
        """The box begins anew with every identity."""
        try:
            async with asyncio.timeout(10 if end[0] not in replaced else 0.1):
                await care(path, keeper, replaced=replaced).renewed(lambda: end[0])
        except TimeoutError:
            pass
        return Identity.load(path).private_key

    first = asyncio.run(run())
    assert asyncio.run(run()) == first
    end[0] += DAY
    assert asyncio.run(run()) != first


def granted() -> Granted:
    return Granted(
        public_key="", device="loa-001", tenant="xa", broker="mqtt://x", password="x", server_keys=()
    )
