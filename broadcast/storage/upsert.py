"""Inserts that meet an existing row, in the words of either database."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import Insert

from broadcast.models import Base


def insert_new(session: Session, table: type[Base]) -> Insert:
    """INSERT … ON CONFLICT DO NOTHING; with ``returning`` it tells which rows were new."""
    return _new(_dialect(session), table)


def insert_adding(session: Session, table: type[Base], columns: Sequence[str]) -> Insert:
    """INSERT, or add to the ``columns`` of the row that has the same primary key."""
    return _adding(_dialect(session), table, tuple(columns))


def insert_replacing(
    session: Session, table: type[Base], keys: Sequence[str], columns: Sequence[str]
) -> Insert:
    """INSERT, or replace the ``columns`` of the row that has the same ``keys``."""
    return _replacing(_dialect(session), table, tuple(keys), tuple(columns))


# The same statements come with every batch: each is made once, so that it is compiled once.
@lru_cache(maxsize=64)
def _new(dialect: str, table: type[Base]) -> Insert:
    return _insert(dialect, table).on_conflict_do_nothing()


@lru_cache(maxsize=64)
def _adding(dialect: str, table: type[Base], columns: tuple[str, ...]) -> Insert:
    statement = _insert(dialect, table)
    keys = [column.name for column in table.__table__.primary_key]
    sums = {name: table.__table__.c[name] + statement.excluded[name] for name in columns}
    return statement.on_conflict_do_update(index_elements=keys, set_=sums)


@lru_cache(maxsize=64)
def _replacing(dialect: str, table: type[Base], keys: tuple[str, ...], columns: tuple[str, ...]) -> Insert:
    statement = _insert(dialect, table)
    new = {name: statement.excluded[name] for name in columns}
    return statement.on_conflict_do_update(index_elements=list(keys), set_=new)


def _insert(dialect: str, table: type[Base]) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def _dialect(session: Session) -> str:
    return session.get_bind().dialect.name
