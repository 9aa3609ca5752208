"""The box's side of enrolment and of a new key: a server that answers, is silent, or loses the line."""

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
from click import UsageError
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.enrolment import Ask, Granted, NewKey, Waiting
from devices.envelope import KeySet, SigningKey, is_proved, open_key_request, seal
from devices.errors import BadSignature, EnrolRefused, FetchError, FetchRefused, FetchUnreachable
from devices.messages import KeyRequest
from devices.speaker import rekey
from devices.speaker.asking import Answer
from devices.speaker.cli import main
from devices.speaker.enrol import About, Enrolment
from devices.speaker.enrol_command import known_keys, picture
from devices.speaker.identity import Identity
from devices.speaker.rekey import KeyCare, due_at, is_begun, replace_key

SERVER = SigningKey.generate()
URL = "http://127.0.0.1:8080"
NOW = 1_800_000_000_000
DAY = 86_400_000


class PowerCutError(Exception):
    pass


class Desk:
    """A server for one new box, told what to answer by hand."""

    def __init__(self) -> None:
        self.asked: list[Ask] = []
        self.claimed = False
        self.gone: set[str] = set()
        self.script: list[Answer | Exception] = []
        self.keys = [SERVER]  # whose seal is on what it grants

    def __call__(self, method: str, url: str, body: bytes | None) -> Answer:
        if self.script:
            told = self.script.pop(0)
            if isinstance(told, Exception):
                raise told
            return told
        if method == "POST":
            assert url == f"{URL}/api/enrol"
            self.asked.append(msgspec.json.decode(body or b"", type=Ask))
            number = len(self.asked)
            told = Waiting(
                claim=f"HX4Q-7KM{number}",
                poll=f"secret-{number}",
                expires_at=NOW,
                server_keys=tuple(each.public for each in self.keys),
            )
            return Answer(201, msgspec.json.encode(told))
        poll = url.rpartition("/")[2]
        if poll in self.gone:
            return Answer(410, b"")
        if not self.claimed or poll != f"secret-{len(self.asked)}":
            return Answer(202, b"{}", 7)
        return self.grant()

    def grant(self, *signers: SigningKey, **changes: Any) -> Answer:
        granted = {"public_key": self.asked[-1].public_key, **changes}
        return Answer(200, seal(msgspec.structs.replace(GRANTED, **granted), *(signers or self.keys)))


GRANTED = Granted(
    public_key="",
    device="loa-001",
    tenant="xa",
    broker="mqtt://127.0.0.1:1883",
    password="secret",
    server_keys=(SERVER.public,),
    server="http://elsewhere",
)


class Bench:
    """Runs an enrolment; after ``patience`` pauses something happens."""

    def __init__(self, path: Path, desk: Desk) -> None:
        self.path, self.desk = path, desk
        self.shown: list[str] = []
        self.pauses: list[float] = []

    def run(self, *happenings: Any) -> Identity:
        then = iter(happenings)

        def sleep(seconds: float) -> None:
            self.pauses.append(seconds)
            next(then)()

        about = About("Pi 3B", "A-17", "0.1")
        shown = self.shown
        return Enrolment(URL, self.path, about, lambda w: shown.append(w.claim), self.desk, sleep).run()


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def bench(tmp_path: Path, desk: Desk) -> Bench:
    return Bench(tmp_path / "loa.json", desk)


def claim(desk: Desk) -> Any:
    return lambda: setattr(desk, "claimed", True)


def cut() -> None:
    raise PowerCutError


def test_the_box_makes_its_key_shows_a_code_waits_and_writes_its_identity(bench: Bench) -> None:
    identity = bench.run(lambda: None, claim(bench.desk))
    assert Identity.load(bench.path) == identity
    assert identity.key.public == bench.desk.asked[0].public_key
    assert identity.private_key not in repr(bench.desk.asked)
    assert identity.server == URL
    assert bench.shown == ["HX4Q-7KM1"]
    assert bench.pauses == [7, 7]
    assert [each.name for each in bench.path.parent.iterdir()] == ["loa.json"]
    assert bench.path.stat().st_mode & 0o777 == 0o600


def test_a_box_that_loses_power_while_it_waits_goes_on_under_the_same_code(bench: Bench) -> None:
    with pytest.raises(PowerCutError):
        bench.run(cut)
    waiting = bench.path.with_name("loa.json.enrolling")
    assert waiting.stat().st_mode & 0o777 == 0o600
    bench.desk.claimed = True
    identity = bench.run()
    assert bench.shown == ["HX4Q-7KM1", "HX4Q-7KM1"]
    assert [identity.key.public] == [each.public_key for each in bench.desk.asked]


def test_a_code_that_lapsed_is_followed_by_another_with_another_key(bench: Bench) -> None:
    identity = bench.run(lambda: bench.desk.gone.add("secret-1"), claim(bench.desk))
    assert bench.shown == ["HX4Q-7KM1", "HX4Q-7KM2"]
    first, second = (each.public_key for each in bench.desk.asked)
    assert first != second == identity.key.public


def test_a_server_that_is_away_or_busy_is_asked_less_and_less_often(bench: Bench) -> None:
    away = FetchUnreachable("no route")
    bench.desk.script = [away, Answer(429, b"", 300), Answer(503, b""), away]
    bench.run(*[lambda: None] * 4, claim(bench.desk))
    assert bench.pauses == [10, 300, 40, 60, 7]


@pytest.mark.parametrize(
    "told",
    [Answer(422, b""), Answer(404, b""), Answer(201, b"<html>"), Answer(302, b"")],
)
def test_what_is_no_such_server_is_refused_at_once(bench: Bench, told: Answer) -> None:
    bench.desk.script = [told]
    with pytest.raises(EnrolRefused):
        bench.run()
    assert not bench.path.exists()


def test_an_identity_that_cannot_be_used_is_not_written(bench: Bench) -> None:
    with pytest.raises(EnrolRefused):
        bench.run(lambda: bench.desk.script.append(bench.desk.grant(server_keys=())))
    assert not bench.path.exists()


STRANGER = SigningKey.generate()


@pytest.mark.parametrize(
    "said",
    [
        lambda desk: Answer(200, msgspec.json.encode(GRANTED)),
        lambda desk: desk.grant(STRANGER),
        lambda desk: desk.grant(STRANGER, server_keys=(STRANGER.public,)),
        lambda desk: desk.grant(public_key=STRANGER.public),
        lambda desk: Answer(200, seal(new_key(b"", "x"), SERVER)),
    ],
    ids=["unsealed", "another's seal", "keys of its own", "of another box", "another answer"],
)
def test_what_the_server_did_not_grant_this_box_is_refused(bench: Bench, said: Any) -> None:
    """Whoever comes between after the first word has no key that was named in it."""
    with pytest.raises(EnrolRefused):
        bench.run(lambda: bench.desk.script.append(said(bench.desk)))
    assert not bench.path.exists()


def test_keys_that_a_person_brought_count_more_than_those_of_the_first_answer(bench: Bench) -> None:
    bench.desk.keys, bench.desk.claimed = [STRANGER], True
    with pytest.raises(EnrolRefused):
        Enrolment(URL, bench.path, About(), lambda _: None, bench.desk, known=(SERVER.public,)).run()
    bench.desk.keys = [SERVER]
    made = Enrolment(URL, bench.path, About(), lambda _: None, bench.desk, known=(SERVER.public,)).run()
    assert made.server_keys == (SERVER.public,)


def test_a_box_that_is_taken_in_again_believes_the_server_it_knows(bench: Bench) -> None:
    bench.desk.claimed = True
    bench.run()
    assert known_keys(URL, bench.path, ()) == (SERVER.public,)
    assert known_keys("http://another", bench.path, ()) == ()
    assert known_keys(URL, bench.path, (STRANGER.public,)) == (STRANGER.public,)
    assert known_keys(URL, bench.path.with_name("none"), ()) == ()
    with pytest.raises(UsageError):
        known_keys(URL, bench.path, ("no key",))


def test_the_command_refuses_to_write_over_an_identity_and_what_is_no_address(tmp_path: Path) -> None:
    there = tmp_path / "loa.json"
    there.write_text("{}")
    for arguments, said in (
        (["--server", URL, "--identity", str(there)], "--again"),
        (["--server", "loa.xa.gov.vn", "--identity", str(tmp_path / "new.json")], "https://máy"),
    ):
        answer = CliRunner().invoke(main, ["enrol", *arguments])
        assert answer.exit_code == 2
        assert said in answer.output


def test_the_picture_holds_every_cell_with_a_quiet_edge_and_nothing_else_reaches_the_terminal() -> None:
    rows = tuple("".join(random.Random(n).choices("01", k=21)) for n in range(21))
    for colours in (True, False):
        lines = picture(rows, colours=colours).replace("\x1b[30;107m", "").replace("\x1b[0m", "").split("\n")
        cells = [["00", "01", "10", "11"][" ▄▀█".index(sign)] for line in lines for sign in line]
        width = len(lines[0])
        seen = [
            "".join(cell[half] for cell in cells[at * width : (at + 1) * width])
            for at in range(len(lines))
            for half in (0, 1)
        ]
        dark = "1" if colours else "0"
        found = ["".join("01"[sign == dark] for sign in row[2:-2]) for row in seen[2:23]]
        assert tuple(found) == rows
        assert {sign for row in (*seen[:2], *seen[23:]) for sign in row} == {"0" if dark == "1" else "1"}
    for bad in ((), ("01",), ("\x1b[2J" * 10,) * 21, (*rows[:-1], "0" * 22)):
        assert picture(bad, colours=True) == ""


# --- a new key ------------------------------------------------------------------


def new_key(question: bytes, password: str, **changes: Any) -> NewKey:
    request = hashlib.sha256(question).hexdigest()
    told = NewKey(device="loa-001", request=request, password=password, key_expires=NOW + 730 * DAY)
    return msgspec.structs.replace(told, **changes)


class Keeper:
    """The server's side of a loudspeaker's key, as broadcast.rekeying keeps it."""

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
        lambda asked: seal(GRANTED, SERVER),
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
