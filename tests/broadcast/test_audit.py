"""The audit chain: what was written cannot be changed unseen, and no two writers fork it."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, text

from broadcast.errors import DomainError
from broadcast.models import AuditRow
from broadcast.storage import audit


def write(database, now, count=1, **detail):
    for number in range(count):
        with database.transaction() as session:
            audit.record(session, now=now, person_id=None, action="test", subject=f"row:{number}", **detail)


def verify(database):
    with database.transaction(read_only=True) as session:
        return audit.verify(session)


def rows(database):
    with database.transaction(read_only=True) as session:
        return list(session.scalars(select(AuditRow).order_by(AuditRow.id)))


def test_an_untouched_log_is_whole(database, now):
    assert verify(database) is None
    write(database, now, 5, title="Thông báo “lịch tiêm”", hours=[5, 17], speed=0.9, note=None)
    assert verify(database) is None


def test_times_with_microseconds_and_other_zones_verify(database):
    zone = dt.timezone(dt.timedelta(hours=7))
    write(database, dt.datetime(2026, 3, 2, 8, 0, 0, 123456, tzinfo=zone))
    assert verify(database) is None


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit SET action = 'forged' WHERE id = 3",
        "UPDATE audit SET subject = 'row:9' WHERE id = 3",
        "UPDATE audit SET detail = '{\"a\": 2}' WHERE id = 3",
        "UPDATE audit SET at = '2020-01-01 00:00:00' WHERE id = 3",
        "UPDATE audit SET sha256 = previous WHERE id = 3",
        "DELETE FROM audit WHERE id = 2",
    ],
)
def test_the_first_row_that_was_tampered_with_is_found(database, now, change):
    write(database, now, 6, a=1)
    with database.transaction() as session:
        session.execute(text(change))
    assert verify(database) == 3


def test_a_missing_beginning_is_found(database, now):
    write(database, now, 3)
    with database.transaction() as session:
        session.execute(text("DELETE FROM audit WHERE id = 1"))
    assert verify(database) == 2


def test_the_newest_hash_kept_elsewhere_proves_that_no_end_was_cut_off(database, now):
    write(database, now, 3)
    with database.transaction(read_only=True) as session:
        kept = audit.head(session)
    with database.transaction() as session:
        session.execute(text("DELETE FROM audit WHERE id = 3"))
    with database.transaction(read_only=True) as session:
        assert audit.verify(session) is None
        assert audit.head(session) != kept


def log_and_raise(session, now, action):
    with session.begin_nested():
        audit.record(session, now=now, person_id=None, action=action, subject="row:1")
    audit.record(session, now=now, person_id=None, action=action, subject="row:2")
    raise DomainError()


def test_what_is_rolled_back_is_not_logged(database, now):
    with pytest.raises(DomainError), database.transaction() as session:
        log_and_raise(session, now, "lost")
    assert rows(database) == []


def test_what_a_savepoint_rolled_back_is_not_logged(database, now):
    with database.transaction() as session:
        audit.record(session, now=now, person_id=None, action="kept", subject="row:1")
        with pytest.raises(DomainError), session.begin_nested():
            log_and_raise(session, now, "lost")
        with session.begin_nested():
            audit.record(session, now=now, person_id=None, action="also kept", subject="row:4")
    assert [row.action for row in rows(database)] == ["kept", "also kept"]
    assert verify(database) is None


def test_rows_of_one_transaction_keep_their_order(database, now):
    with database.transaction() as session:
        for number in range(5):
            audit.record(session, now=now, person_id=None, action="test", subject=f"row:{number}")
    assert [row.subject for row in rows(database)] == [f"row:{number}" for number in range(5)]


def test_threads_that_write_at_once_do_not_fork_the_chain(database, now):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: write(database, now, 5), range(8)))
    assert len(rows(database)) == 40
    assert verify(database) is None


WRITER = """
import datetime as dt, sys
from broadcast.storage import audit
from broadcast.storage.database import Database
database = Database(sys.argv[1])
for number in range(25):
    with database.transaction() as session:
        now = dt.datetime.now(dt.UTC)
        audit.record(session, now=now, person_id=None, action=sys.argv[2], subject=str(number))
"""


def test_processes_that_write_at_once_do_not_fork_the_chain(database, database_url):
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, database_url, name]) for name in "ab"]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    assert len(rows(database)) == 50
    assert verify(database) is None
