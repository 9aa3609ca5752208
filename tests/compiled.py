"""What a server compiles once in its life is compiled once for all tests of a process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine, util
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from werkzeug.routing import Rule

from broadcast.storage import database

STATEMENTS = 3_000  # remembered at most


def share_statements(patch: pytest.MonkeyPatch) -> None:
    """One memory of compiled statements for all databases.

    Statements are remembered by their dialect, and every engine has one of its own: the tests' are all alike.
    """
    for dialect in (SQLiteDialect_pysqlite, PGDialect_psycopg):
        patch.setattr(dialect, "__eq__", lambda one, other: type(one) is type(other))
        patch.setattr(dialect, "__hash__", lambda one: hash(type(one)))
    create_engine, memory = database.create_engine, util.LRUCache[Any, Any](STATEMENTS)

    def create(*arguments: Any, **options: Any) -> Engine:
        engine = create_engine(*arguments, **options)
        engine._compiled_cache = memory
        return engine

    patch.setattr(database, "create_engine", create)


def share_addresses(patch: pytest.MonkeyPatch) -> None:
    """What builds the address of a page, made once for all applications: it depends on the rule alone."""
    compile_builder = Rule._compile_builder
    made: dict[tuple[str, str, bool], Callable[..., tuple[str, str]]] = {}

    def build(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        key = (repr(rule._trace), repr(rule.defaults), append_unknown)
        if key not in made:
            made[key] = compile_builder(rule, append_unknown)
        return made[key]

    patch.setattr(Rule, "_compile_builder", build)
