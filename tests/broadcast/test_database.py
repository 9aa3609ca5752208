"""Transactions: nothing lost, nothing half-written, foreign errors stay outside."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError, SQLAlchemyError

from broadcast.errors import (
    DatabaseBusy,
    DatabaseDamaged,
    DatabaseOutdated,
    DatabaseUnreachable,
    DiskFull,
    DomainError,
    SettingInvalid,
    StorageFailed,
)
from broadcast.models import Lease
from broadcast.storage.database import Database
from broadcast.storage.database_errors import translate


class RefusedError(DomainError):
    code = "refused"


class RememberedError(DomainError):
    code = "remembered"
    kept = True


def count(database: Database) -> int:
    with database.transaction(read_only=True) as session:
        return session.scalar(select(func.count()).select_from(Lease)) or 0


def lease(now, name="a", token=0):
    return Lease(name=name, holder="h", token=token, expires_at=now)


def write_and_raise(database, now, error):
    with database.transaction() as session:
        session.add(lease(now))
        session.flush()
        raise error


def test_a_refused_use_case_leaves_nothing_behind(database, now):
    with pytest.raises(RefusedError):
        write_and_raise(database, now, RefusedError())
    assert count(database) == 0


def test_a_refusal_that_must_be_remembered_is_kept(database, now):
    with pytest.raises(RememberedError):
        write_and_raise(database, now, RememberedError())
    assert count(database) == 1


def test_concurrent_read_then_write_updates_lose_nothing(database, now):
    with database.transaction() as session:
        session.add(lease(now))

    def bump(_):
        with database.transaction() as session:
            row = session.get_one(Lease, "a", with_for_update=True)
            seen = row.token
            time.sleep(0.001)
            row.token = seen + 1

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(bump, range(80)))
    with database.transaction(read_only=True) as session:
        assert session.get_one(Lease, "a").token == 80


def test_a_reader_neither_waits_for_a_writer_nor_sees_half_of_its_work(database, now):
    with database.transaction() as session:
        session.add(lease(now))
        session.flush()
        assert count(database) == 0
    assert count(database) == 1


def test_a_reader_sees_one_state_of_everything(database, now):
    with database.transaction(read_only=True) as reader:
        assert reader.scalar(select(func.count()).select_from(Lease)) == 0
        with database.transaction() as session:
            session.add(lease(now))
        assert reader.scalar(select(func.count()).select_from(Lease)) == 0


def test_a_reader_cannot_write(database, now):
    with pytest.raises(SQLAlchemyError), database.transaction(read_only=True) as session:
        session.add(lease(now))
    with database.transaction() as session:  # the same connection writes again afterwards
        session.add(lease(now))
    assert count(database) == 1


def test_foreign_keys_are_enforced(database):
    with pytest.raises(IntegrityError), database.transaction() as session:
        session.execute(text("INSERT INTO area_closure VALUES (1, 2, 0)"))


def test_a_writer_that_waits_too_long_is_told_that_the_database_is_busy(database, database_url, now):
    with database.transaction() as session:
        session.add(lease(now))
    impatient = Database(database_url, busy_s=0.1)
    with database.transaction() as session:
        session.get_one(Lease, "a", with_for_update=True)
        with pytest.raises(DatabaseBusy), impatient.transaction() as other:
            other.get_one(Lease, "a", with_for_update=True)
    impatient.dispose()


def fill_the_disk(database, now):
    with database.transaction() as session:
        session.add(lease(now))
        session.flush()
        if database.kind == "sqlite":
            session.execute(text("PRAGMA max_page_count=1"))
            session.execute(text("CREATE TABLE big AS SELECT zeroblob(10000000) AS b"))
        else:
            session.execute(text("DO $$ BEGIN RAISE EXCEPTION 'full' USING ERRCODE = '53100'; END $$"))


def test_a_full_disk_is_named_and_nothing_is_half_written(database, now):
    with pytest.raises(DiskFull):
        fill_the_disk(database, now)
    assert count(database) == 0


def test_deadlocked_transactions_are_told_to_try_again(database, now):
    if database.kind == "sqlite":  # its writers take turns: there is nothing to deadlock
        with database.transaction() as session:
            assert session.execute(text("PRAGMA busy_timeout")).scalar() == 10_000
        return
    with database.transaction() as session:
        session.add_all([lease(now, "a"), lease(now, "b")])
    both = threading.Barrier(2)

    def cross(first, second):
        try:
            with database.transaction() as session:
                session.get_one(Lease, first, with_for_update=True)
                both.wait(60)
                session.get_one(Lease, second, with_for_update=True)
        except DatabaseBusy:
            return "busy"
        return "done"

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(cross, "ab", "ba")) == ["busy", "done"]


def test_a_database_that_cannot_be_reached_is_named(tmp_path):
    nowhere = Database(f"postgresql://test@/none?host={tmp_path}")
    with pytest.raises(DatabaseUnreachable):
        nowhere.migrate()
    nowhere.dispose()


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageFailed):
        Database(f"sqlite:///{tmp_path}/file/a.db")


def test_a_file_that_is_no_database_is_named(tmp_path):
    path = tmp_path / "a.db"
    path.write_bytes(b"this is no database at all" * 100)
    broken = Database(f"sqlite:///{path}")
    with pytest.raises(DatabaseDamaged):
        broken.migrate()
    broken.dispose()


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://a/b", "sqlite://", "sqlite:///:memory:"])
def test_an_address_that_is_no_usable_database_stops_the_start(url):
    with pytest.raises(SettingInvalid) as caught:
        Database(url)
    assert caught.value.params["name"] == "TRUYEN_THANH_DATABASE_URL"


def test_a_programming_error_is_not_disguised(database):
    with pytest.raises((ProgrammingError, OperationalError)), database.transaction() as session:
        session.execute(text("SELECT * FROM no_such_table"))


def test_errors_without_a_driver_behind_them_are_not_ours_to_name():
    assert translate(SQLAlchemyError("misuse")) is None


def test_the_sqlite_file_survives_a_power_cut_by_its_settings(tmp_path: Path):
    database = Database(f"sqlite:///{tmp_path}/a.db")
    with database.transaction() as session:
        found = {
            name: session.execute(text(f"PRAGMA {name}")).scalar() for name in ("journal_mode", "synchronous")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2}
    database.dispose()


def test_a_database_of_another_version_is_refused_before_it_is_used(database):
    database.check()
    with database.transaction() as session:
        ours = session.scalar(text("SELECT version_num FROM alembic_version"))
        session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    with pytest.raises(DatabaseOutdated):
        database.check()
    with database.transaction() as session:  # the next test uses the same database
        session.execute(text("UPDATE alembic_version SET version_num = :ours"), {"ours": ours})


def test_no_writer_starves_among_many(database_url, now):
    """SQLite alone lets writers poll for their turn; a writer that is passed over too often would give up."""
    database = Database(database_url, busy_s=20)
    with database.transaction() as session:
        session.add(lease(now))

    def bump(_):
        for _ in range(15):
            with database.transaction() as session:
                session.get_one(Lease, "a", with_for_update=True).token += 1

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(bump, range(16)))
    with database.transaction(read_only=True) as session:
        assert session.get_one(Lease, "a").token == 240
    database.dispose()
