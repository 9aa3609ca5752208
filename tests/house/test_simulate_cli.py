"""``truyen-thanh simulate``: registers what is missing, refuses bad profiles, runs and obeys."""

import json
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from broadcast import settings
from broadcast.models import AreaKind
from broadcast.storage.database import Database
from broadcast.units import areas
from devices.simulator import tell
from web.cli import main


@pytest.fixture
def data(tmp_path, empty_sqlite, now):
    """A data folder with one commune."""
    folder = tmp_path / "data"
    folder.mkdir()
    loaded = settings.load({"TRUYEN_THANH_DATA_DIR": str(folder)})
    database = Database(loaded.database_url)
    database.migrate()
    with database.transaction() as session:
        areas.create(session, code="X1", name="Xã", kind=AreaKind.COMMUNE, parent_id=None, now=now)
    database.dispose()
    return folder


def run(data, *arguments):
    return CliRunner().invoke(main, ["--data-dir", str(data), "simulate", *arguments])


def appears(path, within=60.0):
    limit = time.monotonic() + within
    while not path.exists() and time.monotonic() < limit:
        time.sleep(0.05)
    return path.exists()


def test_a_profile_that_is_wrong_is_refused_with_its_key(data, tmp_path):
    profile = tmp_path / "p.toml"
    profile.write_text("[network]\nlos = 0.1\n")
    result = run(data, "--speakers", "2", "--profile", str(profile))
    assert result.exit_code == 1
    assert "los" in result.output


def test_too_few_identities_in_a_folder_are_refused(data, tmp_path):
    (tmp_path / "none").mkdir()
    assert run(data, "--identities", str(tmp_path / "none")).exit_code == 1
    assert not (data / "simulated").exists()


def test_orders_need_a_simulation_that_listens(data, tmp_path):
    assert run(data, "--tell", "status").exit_code == 2
    assert run(data, "--tell", "status", "--control", str(tmp_path / "no.sock")).exit_code == 1


def test_what_is_missing_is_registered_and_the_simulation_runs_until_it_is_stopped(data):
    socket = Path(tempfile.mkdtemp(prefix="tt-")) / "s"
    command = [
        sys.executable, "-m", "web.cli", "--data-dir", str(data), "simulate", "--json",
        "--speakers", "3", "--control", str(socket),
    ]  # fmt: skip
    child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert json.loads(child.stdout.readline())["speakers"] == 3
    assert appears(socket)
    assert json.loads(tell(socket, "status"))["loudspeakers"] == 3
    result = run(data, "--control", str(socket), "--tell", "break gia-lap-00002 no_power")
    assert (result.exit_code, json.loads(result.output)["loudspeakers"]) == (0, 1)
    assert run(data, "--control", str(socket), "--tell", "explode").exit_code == 1
    child.send_signal(signal.SIGTERM)
    assert child.wait(60) == 0
    child.stdout.close()
    assert len(list((data / "simulated" / "identities").glob("*.json"))) == 3
