"""How an area sounds: its words, its announcer, and the recordings that are played instead of speech."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .base import Base, UtcDateTime
from .people import Area, Person


class LexiconEntry(Base):
    """How one word is said in an area and below it; a retired entry stays, so that it can come back."""

    __tablename__ = "lexicon_entry"
    __table_args__ = (UniqueConstraint("area_id", "language", "written"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), index=True)
    language: Mapped[str] = mapped_column(String(8), default="vi")
    written: Mapped[str] = mapped_column(String(120))
    spoken: Mapped[str] = mapped_column(String(300))
    note: Mapped[str] = mapped_column(String(300), default="")
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"))  # of the last change
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    retired_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    revision: Mapped[int] = mapped_column(index=True)  # of the whole lexicon, when this entry last changed
    area: Mapped[Area] = relationship()
    author: Mapped[Person] = relationship()


class Station(Base):
    """How an area's bulletins sound unless their author says otherwise; NULL: as in the area above."""

    __tablename__ = "station"
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), primary_key=True)
    engine: Mapped[str | None] = mapped_column(String(24))
    voice: Mapped[str | None] = mapped_column(String(40))
    speed: Mapped[float | None]
    preset: Mapped[str | None] = mapped_column(String(16))
    opening: Mapped[str | None] = mapped_column(Text)
    closing: Mapped[str | None] = mapped_column(Text)
    repeats: Mapped[int | None]
    lead_in_s: Mapped[float | None]
    slot_minutes: Mapped[int | None]  # what a bulletin should fit into
    updated_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    updated_by: Mapped[int] = mapped_column(ForeignKey("person.id"))


class Recording(Base):
    """Sound that somebody recorded or uploaded; its file is in the library, named by its content."""

    __tablename__ = "recording"
    id: Mapped[int] = mapped_column(primary_key=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), index=True)
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    name: Mapped[str] = mapped_column(String(200))
    language: Mapped[str] = mapped_column(String(8), default="vi")
    size: Mapped[int]  # bytes
    duration_ms: Mapped[int]
    loudness: Mapped[float]  # LUFS
    peaks: Mapped[list[int]] = mapped_column(JSON)
    cut_head_ms: Mapped[int] = mapped_column(default=0)  # silence taken off
    cut_tail_ms: Mapped[int] = mapped_column(default=0)
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    area: Mapped[Area] = relationship()
    author: Mapped[Person] = relationship()
