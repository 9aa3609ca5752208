"""Inserts that leave an existing row alone, in the words of either database."""

from __future__ import annotations

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import Insert

from .models import Base


def insert_new(session: Session, table: type[Base]) -> Insert:
    """INSERT … ON CONFLICT DO NOTHING; with ``returning`` it tells which rows were new."""
    if session.get_bind().dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()
