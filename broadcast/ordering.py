"""What a unit has decided about the order of two programmes, worked into the plans of its loudspeakers.

The one that goes second begins when the first is over, as ``schedules.precedence`` puts it: right after.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from devices.messages import Item
from schedules import precedence
from schedules.precedence import Claim

from .models import Area, OrderDecision
from .moments import from_ms

Entry = tuple[dt.datetime, Item]


@dataclass(frozen=True, slots=True)
class Word:
    """One schedule before another, by the word of a unit of that level."""

    first: int
    second: int
    level: int


def read(session: Session, area_ids: Collection[int] | None) -> dict[int, list[Word]]:
    """The last word of each of these areas (None: of all) on each pair."""
    query = select(OrderDecision, Area.level).join(Area, Area.id == OrderDecision.area_id)
    if area_ids is not None:
        query = query.where(OrderDecision.area_id.in_(area_ids))
    last: dict[tuple[int, frozenset[int]], Word] = {}
    for row, level in session.execute(query.order_by(OrderDecision.id)):
        pair = row.area_id, frozenset((row.first_id, row.second_id))
        last[pair] = Word(row.first_id, row.second_id, level)
    found: dict[int, list[Word]] = defaultdict(list)
    for (area_id, _), word in last.items():
        found[area_id].append(word)
    return found


def ordered(entries: Sequence[Entry], words: Iterable[Word]) -> list[Entry]:
    """The entries, of which those that go second wait for those that go first where they meet."""
    found = list(entries)
    for word in words:
        first = [each for _, each in found if _is_of(each, word.first)]
        found = [
            (at, _behind(each, first, word.level)) if _is_of(each, word.second) else (at, each)
            for at, each in found
        ]
    return found


def _behind(second: Item, firsts: Iterable[Item], level: int) -> Item:
    for first in firsts:
        meets = (
            first.start < second.start + second.duration_ms and second.start < first.start + first.duration_ms
        )
        if meets and precedence.may_decide(level, _claim(first), _claim(second)):
            wait = first.start + first.duration_ms - second.start
            return msgspec.structs.replace(
                second,
                start=second.start + wait,
                not_before=second.not_before + wait,
                expires=second.expires + wait,
            )
    return second


def _claim(each: Item) -> Claim:
    return Claim(each.id, each.klass.value, each.level, from_ms(each.start))


def _is_of(each: Item, schedule_id: int) -> bool:
    return each.id.startswith(f"s{schedule_id}.")
