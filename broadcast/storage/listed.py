"""Thousands of values in one parameter, as a table that a query joins with.

A statement that names each value is compiled anew every time, and where it names pairs
SQLite looks for no index: it reads the whole table.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import JSON, ColumnElement, bindparam, cast, func
from sqlalchemy.dialects.postgresql import JSON as POSTGRES_JSON
from sqlalchemy.orm import Session
from sqlalchemy.types import Text, TypeEngine


def columns(
    session: Session, rows: Sequence[Sequence[Any]], *types: TypeEngine[Any]
) -> tuple[ColumnElement[Any], ...]:
    """The columns of ``rows``, to be compared in a WHERE with those of the table that is asked."""
    found: list[ColumnElement[Any]]
    text = msgspec.json.encode(rows).decode()
    if session.get_bind().dialect.name == "postgresql":
        given = cast(bindparam(None, text, type_=Text()), POSTGRES_JSON)
        row = func.json_array_elements(given, type_=JSON()).table_valued("value").c.value
        found = [row.op("->>")(place) for place in range(len(types))]
    else:
        row = func.json_each(bindparam(None, text, type_=Text())).table_valued("value").c.value
        found = [func.json_extract(row, f"$[{place}]") for place in range(len(types))]
    return tuple(cast(each, type_) for each, type_ in zip(found, types, strict=True))
