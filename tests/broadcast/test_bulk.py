"""Statements for thousands of rows: what they store, what they refuse, and that no table is read whole."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import BigInteger, DateTime, String, event, insert, select
from sqlalchemy.dialects import sqlite

from broadcast.models import Event, JournalRow, Loudspeaker
from broadcast.models.base import UtcDateTime
from broadcast.storage import bulk, listed

NAMES = ("at", "kind", "area_id", "subject", "data")
TELL = insert(Event)
ZONES = st.sampled_from((dt.UTC, dt.timezone(dt.timedelta(hours=7)), dt.timezone(-dt.timedelta(hours=3))))
FIRST, LAST = dt.datetime(1, 1, 3, tzinfo=dt.UTC), dt.datetime(9999, 12, 29, tzinfo=dt.UTC)
MOMENTS = st.builds(
    dt.datetime.astimezone,
    st.datetimes(FIRST.replace(tzinfo=None), LAST.replace(tzinfo=None), timezones=st.just(dt.UTC)),
    ZONES,
)


def test_rows_come_back_as_they_were_given(database: Any, now: dt.datetime) -> None:
    given = [(now + dt.timedelta(microseconds=n), "đổi", None, n, {"n": [n, "ấ"]}) for n in range(3)]
    with database.transaction() as session:
        bulk.execute(session, TELL, NAMES, given)
        bulk.execute(session, TELL, NAMES, [])
    with database.transaction(read_only=True) as session:
        found = session.scalars(select(Event).order_by(Event.id)).all()
        assert [(e.at, e.kind, e.area_id, e.subject, e.data) for e in found] == given


def test_names_that_are_not_what_is_bound_are_refused(database: Any, now: dt.datetime) -> None:
    with database.transaction() as session, pytest.raises(ValueError, match="binds"):
        bulk.execute(session, TELL, ("at", "kind"), [(now, "x")])


def test_a_row_that_is_too_short_stores_nothing(database: Any, now: dt.datetime) -> None:
    with database.transaction() as session, pytest.raises(ValueError, match=r"shorter"):
        bulk.execute(session, TELL, NAMES, [(now, "x", 1, 2, {}), (now, "x", 1)])


@given(MOMENTS)
def test_a_moment_is_the_text_that_sqlalchemy_would_write(at: dt.datetime) -> None:
    dialect = sqlite.dialect()
    ours, theirs = (each.dialect_impl(dialect) for each in (UtcDateTime(), DateTime(timezone=True)))
    bind, read = ours.bind_processor(dialect), ours.result_processor(dialect, None)
    generic = theirs.bind_processor(dialect)
    assert bind is not None
    assert read is not None
    assert generic is not None
    assert bind(at) == generic(at.astimezone(dt.UTC))
    assert read(bind(at)) == at


def test_a_moment_without_a_zone_is_refused(database: Any, now: dt.datetime) -> None:
    with database.transaction() as session, pytest.raises(Exception, match="naive"):
        bulk.execute(session, TELL, NAMES, [(now.replace(tzinfo=None), "x", None, None, {})])


def test_listed_rows_meet_those_that_are_the_same_in_every_column(stage: Any) -> None:
    one, two = stage.loudspeakers(2)
    for box in (one, two):
        stage.hear(
            box.journal(stage.now, *(box.event(stage.now, "armed", item) for item in ("a", 'b"', "ấ")))
        )
    with stage.database.transaction(read_only=True) as session:
        ids = dict(session.execute(select(Loudspeaker.device, Loudspeaker.id)).all())
        here, there = ids[one.device], ids[two.device]
        asked = [(here, 'b"'), (there, "ấ"), (there, "nothing"), (here + there + 1, "a")]
        whose, item = listed.columns(session, asked, BigInteger(), String())
        query = select(JournalRow.loudspeaker_id, JournalRow.occurrence)
        same = query.where(JournalRow.loudspeaker_id == whose, JournalRow.occurrence == item)
        assert sorted(map(tuple, session.execute(same))) == sorted(asked[:2])


def test_taking_in_a_journal_reads_no_journal_from_end_to_end(stage: Any) -> None:
    boxes = stage.loudspeakers(2)
    stage.hear(*(box.state(stage.now) for box in boxes))
    engine = stage.database.engine
    asked: list[tuple[str, Any]] = []

    @event.listens_for(engine, "before_cursor_execute")
    def remember(_c: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool) -> None:
        if statement.startswith("SELECT") and re.search(r"\bjournal\b", statement):
            asked.append((statement, parameters))

    for item in ("a", "b"):
        stage.hear(*(box.journal(stage.now, box.event(stage.now, "armed", item)) for box in boxes))
    event.remove(engine, "before_cursor_execute", remember)
    assert len(asked) >= 6
    if stage.database.kind == "sqlite":  # PostgreSQL reads a small table whole, and is right
        with stage.database.transaction(read_only=True) as session:
            explained = [
                step
                for statement, parameters in asked
                for *_, step in session.connection().exec_driver_sql(
                    f"EXPLAIN QUERY PLAN {statement}", parameters
                )
            ]
        assert not [step for step in explained if step.startswith("SCAN journal")]
        assert any("ix_journal_item (occurrence=? AND loudspeaker_id=?)" in step for step in explained)
