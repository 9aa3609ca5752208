"""One leader at a time: a row with a holder, an end and a token that fences every holder before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from broadcast.models import Lease

from .database import Database
from .upsert import insert_new

IDLE_LIMIT = "5s"


class LeaseLost(Exception):  # noqa: N818  named as the folder names all its errors
    """Another holder has taken over; what this one was about to write must not be written."""


@dataclass(frozen=True, slots=True)
class Leadership:
    """What a leader shows with every write: the lease's name and the token it was given."""

    name: str
    holder: str
    token: int


def acquire(session: Session, name: str, holder: str, now: dt.datetime, ttl: dt.timedelta) -> int | None:
    """Renew or take over the lease; returns its token, or None while another holds it."""
    until = now + ttl
    mine = update(Lease).where(Lease.name == name, Lease.holder == holder, Lease.expires_at > now)
    token = session.scalar(mine.values(expires_at=until).returning(Lease.token))
    if token is None:
        over = update(Lease).where(Lease.name == name, Lease.expires_at <= now)
        taken = over.values(holder=holder, token=Lease.token + 1, expires_at=until)
        token = session.scalar(taken.returning(Lease.token))
    if token is None:
        first = insert_new(session, Lease).values(name=name, holder=holder, token=1, expires_at=until)
        token = session.scalar(first.returning(Lease.token))
    return token


def holds(session: Session, name: str, token: int, now: dt.datetime) -> bool:
    """Whether ``token`` is still the newest and its time is not over."""
    query = select(Lease.token).where(Lease.name == name, Lease.token == token, Lease.expires_at > now)
    return session.scalar(query) is not None


def release(session: Session, name: str, token: int, now: dt.datetime) -> None:
    """End the lease now, so that the next holder need not wait; a fenced token changes nothing."""
    mine = update(Lease).where(Lease.name == name, Lease.token == token)
    session.execute(mine.values(expires_at=now))


@contextmanager
def fenced(database: Database, leadership: Leadership, now: dt.datetime) -> Iterator[Session]:
    """A transaction of the leader; raises LeaseLost before anything is written by one who no longer leads."""
    with database.transaction() as session:
        limit_idling(session)
        if not holds(session, leadership.name, leadership.token, now):
            raise LeaseLost(leadership.name)
        yield session


def limit_idling(session: Session) -> None:
    """A leader that is paused inside a transaction must not hold its row locks for as long as it sleeps."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection().exec_driver_sql(
            f"SET LOCAL idle_in_transaction_session_timeout = '{IDLE_LIMIT}'"
        )
