"""Turns the errors of sqlite3, psycopg and SQLAlchemy into the application's own."""

from __future__ import annotations

import psycopg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from broadcast.errors import DatabaseBusy, DatabaseDamaged, DatabaseUnreachable, DiskFull, Unavailable

SQLITE = {
    "SQLITE_BUSY": DatabaseBusy,
    "SQLITE_LOCKED": DatabaseBusy,
    "SQLITE_FULL": DiskFull,
    "SQLITE_IOERR": DatabaseUnreachable,
    "SQLITE_CANTOPEN": DatabaseUnreachable,
    "SQLITE_PERM": DatabaseUnreachable,
    "SQLITE_NOTADB": DatabaseDamaged,
    "SQLITE_CORRUPT": DatabaseDamaged,
}
POSTGRESQL = {
    "40001": DatabaseBusy,  # serialization_failure
    "40P01": DatabaseBusy,  # deadlock_detected
    "55P03": DatabaseBusy,  # lock_not_available
    "53100": DiskFull,
    "53300": DatabaseBusy,  # too_many_connections
    "XX001": DatabaseDamaged,
    "XX002": DatabaseDamaged,
}
UNREACHABLE = ("08", "57", "28", "3D")  # connection, shutdown, authorisation, no such database


def translate(error: SQLAlchemyError) -> Unavailable | None:
    """Our name for a failure of the surroundings; None for a programming error."""
    if isinstance(error, PoolTimeout):
        return DatabaseBusy()
    if not isinstance(error, DBAPIError) or error.orig is None:
        return None
    original = error.orig
    if isinstance(original, psycopg.Error):
        return _postgresql(original)
    name = str(getattr(original, "sqlite_errorname", ""))
    found = next((kind for prefix, kind in SQLITE.items() if name.startswith(prefix)), None)
    return found(cause=name) if found else None


def _postgresql(error: psycopg.Error) -> Unavailable | None:
    state = error.sqlstate
    if state in POSTGRESQL:
        return POSTGRESQL[state](cause=state)
    if state is None and isinstance(error, psycopg.OperationalError):
        return DatabaseUnreachable(cause="connection")
    if state is not None and state.startswith(UNREACHABLE):
        return DatabaseUnreachable(cause=state)
    return None
