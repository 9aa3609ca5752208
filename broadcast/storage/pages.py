"""One page of a longer list, cut by the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from sqlalchemy import Select, func
from sqlalchemy.orm import Session

LARGEST = 200

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """``page`` counts from 1; ``total`` is of the whole list."""

    items: list[Row]
    page: int
    per_page: int
    total: int

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.per_page))


def cut(session: Session, query: Select[Row], page: int, per_page: int) -> Page[Row]:
    """One page of an ordered query; a number that makes no sense is brought into range."""
    counted = query.with_only_columns(func.count(), maintain_column_froms=True).order_by(None)
    total = session.scalar(counted) or 0
    page, per_page = in_range(page, per_page, total)
    rows = session.scalars(query.limit(per_page).offset((page - 1) * per_page))
    return Page(list(rows), page, per_page, total)


def cut_list(rows: Sequence[Row], page: int, per_page: int) -> Page[Row]:
    """One page of a list that only the application could put in order."""
    page, per_page = in_range(page, per_page, len(rows))
    return Page(list(rows[(page - 1) * per_page : page * per_page]), page, per_page, len(rows))


def in_range(page: int, per_page: int, total: int) -> tuple[int, int]:
    """The nearest page that exists."""
    per_page = min(max(per_page, 1), LARGEST)
    return min(max(page, 1), max(1, -(-total // per_page))), per_page
