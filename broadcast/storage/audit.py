"""The append-only log of who did what: each row carries the hash of the one before."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Collection, Iterator
from contextlib import closing
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.models import AuditRow, Person

from .database import before_commit, note, pending, take_turn

TURN = 0x7474_0003
FIRST = "0" * 64  # what the first row calls the one before
BATCH = 500


def record(
    session: Session, *, now: dt.datetime, person_id: int | None, action: str, subject: str, **detail: Any
) -> None:
    """Log an action; it is chained when its transaction commits, so writers cannot fork the chain.

    ``subject`` names the row, such as ``bulletin:12``; ``detail`` must be JSON.
    """
    plain = json.loads(json.dumps(detail, default=str))
    value = {"at": now, "person_id": person_id, "action": action, "subject": subject, "detail": plain}
    note(session, "audit", value)
    before_commit(session, "1 audit", _write)


class Told(NamedTuple):
    """An action as it was logged; ``whose`` is the number of its subject, ``by`` a name."""

    at: dt.datetime
    whose: int
    detail: dict[str, Any]
    by: str


def told(session: Session, *actions: str, subjects: Collection[str] | None = None) -> Iterator[Told]:
    """These actions in their order; ``subjects``: only on these, few enough for one question."""
    query = (
        select(AuditRow.at, AuditRow.subject, AuditRow.detail, Person.name)
        .outerjoin(Person, Person.id == AuditRow.person_id)
        .where(AuditRow.action.in_(actions))
        .order_by(AuditRow.id)
    )
    if subjects is not None:
        query = query.where(AuditRow.subject.in_(subjects))
    for at, subject, detail, by in session.execute(query):
        yield Told(at, int(subject.partition(":")[2]), detail, by or "")


def verify(session: Session) -> int | None:
    """The id of the first row that was altered, inserted or follows a removed one; None when all is whole."""
    previous = FIRST
    query = select(AuditRow).order_by(AuditRow.id).execution_options(yield_per=BATCH)
    with closing(session.scalars(query)) as rows:
        for row in rows:
            if row.previous != previous or row.sha256 != _digest(row):
                return row.id
            previous = row.sha256
    return None


def head(session: Session) -> str:
    """The newest hash: kept elsewhere, it also proves that no row was cut off at the end."""
    return session.scalar(select(AuditRow.sha256).order_by(AuditRow.id.desc()).limit(1)) or FIRST


def _write(session: Session) -> None:
    notes = pending(session, "audit")
    if not notes:
        return
    take_turn(session, TURN)
    previous = head(session)
    for _, value in notes:
        row = AuditRow(**value, previous=previous)
        row.sha256 = previous = _digest(row)
        session.add(row)
        session.flush()
    notes.clear()


def _digest(row: AuditRow) -> str:
    at = row.at.astimezone(dt.UTC).isoformat(timespec="microseconds")
    content = [row.previous, at, row.person_id, row.action, row.subject, row.detail]
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
