"""Schedules out of a foreign calendar: every event looked at first, those that were chosen taken over."""

from __future__ import annotations

import datetime as dt
import enum
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from broadcast.errors import DomainError
from broadcast.models import ImportedEvent, Person, Role, Schedule, ScheduleChange
from broadcast.orders.outbox import Wire
from broadcast.storage import audit
from broadcast.units import areas, permissions
from schedules import ical_reading, recurrence
from schedules.ical_reading import Note, Proposal, Reading
from schedules.types import LOCAL, Rule

from . import programme
from .concerns import Concern
from .intents import Intent

MOST_CHECKED = 200  # events whose doubts are looked up; a preview is a page and must not take minutes
MOST_TAKEN = 200  # schedules that one import makes or changes
AHEAD = dt.timedelta(days=366)


class Outcome(enum.StrEnum):
    """What becomes of an event."""

    NEW = "new"
    SAME = "same"  # taken over before, and unchanged since
    CHANGED = "changed"
    GONE = "gone"  # taken over before from this calendar, which has it no more
    REFUSED = "refused"
    OVER = "over"  # it has no occurrence to come


@dataclass(frozen=True, slots=True)
class Row:
    """An event, and what would become of it; ``schedule`` is what was made of it before."""

    key: str
    outcome: Outcome
    title: str
    proposal: Proposal | None = None
    schedule: Schedule | None = None
    concerns: tuple[Concern, ...] = ()
    first: dt.datetime | None = None

    @property
    def bulletin_ids(self) -> tuple[int, ...]:
        return tuple(item.bulletin_id for item in self.schedule.items) if self.schedule else ()


@dataclass(frozen=True, slots=True)
class Preview:
    """A calendar as it would be taken over; ``problems`` are those of the file."""

    name: str
    rows: tuple[Row, ...]
    problems: tuple[Note, ...] = ()

    def count(self, outcome: Outcome) -> int:
        return sum(row.outcome is outcome for row in self.rows)


@dataclass(frozen=True, slots=True)
class Applied:
    """What an import did; ``change_id`` is what an undo takes back, all of it at once."""

    made: tuple[int, ...] = ()
    changed: tuple[int, ...] = ()
    withdrawn: tuple[int, ...] = ()
    refused: tuple[tuple[Row, DomainError], ...] = ()
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
    refused: list[tuple[Row, DomainError]] = field(default_factory=list)

    def take(self, row: Row, bulletin_ids: Sequence[int]) -> None:
        try:
            if row.proposal is None or row.proposal.rule is None:
                self._withdraw(row)
            elif row.schedule is None:
                self._make(row, row.proposal, row.proposal.rule, bulletin_ids)
            else:
                self._change(row.schedule, row.proposal, row.proposal.rule, bulletin_ids)
        except DomainError as error:
            self.refused.append((row, error))

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
        query = select(ImportedEvent).where(
            ImportedEvent.area_id == self.area_id,
            ImportedEvent.uid == proposal.uid,
            ImportedEvent.part == proposal.part,
        )
        event = self.session.scalar(query) or ImportedEvent(
            area_id=self.area_id, uid=proposal.uid, part=proposal.part
        )
        event.source, event.schedule_id, event.sha256 = (
            self.source,
            schedule_id,
            _digest(proposal.title, rule),
        )
        event.imported_at, event.imported_by = self.now, self.person.id
        self.session.add(event)
        self.session.flush()

    def as_one(self, before: int) -> int | None:
        """What was changed follows its first change: one undo takes all of it back."""
        query = select(ScheduleChange).where(
            ScheduleChange.id > before,
            ScheduleChange.schedule_id.in_([*self.made, *self.changed, *self.withdrawn]),
            ScheduleChange.group_id.is_(None),
        )
        changes = list(self.session.scalars(query.order_by(ScheduleChange.id)))
        for change in changes[1:]:
            change.group_id = changes[0].id
        self.session.flush()
        return changes[0].id if changes else None


def preview(
    session: Session,
    person: Person,
    area_id: int,
    data: bytes,
    now: dt.datetime,
    *,
    all_day_at: dt.time | None = None,
) -> Preview:
    """What every event would become; nothing is written. Errors: UnknownArea, Forbidden."""
    area = areas.get(session, area_id)
    permissions.require(person, Role.EDITOR, area, session)
    reading = ical_reading.read(data, all_day_at=all_day_at)
    known = _known(session, area_id)
    rows = [_row(each, known.get((each.uid, each.part)), now) for each in reading.proposals]
    checked = _checked(session, person, area_id, rows, now)
    return Preview(reading.name, (*checked, *_gone(reading, known)), reading.problems)


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
    error, the others are done. Errors: UnknownArea, Forbidden.
    """
    looked = preview(session, person, area_id, data, now, all_day_at=all_day_at)
    before = session.scalar(select(func.max(ScheduleChange.id))) or 0
    taking = _Import(session, person, area_id, now, wire, looked.name)
    chosen = [row for row in looked.rows if _is_chosen(row, choices, withdraw)]
    for row in chosen[:MOST_TAKEN]:
        taking.take(row, choices.get(row.key, ()))
    done = Applied(
        tuple(taking.made),
        tuple(taking.changed),
        tuple(taking.withdrawn),
        tuple(taking.refused),
        taking.as_one(before),
    )
    audit.record(
        session,
        now=now,
        person_id=person.id,
        action="calendar.import",
        subject=f"area:{area_id}",
        calendar=looked.name,
        made=done.made,
        changed=done.changed,
        withdrawn=done.withdrawn,
    )
    return done


def key(uid: str, part: int) -> str:
    """Names a row in a form, whatever characters a stranger's UID has."""
    return hashlib.sha256(f"{part} {uid}".encode(errors="replace")).hexdigest()[:20]


def _known(session: Session, area_id: int) -> dict[tuple[str, int], ImportedEvent]:
    query = select(ImportedEvent).where(ImportedEvent.area_id == area_id)
    return {(each.uid, each.part): each for each in session.scalars(query)}


def _row(proposal: Proposal, known: ImportedEvent | None, now: dt.datetime) -> Row:
    name = key(proposal.uid, proposal.part) if proposal.rule else f"line{proposal.line}"
    schedule = known.schedule if known and known.schedule.withdrawn_at is None else None
    if proposal.rule is None:
        return Row(name, Outcome.REFUSED, proposal.title, proposal, schedule)
    begin = max(now, dt.datetime.combine(proposal.rule.starts_on, dt.time(), tzinfo=LOCAL))
    coming = next(recurrence.occurrences(proposal.rule, begin, begin + AHEAD), None)
    outcome = Outcome.NEW
    if known is not None and schedule is not None:
        outcome = Outcome.SAME if known.sha256 == _digest(proposal.title, proposal.rule) else Outcome.CHANGED
    elif coming is None:
        outcome = Outcome.OVER
    return Row(name, outcome, proposal.title, proposal, schedule, first=coming.start if coming else None)


def _checked(
    session: Session, person: Person, area_id: int, rows: Sequence[Row], now: dt.datetime
) -> Iterator[Row]:
    left = MOST_CHECKED
    for row in rows:
        rule = row.proposal.rule if row.proposal else None
        if rule is None or row.outcome not in (Outcome.NEW, Outcome.CHANGED) or not left:
            yield row
            continue
        left -= 1
        known = row.schedule.id if row.schedule else None
        intent = Intent(area_id, row.bulletin_ids, rule, known)
        doubts = programme.check(session, person, intent, now)
        yield Row(row.key, row.outcome, row.title, row.proposal, row.schedule, tuple(doubts), row.first)


def _gone(reading: Reading, known: Mapping[tuple[str, int], ImportedEvent]) -> Iterator[Row]:
    """Of a file that could not be read nothing is gone, nor what belongs to another calendar."""
    there = {(each.uid, each.part) for each in reading.proposals}
    cancelled = {each.uid for each in reading.proposals if each.refusal and each.refusal.code == "cancelled"}
    refused = {each.uid for each in reading.proposals if each.refusal} - cancelled
    for (uid, part), event in sorted(known.items()):
        missing = (uid, part) not in there and uid not in refused
        ours = event.source == reading.name and event.schedule.withdrawn_at is None
        if ours and (missing or uid in cancelled) and not reading.problems:
            yield Row(f"gone-{key(uid, part)}", Outcome.GONE, event.schedule.title, None, event.schedule)


def _is_chosen(row: Row, choices: Mapping[str, Sequence[int]], withdraw: Sequence[str]) -> bool:
    if row.outcome is Outcome.GONE:
        return row.key in withdraw
    return row.outcome in (Outcome.NEW, Outcome.CHANGED) and row.key in choices


def _digest(title: str, rule: Rule) -> str:
    """Of what an event says; another text of its description changes no schedule."""
    said = json.dumps([title, recurrence.to_dict(rule)], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()
