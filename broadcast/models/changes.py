"""What was done to the programme, so that it can be undone; notices, templates of weeks, decisions."""

from __future__ import annotations

import datetime as dt
import enum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .base import Base, UtcDateTime, words
from .people import Area, Person
from .programme import Schedule


class ChangeAction(enum.StrEnum):
    """What was done to a schedule."""

    CREATE = "create"
    CHANGE = "change"
    WITHDRAW = "withdraw"
    RESTORE = "restore"
    MOVE = "move"  # occurrences to other times
    SKIP = "skip"  # occurrences left out
    BRING_BACK = "bring_back"
    OVER = "over"  # occurrences that gave way to another schedule
    COPY = "copy"  # of another week, or from a template
    UNDO = "undo"


class ScheduleChange(Base):
    """One schedule before and after; several that changed together follow one (``group_id`` None)."""

    __tablename__ = "schedule_change"
    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("schedule_change.id"), index=True)
    schedule_id: Mapped[int] = mapped_column(ForeignKey("schedule.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    action: Mapped[ChangeAction] = mapped_column(words(ChangeAction))
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))  # None: it was not there
    after: Mapped[dict[str, Any]] = mapped_column(JSON)
    undoes: Mapped[int | None] = mapped_column(ForeignKey("schedule_change.id"))
    undone_by: Mapped[int | None] = mapped_column(ForeignKey("schedule_change.id"))
    schedule: Mapped[Schedule] = relationship()
    person: Mapped[Person] = relationship()
    members: Mapped[list[ScheduleChange]] = relationship(
        foreign_keys=[group_id], order_by="ScheduleChange.id", viewonly=True
    )

    @property
    def parts(self) -> list[ScheduleChange]:
        """Everything that was done at once, this first."""
        return [self, *self.members]


class NoticeKind(enum.StrEnum):
    """What a person is told on the first page until they have seen it."""

    DISPLACED = "displaced"  # their schedule gave way: by, other_id, other, times, first, area
    CUT = "cut"  # their schedule will be cut by one that goes first: as above
    DECIDED = "decided"  # a unit lets its own go first: as above


class Notice(Base):
    """One thing that a person should know about a schedule of theirs."""

    __tablename__ = "notice"
    __table_args__ = (Index("ix_notice_person_id_seen_at", "person_id", "seen_at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[NoticeKind] = mapped_column(words(NoticeKind))
    schedule_id: Mapped[int] = mapped_column(ForeignKey("schedule.id"))
    params: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    schedule: Mapped[Schedule] = relationship()


class WeekTemplate(Base):
    """A week to be filled again: what airs on which weekday, without dates.

    One that was deleted can come back until its name is given to another.
    """

    __tablename__ = "week_template"
    __table_args__ = (UniqueConstraint("area_id", "name"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    name: Mapped[str] = mapped_column(String(120))
    entries: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    created_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    deleted_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    area: Mapped[Area] = relationship()


class OrderDecision(Base):
    """A unit's word on two schedules that collide on its loudspeakers; the last one on a pair counts."""

    __tablename__ = "order_decision"
    id: Mapped[int] = mapped_column(primary_key=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), index=True)
    first_id: Mapped[int] = mapped_column(ForeignKey("schedule.id"))
    second_id: Mapped[int] = mapped_column(ForeignKey("schedule.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    area: Mapped[Area] = relationship()
    first: Mapped[Schedule] = relationship(foreign_keys=[first_id])
    second: Mapped[Schedule] = relationship(foreign_keys=[second_id])
    person: Mapped[Person] = relationship()
