"""Inserts that meet an existing row, in the words of either database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import Insert

from .models import Base


def insert_new(session: Session, table: type[Base]) -> Insert:
    """INSERT … ON CONFLICT DO NOTHING; with ``returning`` it tells which rows were new."""
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()


def insert_adding(session: Session, table: type[Base], columns: Iterable[str]) -> Insert:
    """INSERT, or add to the ``columns`` of the row that has the same primary key."""
    statement = _insert(session, table)
    keys = [column.name for column in table.__table__.primary_key]
    sums = {name: table.__table__.c[name] + statement.excluded[name] for name in columns}
    return statement.on_conflict_do_update(index_elements=keys, set_=sums)


def insert_replacing(
    session: Session, table: type[Base], keys: Sequence[str], columns: Iterable[str]
) -> Insert:
    """INSERT, or replace the ``columns`` of the row that has the same ``keys``."""
    statement = _insert(session, table)
    new = {name: statement.excluded[name] for name in columns}
    return statement.on_conflict_do_update(index_elements=list(keys), set_=new)


def _insert(session: Session, table: type[Base]) -> postgresql.Insert | sqlite.Insert:
    postgres = session.get_bind().dialect.name == "postgresql"
    return postgresql.insert(table) if postgres else sqlite.insert(table)
