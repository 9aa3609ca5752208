"""Areas, agencies, people and what they may do where."""

from __future__ import annotations

import datetime as dt
import enum

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from .base import Base, UtcDateTime, words


class AreaKind(enum.StrEnum):
    NATION = "nation"
    PROVINCE = "province"
    DISTRICT = "district"
    COMMUNE = "commune"
    VILLAGE = "village"


class Area(Base):
    """A unit of the tree; its code never changes.

    Codes follow QĐ 20/2020/QĐ-TTg: ``0-9A-Z`` in groups separated by ``.``, at most 35 characters.
    """

    __tablename__ = "area"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(35), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[AreaKind] = mapped_column(words(AreaKind))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("area.id"), index=True)
    level: Mapped[int]  # 0 is the root
    latitude: Mapped[float | None]
    longitude: Mapped[float | None]
    window_start: Mapped[str] = mapped_column(String(5), default="05:00")
    window_end: Mapped[str] = mapped_column(String(5), default="21:30")
    merged_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)  # it is a part of another unit since
    parent: Mapped[Area | None] = relationship(remote_side="Area.id")


class AreaClosure(Base):
    """Every (ancestor, descendant) pair of the tree, each area with itself at depth 0."""

    __tablename__ = "area_closure"
    ancestor_id: Mapped[int] = mapped_column(ForeignKey("area.id"), primary_key=True)
    descendant_id: Mapped[int] = mapped_column(ForeignKey("area.id"), primary_key=True, index=True)
    depth: Mapped[int]


class Agency(Base):
    """A body that issues bulletins."""

    __tablename__ = "agency"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(String(35), unique=True)
    name: Mapped[str] = mapped_column(String(160))
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"), index=True)


class Role(enum.StrEnum):
    """What a grant allows in an area and everything below it."""

    ADMIN = "admin"  # people, areas, loudspeakers
    EDITOR = "editor"  # write and submit bulletins, make the programme
    APPROVER = "approver"  # approve what another wrote
    URGENT = "urgent"  # send urgent announcements and STOP
    VIEWER = "viewer"


class Approvers(enum.StrEnum):
    """Who lets a bulletin go on air; each is stricter than the one before."""

    ALONE = "alone"  # who wrote a routine one; a leader all others
    ANOTHER = "another"  # another who writes or approves there; an emergency a leader
    LEADER = "leader"  # another, who approves there


class Person(Base):
    __tablename__ = "person"
    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    title: Mapped[str] = mapped_column(String(120), default="")
    password_hash: Mapped[str | None] = mapped_column(String(255))
    language: Mapped[str] = mapped_column(String(5), default="vi")
    active: Mapped[bool] = mapped_column(default=True)
    session_epoch: Mapped[int] = mapped_column(default=0)  # raised to end every session
    created_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    grants: Mapped[list[Grant]] = relationship(back_populates="person", cascade="all, delete-orphan")


class Grant(Base):
    __tablename__ = "role_grant"
    __table_args__ = (UniqueConstraint("person_id", "area_id", "role"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    area_id: Mapped[int] = mapped_column(ForeignKey("area.id"))
    role: Mapped[Role] = mapped_column(words(Role))
    person: Mapped[Person] = relationship(back_populates="grants")
    area: Mapped[Area] = relationship()


class SignInFailure(Base):
    """Failed sign-ins in a row under one user name, whether it exists or not."""

    __tablename__ = "sign_in_failure"
    username: Mapped[str] = mapped_column(String(80), primary_key=True)
    count: Mapped[int]
    last_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)


class LinkPurpose(enum.StrEnum):
    SETUP = "setup"  # make the first administrator and the commune
    INVITE = "invite"  # choose a password
    SIGN_IN = "sign_in"  # one sign-in without a password (demo, lost password)


class OneTimeLink(Base):
    """A link that works once; only the sha256 of its token is kept."""

    __tablename__ = "one_time_link"
    id: Mapped[int] = mapped_column(primary_key=True)
    token_sha256: Mapped[str] = mapped_column(String(64), unique=True)
    purpose: Mapped[LinkPurpose] = mapped_column(words(LinkPurpose))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    expires_at: Mapped[dt.datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[dt.datetime | None] = mapped_column(UtcDateTime)
