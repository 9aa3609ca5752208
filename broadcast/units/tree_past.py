"""Where every area hung at any time: the tree as it is now, walked back through the log of its moves."""

from __future__ import annotations

import datetime as dt
import functools
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.models import Area
from broadcast.storage import audit

Chain = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Hung:
    """An area was hung from one above it to another, at an instant, by somebody."""

    at: dt.datetime
    before: int | None
    by: str


class TreePast:
    """Of all areas, for one transaction; also of those that were parts of another unit then."""

    def __init__(self, session: Session) -> None:
        rows = session.execute(select(Area.id, Area.parent_id))
        self._parents: dict[int, int | None] = {row.id: row.parent_id for row in rows}
        self._moves = _moves(session)
        self.moments = sorted({move.at for moves in self._moves.values() for move in moves})
        self._chain = functools.cache(self._walk)
        self._below = functools.cache(self._gathered)

    def chain(self, area_id: int, at: dt.datetime) -> Chain:
        """The area itself first, then what it lay in at that time, up to the root."""
        return self._chain(area_id, self._epoch(at))

    def above_ever(self, area_id: int, since: dt.datetime, until: dt.datetime) -> frozenset[int]:
        """Itself and all it lay in at some time between."""
        epochs = range(self._epoch(since), self._epoch(until) + 1)
        return frozenset().union(*(self._chain(area_id, epoch) for epoch in epochs))

    def below_ever(self, area_id: int, since: dt.datetime, until: dt.datetime) -> frozenset[int]:
        """Itself and all that lay in it at some time between."""
        epochs = range(self._epoch(since), self._epoch(until) + 1)
        return frozenset().union(*(self._below(area_id, epoch) for epoch in epochs))

    def last_move(self, area_id: int, at: dt.datetime) -> Hung | None:
        """The last one of the area, or of one that it lay in, up to that time."""
        known = (move for each in self.chain(area_id, at) for move in self._moves.get(each, ()))
        return max((move for move in known if move.at <= at), key=lambda move: move.at, default=None)

    def _epoch(self, at: dt.datetime) -> int:
        """How many moves of areas there had been: between two of them the tree is one and the same."""
        return bisect_right(self.moments, at)

    def _parent(self, area_id: int, epoch: int) -> int | None:
        later = (move for move in self._moves.get(area_id, ()) if self._epoch(move.at) > epoch)
        first = next(later, None)
        return self._parents.get(area_id) if first is None else first.before

    def _walk(self, area_id: int, epoch: int) -> Chain:
        found, at = [area_id], self._parent(area_id, epoch)
        while at is not None and at not in found:
            found.append(at)
            at = self._parent(at, epoch)
        return tuple(found)

    def _gathered(self, area_id: int, epoch: int) -> frozenset[int]:
        children: dict[int | None, list[int]] = defaultdict(list)
        for each in self._parents:
            children[self._parent(each, epoch)].append(each)
        found, waiting = {area_id}, [area_id]
        while waiting:
            below = [each for each in children[waiting.pop()] if each not in found]
            found.update(below)
            waiting += below
        return frozenset(found)


def _moves(session: Session) -> dict[int, list[Hung]]:
    """By area, in order."""
    found: dict[int, list[Hung]] = defaultdict(list)
    for at, whose, detail, by in audit.told(session, "area.move"):
        found[whose].append(Hung(at, detail["before"], by))
    return found
