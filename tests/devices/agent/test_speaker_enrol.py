"""The box's side of enrolment: a server that answers, is silent, loses the line, or is somebody else."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click import UsageError
from click.testing import CliRunner

from devices.enrolment import Ask, Granted, NewKey, Waiting
from devices.envelope import SigningKey, seal
from devices.errors import EnrolRefused, FetchUnreachable
from devices.speaker.asking import Answer
from devices.speaker.cli import main
from devices.speaker.enrol import About, Enrolment
from devices.speaker.enrol_command import known_keys, picture
from devices.speaker.identity import Identity

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
OTHER = NewKey(device="loa-001", request="", password="x", key_expires=NOW)


@pytest.mark.parametrize(
    "said",
    [
        lambda desk: Answer(200, msgspec.json.encode(GRANTED)),
        lambda desk: desk.grant(STRANGER),
        lambda desk: desk.grant(STRANGER, server_keys=(STRANGER.public,)),
        lambda desk: desk.grant(public_key=STRANGER.public),
        lambda desk: Answer(
            200, seal(NewKey(device="loa-001", request="", password="x", key_expires=NOW), SERVER)
        ),
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
