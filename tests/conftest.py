"""What every test may use: an empty migrated database on SQLite and on PostgreSQL, a fixed time, the cast."""

from __future__ import annotations

import asyncio
import datetime as dt
import shutil
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, func, insert, select
from sqlalchemy.orm import Session

from broadcast.models import Area, AreaKind, Base, Person, Role
from broadcast.storage.database import Database
from broadcast.units import areas, people
from tests import compiled
from tests.postgresql import Cluster

NOW = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)  # Monday 08:00 in Vietnam
PASSWORD = "loa-phường-sáng-sớm"


@contextmanager
def _no_loop_but_its_own(item: pytest.Item) -> Iterator[None]:
    """From its start on the browser's driver has its loop count as running in this thread, in every test.

    That is right between two calls of the browser; where nobody calls it, another loop must be free to run.
    """
    loop = asyncio._get_running_loop()
    hides = loop is not None and "browser" not in getattr(item, "fixturenames", ())
    if hides:
        asyncio._set_running_loop(None)
    try:
        yield
    finally:
        if hides:
            asyncio._set_running_loop(loop)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    with _no_loop_but_its_own(item):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    with _no_loop_but_its_own(item):
        return (yield)


@pytest.fixture(scope="session", autouse=True)
def _compiled_once() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        compiled.share_statements(patch)
        compiled.share_addresses(patch)
        yield


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


# To measure makes a test half as long again: lines that SQLite has shown are not measured once more.
@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.no_cover)])
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
    from broadcast.units.passwords import hash_password

    return hash_password(PASSWORD, "nobody")


@pytest.fixture(scope="session")
def cast_rows(
    empty_sqlite: Path, password_hash: str, tmp_path_factory: pytest.TempPathFactory
) -> dict[Table, list[dict[str, Any]]]:
    """What the use cases leave in each table when the cast is brought into an empty database."""
    path = tmp_path_factory.mktemp("cast") / "cast.db"
    shutil.copyfile(empty_sqlite, path)
    database = Database(f"sqlite:///{path}")
    with database.transaction() as session:
        _settle(session, password_hash)
    with database.transaction(read_only=True) as session:
        found = {
            table: [dict(row) for row in session.execute(select(table)).mappings()]
            for table in Base.metadata.sorted_tables
        }
    database.dispose()
    return {table: rows for table, rows in found.items() if rows}


@pytest.fixture
def cast(database: Database, cast_rows: dict[Table, list[dict[str, Any]]]) -> Cast:
    """The cast in an otherwise empty database."""
    with database.transaction() as session:
        for table, rows in cast_rows.items():
            session.execute(insert(table), rows)
            if database.kind == "postgresql" and "id" in table.columns:
                sequence = func.pg_get_serial_sequence(table.name, "id")
                session.execute(select(func.setval(sequence, len(rows))))
        places = {area.code: area.id for area in session.scalars(select(Area))}
        actors = {person.username: person for person in session.scalars(select(Person))}
        villages = (places["H40.10.1.1"], places["H40.10.1.2"], places["H40.10.1.3"])
        return Cast(
            district=places["H40.10"],
            commune=places["H40.10.1"],
            villages=villages,
            other_commune=places["H40.10.2"],
            lan=actors["lan"],
            binh=actors["binh"],
            dung=actors["dung"],
            mai=actors["mai"],
            admin=actors["quantri"],
        )


def _settle(session: Session, password_hash: str) -> None:
    def area(code: str, name: str, kind: AreaKind, parent: int | None) -> int:
        return areas.create(session, code=code, name=name, kind=kind, parent_id=parent, now=NOW).id

    def person(username: str, name: str, role: Role, place: int) -> None:
        made = people.create_person(session, username=username, name=name, now=NOW)
        made.password_hash = password_hash
        people.grant(session, made, role, place, now=NOW)

    district = area("H40.10", "Huyện Yên Bình", AreaKind.DISTRICT, None)
    commune = area("H40.10.1", "Xã An Hòa", AreaKind.COMMUNE, district)
    other = area("H40.10.2", "Xã Tân Tiến", AreaKind.COMMUNE, district)
    for number, name in enumerate(("Thôn Đông", "Thôn Đoài", "Thôn Trung"), start=1):
        area(f"H40.10.1.{number}", name, AreaKind.VILLAGE, commune)
    person("lan", "Nguyễn Thị Lan", Role.EDITOR, commune)
    person("binh", "Trần Văn Bình", Role.APPROVER, commune)
    person("dung", "Lê Tiến Dũng", Role.URGENT, district)
    person("mai", "Phạm Ngọc Mai", Role.EDITOR, other)
    person("quantri", "Đỗ Văn Quản", Role.ADMIN, commune)
