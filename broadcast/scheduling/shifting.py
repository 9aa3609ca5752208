"""What airings that are moved together would sound at once with, before they are moved."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from broadcast.models import Person, Role, Schedule
from broadcast.units import permissions
from schedules.types import LOCAL

from .clashes import Look, Side, sides

Moves = Mapping[int, Mapping[dt.datetime, dt.datetime]]  # of each schedule, by local times: from, to


@dataclass(frozen=True, slots=True)
class Met:
    """One airing at its new time, and another schedule that sounds there then; ``theirs`` is its start."""

    title: str
    to: dt.datetime
    other: str
    area: str
    theirs: dt.datetime


def met(session: Session, person: Person, moves: Moves) -> list[Met]:
    """Every overlap at the new times, by time; what moves away itself stands in nobody's way.

    Schedules that the person may not change are passed over: moving them is refused anyway.
    """
    query = (
        select(Schedule)
        .options(joinedload(Schedule.area), selectinload(Schedule.items))
        .where(Schedule.id.in_(sorted(moves)), Schedule.withdrawn_at.is_(None))
        .order_by(Schedule.id)
    )
    mine = permissions.visible_areas(session, person, Role.EDITOR)
    found = [
        each
        for schedule, side in sides(session, query)
        if schedule.area_id in mine
        for each in _of(session, schedule, side, moves)
    ]
    return sorted(found, key=lambda each: (each.to, each.title, each.other))


def _of(session: Session, schedule: Schedule, side: Side, moves: Moves) -> Iterator[Met]:
    look, starts = Look(session, side), sorted(_instant(to) for to in moves[side.id].values())
    for row, other in look.others():
        leaving = moves.get(other.id, {}).keys()
        for to, theirs in _pairs(look, other, starts, leaving):
            yield Met(schedule.title, to, row.title, other.area.name, theirs)


def _pairs(
    look: Look, other: Side, starts: Sequence[dt.datetime], leaving: Collection[dt.datetime]
) -> list[tuple[dt.datetime, dt.datetime]]:
    clashes = look.clashes(other, starts)
    return list(dict.fromkeys((each.new, each.old) for each in clashes if _local(each.old) not in leaving))


def _instant(at: dt.datetime) -> dt.datetime:
    return at.replace(tzinfo=LOCAL)


def _local(at: dt.datetime) -> dt.datetime:
    return at.astimezone(LOCAL).replace(tzinfo=None)
