"""What let airings begin later than the calendar has them: an order that was decided, turns of neighbours."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.models import Area, AreaPolicy, OrderDecision, Person, StartMode
from broadcast.orders.items import TURN_GAP_MS
from broadcast.storage import audit
from broadcast.storage.moments import MILLISECOND
from broadcast.units.tree_past import Chain, TreePast
from schedules import sounding
from schedules.precedence import Decision
from schedules.sounding import Sounding

from .calendar_past import Airing
from .reconciliation import Change, Shift
from .whys import Why


class Shifts:
    """Of the airings of one report; all is told as it stood when each began."""

    def __init__(self, session: Session, tree: TreePast, airings: Iterable[Airing]) -> None:
        self._tree = tree
        self._said = _said(session)
        named = {name for said in self._said.values() for words in said for name in _pair(words[0])}
        self._concerned = [
            each
            for each in airings
            if str(schedule_of(each)) in named and each.broadcast_id and not each.gone
        ]
        self._modes = _Modes(session)
        self._heard: dict[Chain, dict[str, Sounding]] = {}

    def of(
        self, airing: Airing, length_ms: int, chain: Chain, length_of: Callable[[Airing], int | None]
    ) -> tuple[Shift, ...]:
        """What may have shifted it where these areas are heard; ``length_of``: how long another is there."""
        if schedule_of(airing) == 0:
            return ()
        found = []
        if chain not in self._heard:
            self._heard[chain] = self._sounding(chain, length_of)
        heard = self._heard[chain].get(airing.key)
        if heard is not None and heard.why is sounding.Why.BEHIND:
            found.append(Shift(self._decided(heard, chain), heard.wait))
        turns = self._modes.staggered(chain, airing.start)
        if turns is not None:
            found.append(Shift(turns, (length_ms + TURN_GAP_MS) * MILLISECOND, turns=True))
        return tuple(found)

    def _sounding(self, chain: Chain, length_of: Callable[[Airing], int | None]) -> dict[str, Sounding]:
        """When those that units have put in order begin there, as plans have it."""
        lengths = ((each, length_of(each)) for each in self._concerned)
        airings = (self._airing(each, length) for each, length in lengths if length is not None)
        said = [words for area_id in chain for words in self._said.get(area_id, ())]
        return {each.airing.id: each for each in sounding.when(airings, said)}

    def _airing(self, airing: Airing, length_ms: int) -> sounding.Airing:
        return sounding.Airing(
            id=airing.key,
            schedule=str(schedule_of(airing)),
            klass=airing.klass,
            level=len(self._tree.chain(airing.area_id, airing.start)) - 1,
            start=airing.start,
            length=length_ms * MILLISECOND,
        )

    def _decided(self, heard: Sounding, chain: Chain) -> Change:
        """Whose word it was."""
        pair = {heard.airing.schedule, heard.behind[1:].partition(".")[0]}
        known = (
            word
            for area_id in chain
            for words in self._said.get(area_id, ())
            for word in words
            if set(_pair(word)) == pair and word.at <= heard.airing.start
        )
        last = max(known, key=lambda word: word.at)
        return Change(Why.ORDER_DECIDED, last.at, last.by)


def schedule_of(airing: Airing) -> int:
    """0: of none, it is urgent."""
    name = airing.key.partition(".")[0]
    return int(name[1:]) if name[:1] == "s" and name[1:].isdecimal() else 0


def _pair(word: Decision) -> tuple[str, str]:
    return word.first, word.second


def _said(session: Session) -> dict[int, list[list[Decision]]]:
    """By area, its words on each pair in the order of time, each with the name of who said it."""
    query = (
        select(OrderDecision, Area.level, Person.name)
        .join(Area, Area.id == OrderDecision.area_id)
        .join(Person, Person.id == OrderDecision.person_id)
    )
    found: dict[int, dict[frozenset[int], list[Decision]]] = defaultdict(lambda: defaultdict(list))
    for row, level, by in session.execute(query.order_by(OrderDecision.id)):
        word = Decision(str(row.first_id), str(row.second_id), level, by, row.at)
        found[row.area_id][frozenset((row.first_id, row.second_id))].append(word)
    return {area_id: list(pairs.values()) for area_id, pairs in found.items()}


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
    for at, whose, detail, by in audit.told(session, "policy.save"):
        if "start_mode" in detail["changed"]:
            _, after = detail["changed"]["start_mode"]
            mode = StartMode(after) if after else None
            found[whose].append((at, mode, by))
    return found
