"""The fleet: which box hangs where, what it was ordered, what is wrong with it, and how it keeps up."""

from __future__ import annotations

import datetime as dt
import enum
from typing import Any

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from devices.messages import Action

from .base import Base, UtcDateTime, words
from .people import Approvers, Area, Person
from .programme import Loudspeaker

BigNumber = BigInteger().with_variant(Integer, "sqlite")
Optional = JSON(none_as_null=True)


class Box(Base):
    """A device that hangs or hung at the place of a loudspeaker; the place keeps its history."""

    __tablename__ = "box"
    id: Mapped[int] = mapped_column(primary_key=True)
    loudspeaker_id: Mapped[int] = mapped_column(ForeignKey("loudspeaker.id"), index=True)
    public_key: Mapped[str] = mapped_column(String(64))  # Ed25519, base64
    hardware: Mapped[str] = mapped_column(String(80), default="")
    serial: Mapped[str] = mapped_column(String(80), default="")
    installed_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    removed_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(String(80), default="")  # why it was removed


class Claim(Base):
    """A new box that waits for an officer who says where it hangs."""

    __tablename__ = "claim"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(16), unique=True)  # as the box shows it
    poll_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    public_key: Mapped[str] = mapped_column(String(64))
    hardware: Mapped[str] = mapped_column(String(80), default="")
    serial: Mapped[str] = mapped_column(String(80), default="")
    firmware: Mapped[str] = mapped_column(String(40), default="")
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, index=True)
    claimed_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    claimed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    loudspeaker_id: Mapped[int | None] = mapped_column(ForeignKey("loudspeaker.id"), index=True)
    done_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)  # the box has its identity


class CommandState(enum.StrEnum):
    """How far an order has come, from what was observed."""

    QUEUED = "queued"
    SENT = "sent"  # the broker has it
    RECEIVED = "received"  # the loudspeaker has it
    DONE = "done"  # its effect was observed
    FAILED = "failed"  # refused, or it could not be done
    EXPIRED = "expired"  # no word in its time


class Bulk(Base):
    """One act of a person on one loudspeaker or many; ``area_id`` when all below an area were meant."""

    __tablename__ = "bulk"
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), index=True)
    action: Mapped[Action] = mapped_column(words(Action))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    area_id: Mapped[int | None] = mapped_column(ForeignKey("area.id"), index=True)
    total: Mapped[int]
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    person: Mapped[Person | None] = relationship()
    area: Mapped[Area | None] = relationship()


class CommandOrder(Base):
    """One order to one loudspeaker; those of one message to a group share its ``id``."""

    __tablename__ = "command_order"
    __table_args__ = (
        Index("ix_command_order_bulk_id_state", "bulk_id", "state"),
        Index("ix_command_order_loudspeaker_id_created_at", "loudspeaker_id", "created_at"),
        Index("ix_command_order_state_expires_at", "state", "expires_at"),
    )
    id: Mapped[str] = mapped_column(String(40), primary_key=True)  # of the command on the wire
    loudspeaker_id: Mapped[int] = mapped_column(ForeignKey("loudspeaker.id"), primary_key=True)
    bulk_id: Mapped[int | None] = mapped_column(ForeignKey("bulk.id"))
    action: Mapped[Action] = mapped_column(words(Action))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    state: Mapped[CommandState] = mapped_column(words(CommandState), default=CommandState.QUEUED)
    code: Mapped[str] = mapped_column(String(80), default="")  # what the loudspeaker said about it
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    received_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    done_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    expires_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    loudspeaker: Mapped[Loudspeaker] = relationship()


class Fault(Base):
    """A ticket: something about a loudspeaker that somebody must see to."""

    __tablename__ = "fault"
    id: Mapped[int] = mapped_column(primary_key=True)
    loudspeaker_id: Mapped[int] = mapped_column(ForeignKey("loudspeaker.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    note: Mapped[str] = mapped_column(Text, default="")
    alarm_id: Mapped[int | None] = mapped_column(ForeignKey("alarm.id"))  # that it came from
    opened_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, index=True)
    opened_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    closed_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    closed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    resolution: Mapped[str] = mapped_column(Text, default="")
    loudspeaker: Mapped[Loudspeaker] = relationship()


class Witness(Base):
    """Somebody stood below the horn and heard a broadcast."""

    __tablename__ = "witness"
    loudspeaker_id: Mapped[int] = mapped_column(ForeignKey("loudspeaker.id"), primary_key=True)
    occurrence: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    before: Mapped[int]  # the evidence without this word
    person: Mapped[Person] = relationship()


class UptimeDay(Base):
    """How long a loudspeaker was there on one local day."""

    __tablename__ = "uptime_day"
    loudspeaker_id: Mapped[int] = mapped_column(ForeignKey("loudspeaker.id"), primary_key=True)
    day: Mapped[dt.date] = mapped_column(primary_key=True, index=True)
    online_s: Mapped[int] = mapped_column(default=0)
    late_s: Mapped[int] = mapped_column(default=0)
    offline_s: Mapped[int] = mapped_column(default=0)


class UsageMonth(Base):
    """What a loudspeaker's connection carried in one local month, such as ``2026-11``."""

    __tablename__ = "usage_month"
    loudspeaker_id: Mapped[int] = mapped_column(ForeignKey("loudspeaker.id"), primary_key=True)
    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    bytes: Mapped[int] = mapped_column(BigNumber, default=0)


class StartMode(enum.StrEnum):
    SIMULTANEOUS = "simultaneous"
    STAGGERED = "staggered"  # neighbours in turn, so that their echoes do not blur the words


class AreaPolicy(Base):
    """What is allowed in an area, who approves there, and how long things are kept; NULL: as above it."""

    __tablename__ = "area_policy"
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), primary_key=True)
    windows: Mapped[list[dict[str, Any]] | None] = mapped_column(Optional)
    quiet: Mapped[list[dict[str, Any]] | None] = mapped_column(Optional)
    volumes: Mapped[list[dict[str, Any]] | None] = mapped_column(Optional)
    max_volume: Mapped[int | None]
    minutes_a_day: Mapped[int | None]
    weekdays: Mapped[list[int] | None] = mapped_column(Optional)  # 1 is Monday
    sessions_a_day: Mapped[int | None]
    minutes_a_session: Mapped[int | None]
    approvers: Mapped[Approvers | None] = mapped_column(words(Approvers))
    keep_audio_days: Mapped[int | None]
    keep_reports_days: Mapped[int | None]
    keep_journals_days: Mapped[int | None]
    start_mode: Mapped[StartMode | None] = mapped_column(words(StartMode))
    updated_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    updated_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
