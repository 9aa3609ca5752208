"""Every change of the programme: written with what was before, stopped on air at once, and undone again.

All of the programme's services change a schedule through ``put``: the new state is stored, what sounds and
has no place in it any more is cut, the change is kept, the planner and open pages are told.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from broadcast.authoring import bulletins, rereading
from broadcast.errors import NotFound, WrongState
from broadcast.models import (
    Broadcast,
    BroadcastClip,
    BroadcastState,
    ChangeAction,
    Person,
    Role,
    Schedule,
    ScheduleChange,
    ScheduleItem,
)
from broadcast.orders import stopping
from broadcast.orders.outbox import Wire
from broadcast.storage import audit, events
from broadcast.units import areas, permissions
from broadcast.units.holiday_book import calendar_of
from schedules import exceptions, recurrence
from schedules.holidays import Calendar
from schedules.types import LOCAL, Rule

WORDS = 200  # of a rule, as the column has them
MOST_RECENT = 50
LOOK_BACK = dt.timedelta(hours=12)  # a broadcast that began earlier is over


@dataclass(frozen=True, slots=True)
class State:
    """What a schedule is, apart from its number: what a change changes and an undo brings back."""

    title: str
    area_id: int
    bulletin_ids: tuple[int, ...]
    rule: dict[str, Any]
    withdrawn: bool = False
    slot: dict[str, Any] | None = None

    @classmethod
    def of(cls, schedule: Schedule) -> State:
        return cls(
            title=schedule.title,
            area_id=schedule.area_id,
            bulletin_ids=tuple(item.bulletin_id for item in schedule.items),
            rule=recurrence.to_dict(recurrence.from_dict(schedule.rule)),
            withdrawn=schedule.withdrawn_at is not None,
            slot=schedule.slot,
        )

    @classmethod
    def stored(cls, kept: dict[str, Any]) -> State:
        return cls(**{**kept, "bulletin_ids": tuple(kept["bulletin_ids"])})

    def to_store(self) -> dict[str, Any]:
        return {**asdict(self), "bulletin_ids": list(self.bulletin_ids)}

    def airs(self, start: dt.datetime, holidays: Calendar) -> bool:
        nominal = start.astimezone(LOCAL).replace(tzinfo=None)
        return not self.withdrawn and exceptions.airs(recurrence.from_dict(self.rule), nominal, holidays)


@dataclass(frozen=True, slots=True)
class Editing:
    """One person's change at one moment, of one schedule or of several at once.

    Without a ``wire`` nothing can be stopped: enough where only what is new is written.
    """

    session: Session
    person: Person
    now: dt.datetime
    action: ChangeAction
    wire: Wire | None = None

    def put(
        self,
        schedule: Schedule,
        state: State,
        *,
        lead: ScheduleChange | None = None,
        action: ChangeAction | None = None,
        undoes: int | None = None,
    ) -> ScheduleChange:
        """Make the schedule be as ``state`` says; ``lead`` is the first of several that change together."""
        before = None if schedule.id is None else State.of(schedule)
        self._write(schedule, state)
        if not state.withdrawn and (
            before is None or before.withdrawn or before.bulletin_ids != state.bulletin_ids
        ):
            self._freshen(schedule)
        if before is not None and self.wire is not None:
            self._cut(schedule, before, state, self.wire)
        change = ScheduleChange(
            group_id=lead.id if lead else None,
            schedule_id=schedule.id,
            person_id=self.person.id,
            at=self.now,
            action=action or self.action,
            before=before.to_store() if before else None,
            after=state.to_store(),
            undoes=undoes,
        )
        self.session.add(change)
        self.session.flush()
        self._tell(schedule, change, before)
        return change

    def create(self, state: State, *, lead: ScheduleChange | None = None) -> ScheduleChange:
        """A schedule that was not there; it is the ``schedule`` of the change."""
        schedule = Schedule(created_by=self.person.id, created_at=self.now)
        return self.put(schedule, state, lead=lead)

    def _write(self, schedule: Schedule, state: State) -> None:
        rule = recurrence.from_dict(state.rule)
        schedule.title, schedule.area_id = state.title, state.area_id
        schedule.rule, schedule.rule_text = state.rule, recurrence.describe(rule)[:WORDS]
        schedule.slot = state.slot
        if not state.withdrawn:
            schedule.withdrawn_at = schedule.withdrawn_by = None
        elif schedule.withdrawn_at is None:
            schedule.withdrawn_at, schedule.withdrawn_by = self.now, self.person.id
        self.session.add(schedule)
        if tuple(item.bulletin_id for item in schedule.items) != state.bulletin_ids:
            schedule.items.clear()
            self.session.flush()  # positions are unique
            schedule.items.extend(
                ScheduleItem(position=position, bulletin_id=bulletin_id)
                for position, bulletin_id in enumerate(state.bulletin_ids)
            )
        self.session.flush()
        self.session.expire(schedule, ["area"])

    def _freshen(self, schedule: Schedule) -> None:
        for item in schedule.items:
            if bulletins.approved_version(self.session, item.bulletin) is not None:
                rereading.freshen(self.session, item.bulletin, self.now)

    def _cut(self, schedule: Schedule, before: State, after: State, wire: Wire) -> None:
        """End what sounds and is no longer meant: its time, its place or a bulletin in it is gone."""
        elsewhere = before.area_id != after.area_id
        holidays = calendar_of(self.session, after.area_id)
        gone = [
            broadcast_id
            for broadcast_id, start in self._begun(schedule)
            if elsewhere or not after.airs(start, holidays) or self._plays_others(broadcast_id, after)
        ]
        if gone:
            stopping.cut_broadcasts(self.session, self.person, gone, wire=wire, now=self.now)

    def _begun(self, schedule: Schedule) -> Iterable[tuple[int, dt.datetime]]:
        query = select(Broadcast.id, Broadcast.start).where(
            Broadcast.schedule_id == schedule.id,
            Broadcast.start > self.now - LOOK_BACK,
            Broadcast.start <= self.now + stopping.ABOUT_TO,
            Broadcast.state.in_((BroadcastState.PLANNED, BroadcastState.DISPATCHED)),
        )
        return [(broadcast_id, start) for broadcast_id, start in self.session.execute(query)]

    def _plays_others(self, broadcast_id: int, after: State) -> bool:
        if after.slot is not None:
            return False  # what has begun was filled by its own time; bulletins are withdrawn for themselves
        query = select(BroadcastClip.bulletin_id).where(BroadcastClip.broadcast_id == broadcast_id)
        return bool(set(self.session.scalars(query)) - {None, *after.bulletin_ids})

    def _tell(self, schedule: Schedule, change: ScheduleChange, before: State | None) -> None:
        audit.record(
            self.session,
            now=self.now,
            person_id=self.person.id,
            action=f"schedule.{change.action.value}",
            subject=f"schedule:{schedule.id}",
            title=schedule.title,
            rule=schedule.rule_text,
            change=change.id,
        )
        for area_id in {schedule.area_id, before.area_id if before else schedule.area_id}:
            events.emit(self.session, now=self.now, kind="schedule", area_id=area_id, subject=schedule.id)


def locked(session: Session, person: Person, schedule_id: int) -> Schedule:
    """A schedule to be changed, held until the transaction ends, so that no other change is lost.

    Errors: NotFound, also for one of an area that the person may not see; Forbidden.
    """
    schedule = session.get(Schedule, schedule_id, with_for_update=True, populate_existing=True)
    if schedule is None or not permissions.may(person, Role.VIEWER, schedule.area_id, session):
        raise NotFound(kind="schedule", id=schedule_id)
    permissions.require(person, Role.EDITOR, schedule.area_id, session)
    return schedule


def hold(session: Session, schedule_ids: Collection[int]) -> None:
    """Hold schedules that others may change too, and read them anew: what is said of them is then true."""
    query = select(Schedule).where(Schedule.id.in_(schedule_ids)).order_by(Schedule.id)
    held = query.options(selectinload(Schedule.items)).with_for_update()
    session.scalars(held.execution_options(populate_existing=True)).all()


_SCHEDULE = (joinedload(ScheduleChange.schedule).selectinload(Schedule.items),)


def recent(session: Session, person: Person, area_id: int, limit: int = 10) -> list[ScheduleChange]:
    """What was last done to the programme that sounds in an area, newest first; each with its ``parts``.

    Errors: Forbidden.
    """
    permissions.require(person, Role.VIEWER, area_id, session)
    touching = areas.in_line(Schedule.area_id, area_id)
    query = (
        select(ScheduleChange)
        .join(Schedule, Schedule.id == ScheduleChange.schedule_id)
        .where(ScheduleChange.group_id.is_(None), touching)
        .options(
            selectinload(ScheduleChange.members).options(*_SCHEDULE),
            *_SCHEDULE,
        )
        .order_by(ScheduleChange.id.desc())
        .limit(min(limit, MOST_RECENT))
    )
    return list(session.scalars(query))


def can_undo(change: ScheduleChange) -> bool:
    """Whether nothing stands on it: all its schedules are still as it left them."""
    return change.undone_by is None and all(
        State.of(part.schedule) == State.stored(part.after) for part in change.parts
    )


def touched(change: ScheduleChange) -> set[int]:
    """The areas in which a person must be an editor to undo it."""
    kept = [state for part in change.parts for state in (part.before, part.after) if state]
    return {part.schedule.area_id for part in change.parts} | {state["area_id"] for state in kept}


def last_of(session: Session, schedule_id: int) -> list[ScheduleChange]:
    """What was last done to a schedule, with all that was changed along with it."""
    query = select(ScheduleChange).where(ScheduleChange.schedule_id == schedule_id)
    last = session.scalars(query.order_by(ScheduleChange.id.desc()).limit(1)).all()
    return [session.get_one(ScheduleChange, each.group_id or each.id) for each in last]


def undo(session: Session, person: Person, change_id: int, now: dt.datetime, *, wire: Wire) -> ScheduleChange:
    """Everything as it was before a change, however many schedules it was; this can be undone as well.

    A schedule that was new is withdrawn. What was stopped on the air stays stopped.
    Errors: NotFound, Forbidden, WrongState (undone already, or a later change stands on it).
    """
    lead = session.get(ScheduleChange, change_id)
    if lead is None or lead.group_id is not None:
        raise NotFound(kind="schedule_change", id=change_id)
    by_schedule = sorted(lead.parts, key=lambda part: part.schedule_id)
    held = {part.id: locked(session, person, part.schedule_id) for part in by_schedule}
    session.refresh(lead, ["undone_by"])
    if not can_undo(lead):
        why = "changed" if lead.undone_by is None else "undone"
        raise WrongState(kind="schedule_change", id=change_id, state=why, action="undo")
    wanted = {part.id: State.stored(part.before) if part.before else _taken_back(part) for part in lead.parts}
    for state in wanted.values():
        permissions.require(person, Role.EDITOR, state.area_id, session)
    editing = Editing(session, person, now, ChangeAction.UNDO, wire)
    made = editing.put(held[lead.id], wanted[lead.id], undoes=lead.id)
    for part in lead.members:
        editing.put(held[part.id], wanted[part.id], lead=made, undoes=part.id)
    _mark(session, lead, made)
    session.flush()
    session.expire(made, ["members"])
    return made


def _taken_back(part: ScheduleChange) -> State:
    after = State.stored(part.after)
    return replace(after, withdrawn=True)


def _mark(session: Session, undone: ScheduleChange, by: ScheduleChange) -> None:
    """What an undo undoes stands again when that undo is undone, and so on back."""
    mark: int | None = by.id
    at: ScheduleChange | None = undone
    while at is not None:
        at.undone_by = mark
        mark = None if mark is not None else at.id
        at = session.get(ScheduleChange, at.undoes) if at.undoes is not None else None


def with_rule(state: State, rule: Rule) -> State:
    return replace(state, rule=recurrence.to_dict(rule))
