"""The database behind one door: transactions that lose nothing, on SQLite and on PostgreSQL.

Use cases get a ``Session`` and never commit; the edge opens the transaction here.
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.orm import Session, SessionTransaction

from broadcast.errors import DatabaseBusy, DomainError, SettingInvalid, StorageFailed
from broadcast.migrations import schema

from .database_errors import translate
from .fair_lock import FairLock

BUSY_S = 10.0  # seconds a writer waits for its turn
POOL = 20  # connections kept; live pages and workers share them
OVERFLOW = 20
JSON: Final[dict[str, Callable[[Any], Any]]] = {  # journals are read and written by the thousand
    "json_serializer": lambda value: msgspec.json.encode(value).decode(),
    "json_deserializer": msgspec.json.decode,
}

Step = Callable[[Session], None]


class Database:
    """One database; threads share it, processes open their own.

    ``busy_s``: seconds a writer waits for another before DatabaseBusy.
    """

    def __init__(self, url: str, *, busy_s: float = BUSY_S) -> None:
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            raise _bad_url("không phải địa chỉ cơ sở dữ liệu") from error
        self.kind = parsed.get_backend_name()
        if self.kind == "sqlite":
            if not parsed.database or parsed.database == ":memory:":
                raise _bad_url("SQLite cần một tệp")
            _make_folder(Path(parsed.database).parent)
            self._engine = _sqlite(parsed.set(drivername="sqlite+pysqlite"), busy_s)
        elif self.kind == "postgresql":
            self._engine = _postgresql(parsed.set(drivername="postgresql+psycopg"), busy_s)
        else:
            raise _bad_url("chỉ dùng sqlite:/// hoặc postgresql://")
        self._reader = self._engine.execution_options(**READ_ONLY[self.kind])
        self._writers = FairLock()
        self._busy_s = busy_s

    @contextmanager
    def transaction(self, *, read_only: bool = False) -> Iterator[Session]:
        """All or nothing; on SQLite writers take turns from their first statement on.

        ``read_only`` sees one consistent state, takes no write lock and refuses to write.
        Errors: DatabaseBusy, DatabaseUnreachable, DatabaseDamaged, DiskFull.
        """
        turn = _Turn(self._writers, self._busy_s)
        engine = self._reader if read_only else self._engine.execution_options(turn=turn)
        with closing(turn), translated(), Session(engine, expire_on_commit=False) as session:
            try:
                yield session
            except DomainError as error:
                if error.kept:
                    session.commit()
                raise
            session.commit()

    def migrate(self) -> None:
        """Bring the tables to this version; safe when several processes start at once."""
        with translated():
            schema.upgrade(self._engine)

    def check(self) -> None:
        """Refuse a database whose tables are not this version's (DatabaseOutdated)."""
        with translated():
            schema.check(self._engine)

    def dispose(self) -> None:
        self._engine.dispose()

    @property
    def engine(self) -> Engine:
        """For migrations and diagnosis; use cases take a session."""
        return self._engine


class _Turn:
    """One writer's place among the threads of this process.

    SQLite lets waiting writers poll, and under load one of them may starve; among threads turns are fair.
    """

    def __init__(self, lock: FairLock, patience_s: float) -> None:
        self._lock = lock
        self._patience_s = patience_s
        self._mine = False

    def take(self) -> None:
        self._mine = self._mine or self._lock.acquire(timeout=self._patience_s)
        if not self._mine:
            raise DatabaseBusy(cause="writers")

    def close(self) -> None:
        if self._mine:
            self._mine = False
            self._lock.release()


READ_ONLY: dict[str, dict[str, Any]] = {
    "sqlite": {"sqlite_begin": "BEGIN"},
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
}


@contextmanager
def translated() -> Iterator[None]:
    """Let the database's own errors out only as ours."""
    try:
        yield
    except SQLAlchemyError as error:
        known = translate(error)
        if known is None:
            raise
        raise known from error


def before_commit(session: Session, name: str, step: Step) -> None:
    """Run ``step`` once per transaction, after all other writes and just before the commit.

    Work that must take its turn among all writers (the audit chain, the order of
    events) holds its lock only for this last moment, so no two transactions
    can wait for each other.
    """
    session.info.setdefault("before_commit", {}).setdefault(name, step)


@event.listens_for(Session, "before_commit")
def _run_steps(session: Session) -> None:
    if session.in_nested_transaction() or not session.info.get("before_commit"):
        return
    session.flush()
    steps: dict[str, Step] = session.info.pop("before_commit")
    for name in sorted(steps):
        steps[name](session)


@event.listens_for(Session, "after_soft_rollback")
def _forget_pending(session: Session, transaction: SessionTransaction) -> None:
    """What was noted inside a savepoint that is rolled back has not happened."""
    for entries in session.info.get("pending", {}).values():
        entries[:] = [entry for entry in entries if not _within(entry[0], transaction)]


def pending(session: Session, name: str) -> list[tuple[SessionTransaction | None, Any]]:
    """Notes of this transaction that wait for ``before_commit``; first member: where it was noted."""
    notes: list[tuple[SessionTransaction | None, Any]] = session.info.setdefault("pending", {}).setdefault(
        name, []
    )
    return notes


def note(session: Session, name: str, value: object) -> None:
    """Add a note to ``pending``; a rolled back savepoint takes it away again."""
    where = session.get_nested_transaction() or session.get_transaction() or session.begin()
    pending(session, name).append((where, value))


def take_turn(session: Session, key: int) -> None:
    """Wait until no other transaction holds ``key``; SQLite's writers already take turns."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection().exec_driver_sql("SELECT pg_advisory_xact_lock(%s)", (key,))


def _within(inner: SessionTransaction | None, outer: SessionTransaction) -> bool:
    while inner is not None:
        if inner is outer:
            return True
        inner = inner.parent
    return False


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StorageFailed(path=str(path), cause=errno.errorcode.get(error.errno or 0, "")) from error


def _sqlite(url: URL, busy_s: float) -> Engine:
    arguments = {"timeout": busy_s}
    engine = create_engine(
        url, connect_args=arguments, pool_size=POOL, max_overflow=OVERFLOW, hide_parameters=True, **JSON
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: object) -> None:
        connection.isolation_level = None  # the driver's own late BEGIN loses updates; ours is below
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if "turn" in options:
            options["turn"].take()
        statement = options.get("sqlite_begin", "BEGIN IMMEDIATE")
        connection.exec_driver_sql(f"PRAGMA query_only={'ON' if statement == 'BEGIN' else 'OFF'}")
        connection.exec_driver_sql(statement)

    return engine


def _postgresql(url: URL, busy_s: float) -> Engine:
    options = f"-c lock_timeout={round(busy_s * 1000)} -c timezone=UTC"
    return create_engine(
        url,
        pool_size=POOL,
        max_overflow=OVERFLOW,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"connect_timeout": int(BUSY_S), "options": options},
        **JSON,
    )


def _bad_url(why: str) -> SettingInvalid:
    return SettingInvalid(name="TRUYEN_THANH_DATABASE_URL", why=why)
