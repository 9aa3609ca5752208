"""Calendars that go out by a link and come in by a file, and the days off that a unit decides."""

from __future__ import annotations

import datetime as dt
import enum

from sqlalchemy import Date, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .base import Base, UtcDateTime, words
from .people import Area, Person
from .programme import Schedule


class CalendarFeed(Base):
    """A link to an area's programme that works without signing in; only the sha256 of its token is kept."""

    __tablename__ = "calendar_feed"
    id: Mapped[int] = mapped_column(primary_key=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    created_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    fetched_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    sha256: Mapped[str] = mapped_column(String(64), default="")  # of the file as it was last fetched
    changed_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)  # since when it is that
    revoked_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    revoked_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    area: Mapped[Area] = relationship()
    maker: Mapped[Person] = relationship(foreign_keys=[created_by])


class ImportedEvent(Base):
    """Which event of which foreign calendar a schedule was made from, and what the event said then."""

    __tablename__ = "imported_event"
    __table_args__ = (UniqueConstraint("area_id", "uid", "part"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    uid: Mapped[str] = mapped_column(String(255))
    part: Mapped[int]
    source: Mapped[str] = mapped_column(String(120))  # the calendar's name
    schedule_id: Mapped[int] = mapped_column(ForeignKey("schedule.id"), index=True)
    sha256: Mapped[str] = mapped_column(String(64))
    imported_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    imported_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    schedule: Mapped[Schedule] = relationship()


class HolidayKind(enum.StrEnum):
    """What a unit has made of a day."""

    OFF = "off"  # ngày nghỉ
    WORKED = "worked"  # ngày làm bù, or a holiday of the nation's that is none here


class HolidayChange(Base):
    """One day that is otherwise than the nation's calendar has it, in an area and everything below it."""

    __tablename__ = "holiday_change"
    __table_args__ = (UniqueConstraint("area_id", "day"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    day: Mapped[dt.date] = mapped_column(Date)
    kind: Mapped[HolidayKind] = mapped_column(words(HolidayKind))
    name: Mapped[str] = mapped_column(String(120), default="")
    updated_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    updated_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    area: Mapped[Area] = relationship()
