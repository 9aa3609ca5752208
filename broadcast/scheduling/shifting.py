"""What airings that are moved together would meet at their new times, one by one, before they are moved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from broadcast.models import Person, Role, Schedule
from broadcast.units import permissions, policies
from schedules import exceptions, sanity
from schedules.errors import NotAiring, RuleError
from schedules.sanity import Doubt, Habit
from schedules.types import LOCAL

from .clashes import Look, Near, Side, sides
from .session_concerns import Limits

Moves = Mapping[int, Mapping[dt.datetime, dt.datetime]]  # of each schedule, by local times: from, to
DAY = dt.timedelta(days=1)
MOST_ROUNDS = 20  # in which what does not fit is taken out


@dataclass(frozen=True, slots=True)
class Met:
    """Another schedule that sounds there then; ``theirs`` is its start."""

    other: str
    area: str
    theirs: dt.datetime


@dataclass(frozen=True, slots=True)
class Misfit:
    """One airing that would overlap others at its new time, or fall outside of what is allowed."""

    schedule_id: int
    title: str
    at: dt.datetime
    to: dt.datetime
    doubts: tuple[Doubt, ...]
    met: tuple[Met, ...]


def misfits(session: Session, person: Person, moves: Moves, now: dt.datetime) -> list[Misfit]:
    """Every airing that would not fit, by its new time; what moves away itself stands in nobody's way.

    Schedules that the person may not change are passed over: moving them is refused anyway.
    """
    mine = permissions.visible_areas(session, person, Role.EDITOR)
    moved = [
        (schedule, _moved(side, moves))
        for schedule, side in _sides(session, moves)
        if schedule.area_id in mine
    ]
    instead = {side.id: side for _, side in moved}
    near = {area_id: Near(session, area_id) for area_id in {side.area.id for _, side in moved}}
    found = (
        each
        for schedule, side in moved
        for each in _Judge(session, side, Look(session, side, instead, near[side.area.id]), moves, now).of(
            schedule.title
        )
    )
    return sorted(found, key=lambda each: (each.to, each.title, each.at))


def fitting(
    session: Session, person: Person, moves: Moves, now: dt.datetime
) -> dict[int, dict[dt.datetime, dt.datetime]]:
    """Those of the moves that fit while the rest stays where it is; maybe none."""
    left = {schedule_id: dict(each) for schedule_id, each in moves.items()}
    for _ in range(MOST_ROUNDS):
        out = misfits(session, person, left, now)
        if not out:
            return {schedule_id: each for schedule_id, each in left.items() if each}
        for each in out:
            left[each.schedule_id].pop(each.at, None)
    return {}


def _sides(session: Session, moves: Moves) -> list[tuple[Schedule, Side]]:
    query = (
        select(Schedule)
        .options(joinedload(Schedule.area), selectinload(Schedule.items))
        .where(Schedule.id.in_(sorted(moves)), Schedule.withdrawn_at.is_(None))
        .order_by(Schedule.id)
    )
    return sides(session, query)


def _moved(side: Side, moves: Moves) -> Side:
    """The schedule after its moves; as it was where they will be refused."""
    try:
        return replace(side, rule=exceptions.move(side.rule, moves[side.id], side.holidays))
    except (NotAiring, RuleError):
        return side


class _Judge:
    """Looks at the airings of one schedule at their new times."""

    def __init__(self, session: Session, side: Side, look: Look, moves: Moves, now: dt.datetime) -> None:
        self._side, self._look, self._moves, self._now = side, look, moves, now
        self._limits = Limits(session, side, look)
        self._open = policies.of(session, side.area.id).open

    def of(self, title: str) -> Iterator[Misfit]:
        wanted = self._moves[self._side.id]
        met = self._met(sorted({_instant(to) for to in wanted.values()}))
        for at, to in wanted.items():
            doubts, there = tuple(self._doubts(_instant(to))), tuple(met.get(_instant(to), ()))
            if doubts or there:
                yield Misfit(self._side.id, title, at, to, doubts, there)

    def _doubts(self, start: dt.datetime) -> Iterator[Doubt]:
        length, nothing_known = self._side.length, Habit(())
        yield from sanity.doubts(
            start, length, habit=nothing_known, allowed=self._open, relays=(), now=self._now
        )
        midnight = dt.datetime.combine(start.astimezone(LOCAL), dt.time(), LOCAL)
        beside = [each for each in self._side.starts(midnight, midnight + DAY) if each != start]
        yield from self._limits.doubts([start], beside)

    def _met(self, starts: list[dt.datetime]) -> dict[dt.datetime, list[Met]]:
        """By new time; two that are moved alike sounded together before."""
        found: dict[dt.datetime, list[Met]] = {}
        for row, other in self._look.others():
            along = set(self._moves.get(other.id, {}).values())
            clashes = self._look.clashes(other, starts)
            for new, old in dict.fromkeys((each.new, each.old) for each in clashes):
                if old.astimezone(LOCAL).replace(tzinfo=None) not in along:
                    found.setdefault(new, []).append(Met(row.title, other.area.name, old))
        return found


def _instant(at: dt.datetime) -> dt.datetime:
    return at.replace(tzinfo=LOCAL)
