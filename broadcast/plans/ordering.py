"""What a unit has decided about the order of two programmes, worked into the plans of its loudspeakers.

The one that goes second begins when the first is over, as ``schedules.precedence`` puts it: right after.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.models import Area, OrderDecision
from broadcast.orders.items import Entry
from broadcast.storage.moments import from_ms
from devices.messages import Item
from schedules import precedence
from schedules.precedence import Claim


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
    """The entries, of which those that go second wait for those that go first where they meet.

    What does not hold any more when its turn would come is left out.
    """
    found = list(entries)
    for word in words:
        first = [each.item for each in found if _is_of(each.item, word.first)]
        placed = (
            _behind(each, first, word.level) if _is_of(each.item, word.second) else each for each in found
        )
        found = [each for each in placed if each is not None]
    return found


def _behind(second: Entry, firsts: Iterable[Item], level: int) -> Entry | None:
    item = second.item
    for first in firsts:
        meets = first.start < item.start + item.duration_ms and item.start < first.start + first.duration_ms
        if meets and precedence.may_decide(level, _claim(first), _claim(item)):
            return second.waits(first.start + first.duration_ms - item.start)
    return second


def _claim(each: Item) -> Claim:
    return Claim(each.id, each.klass.value, each.level, from_ms(each.start))


def _is_of(each: Item, schedule_id: int) -> bool:
    return each.id.startswith(f"s{schedule_id}.")
