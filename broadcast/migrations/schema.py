"""Brings a database to the tables of this version with the migrations packaged beside this file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from broadcast.errors import DatabaseOutdated

ADVISORY_KEY = 0x7474_0001  # one migration at a time among all processes


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Apply what is missing, in one transaction that other processes wait for."""
    _run(engine, lambda config: command.upgrade(config, revision))


def downgrade(engine: Engine, revision: str) -> None:
    """Take back to ``revision``; ``base`` removes every table."""
    _run(engine, lambda config: command.downgrade(config, revision))


def check(engine: Engine) -> None:
    """Refuse a database at another revision than this version's newest (DatabaseOutdated)."""
    with engine.connect() as connection:
        have = MigrationContext.configure(connection).get_current_revision()
    need = ScriptDirectory.from_config(_config(None)).get_current_head()
    if have != need:
        raise DatabaseOutdated(have=have, need=need)


def _run(engine: Engine, action: Callable[[Config], None]) -> None:
    with engine.connect() as connection, _keys_unchecked(connection), connection.begin():
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (ADVISORY_KEY,))
        action(_config(connection))


@contextmanager
def _keys_unchecked(connection: Connection) -> Iterator[None]:
    """SQLite changes a table by rebuilding it, which its foreign keys would take for a deletion."""
    driver = connection.connection.driver_connection
    if connection.dialect.name != "sqlite" or driver is None:
        yield
        return
    driver.execute("PRAGMA foreign_keys=OFF")
    try:
        yield
    finally:
        driver.execute("PRAGMA foreign_keys=ON")


def _config(connection: Connection | None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
