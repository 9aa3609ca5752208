"""The rows of a foreign calendar: what would become of every event, looked at before anything is written."""

from __future__ import annotations

import datetime as dt
import enum
import hashlib
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from broadcast.models import ImportedEvent, Person, Role, Schedule
from broadcast.units import areas, permissions
from broadcast.units.holiday_book import Book
from schedules import ical_calls, ical_reading, recurrence
from schedules.ical_reading import Note, Proposal, Reading
from schedules.types import LOCAL

from . import imported_events, programme
from .concerns import Concern
from .imported_events import Known
from .intents import Intent

MOST_CHECKED = 300  # times of day whose doubts are looked up at once; a page must not take minutes
PAGE = 100  # rows
AHEAD = dt.timedelta(days=366)
LAST = dt.datetime.max.replace(tzinfo=dt.UTC)


class Outcome(enum.StrEnum):
    """What becomes of an event, in the order in which people look."""

    NEW = "new"
    CHANGED = "changed"
    CALLED_OFF = "called_off"  # one occurrence of what was taken over before
    GONE = "gone"  # taken over before from this calendar, which has it no more
    REFUSED = "refused"
    OVER = "over"  # it has no occurrence to come
    SAME = "same"  # taken over before, and unchanged since


ORDER = tuple(Outcome)
CHOSEN = (Outcome.NEW, Outcome.CHANGED)  # with bulletins
AGREED = (Outcome.GONE, Outcome.CALLED_OFF)  # to be taken off the air
OPEN = frozenset((*CHOSEN, *AGREED))  # what somebody has to look at


@dataclass(frozen=True, slots=True)
class Row:
    """An event, and what would become of it; ``schedule`` is what was made of it before.

    Of one that is not ``is_checked`` nobody has looked what is doubtful about it. ``called_off`` are local
    times at which the schedule is not to air.
    """

    key: str
    outcome: Outcome
    title: str
    proposal: Proposal | None = None
    schedule: Schedule | None = None
    concerns: tuple[Concern, ...] = ()
    first: dt.datetime | None = None
    is_checked: bool = True
    called_off: tuple[dt.datetime, ...] = ()

    @property
    def bulletin_ids(self) -> tuple[int, ...]:
        return tuple(item.bulletin_id for item in self.schedule.items) if self.schedule else ()


@dataclass(frozen=True, slots=True)
class Preview:
    """A calendar as it would be taken over, in pages; ``problems`` are those of the file.

    Only the rows that are ``shown`` have been looked at for what is doubtful about them.
    """

    name: str
    rows: tuple[Row, ...]
    problems: tuple[Note, ...] = ()
    page: int = 1

    @property
    def pages(self) -> int:
        return max(1, -(-len(self.rows) // PAGE))

    @property
    def shown(self) -> tuple[Row, ...]:
        return self.of(self.page)

    def of(self, page: int) -> tuple[Row, ...]:
        return self.rows[(page - 1) * PAGE : page * PAGE]

    def count(self, outcome: Outcome) -> int:
        return sum(row.outcome is outcome for row in self.rows)


def preview(
    session: Session,
    person: Person,
    area_id: int,
    data: bytes,
    now: dt.datetime,
    *,
    all_day_at: dt.time | None = None,
    page: int = 1,
) -> Preview:
    """What every event would become; nothing is written. Errors: UnknownArea, Forbidden."""
    found = unchecked(session, person, area_id, data, now, all_day_at=all_day_at)
    found = replace(found, page=min(max(page, 1), found.pages))
    check = Checking(session, person, area_id, now)
    shown = {row.key: check.row(row, row.bulletin_ids) for row in found.shown}
    return replace(found, rows=tuple(shown.get(row.key, row) for row in found.rows))


def unchecked(
    session: Session,
    person: Person,
    area_id: int,
    data: bytes,
    now: dt.datetime,
    *,
    all_day_at: dt.time | None = None,
) -> Preview:
    """As ``preview``, without a look at what is doubtful. Errors: UnknownArea, Forbidden."""
    area = areas.get(session, area_id)
    permissions.require(person, Role.EDITOR, area, session)
    reading = ical_reading.read(data, all_day_at=all_day_at)
    rows = list(_Rows(session, area_id, reading, now))
    rows.sort(key=lambda row: (ORDER.index(row.outcome), row.first or LAST))
    return Preview(reading.name, tuple(rows), reading.problems)


class Checking:
    """Looks up what is doubtful about rows, of so many times of day that it does not take minutes."""

    def __init__(self, session: Session, person: Person, area_id: int, now: dt.datetime) -> None:
        self._session, self._person, self._area_id, self._now = session, person, area_id, now
        self._left = MOST_CHECKED

    def row(self, row: Row, bulletin_ids: Sequence[int]) -> Row:
        """The row with its doubts, were it to play these bulletins."""
        rule = row.proposal.rule if row.proposal else None
        if rule is None or row.outcome not in CHOSEN:
            return row
        self._left -= len(rule.times)
        if self._left < 0:
            return replace(row, is_checked=False)
        intent = Intent(self._area_id, bulletin_ids, rule, row.schedule.id if row.schedule else None)
        doubts = programme.check(self._session, self._person, intent, self._now)
        return replace(row, concerns=tuple(doubts), is_checked=True)


def key(uid: str, part: int) -> str:
    """Names a row in a form, whatever characters a stranger's UID has."""
    return hashlib.sha256(f"{part} {uid}".encode(errors="replace")).hexdigest()[:20]


class _Rows:
    """What each event of a calendar would become in an area."""

    def __init__(self, session: Session, area_id: int, reading: Reading, now: dt.datetime) -> None:
        self._known: Known = imported_events.known(session, area_id)
        self._undone: Container[int] = imported_events.taken_back(session, area_id)
        self._reading, self._now = reading, now
        self._calendar = Book(session).of(area_id)

    def __iter__(self) -> Iterator[Row]:
        for each in self._reading.proposals:
            called_off = list(self._called_off(each))
            yield from called_off or [self._row(each)]
        for event in imported_events.gone(self._reading, self._known):
            name = f"gone-{key(event.uid, event.part)}"
            yield Row(name, Outcome.GONE, event.schedule.title, schedule=event.schedule)

    def _row(self, proposal: Proposal) -> Row:
        name = key(proposal.uid, proposal.part) if proposal.rule else f"line{proposal.line}"
        known = self._known.get((proposal.uid, proposal.part))
        schedule = known.schedule if known and known.schedule.withdrawn_at is None else None
        if proposal.rule is None:
            return Row(name, Outcome.REFUSED, proposal.title, proposal, schedule)
        begin = max(self._now, dt.datetime.combine(proposal.rule.starts_on, dt.time(), tzinfo=LOCAL))
        coming = next(recurrence.occurrences(proposal.rule, begin, begin + AHEAD), None)
        outcome = Outcome.NEW
        if known is not None and schedule is not None:
            outcome = Outcome.SAME if self._stands(known, proposal) else Outcome.CHANGED
        elif coming is None:
            outcome = Outcome.OVER
        first = coming.start if coming else None
        return Row(name, outcome, proposal.title, proposal, schedule, first=first, is_checked=False)

    def _stands(self, known: ImportedEvent, proposal: Proposal) -> bool:
        if proposal.rule is None:
            return False
        said = imported_events.digest(proposal.title, proposal.rule)
        return known.sha256 == said and known.id not in self._undone

    def _called_off(self, proposal: Proposal) -> Iterator[Row]:
        """One occurrence that is called off, of every schedule that airs it."""
        off = proposal.calls_off
        if off is None:
            return
        for event in imported_events.of_series(self._known, off.uid):
            call = ical_calls.call(recurrence.from_dict(event.schedule.rule), off, self._calendar)
            if not call.meant:
                continue
            first = call.meant[0].replace(tzinfo=LOCAL)
            coming = Outcome.CALLED_OFF if first > self._now else Outcome.OVER
            yield Row(
                key=f"off-{key(proposal.uid, event.part)}",
                outcome=coming if call.airing else Outcome.SAME,
                title=event.schedule.title,
                proposal=proposal,
                schedule=event.schedule,
                first=first,
                called_off=call.airing,
            )
