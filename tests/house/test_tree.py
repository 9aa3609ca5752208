"""What is committed: no long modules, nobody else's files, no name of a machine or a registry."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYTHON_LOCKS = ("requirements.lock", "requirements-test.lock", "requirements-bench.lock", "scripts/node.lock")
LOCKS = (*PYTHON_LOCKS, "package-lock.json")


def committed() -> list[Path]:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [ROOT / name for name in listing.decode().split("\0") if name and (ROOT / name).is_file()]


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    found = {}
    for path in committed():
        data = path.read_bytes()
        if b"\0" not in data:
            found[path.relative_to(ROOT).as_posix()] = data.decode()
    return found


def test_no_module_is_longer_than_the_limit() -> None:
    result = subprocess.run(
        [sys.executable, "scripts/module_length.py"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr


def test_nothing_that_set_up_builds_is_committed() -> None:
    built = ("node_modules/", "web/static/vendor/", "var/", ".venv/", ".setup/", "dist/")
    names = [path.relative_to(ROOT).as_posix() for path in committed()]
    assert [name for name in names if name.startswith(built) or name.endswith((".mo", ".min.js"))] == []


def test_no_committed_file_is_large() -> None:
    large = [path.name for path in committed() if path.stat().st_size > 300_000]
    assert large == []


@pytest.mark.parametrize("name", LOCKS)
def test_lock_files_name_no_host_and_no_folder(name: str, texts: dict[str, str]) -> None:
    words = r"https?://|file:|--index-url|--extra-index-url|--find-links|\"resolved\""
    lines = [line for line in texts[name].splitlines() if re.search(words, line)]
    # npm repeats the home pages and funding pages of packages; those are no sources
    assert [line for line in lines if '"url":' not in line] == []


def test_every_locked_package_has_hashes(texts: dict[str, str]) -> None:
    for name in PYTHON_LOCKS:
        for block in re.split(r"\n(?=\S)", texts[name].strip()):
            assert "--hash=sha256:" in block, block


def test_no_file_names_a_registry_or_a_folder_of_a_machine(texts: dict[str, str]) -> None:
    hosts = ["pypi" + ".org", "python" + "hosted.org", "npmjs" + ".org", "deb." + "debian.org"]
    folders = ["/wo" + "rk/", "/ro" + "ot/", "/op" + "t/wheels", "/home" + "/"]
    found = [
        f"{name}: {word}"
        for name, text in texts.items()
        for word in (*hosts, *folders)
        if word in text and name != "package-lock.json"
    ]
    assert found == []
