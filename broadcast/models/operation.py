"""What keeps the system honest while it runs: outbox, documents, journal, alarms, events, audit, leases."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from .base import Base, UtcDateTime

BigKey = BigInteger().with_variant(Integer, "sqlite")


class PlanDocument(Base):
    """A plan as its loudspeakers fetch it: bytes named by their sha256, shared where programmes are equal."""

    __tablename__ = "plan_document"
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)


class PlanMark(Base):
    """How far the planning has come; one row, written with what was planned."""

    __tablename__ = "plan_mark"
    name: Mapped[str] = mapped_column(String(20), primary_key=True)
    event_id: Mapped[int] = mapped_column(BigInteger)  # the last one that was taken into account
    expanded_to: Mapped[dt.datetime] = mapped_column(UtcDateTime)  # rules are broadcasts up to here
    basis: Mapped[str] = mapped_column(String(64))  # names what every plan rests on
    at: Mapped[dt.datetime] = mapped_column(UtcDateTime)


class AlertsDocument(Base):
    """The revision counter of a group's retained set of urgent announcements."""

    __tablename__ = "alerts_document"
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), primary_key=True)
    epoch: Mapped[int] = mapped_column(default=1)
    rev: Mapped[int] = mapped_column(default=0)


class OutboxMessage(Base):
    """A signed message that must leave: written with its cause, removed once the broker has it."""

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_order", "urgency", "id"), {"sqlite_autoincrement": True})
    id: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=True)
    topic: Mapped[str] = mapped_column(String(160), index=True)
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    retain: Mapped[bool]
    order_id: Mapped[str] = mapped_column(String(40), default="")  # of the command in it
    urgency: Mapped[int] = mapped_column(default=5)  # lower leaves first
    expires_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    claimed_by: Mapped[str] = mapped_column(String(64), default="")
    claimed_until: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)


UNJUDGED = text("event = 'heard' AND score IS NULL")


class JournalRow(Base):
    """One journal event as a loudspeaker reported it, upserted by (device, boot, seq)."""

    __tablename__ = "journal"
    __table_args__ = (
        UniqueConstraint("loudspeaker_id", "boot", "seq"),
        Index("ix_journal_unjudged", "id", sqlite_where=UNJUDGED, postgresql_where=UNJUDGED),
        Index("ix_journal_item", "occurrence", "loudspeaker_id"),
    )
    id: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=True)
    loudspeaker_id: Mapped[int] = mapped_column(ForeignKey("loudspeaker.id"), index=True)
    boot: Mapped[str] = mapped_column(String(40))
    seq: Mapped[int]
    at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    event: Mapped[str] = mapped_column(String(40))
    occurrence: Mapped[str] = mapped_column(String(64), default="")
    body: Mapped[dict[str, Any]] = mapped_column(JSON)
    received_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    score: Mapped[float | None]  # of what was heard, as the server judged it; None: it did not


class Alarm(Base):
    """Something a person must know; opened once, closed once.

    A person may take note of it while it lasts: it is closed then, and comes back only after it was well.
    """

    __tablename__ = "alarm"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(
        String(40), index=True
    )  # bad_signature, replayed, silent, broker_down …
    area_id: Mapped[int | None] = mapped_column(ForeignKey("area.id"), index=True)
    loudspeaker_id: Mapped[int | None] = mapped_column(ForeignKey("loudspeaker.id"), index=True)
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    count: Mapped[int] = mapped_column(default=1)
    opened_at: Mapped[dt.datetime] = mapped_column(UtcDateTime, index=True)
    last_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    closed_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    well_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime, index=True)  # when it was over


class Event(Base):
    """A change that open pages should show; server-sent events read this table by id."""

    __tablename__ = "event"
    __table_args__ = ({"sqlite_autoincrement": True},)  # an id is never used again: readers continue after it
    id: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=True)
    at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(String(40))  # loudspeaker, delivery, broadcast, bulletin, render, alarm
    area_id: Mapped[int | None]
    subject: Mapped[int | None]  # id of the row that changed
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class AuditRow(Base):
    """Who did what to what; append-only, each row chained to the one before by its hash."""

    __tablename__ = "audit"
    __table_args__ = (
        Index("ix_audit_action_subject", "action", "subject"),
        {"sqlite_autoincrement": True},
    )
    id: Mapped[int] = mapped_column(BigKey, primary_key=True, autoincrement=True)
    at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    action: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(80))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    previous: Mapped[str] = mapped_column(String(64))
    sha256: Mapped[str] = mapped_column(String(64))


class Lease(Base):
    """Who may act alone; ``token`` grows with every change of holder and fences the one before."""

    __tablename__ = "lease"
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    holder: Mapped[str] = mapped_column(String(64))
    token: Mapped[int]
    expires_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
