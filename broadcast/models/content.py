"""Bulletins, their versions, approvals, the audio made of them, and the sounds between them."""

from __future__ import annotations

import datetime as dt
import enum
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from devices.messages import BulletinClass
from schedules.slots import Kind

from .base import Base, UtcDateTime, words
from .people import Approvers, Area, Person
from .voice import Recording


class BulletinState(enum.StrEnum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    WITHDRAWN = "withdrawn"


class RenderState(enum.StrEnum):
    NONE = "none"
    WAITING = "waiting"
    RENDERING = "rendering"
    READY = "ready"
    FAILED = "failed"


class Bulletin(Base):
    """One item to be read or played; its words are in its versions."""

    __tablename__ = "bulletin"
    id: Mapped[int] = mapped_column(primary_key=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    klass: Mapped[BulletinClass] = mapped_column("class", words(BulletinClass), default=BulletinClass.ROUTINE)
    state: Mapped[BulletinState] = mapped_column(
        words(BulletinState), default=BulletinState.DRAFT, index=True
    )
    source: Mapped[str] = mapped_column(String(200), default="")
    document_number: Mapped[str] = mapped_column(String(80), default="")  # such as 12/KH-UBND
    document_date: Mapped[dt.date | None]
    document_issuer: Mapped[str] = mapped_column(String(200), default="")
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, index=True)
    version_number: Mapped[int] = mapped_column(default=1)  # the current one
    folded: Mapped[str] = mapped_column(
        Text, default=""
    )  # title and text without case and accents, for search
    withdrawn_state: Mapped[BulletinState | None] = mapped_column(words(BulletinState))  # to undo
    withdrawn_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    return_note: Mapped[str] = mapped_column(Text, default="")  # why the approver sent it back
    valid_from: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)  # None: from its beginning
    valid_until: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)  # None: until it is withdrawn
    airing_times: Mapped[int | None]  # wished, within so many days from valid_from
    airing_days: Mapped[int | None]
    airing_gap_s: Mapped[int | None]  # between two of them, at least
    area: Mapped[Area] = relationship()
    author: Mapped[Person] = relationship(foreign_keys=[author_id])
    current: Mapped[BulletinVersion] = relationship(
        primaryjoin="and_(BulletinVersion.bulletin_id == Bulletin.id, "
        "BulletinVersion.number == Bulletin.version_number)",
        viewonly=True,
        uselist=False,
    )
    versions: Mapped[list[BulletinVersion]] = relationship(
        back_populates="bulletin", order_by="BulletinVersion.number", cascade="all, delete-orphan"
    )


class BulletinVersion(Base):
    """The words of a bulletin at one time; immutable but for its rendering."""

    __tablename__ = "bulletin_version"
    __table_args__ = (UniqueConstraint("bulletin_id", "number"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    bulletin_id: Mapped[int] = mapped_column(ForeignKey("bulletin.id"), index=True)
    number: Mapped[int]
    title: Mapped[str] = mapped_column(String(300))
    text: Mapped[str] = mapped_column(Text)
    text_sha256: Mapped[str] = mapped_column(String(64))
    language: Mapped[str] = mapped_column(String(8), default="vi")
    engine: Mapped[str] = mapped_column(String(24), default="auto")
    voice: Mapped[str] = mapped_column(String(40), default="north")
    speed: Mapped[float] = mapped_column(default=1.0)
    chime: Mapped[str] = mapped_column(String(16), default="")  # empty: by the class of the bulletin
    recording_id: Mapped[int | None] = mapped_column(ForeignKey("recording.id"))  # played, not the text
    say_title: Mapped[bool] = mapped_column(default=False)
    preset: Mapped[str] = mapped_column(String(16), default="standard")
    opening: Mapped[str] = mapped_column(Text, default="")
    closing: Mapped[str] = mapped_column(Text, default="")
    repeats: Mapped[int] = mapped_column(default=1)
    lead_in_s: Mapped[float] = mapped_column(default=1.0)
    author_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    render_state: Mapped[RenderState] = mapped_column(
        words(RenderState), default=RenderState.NONE, index=True
    )
    render_done: Mapped[int] = mapped_column(default=0)  # sentences
    render_total: Mapped[int] = mapped_column(default=0)
    render_error: Mapped[str] = mapped_column(String(80), default="")  # stable code of the error
    render_claimed_by: Mapped[str] = mapped_column(String(64), default="")
    render_claimed_until: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    render_attempts: Mapped[int] = mapped_column(default=0)
    render_ticket: Mapped[int] = mapped_column(default=0)  # rises with every claim and never falls
    render_failures: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)  # by sentence
    clip_id: Mapped[int | None] = mapped_column(ForeignKey("clip.id"))
    reading: Mapped[str] = mapped_column(String(80), default="")  # names how the clip says the words
    bulletin: Mapped[Bulletin] = relationship(back_populates="versions")
    clip: Mapped[Clip | None] = relationship()
    author: Mapped[Person] = relationship()
    recording: Mapped[Recording | None] = relationship()
    parts: Mapped[list[VersionPart]] = relationship(
        order_by="VersionPart.position", cascade="all, delete-orphan"
    )
    cuts: Mapped[list[VersionCut]] = relationship(
        order_by="VersionCut.position", cascade="all, delete-orphan"
    )


class VersionPart(Base):
    """A further language version, heard after the words of its bulletin version; as immutable as those."""

    __tablename__ = "version_part"
    __table_args__ = (UniqueConstraint("version_id", "position"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("bulletin_version.id"), index=True)
    position: Mapped[int]  # from 1
    language: Mapped[str] = mapped_column(String(8))
    title: Mapped[str] = mapped_column(String(300), default="")
    text: Mapped[str] = mapped_column(Text, default="")
    engine: Mapped[str] = mapped_column(String(24), default="auto")
    voice: Mapped[str] = mapped_column(String(40), default="north")
    speed: Mapped[float] = mapped_column(default=1.0)
    recording_id: Mapped[int | None] = mapped_column(ForeignKey("recording.id"))
    recording: Mapped[Recording | None] = relationship()


class VersionCut(Base):
    """A language of a version that is heard in several, as a clip made of the very frames of the version's.

    ``language`` empty: what is heard once, before or after whichever languages.
    """

    __tablename__ = "version_cut"
    version_id: Mapped[int] = mapped_column(ForeignKey("bulletin_version.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)  # in the clip of the version, from 0
    language: Mapped[str] = mapped_column(String(8))
    clip_id: Mapped[int] = mapped_column(ForeignKey("clip.id"), index=True)
    clip: Mapped[Clip] = relationship()


class Approval(Base):
    """A decision about one version, bound to the very text and the very audio.

    ``cuts_sha256`` names the list of cuts; None: given before there were any, to all that the audio is.
    """

    __tablename__ = "approval"
    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("bulletin_version.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    approved: Mapped[bool]
    note: Mapped[str] = mapped_column(Text, default="")
    text_sha256: Mapped[str] = mapped_column(String(64))
    audio_sha256: Mapped[str] = mapped_column(String(64))
    cuts_sha256: Mapped[str | None] = mapped_column(String(64))
    at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    voided_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    approvers: Mapped[Approvers | None] = mapped_column(words(Approvers))  # by which rule; None: a leader
    version: Mapped[BulletinVersion] = relationship()
    person: Mapped[Person] = relationship()


class Clip(Base):
    """A mastered audio file in the library, named by its content."""

    __tablename__ = "clip"
    id: Mapped[int] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    key: Mapped[str] = mapped_column(String(64), index=True)
    media_type: Mapped[str] = mapped_column(String(40))
    size: Mapped[int]  # bytes
    duration_ms: Mapped[int]
    engine: Mapped[str] = mapped_column(String(24))
    engine_version: Mapped[str] = mapped_column(String(80))
    fallback: Mapped[str] = mapped_column(String(200), default="")
    loudness: Mapped[float]  # LUFS
    true_peak: Mapped[float]  # dBTP
    peaks: Mapped[list[int]] = mapped_column(JSON)
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)


class Sound(Base):
    """A tune, chime, closing or piece that the slots of an area and below it may play."""

    __tablename__ = "sound"
    id: Mapped[int] = mapped_column(primary_key=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), index=True)
    kind: Mapped[Kind] = mapped_column(words(Kind))
    title: Mapped[str] = mapped_column(String(200))
    clip_id: Mapped[int] = mapped_column(ForeignKey("clip.id"))
    created_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    retired_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    area: Mapped[Area] = relationship()
    clip: Mapped[Clip] = relationship()
