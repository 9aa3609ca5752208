"""Schedules, broadcasts, and what is sent to and came back from each loudspeaker."""

from __future__ import annotations

import datetime as dt
import enum
from typing import Any

from sqlalchemy import JSON, Connection, ForeignKey, Index, String, Text, UniqueConstraint, event, false, text
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, Mapper, mapped_column, relationship

from broadcast.folding import fold
from devices.messages import AlertStatus, BulletinClass, ItemState

from .base import Base, UtcDateTime, words
from .content import Bulletin, Clip
from .people import Area


class Schedule(Base):
    """A rule that says when which bulletins play in an area.

    ``slot``: it fills itself at each start (``schedules.slots.to_dict``); the bulletins are then those that
    an officer has put in order. None: it plays its bulletins and nothing else.
    """

    __tablename__ = "schedule"
    id: Mapped[int] = mapped_column(primary_key=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    rule: Mapped[dict[str, Any]] = mapped_column(JSON)
    rule_text: Mapped[str] = mapped_column(String(200), default="")
    slot: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    created_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    withdrawn_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    area: Mapped[Area] = relationship()
    items: Mapped[list[ScheduleItem]] = relationship(
        back_populates="schedule", order_by="ScheduleItem.position", cascade="all, delete-orphan"
    )


class ScheduleItem(Base):
    """A bulletin in a schedule, in order."""

    __tablename__ = "schedule_item"
    __table_args__ = (UniqueConstraint("schedule_id", "position"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    schedule_id: Mapped[int] = mapped_column(ForeignKey("schedule.id"), index=True)
    position: Mapped[int]
    bulletin_id: Mapped[int] = mapped_column(ForeignKey("bulletin.id"), index=True)
    schedule: Mapped[Schedule] = relationship(back_populates="items")
    bulletin: Mapped[Bulletin] = relationship()


class BroadcastState(enum.StrEnum):
    """The server's intent; what sounded is in the deliveries."""

    PLANNED = "planned"
    DISPATCHED = "dispatched"
    CANCELLED = "cancelled"
    CLOSED = "closed"  # every delivery has its last word or its time is over


class Broadcast(Base):
    """One dated airing: of a schedule's slot (UNIQUE schedule and start), or urgent (no schedule)."""

    __tablename__ = "broadcast"
    __table_args__ = (
        UniqueConstraint("schedule_id", "start"),
        Index("ix_broadcast_state_start", "state", "start"),
        Index("ix_broadcast_area_start", "area_id", "start"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    occurrence: Mapped[str] = mapped_column(String(64), unique=True)  # item id on the wire
    schedule_id: Mapped[int | None] = mapped_column(ForeignKey("schedule.id"))
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    title: Mapped[str] = mapped_column(String(300))
    klass: Mapped[BulletinClass] = mapped_column("class", words(BulletinClass))
    status: Mapped[AlertStatus] = mapped_column(words(AlertStatus), default=AlertStatus.ACTUAL)
    text: Mapped[str] = mapped_column(Text, default="")  # of an urgent announcement
    start: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    duration_ms: Mapped[int]
    expires: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    state: Mapped[BroadcastState] = mapped_column(words(BroadcastState), default=BroadcastState.PLANNED)
    partial: Mapped[bool] = mapped_column(default=False, server_default=false())  # heard in some parts only
    created_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    stopped_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    stopped_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    area: Mapped[Area] = relationship()
    schedule: Mapped[Schedule | None] = relationship()
    clips: Mapped[list[BroadcastClip]] = relationship(
        order_by="BroadcastClip.position", cascade="all, delete-orphan"
    )
    stops: Mapped[list[BroadcastStop]] = relationship(
        order_by="BroadcastStop.area_id", cascade="all, delete-orphan"
    )
    deliveries: Mapped[list[Delivery]] = relationship(
        back_populates="broadcast", cascade="all, delete-orphan"
    )


class BroadcastClip(Base):
    """A piece of audio in a broadcast, in order: a clip, or ``length_ms`` of the stream of a station.

    ``area_id`` None: for all who hear nothing of their own; else for that area and all below it. Each
    loudspeaker hears those of the nearest area, and no other.
    """

    __tablename__ = "broadcast_clip"
    broadcast_id: Mapped[int] = mapped_column(ForeignKey("broadcast.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    clip_id: Mapped[int | None] = mapped_column(ForeignKey("clip.id"))
    bulletin_id: Mapped[int | None] = mapped_column(ForeignKey("bulletin.id"))
    area_id: Mapped[int | None] = mapped_column(ForeignKey("area.id"))
    station_id: Mapped[int | None] = mapped_column(ForeignKey("relay_station.id"))
    length_ms: Mapped[int | None]
    clip: Mapped[Clip | None] = relationship()


class BroadcastStop(Base):
    """A programme of a broadcast that was stopped where it was heard, while the others of it went on.

    ``area_id``: that of its clips; the broadcast's own for those who heard nothing of their own.
    """

    __tablename__ = "broadcast_stop"
    broadcast_id: Mapped[int] = mapped_column(ForeignKey("broadcast.id"), primary_key=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), primary_key=True)
    at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    area: Mapped[Area] = relationship()


UNSENT = text("evidence IS NULL")


class Delivery(Base):
    """One broadcast on one loudspeaker, as far as the loudspeaker has reported it."""

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("broadcast_id", "loudspeaker_id"),
        Index("ix_delivery_unsent", "loudspeaker_id", sqlite_where=UNSENT, postgresql_where=UNSENT),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    broadcast_id: Mapped[int] = mapped_column(ForeignKey("broadcast.id"))
    loudspeaker_id: Mapped[int] = mapped_column(ForeignKey("loudspeaker.id"), index=True)
    state: Mapped[ItemState] = mapped_column(words(ItemState), default=ItemState.PLANNED)
    evidence: Mapped[int | None]  # None until the order left the server (Evidence.SENT is 0)
    reason: Mapped[str] = mapped_column(String(80), default="")
    updated_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    broadcast: Mapped[Broadcast] = relationship(back_populates="deliveries")
    loudspeaker: Mapped[Loudspeaker] = relationship()


UNTOLD = text("desired_sha256 = '' AND retired_at IS NULL")
NAMED_BY = ("name", "device", "serial", "note")


def _folded_values(context: DefaultExecutionContext) -> str:
    values: dict[str, Any] = context.get_current_parameters()  # type: ignore[no-untyped-call]
    return fold("\n".join(values.get(name) or "" for name in NAMED_BY))


class Loudspeaker(Base):
    """One box on a pole. What it says of itself is kept as said; status is computed from it."""

    __tablename__ = "loudspeaker"
    __table_args__ = (Index("ix_loudspeaker_untold", "id", sqlite_where=UNTOLD, postgresql_where=UNTOLD),)
    id: Mapped[int] = mapped_column(primary_key=True)
    device: Mapped[str] = mapped_column(String(40), unique=True)  # id on the wire and broker user name
    name: Mapped[str] = mapped_column(String(120))
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), index=True)
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    public_key: Mapped[str] = mapped_column(String(64))  # Ed25519, base64
    previous_key: Mapped[str] = mapped_column(String(64), default="")  # until the present one was used
    broker_hash: Mapped[str] = mapped_column(String(255))
    key_expires_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)  # of its own key; None: never
    maker: Mapped[str] = mapped_column(String(80), default="")
    hardware: Mapped[str] = mapped_column(String(80), default="")
    serial: Mapped[str] = mapped_column(String(80), default="")
    photo_sha256: Mapped[str] = mapped_column(String(64), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    folded: Mapped[str] = mapped_column(Text, default=_folded_values)  # what it is found by
    data_limit_mb: Mapped[int | None]  # of its SIM, a month
    volume: Mapped[int] = mapped_column(default=80)
    turn: Mapped[int] = mapped_column(default=0)  # among neighbours that start staggered, from 0
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    activated_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)  # first heard
    retired_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    # as last reported
    online: Mapped[bool] = mapped_column(default=False)
    boot: Mapped[str] = mapped_column(String(40), default="")
    session: Mapped[int] = mapped_column(default=0)
    last_seen: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    playing: Mapped[str] = mapped_column(String(64), default="")
    report: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)  # last State and Telemetry
    firmware: Mapped[str] = mapped_column(String(40), default="")
    clock: Mapped[str] = mapped_column(String(12), default="")  # a ClockQuality, empty before the first
    clock_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)  # since when it is so
    faults: Mapped[str] = mapped_column(String(200), default="")  # codes, each between spaces
    silenced: Mapped[str] = mapped_column(String(12), default="")  # by whom: local, central, or nobody
    silenced_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    refused_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)  # an order, for the last time
    asked_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)  # start of the last that is over
    proved_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)  # start of the last that it proved
    have_epoch: Mapped[int] = mapped_column(default=0)  # of the desired state in force there
    have_rev: Mapped[int] = mapped_column(default=0)
    # desired state as last published
    desired_epoch: Mapped[int] = mapped_column(default=1)
    desired_rev: Mapped[int] = mapped_column(default=0)
    desired_sha256: Mapped[str] = mapped_column(
        String(64), default=""
    )  # of the content without rev and times
    cursor_boot: Mapped[str] = mapped_column(String(40), default="")
    cursor_seq: Mapped[int] = mapped_column(default=0)
    journal_cut_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)  # what came before is not kept
    journal_sha256: Mapped[str] = mapped_column(String(64), default="", server_default="")  # of all of that
    area: Mapped[Area] = relationship()


@event.listens_for(Loudspeaker, "before_update")
def _fold_again(_mapper: Mapper[Loudspeaker], _connection: Connection, target: Loudspeaker) -> None:
    target.folded = fold("\n".join(getattr(target, name) for name in NAMED_BY))


class AsRun(Base):
    """What one loudspeaker really played of one broadcast; kept when the content is deleted."""

    __tablename__ = "as_run"
    __table_args__ = (UniqueConstraint("loudspeaker_id", "occurrence"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    loudspeaker_id: Mapped[int] = mapped_column(ForeignKey("loudspeaker.id"), index=True)
    broadcast_id: Mapped[int | None] = mapped_column(ForeignKey("broadcast.id"), index=True)
    occurrence: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(300))
    planned_start: Mapped[dt.datetime] = mapped_column(UtcDateTime, index=True)
    planned_ms: Mapped[int]
    started_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
    played_ms: Mapped[int] = mapped_column(default=0)
    volume: Mapped[int] = mapped_column(default=0)
    underruns: Mapped[int] = mapped_column(default=0)
    result: Mapped[ItemState] = mapped_column(words(ItemState))
    reason: Mapped[str] = mapped_column(String(80), default="")
    evidence: Mapped[int] = mapped_column(default=0)
    score: Mapped[float | None]  # how well what a microphone heard is what should have sounded, 0 to 1
    loudspeaker: Mapped[Loudspeaker] = relationship()
