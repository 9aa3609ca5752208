"""What a unit offers to its slots and to those below, sounds and stations: found, retired, restored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from broadcast.errors import EmptyTitle, NotFound, TitleTooLong, WrongState
from broadcast.models import AreaClosure, Person, RelayStation, Role, Sound
from broadcast.storage import audit, events
from broadcast.units import areas, permissions
from schedules.slots import Kind, Slot

from .refs import row_id

TITLE_LIMIT = 200
Row = TypeVar("Row", Sound, RelayStation)


@dataclass(frozen=True, slots=True)
class Offering(Generic[Row]):
    """One kind of what is offered; ``name`` is what errors, events and the audit log call it."""

    model: type[Row]
    name: str
    order: tuple[Any, ...]  # columns
    detail: Callable[[Row], dict[str, str]]  # of a row, for the audit log

    def reaches(self, area_id: int) -> ColumnElement[bool]:
        """What is the area's own or from above it, and in use."""
        return and_(self.model.area_id.in_(areas.above(area_id)), self.model.retired_at.is_(None))

    def offered(self, session: Session, area_id: int) -> list[Row]:
        """What a slot of the area may hold: its own and what is from above."""
        query = select(self.model).where(self.reaches(area_id)).order_by(*self.order)
        return list(session.scalars(query))

    def get(self, session: Session, person: Person, row_id: int) -> Row:
        """Errors: NotFound, also for one that is offered nowhere where the person may look."""
        row = session.get(self.model, row_id)
        if row is None or not _may_see(session, person, row.area_id):
            raise NotFound(kind=self.name, id=row_id)
        return row

    def editable(self, session: Session, person: Person, row_id: int) -> Row:
        """Errors: NotFound, Forbidden."""
        row = self.get(session, person, row_id)
        permissions.require(person, Role.EDITOR, row.area_id, session)
        return row

    def retire(self, session: Session, person: Person, row_id: int, *, now: dt.datetime) -> Row:
        """Slots that have it play on without it. Errors: NotFound, Forbidden, WrongState."""
        row = self.editable(session, person, row_id)
        if row.retired_at is not None:
            raise WrongState(kind=self.name, state="retired", action="retire")
        row.retired_at = now
        self.tell(session, person, row, "retire", now)
        return row

    def restore(self, session: Session, person: Person, row_id: int, *, now: dt.datetime) -> Row:
        """Errors: NotFound, Forbidden, WrongState."""
        row = self.editable(session, person, row_id)
        if row.retired_at is None:
            raise WrongState(kind=self.name, state="offered", action="restore")
        row.retired_at = None
        self.tell(session, person, row, "restore", now)
        return row

    def tell(self, session: Session, person: Person, row: Row, act: str, now: dt.datetime) -> None:
        """Write down what was done, and let the planner and open pages know."""
        session.flush()
        audit.record(
            session,
            now=now,
            person_id=person.id,
            action=f"{self.name}.{act}",
            subject=f"{self.name}:{row.id}",
            **self.detail(row),
        )
        events.emit(session, now=now, kind=self.name, area_id=row.area_id, subject=row.id)


def checked_title(title: str) -> str:
    """Errors: EmptyTitle, TitleTooLong."""
    title = " ".join(title.split())
    if not title:
        raise EmptyTitle(field="title")
    if len(title) > TITLE_LIMIT:
        raise TitleTooLong(count=len(title), limit=TITLE_LIMIT)
    return title


def named_in(held: Iterable[Slot], kinds: Collection[Kind]) -> list[int]:
    """The numbers of what slots name as one of these kinds."""
    refs = {entry.ref for slot in held for entry in slot.entries if entry.kind in kinds}
    return sorted(id_ for id_ in map(row_id, refs) if id_ is not None)


def _may_see(session: Session, person: Person, area_id: int) -> bool:
    """Whether it is offered anywhere where the person may look."""
    seen = areas.below(area_id).where(AreaClosure.descendant_id.in_(permissions.visible(person)))
    return session.scalar(seen.limit(1)) is not None
