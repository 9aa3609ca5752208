"""Schedules out of a foreign calendar: what was chosen of its rows is taken over, called off or withdrawn."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from broadcast.errors import DomainError, WrongState
from broadcast.models import Person, Schedule, ScheduleChange
from broadcast.orders.outbox import Wire
from broadcast.storage import audit
from schedules.ical_reading import Proposal
from schedules.types import Rule

from . import calendar_rows, imported_events, occurrences, programme
from .calendar_rows import AGREED, CHOSEN, Checking, Outcome, Row
from .concerns import HINTS
from .intents import Intent

MOST_TAKEN = 200  # schedules that one import makes or changes


@dataclass(frozen=True, slots=True)
class Applied:
    """What an import did; ``change_id`` is what an undo takes back, all of it at once.

    ``doubtful`` are the rows with what is doubtful about them as they were saved, one after the other: also
    against each other. ``left`` were chosen and are not done, for there were too many.
    """

    made: tuple[int, ...] = ()
    changed: tuple[int, ...] = ()
    withdrawn: tuple[int, ...] = ()
    called_off: tuple[int, ...] = ()
    refused: tuple[tuple[Row, DomainError], ...] = ()
    doubtful: tuple[Row, ...] = ()
    left: tuple[Row, ...] = ()
    change_id: int | None = None


@dataclass(slots=True)
class _Import:
    """One import under way: who takes what into which area, and what has come of it so far."""

    session: Session
    person: Person
    area_id: int
    now: dt.datetime
    wire: Wire
    source: str
    made: list[int] = field(default_factory=list)
    changed: list[int] = field(default_factory=list)
    withdrawn: list[int] = field(default_factory=list)
    called_off: list[int] = field(default_factory=list)
    refused: list[tuple[Row, DomainError]] = field(default_factory=list)

    @property
    def touched(self) -> list[int]:
        return [*self.made, *self.changed, *self.withdrawn, *self.called_off]

    def take(self, row: Row, bulletin_ids: Sequence[int]) -> bool:
        """Whether it was taken over; what the programme refuses is kept with its reason."""
        try:
            if row.proposal is None or row.proposal.rule is None:
                self._withdraw(row)
            elif row.schedule is None:
                self._make(row, row.proposal, row.proposal.rule, bulletin_ids)
            else:
                self._change(row.schedule, row.proposal, row.proposal.rule, bulletin_ids)
        except DomainError as error:
            self.refused.append((row, error))
            return False
        return True

    def call_off(self, rows: Iterable[Row]) -> None:
        """All that is called off of one schedule is one change of it."""
        by_schedule: dict[int, list[Row]] = defaultdict(list)
        for row in rows:
            if row.schedule is not None:
                by_schedule[row.schedule.id].append(row)
        for schedule_id, some in by_schedule.items():
            try:
                self._leave_out(schedule_id, sorted({at for row in some for at in row.called_off}))
            except DomainError as error:
                self.refused += [(row, error) for row in some]

    def _leave_out(self, schedule_id: int, ats: Sequence[dt.datetime]) -> None:
        if schedule_id in self.touched:
            raise WrongState(kind="schedule", id=schedule_id, state="changed", action="skip")
        chosen = [(schedule_id, at) for at in ats]
        occurrences.skip_many(self.session, self.person, chosen, now=self.now, wire=self.wire)
        self.called_off.append(schedule_id)

    def _withdraw(self, row: Row) -> None:
        if row.schedule is not None:
            programme.withdraw_schedule(self.session, self.person, row.schedule.id, self.now, wire=self.wire)
            self.withdrawn.append(row.schedule.id)

    def _make(self, row: Row, proposal: Proposal, rule: Rule, bulletin_ids: Sequence[int]) -> None:
        schedule = programme.create_schedule(
            self.session,
            self.person,
            Intent(self.area_id, bulletin_ids, rule),
            title=row.title,
            now=self.now,
        )
        self.made.append(schedule.id)
        self._remember(proposal, rule, schedule.id)

    def _change(
        self, schedule: Schedule, proposal: Proposal, rule: Rule, bulletin_ids: Sequence[int]
    ) -> None:
        programme.change_schedule(
            self.session,
            self.person,
            schedule.id,
            title=proposal.title,
            bulletin_ids=bulletin_ids,
            rule=rule,
            now=self.now,
            wire=self.wire,
        )
        self.changed.append(schedule.id)
        self._remember(proposal, rule, schedule.id)

    def _remember(self, proposal: Proposal, rule: Rule, schedule_id: int) -> None:
        event = imported_events.remembered(self.session, self.area_id, proposal)
        event.source, event.schedule_id, event.sha256 = (
            self.source,
            schedule_id,
            imported_events.digest(proposal.title, rule),
        )
        event.imported_at, event.imported_by = self.now, self.person.id
        self.session.add(event)
        self.session.flush()

    def as_one(self, before: int) -> int | None:
        """What was changed follows its first change: one undo takes all of it back."""
        query = select(ScheduleChange).where(
            ScheduleChange.id > before,
            ScheduleChange.schedule_id.in_(self.touched),
            ScheduleChange.group_id.is_(None),
        )
        changes = list(self.session.scalars(query.order_by(ScheduleChange.id)))
        for change in changes[1:]:
            change.group_id = changes[0].id
        self.session.flush()
        return changes[0].id if changes else None


def apply(
    session: Session,
    person: Person,
    area_id: int,
    data: bytes,
    choices: Mapping[str, Sequence[int]],
    *,
    now: dt.datetime,
    wire: Wire,
    all_day_at: dt.time | None = None,
    withdraw: Sequence[str] = (),
) -> Applied:
    """Make or change the schedules of the chosen rows, each with the bulletins chosen for it.

    ``choices`` and ``withdraw`` name rows by their keys. A row that the programme refuses is told with its
    error, the others are done. Whoever calls may take all of it back where something is ``doubtful``.
    Errors: UnknownArea, Forbidden.
    """
    found = calendar_rows.unchecked(session, person, area_id, data, now, all_day_at=all_day_at)
    before = session.scalar(select(func.max(ScheduleChange.id))) or 0
    taking = _Import(session, person, area_id, now, wire, found.name)
    checking = Checking(session, person, area_id, now)
    chosen = [row for row in found.rows if _is_chosen(row, choices, withdraw)]
    doubtful = []
    for row in (row for row in chosen[:MOST_TAKEN] if row.outcome is not Outcome.CALLED_OFF):
        bulletin_ids = choices.get(row.key, ())
        looked = checking.row(row, bulletin_ids)
        if taking.take(row, bulletin_ids) and _stops(looked):
            doubtful.append(looked)
    taking.call_off(row for row in chosen[:MOST_TAKEN] if row.outcome is Outcome.CALLED_OFF)
    done = Applied(
        tuple(taking.made),
        tuple(taking.changed),
        tuple(taking.withdrawn),
        tuple(taking.called_off),
        tuple(taking.refused),
        tuple(doubtful),
        tuple(chosen[MOST_TAKEN:]),
        taking.as_one(before),
    )
    _record(taking, done)
    return done


def _stops(row: Row) -> bool:
    """Whether a person must look at it before it is saved."""
    return row.outcome in CHOSEN and (
        not row.is_checked or any(each.code not in HINTS for each in row.concerns)
    )


def _record(taking: _Import, done: Applied) -> None:
    audit.record(
        taking.session,
        now=taking.now,
        person_id=taking.person.id,
        action="calendar.import",
        subject=f"area:{taking.area_id}",
        calendar=taking.source,
        made=done.made,
        changed=done.changed,
        withdrawn=done.withdrawn,
        called_off=done.called_off,
    )


def _is_chosen(row: Row, choices: Mapping[str, Sequence[int]], withdraw: Sequence[str]) -> bool:
    if row.outcome in AGREED:
        return row.key in withdraw
    return row.outcome in CHOSEN and row.key in choices
