"""What every test may use: an empty migrated database on SQLite and on PostgreSQL, a fixed time, the cast."""

from __future__ import annotations

import ctypes
import datetime as dt
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from broadcast import areas, people
from broadcast.database import Database
from broadcast.models import AreaKind, Base, Person, Role

NOW = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)  # Monday 08:00 in Vietnam
PASSWORD = "loa-phường-sáng-sớm"
PLACES = ("/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt", "/usr/local/pgsql")
TABLES = [table.name for table in reversed(Base.metadata.sorted_tables)]
EMPTY = "; ".join(
    [f'DELETE FROM "{name}"' for name in TABLES]
    + [
        f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), 1, false)"
        for name in TABLES
        if "id" in Base.metadata.tables[name].columns
    ]
)


class Cluster:
    """A private PostgreSQL that lives as long as the test process."""

    def __init__(self) -> None:
        self._programs = _programs()
        self._shared = ""  # the database that one test after the other gets
        self.directory = Path(tempfile.mkdtemp(prefix="truyen-thanh-pg-"))
        self._account = _account()
        if self._account:
            shutil.chown(self.directory, self._account)
        data = self.directory / "data"
        self._call("initdb", "-D", str(data), "-U", "test", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        self._server = self._start(data)
        self._wait()
        self.create("template", "template1")
        template = Database(self.url("template"))
        template.migrate()
        template.dispose()

    def url(self, name: str) -> str:
        return f"postgresql://test@/{name}?host={self.directory}"

    def create(self, name: str, template: str = "template") -> str:
        self._admin(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)

    def drop(self, name: str) -> None:
        self._admin(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def take(self) -> str:
        """The address of an empty database; one at a time, until ``give_back``."""
        if not self._shared:
            self._shared = f"t{uuid.uuid4().hex}"
            self.create(self._shared)
        return self.url(self._shared)

    def give_back(self) -> None:
        """Empty the database, which costs a hundredth of making one; where that fails, forget it."""
        self._admin(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            f" WHERE datname = '{self._shared}' AND pid <> pg_backend_pid()"
        )
        try:
            with psycopg.connect(
                f"host={self.directory} user=test dbname={self._shared}", autocommit=True
            ) as connection:
                connection.execute(EMPTY.encode())
        except psycopg.Error:
            self.drop(self._shared)
            self._shared = ""

    def stop(self) -> None:
        self._server.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
        self._server.wait(20)
        shutil.rmtree(self.directory, ignore_errors=True)

    def _start(self, data: Path) -> subprocess.Popen[bytes]:
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.directory),
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "max_connections": "200",
            "shared_buffers": "32MB",
        }
        arguments = [str(self._programs / "postgres"), "-D", str(data)]
        for name, value in options.items():
            arguments += ["-c", f"{name}={value}"]
        log = (self.directory / "log").open("wb")
        with log:
            return subprocess.Popen(
                arguments,
                stdout=log,
                stderr=log,
                user=self._account,
                group=self._account and pwd.getpwnam(self._account).pw_gid,
                extra_groups=[] if self._account else None,
                cwd=self.directory,
                preexec_fn=_die_with_parent,  # noqa: PLW1509 - this process has no threads of its own
            )

    def _wait(self) -> None:
        limit = time.monotonic() + 30
        while True:
            try:
                self._admin("SELECT 1")
            except psycopg.OperationalError:
                if time.monotonic() > limit or self._server.poll() is not None:
                    raise RuntimeError((self.directory / "log").read_text()) from None
                time.sleep(0.05)
            else:
                return

    def _admin(self, statement: str) -> None:
        with psycopg.connect(
            f"host={self.directory} user=test dbname=postgres", autocommit=True
        ) as connection:
            connection.execute(statement.encode())

    def _call(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._programs / program), *arguments],
            user=self._account,
            group=self._account and pwd.getpwnam(self._account).pw_gid,
            extra_groups=[] if self._account else None,
            cwd=self.directory,
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr.decode()}")


def _programs() -> Path:
    """Where PostgreSQL's server programs are; the tests do not go on without them."""
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    for place in PLACES:
        for candidate in sorted(Path(place).glob("*/bin/initdb"), reverse=True):
            return candidate.parent
    pytest.exit(
        "No PostgreSQL server programs (initdb, postgres) on this machine: run `make setup`,"
        " or install the package postgresql.",
        returncode=3,
    )


def _account() -> str | None:
    """PostgreSQL refuses to run as root: then it runs as another account of the machine."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(1, signal.SIGINT)  # PR_SET_PDEATHSIG: no server outlives a killed test run


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    running = Cluster()
    yield running
    running.stop()


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "empty.db"
    database = Database(f"sqlite:///{path}")
    database.migrate()
    database.dispose()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty migrated database of this test's own."""
    if request.param == "sqlite":
        path = tmp_path / "truyen-thanh.db"
        shutil.copyfile(request.getfixturevalue("empty_sqlite"), path)
        yield f"sqlite:///{path}"
        return
    yield request.getfixturevalue("cluster").take()
    request.getfixturevalue("cluster").give_back()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = Database(database_url)
    yield opened
    opened.dispose()


@pytest.fixture
def now() -> dt.datetime:
    return NOW


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: dt.datetime) -> None:
        self.now = now

    def __call__(self) -> dt.datetime:
        return self.now

    def forward(self, **by: float) -> dt.datetime:
        self.now += dt.timedelta(**by)
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock(NOW)


@dataclass(frozen=True)
class Cast:
    """A district with two communes, and the people of every story."""

    district: int
    commune: int
    villages: tuple[int, int, int]
    other_commune: int
    lan: Person  # writes for the commune
    binh: Person  # leads the commune: approves
    dung: Person  # of the district: urgent announcements
    mai: Person  # writes for the other commune: refused
    admin: Person  # administers the commune
    password: str = PASSWORD


@pytest.fixture(scope="session")
def password_hash() -> str:
    from broadcast.passwords import hash_password

    return hash_password(PASSWORD, "nobody")


@pytest.fixture
def cast(database: Database, password_hash: str) -> Cast:
    """The cast in an otherwise empty database."""
    with database.transaction() as session:

        def area(code: str, name: str, kind: AreaKind, parent: int | None) -> int:
            return areas.create(session, code=code, name=name, kind=kind, parent_id=parent, now=NOW).id

        district = area("H40.10", "Huyện Yên Bình", AreaKind.DISTRICT, None)
        commune = area("H40.10.1", "Xã An Hòa", AreaKind.COMMUNE, district)
        other = area("H40.10.2", "Xã Tân Tiến", AreaKind.COMMUNE, district)
        names = ("Thôn Đông", "Thôn Đoài", "Thôn Trung")
        villages = [
            area(f"H40.10.1.{n}", name, AreaKind.VILLAGE, commune) for n, name in enumerate(names, start=1)
        ]

        def person(username: str, name: str, role: Role, place: int) -> Person:
            made = people.create_person(session, username=username, name=name, now=NOW)
            made.password_hash = password_hash
            people.grant(session, made, role, place, now=NOW)
            return made

        return Cast(
            district=district,
            commune=commune,
            villages=(villages[0], villages[1], villages[2]),
            other_commune=other,
            lan=person("lan", "Nguyễn Thị Lan", Role.EDITOR, commune),
            binh=person("binh", "Trần Văn Bình", Role.APPROVER, commune),
            dung=person("dung", "Lê Tiến Dũng", Role.URGENT, district),
            mai=person("mai", "Phạm Ngọc Mai", Role.EDITOR, other),
            admin=person("quantri", "Đỗ Văn Quản", Role.ADMIN, commune),
        )
