"""A private PostgreSQL for the tests of one process; its one database is emptied after each test."""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from broadcast.storage.database import Database

PLACES = ("/usr/lib/postgresql", "/usr/pgsql", "/opt/homebrew/opt", "/usr/local/pgsql")
# Deleting from what is empty costs as much as looking, so only what a test has filled is emptied.
EMPTY: LiteralString = """
DO $$
DECLARE
  name text;
  filled boolean;
BEGIN
  PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid();
  SET LOCAL session_replication_role = replica;
  FOR name IN SELECT tablename FROM pg_tables
    WHERE schemaname = 'public' AND tablename <> 'alembic_version'
  LOOP
    EXECUTE format('SELECT EXISTS (SELECT FROM %I)', name) INTO filled;
    IF filled THEN
      EXECUTE format('DELETE FROM %I', name);
    END IF;
  END LOOP;
  PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false)
    FROM pg_sequences WHERE last_value IS NOT NULL;
END $$
"""


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
            address = self.create(self._shared)
            self._keeper = psycopg.connect(address, autocommit=True)
        return self.url(self._shared)

    def give_back(self) -> None:
        """Empty the database, which costs a hundredth of making one; where that fails, forget it."""
        try:
            self._keeper.execute(EMPTY)
        except psycopg.Error:
            self._keeper.close()
            self.drop(self._shared)
            self._shared = ""

    def stop(self) -> None:
        if self._shared:
            self._keeper.close()
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
