"""The packaged migrations make exactly the tables of the models, on both databases."""

from __future__ import annotations

import sqlite3
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, inspect, text

from broadcast.migrations import schema
from broadcast.models import Base
from broadcast.storage.database import Database


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_url(request, tmp_path):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/bare.db"
        return
    cluster = request.getfixturevalue("cluster")
    name = f"bare{uuid.uuid4().hex}"
    yield cluster.create(name, "template1")
    cluster.drop(name)


@pytest.fixture
def bare(bare_url):
    database = Database(bare_url)
    yield database
    database.dispose()


def test_the_migrations_make_the_tables_of_the_models(bare):
    bare.migrate()
    with bare.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "render_as_batch": True})
        assert compare_metadata(context, Base.metadata) == []


def test_migrated_tables_accept_what_tables_made_from_the_models_accept(bare, tmp_path):
    """Nullability and uniqueness, which the comparison of types does not cover on SQLite."""
    bare.migrate()
    direct = create_engine(f"sqlite:///{tmp_path}/direct.db")
    Base.metadata.create_all(direct)
    ours, theirs = inspect(bare.engine), inspect(direct)
    for table in Base.metadata.tables:
        assert {c["name"]: c["nullable"] for c in ours.get_columns(table)} == {
            c["name"]: c["nullable"] for c in theirs.get_columns(table)
        }
        assert {tuple(u["column_names"]) for u in ours.get_unique_constraints(table)} == {
            tuple(u["column_names"]) for u in theirs.get_unique_constraints(table)
        }
    direct.dispose()


def test_migrating_twice_changes_nothing(bare):
    bare.migrate()
    bare.migrate()
    bare.check()


def test_processes_that_start_together_migrate_once(bare_url):
    opened = [Database(bare_url) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(Database.migrate, opened))
    opened[0].check()
    for database in opened:
        database.dispose()


def test_the_way_down_leaves_no_table_and_the_way_up_works_again(bare):
    bare.migrate()
    schema.downgrade(bare.engine, "base")
    assert set(inspect(bare.engine).get_table_names()) <= {"alembic_version"}
    bare.migrate()
    bare.check()


def test_foreign_keys_are_checked_again_after_a_migration(bare):
    bare.migrate()
    if bare.kind == "sqlite":
        with bare.engine.connect() as connection:
            assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1


def test_loudspeakers_of_before_the_fleet_keep_their_place_and_count_as_heard(bare):
    schema.upgrade(bare.engine, "0005")
    at = "2026-10-01 00:00:00+00:00"
    with bare.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO area (id, code, name, kind, level, window_start, window_end)"
                " VALUES (1, 'X', 'X', 'commune', 0, '05:00', '21:30')"
            )
        )
        entered = text(
            "INSERT INTO loudspeaker (device, name, area_id, public_key, broker_hash, volume, created_at,"
            " online, boot, session, last_seen, playing, report, desired_epoch, desired_rev,"
            " desired_sha256, cursor_boot, cursor_seq) VALUES (:device, 'x', 1, :key, '', 80, :at,"
            " false, '', 0, :seen, '', '{}', 1, 0, '', '', 0)"
        )
        for device, seen in (("heard", at), ("never", None)):
            connection.execute(entered, {"device": device, "key": f"key-{device}", "at": at, "seen": seen})
    bare.migrate()
    with bare.engine.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT device, activated_at IS NOT NULL, box.public_key, removed_at FROM loudspeaker"
                " JOIN box ON box.loudspeaker_id = loudspeaker.id ORDER BY device"
            )
        )
        assert [tuple(row) for row in rows] == [
            ("heard", True, "key-heard", None),
            ("never", False, "key-never", None),
        ]


def test_an_event_id_is_never_used_again(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/a.db")
    database.migrate()
    database.dispose()
    with sqlite3.connect(tmp_path / "a.db") as connection:
        made = dict(connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table'").fetchall())
    connection.close()
    assert all("AUTOINCREMENT" in made[name] for name in ("event", "audit", "outbox"))


def test_loudspeakers_of_before_are_found_without_accents(bare):
    schema.upgrade(bare.engine, "0006")
    with bare.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO area (id, code, name, kind, level, window_start, window_end)"
                " VALUES (1, 'X', 'X', 'commune', 0, '05:00', '21:30')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO loudspeaker (device, name, area_id, public_key, broker_hash, volume, created_at,"
                " online, boot, session, playing, report, desired_epoch, desired_rev, desired_sha256,"
                " cursor_boot, cursor_seq, serial, note) VALUES ('L-1', 'Loa thôn Đông', 1, '', '', 80,"
                " '2026-10-01 00:00:00+00:00', false, '', 0, '', '{}', 1, 0, '', '', 0, 'SN-7', 'Ở đình')"
            )
        )
    bare.migrate()
    with bare.engine.connect() as connection:
        found = connection.execute(text("SELECT folded FROM loudspeaker")).scalar_one()
    assert found == "loa thon dong\nl-1\nsn-7\no dinh"
