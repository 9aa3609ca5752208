"""What is delivered: one complete wheel, and a loudspeaker that needs no library of the server."""

from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("broadcast", "tts", "devices", "web", "schedules")

# Refuses every import of an installed package that a loudspeaker does not have.
GUARD = """
import importlib.abc, sys
FORBIDDEN = {forbidden!r}
class Guard(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in FORBIDDEN:
            raise ImportError("a loudspeaker does not have " + name)
sys.meta_path.insert(0, Guard())
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=100)
    assert result.returncode == 0, result.stdout + result.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def python(installed: Path, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run code with the delivered packages first on the path, away from the work tree."""
    environment = os.environ | {"PYTHONPATH": str(installed), "PYTHONSAFEPATH": "1"}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=installed,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_the_wheel_holds_every_committed_file_of_the_packages(wheel: Path) -> None:
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--", *PACKAGES], cwd=ROOT, capture_output=True, check=True
    )
    committed = {name for name in listing.stdout.decode().split("\0") if name and (ROOT / name).is_file()}
    assert committed - set(zipfile.ZipFile(wheel).namelist()) == set()


@pytest.mark.parametrize(
    ("folder", "suffix"),
    [
        ("web/templates/", ".html"),
        ("web/static/css/", ".css"),
        ("web/static/vendor/", ".css"),
        ("web/static/vendor/", ".woff2"),
        ("web/translations/", ".mo"),
        ("broadcast/migrations/versions/", ".py"),
    ],
)
def test_the_wheel_holds_what_the_server_reads_at_run_time(wheel: Path, folder: str, suffix: str) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert [name for name in names if name.startswith(folder) and name.endswith(suffix)]


def test_the_wheel_holds_our_packages_and_nothing_else(wheel: Path) -> None:
    tops = {name.partition("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)


def test_the_wheel_may_not_be_uploaded(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    metadata = next(name for name in archive.namelist() if name.endswith("METADATA"))
    assert "Private :: Do Not Upload" in archive.read(metadata).decode()


def test_no_other_distribution_owns_our_names() -> None:
    owners = importlib.metadata.packages_distributions()
    others = {name: set(owners.get(name, ())) - {"truyen-thanh"} for name in PACKAGES}
    assert others == {name: set() for name in PACKAGES}


@pytest.mark.parametrize("name", ["truyen-thanh", "truyen-thanh-speaker"])
def test_the_commands_start_from_the_wheel(installed: Path, name: str) -> None:
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    module, _, function = scripts[name].partition(":")
    code = f"import sys, {module} as m; assert m.__file__.startswith({str(installed)!r}); m.{function}()"
    result = python(installed, code, "--help")
    assert result.returncode == 0, result.stderr
    assert "Cách dùng" in result.stdout


def test_the_loudspeaker_runs_without_the_servers_libraries(installed: Path) -> None:
    allowed = {"click", "cryptography", "miniaudio", "msgspec", "paho", "cffi", "_cffi_backend", "pycparser"}
    present = {name for name in importlib.metadata.packages_distributions() if not name.startswith("_")}
    guard = GUARD.format(forbidden=present - allowed - {"devices"})
    code = guard + "import devices.speaker.agent, devices.speaker.cli as m; m.main()"
    result = python(installed, code, "run", "--help")
    assert result.returncode == 0, result.stderr


def test_the_guard_of_the_test_above_works(installed: Path) -> None:
    result = python(installed, GUARD.format(forbidden={"flask"}) + "import flask")
    assert "a loudspeaker does not have flask" in result.stderr
