"""Many rows by as many statements as it takes: a database takes only so many values in one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

NAMED: Final = 5_000  # rows named in one statement

T = TypeVar("T")


def chunks(values: Sequence[T], size: int = NAMED) -> Iterator[Sequence[T]]:
    for first in range(0, len(values), size):
        yield values[first : first + size]
