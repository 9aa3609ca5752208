"""What let airings begin later than the calendar has them: an order that was decided, turns of neighbours."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.models import AreaPolicy, AuditRow, OrderDecision, Person, StartMode
from broadcast.orders.items import TURN_GAP_MS
from broadcast.storage.moments import MILLISECOND
from broadcast.units.tree_past import Chain

from .calendar_past import Airing
from .reconciliation import Change, Shift, Why


@dataclass(frozen=True, slots=True)
class _Word:
    """One schedule before another, said in an area."""

    area_id: int
    first: int
    second: int
    at: dt.datetime
    by: str


class Shifts:
    """Of the airings of one report; all is told as it stood when each began."""

    def __init__(self, session: Session, airings: Iterable[Airing]) -> None:
        self._words = list(_words(session))
        first = {word.first for word in self._words}
        self._airings: dict[int, list[Airing]] = defaultdict(list)
        for airing in airings:
            if (schedule_id := schedule_of(airing)) in first and airing.gone is None:
                self._airings[schedule_id].append(airing)
        self._modes = _Modes(session)

    def of(
        self, airing: Airing, length_ms: int, chain: Chain, length_of: Callable[[Airing], int | None]
    ) -> tuple[Shift, ...]:
        """What may have shifted it where these areas are heard; ``length_of``: how long another is there."""
        if schedule_of(airing) == 0:
            return ()
        turns = self._modes.staggered(chain, airing.start)
        step = (length_ms + TURN_GAP_MS) * MILLISECOND
        decided = self._decided(airing, length_ms, chain, length_of)
        return (*decided, *([Shift(turns, step, turns=True)] if turns else []))

    def _decided(
        self, airing: Airing, length_ms: int, chain: Chain, length_of: Callable[[Airing], int | None]
    ) -> Iterator[Shift]:
        for word in self._last_words(schedule_of(airing), chain, airing.start):
            for first in self._airings[word.first]:
                length = length_of(first)
                if length is None or first.start >= airing.start + length_ms * MILLISECOND:
                    continue
                later = first.start + length * MILLISECOND - airing.start
                if later > dt.timedelta():
                    yield Shift(Change(Why.ORDER_DECIDED, word.at, word.by), later)

    def _last_words(self, schedule_id: int, chain: Chain, at: dt.datetime) -> list[_Word]:
        """By which it goes second, of these areas at that time."""
        last: dict[tuple[int, frozenset[int]], _Word] = {}
        for word in self._words:
            if word.area_id in chain and word.at <= at:
                last[word.area_id, frozenset((word.first, word.second))] = word
        return [word for word in last.values() if word.second == schedule_id]


def schedule_of(airing: Airing) -> int:
    """0: of none, it is urgent."""
    name = airing.key.partition(".")[0]
    return int(name[1:]) if name[:1] == "s" and name[1:].isdecimal() else 0


def _words(session: Session) -> Iterator[_Word]:
    columns = (OrderDecision.area_id, OrderDecision.first_id, OrderDecision.second_id, OrderDecision.at)
    query = select(*columns, Person.name).join(Person, Person.id == OrderDecision.person_id)
    for row in session.execute(query.order_by(OrderDecision.id)):
        yield _Word(*row)


_Mode = tuple[dt.datetime, StartMode | None, str]  # since when, what the area itself said, by whom


class _Modes:
    """How the loudspeakers of each area were to start, by what it and those above it said."""

    def __init__(self, session: Session) -> None:
        said = select(AreaPolicy.area_id, AreaPolicy.start_mode, AreaPolicy.updated_at, Person.name)
        query = said.outerjoin(Person, Person.id == AreaPolicy.updated_by)
        rows = session.execute(query.where(AreaPolicy.start_mode.is_not(None)))
        self._said: dict[int, list[_Mode]] = {
            area_id: [(at, mode, by or "")] for area_id, mode, at, by in rows
        } | dict(_changes(session))

    def staggered(self, chain: Chain, at: dt.datetime) -> Change | None:
        """Who had let them start in turn; the nearest word holds."""
        for area_id in chain:
            known = [mode for mode in self._said.get(area_id, ()) if mode[0] <= at]
            if known and known[-1][1] is not None:
                since, mode, by = known[-1]
                return Change(Why.STAGGERED, since, by) if mode is StartMode.STAGGERED else None
        return None


def _changes(session: Session) -> dict[int, list[_Mode]]:
    """By area, what the audit log has of it."""
    found: dict[int, list[_Mode]] = defaultdict(list)
    query = (
        select(AuditRow.at, AuditRow.subject, AuditRow.detail, Person.name)
        .outerjoin(Person, Person.id == AuditRow.person_id)
        .where(AuditRow.action == "policy.save")
        .order_by(AuditRow.id)
    )
    for at, subject, detail, by in session.execute(query):
        if "start_mode" in detail["changed"]:
            _, after = detail["changed"]["start_mode"]
            mode = StartMode(after) if after else None
            found[int(subject.partition(":")[2])].append((at, mode, by or ""))
    return found
