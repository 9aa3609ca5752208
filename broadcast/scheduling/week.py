"""The programme as people look at it: what was, is and will be on the air in an area."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from broadcast.authoring.repertoire import Repertoire, duration_ms, klass
from broadcast.models import AreaClosure, Broadcast, BroadcastState, Person, Role, Schedule
from broadcast.storage.moments import day_start, later
from broadcast.units import permissions
from broadcast.units.holiday_book import Book
from devices.messages import AlertStatus, BulletinClass
from schedules import recurrence

LONGEST = dt.timedelta(hours=6)  # a broadcast that began longer ago than this is not looked for


@dataclass(frozen=True, slots=True)
class Slot:
    """One airing in the programme; ``broadcast_id`` is None while it is only foreseen by its rule.

    ``own_length``: it is as long as its schedule says, not as what is played in it.
    """

    start: dt.datetime
    end: dt.datetime
    title: str
    klass: BulletinClass
    status: AlertStatus
    state: BroadcastState
    area_id: int
    area: str
    schedule_id: int | None
    broadcast_id: int | None
    own_length: bool = False

    @property
    def duration_ms(self) -> int:
        return (self.end - self.start) // dt.timedelta(milliseconds=1)


def week(session: Session, person: Person, area_id: int, monday: dt.date, now: dt.datetime) -> list[Slot]:
    """Everything that sounds somewhere in the area in the seven local days from ``monday``, in order."""
    permissions.require(person, Role.VIEWER, area_id, session)
    start = day_start(monday)
    return between(session, _around(session, area_id), start, start + dt.timedelta(days=7), now)


def now_and_next(
    session: Session, area_ids: Collection[int], now: dt.datetime
) -> tuple[list[Slot], Slot | None]:
    """What is on the air now, and what comes first after it within a day."""
    slots = between(session, area_ids, now - LONGEST, now + dt.timedelta(days=1), now)
    alive = [slot for slot in slots if slot.state is not BroadcastState.CANCELLED]
    playing = [slot for slot in alive if slot.start <= now < slot.end]
    return playing, next((slot for slot in alive if slot.start > now), None)


def on_air(
    session: Session, person: Person, area_id: int, now: dt.datetime
) -> tuple[list[Slot], Slot | None]:
    """As ``now_and_next``, of everything that sounds somewhere in the area. Errors: Forbidden."""
    permissions.require(person, Role.VIEWER, area_id, session)
    return now_and_next(session, _around(session, area_id), now)


def between(
    session: Session, area_ids: Collection[int], start: dt.datetime, end: dt.datetime, now: dt.datetime
) -> list[Slot]:
    """Slots that start in ``[start, end)``: broadcasts, and from now on what the rules foresee besides."""
    real = list(_broadcasts(session, area_ids, start, end))
    known = {(slot.schedule_id, slot.start) for slot in real}
    foreseen = _foreseen(session, area_ids, max(start, now), end)
    slots = [*real, *(slot for slot in foreseen if (slot.schedule_id, slot.start) not in known)]
    return sorted(slots, key=lambda slot: (slot.start, slot.title))


def _around(session: Session, area_id: int) -> set[int]:
    """The areas whose broadcasts sound in this one or in a part of it."""
    above = select(AreaClosure.ancestor_id).where(AreaClosure.descendant_id == area_id)
    below = select(AreaClosure.descendant_id).where(AreaClosure.ancestor_id == area_id)
    return {*session.scalars(above), *session.scalars(below)}


def _broadcasts(
    session: Session, area_ids: Collection[int], start: dt.datetime, end: dt.datetime
) -> Iterator[Slot]:
    query = (
        select(Broadcast)
        .options(joinedload(Broadcast.area), joinedload(Broadcast.schedule))
        .where(Broadcast.area_id.in_(area_ids), Broadcast.start >= start, Broadcast.start < end)
    )
    for broadcast in session.scalars(query):
        yield Slot(
            start=broadcast.start,
            end=later(broadcast.start, broadcast.duration_ms),
            title=broadcast.title,
            klass=broadcast.klass,
            status=broadcast.status,
            state=broadcast.state,
            area_id=broadcast.area_id,
            area=broadcast.area.name,
            schedule_id=broadcast.schedule_id,
            broadcast_id=broadcast.id,
            own_length=broadcast.schedule is not None and broadcast.schedule.slot is not None,
        )


def _foreseen(
    session: Session, area_ids: Collection[int], start: dt.datetime, end: dt.datetime
) -> Iterator[Slot]:
    repertoire, book = Repertoire(session), Book(session)
    active = Schedule.withdrawn_at.is_(None)
    for schedule in session.scalars(select(Schedule).where(Schedule.area_id.in_(area_ids), active)):
        pieces = repertoire.pieces(schedule)
        if not pieces:
            continue
        rule, holidays = recurrence.from_dict(schedule.rule), book.of(schedule.area_id)
        for occurrence in recurrence.occurrences(rule, start, end, holidays):
            yield Slot(
                start=occurrence.start,
                end=later(occurrence.start, duration_ms(pieces)),
                title=schedule.title,
                klass=klass(pieces),
                status=AlertStatus.ACTUAL,
                state=BroadcastState.PLANNED,
                area_id=schedule.area_id,
                area=schedule.area.name,
                schedule_id=schedule.id,
                broadcast_id=None,
                own_length=schedule.slot is not None,
            )
