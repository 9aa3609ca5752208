"""What a person is told about their schedules, on the first page until they have seen it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from broadcast.errors import NotFound
from broadcast.models import Notice, NoticeKind, Person, Schedule
from broadcast.storage import events

MOST = 20  # shown at once


def tell(
    session: Session,
    kind: NoticeKind,
    schedule: Schedule,
    *,
    by: Person,
    params: Mapping[str, Any],
    now: dt.datetime,
) -> Notice | None:
    """Tell the author of a schedule; nobody, when they did it themselves."""
    if schedule.created_by == by.id:
        return None
    notice = Notice(
        person_id=schedule.created_by, kind=kind, schedule_id=schedule.id, params=dict(params), at=now
    )
    session.add(notice)
    session.flush()
    events.emit(session, now=now, kind="notice", area_id=schedule.area_id, subject=notice.id)
    return notice


def unseen(session: Session, person: Person) -> list[Notice]:
    """What this person has not seen yet, newest first."""
    query = (
        select(Notice)
        .options(joinedload(Notice.schedule))
        .where(Notice.person_id == person.id, Notice.seen_at.is_(None))
    )
    return list(session.scalars(query.order_by(Notice.id.desc()).limit(MOST)))


def seen(session: Session, person: Person, notice_id: int, now: dt.datetime) -> Notice:
    """The person has read it. Errors: NotFound, also for another person's."""
    notice = session.get(Notice, notice_id)
    if notice is None or notice.person_id != person.id:
        raise NotFound(kind="notice", id=notice_id)
    notice.seen_at = notice.seen_at or now
    session.flush()
    return notice
