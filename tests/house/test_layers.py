"""The folder rule holds, and each of its contracts would notice a violation."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("broadcast", "tts", "devices", "web", "schedules")
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())
CONTRACTS = [contract["name"] for contract in SETTINGS["tool"]["importlinter"]["contracts"]]

# contract: package that gets a new module, and the import that the contract forbids there
SEEDS = {
    "Imports go from the face to the application to the libraries": ("tts", "import schedules.types"),
    "Within the application, imports go from what watches to what is kept": (
        "broadcast/storage",
        "import broadcast.units.areas",
    ),
    "Flask lives in web": ("broadcast", "import flask"),
    "SQLAlchemy and Alembic live in broadcast": ("web", "import sqlalchemy.orm"),
    "MQTT and the embedded broker live in devices": ("broadcast", "import paho.mqtt.client"),
    "Speech and audio libraries live in tts": ("web", "import gtts"),
    "APScheduler lives in the clock of schedules": ("schedules", "import apscheduler.triggers.cron"),
    "Public holidays are known to schedules": ("broadcast", "import holidays"),
    "The loudspeaker's core does no input or output": ("devices/speaker/core", "import sqlite3"),
}
FACE = ("broadcast", "import web.errors")


def copy_of_the_packages(folder: Path) -> Path:
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__", "vendor", "static")
        )
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    environment = os.environ | {"PYTHONPATH": str(folder)}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=100
    )


def seed(folder: Path, package: str, line: str) -> None:
    """A new module with the forbidden import; a core of one module gets it at its end."""
    place = folder / package
    target = place / "seeded.py" if place.is_dir() else place.with_suffix(".py")
    target.write_text((target.read_text() if target.exists() else "") + f"\n{line}\n")


def test_every_contract_has_a_seeded_violation() -> None:
    assert sorted(SEEDS) == sorted(CONTRACTS)


def test_the_packages_keep_every_contract(tmp_path: Path) -> None:
    result = lint(copy_of_the_packages(tmp_path))
    assert result.returncode == 0, result.stdout + result.stderr
    assert f"{len(CONTRACTS)} kept, 0 broken" in result.stdout


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What is said of a copy with all seeds in it; reading the imports once costs as much as all the rest."""
    folder = copy_of_the_packages(tmp_path_factory.mktemp("seeded"))
    for package, line in (*SEEDS.values(), FACE):
        seed(folder, package, line)
    result = lint(folder)
    assert result.returncode != 0
    return result.stdout


@pytest.mark.parametrize("contract", CONTRACTS)
def test_a_seeded_violation_breaks_its_contract(contract: str, broken: str) -> None:
    assert f"{contract} BROKEN" in broken
    assert forbidden(*SEEDS[contract]) in broken


def test_the_application_cannot_import_the_face(broken: str) -> None:
    assert forbidden(*FACE) in broken


def forbidden(package: str, line: str) -> str:
    """How the report names the seed's import; of a library it names the root."""
    importer, imported = package.replace("/", "."), line.removeprefix("import ")
    ours = imported.startswith(PACKAGES)
    return f"{importer}.seeded -> {imported if ours else imported.partition('.')[0]} "
