"""``simulate --server``: a simulated fleet joins a server that runs elsewhere, or says clearly why not."""

import datetime as dt
import json
import os
import re
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from broadcast import settings
from broadcast.joining import enrolment
from broadcast.joining.placing import Place
from broadcast.models import AreaKind, Role
from broadcast.storage.database import Database
from broadcast.units import areas, people
from devices.errors import OrderUnknown
from devices.simulator import tell
from devices.speaker.identity import Identity
from tests.waiting import PATIENCE, free_port
from web.cli import main


def eventually(holds):
    limit = time.monotonic() + PATIENCE
    while True:
        try:
            if holds():
                return
        except (OSError, OrderUnknown):
            pass
        assert time.monotonic() < limit
        time.sleep(0.05)


class Staging:
    """A server in a process of its own, with one commune and its officer."""

    def __init__(self, folder, now):
        environ = {
            "TRUYEN_THANH_DATA_DIR": str(folder),
            "TRUYEN_THANH_PORT": str(free_port()),
            "TRUYEN_THANH_MQTT_PORT": str(free_port()),
            "TRUYEN_THANH_ENGINES": "espeak",
        }
        self.url = f"http://127.0.0.1:{environ['TRUYEN_THANH_PORT']}"
        self.environ = {**os.environ, **environ}
        loaded = settings.load(environ)
        self.database = Database(loaded.database_url)
        self.database.migrate()
        with self.database.transaction() as session:
            area = areas.create(session, code="X1", name="Xã", kind=AreaKind.COMMUNE, parent_id=None, now=now)
            officer = people.create_person(session, username="lan", name="Lan", now=now)
            people.grant(session, officer, Role.ADMIN, area.id, now=now)
            self.area, self.officer = area.id, officer.id

    def claim(self, code):
        with self.database.transaction() as session:
            officer = people.get_person(session, self.officer)
            enrolment.claim_new(
                session, officer, code, Place(area_id=self.area, name="Cột"), dt.datetime.now(dt.UTC)
            )

    def command(self, *arguments):
        return [sys.executable, "-m", "web.cli", *arguments]


@pytest.fixture
def staging(tmp_path, empty_sqlite, now):
    (tmp_path / "staging").mkdir()
    server = Staging(tmp_path / "staging", now)
    process = subprocess.Popen(
        server.command("run", "--json"), env=server.environ, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout.readline()
    yield server
    process.send_signal(signal.SIGTERM)
    process.wait(60)
    process.stdout.close()
    server.database.dispose()


def here(tmp_path, *arguments):
    return CliRunner().invoke(main, ["--data-dir", str(tmp_path / "here"), "simulate", *arguments])


def test_a_file_of_the_server_lets_a_fleet_join_and_two_boxes_claimed_by_code_join_too(
    staging, tmp_path, now
):
    file, sockets = tmp_path / "loa.json", Path(tempfile.mkdtemp(prefix="tt-"))
    there = CliRunner(env=staging.environ)
    written = there.invoke(main, ["simulate", "--speakers", "3", "--write", str(file)])
    assert (written.exit_code, stat.S_IMODE(file.stat().st_mode)) == (0, 0o600), written.output
    with (
        running(tmp_path / "file", sockets / "file", staging, "--identities", str(file), "--speakers", "3"),
        running(tmp_path / "code", sockets / "code", staging, "--speakers", "2") as asking,
    ):
        for _ in range(2):
            staging.claim(re.search(r"mã nhận loa (\S+)", asking.stderr.readline())[1])
        eventually(lambda: connected(sockets / "file") == 3)
        eventually(lambda: connected(sockets / "code") == 2)
    kept = sorted((tmp_path / "code" / "simulated").glob("127.0.0.1_*/identities/*.json"))
    assert len(kept) == 2

    stolen = [msgspec.structs.replace(each, password="x") for each in identities(file)]
    write(tmp_path / "bad.json", stolen)
    refused = here(tmp_path, "--server", staging.url, "--identities", str(tmp_path / "bad.json"))
    assert (refused.exit_code, "từ chối gia-lap-00001" in refused.output) == (1, True)
    too_many = here(tmp_path, "--server", staging.url, "--speakers", "21")
    assert (too_many.exit_code, "--write" in too_many.output) == (1, True)


class running:  # noqa: N801 - reads as a statement
    """A simulation that is stopped at the end, as an operator stops it."""

    def __init__(self, folder, control, server, *arguments):
        command = [sys.executable, "-m", "web.cli", "--data-dir", str(folder), "simulate"]
        command += ["--server", server.url, "--control", str(control), *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        return self.process

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        said = self.process.communicate(timeout=60)[1]
        assert self.process.returncode == 0, said


def connected(control):
    return json.loads(tell(control, "status"))["connected"]


def identities(file):
    return msgspec.json.decode(file.read_bytes(), type=list[Identity])


def write(file, content):
    file.write_bytes(msgspec.json.encode(content))
    file.chmod(0o600)


def test_what_cannot_be_a_server_or_a_file_of_one_is_refused_with_the_reason(tmp_path):
    nobody = f"http://127.0.0.1:{free_port()}"
    open_to_all = tmp_path / "open.json"
    open_to_all.write_text("[]")
    open_to_all.chmod(0o644)
    for arguments, code, words in (
        (("--server", "loa.xa.vn"), 2, "https://"),
        (("--server", nobody), 1, "không trả lời"),
        (("--identities", str(open_to_all)), 1, "chmod 600"),
        (("--identities", __file__), 1, "không dùng được"),
    ):
        result = here(tmp_path, *arguments)
        assert (result.exit_code, words in result.output) == (code, True), result.output
