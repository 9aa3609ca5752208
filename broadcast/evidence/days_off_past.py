"""The book of days off as it stood at any time: each decision of a unit, until the next one on that day."""

from __future__ import annotations

import datetime as dt
import functools
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass

from sqlalchemy.orm import Session

from broadcast.models import HolidayKind
from broadcast.storage import audit
from broadcast.units.tree_past import TreePast
from schedules.holidays import NATIONAL, Calendar

from .reconciliation import Change
from .whys import Why

SAVE, REMOVE = "holiday.save", "holiday.remove"


@dataclass(frozen=True, slots=True)
class _Act:
    """``kind`` None: as in the areas above again."""

    at: dt.datetime
    day: dt.date
    kind: HolidayKind | None
    name: str
    by: str


class DaysOffPast:
    """Of all areas, for one transaction."""

    def __init__(self, session: Session, tree: TreePast) -> None:
        self._tree = tree
        self._acts = _acts(session)
        decided = {act.at for acts in self._acts.values() for act in acts}
        self.moments = sorted(decided.union(tree.moments)) if decided else []
        self._calendar = functools.cache(self._laid_over)

    def calendar(self, area_id: int, at: dt.datetime) -> Calendar:
        """What a rule of an area was expanded with then."""
        number = bisect_right(self.moments, at)
        return self._calendar(area_id, self.moments[number - 1]) if number else NATIONAL

    def decided(self, area_id: int, day: dt.date, at: dt.datetime) -> Change | None:
        """The last word until then on a day, of the area or of one above it."""
        known = (
            act
            for each in self._tree.chain(area_id, at)
            for act in self._acts.get(each, ())
            if act.day == day and act.at <= at
        )
        last = max(known, key=lambda act: act.at, default=None)
        return Change(Why.DAY_OFF, last.at, last.by) if last else None

    def _laid_over(self, area_id: int, at: dt.datetime) -> Calendar:
        found = NATIONAL
        for each in reversed(self._tree.chain(area_id, at)):
            days = {act.day: act for act in self._acts.get(each, ()) if act.at <= at}
            off = sorted((day, act.name) for day, act in days.items() if act.kind is HolidayKind.OFF)
            worked = frozenset(day for day, act in days.items() if act.kind is HolidayKind.WORKED)
            if off or worked:
                found = Calendar(tuple(off), worked).over(found)
        return found


def _acts(session: Session) -> dict[int, list[_Act]]:
    """By area, in order: the audit log is the history of the book."""
    found: dict[int, list[_Act]] = defaultdict(list)
    for at, whose, detail, by in audit.told(session, SAVE, REMOVE):
        kind = HolidayKind(detail["kind"]) if detail["kind"] else None
        day = dt.date.fromisoformat(detail["day"])
        found[whose].append(_Act(at, day, kind, detail["name"], by))
    return found
