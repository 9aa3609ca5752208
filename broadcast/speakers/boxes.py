"""Which box hung where and when: the place keeps its history when the device is exchanged."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from broadcast.models import Box, Loudspeaker


def install(session: Session, loudspeaker: Loudspeaker, now: dt.datetime) -> Box:
    """Note the box that hangs there from now on, with the loudspeaker's present key."""
    box = Box(
        loudspeaker_id=loudspeaker.id,
        public_key=loudspeaker.public_key,
        hardware=loudspeaker.hardware,
        serial=loudspeaker.serial,
        installed_at=now,
    )
    session.add(box)
    return box


def remove(session: Session, loudspeaker: Loudspeaker, reason: str, now: dt.datetime) -> None:
    """Note that the box is gone; one from before boxes were noted is entered to be remembered."""
    box = current(session, loudspeaker.id) or install(session, loudspeaker, loudspeaker.created_at)
    box.removed_at, box.reason = now, reason


def note_key(session: Session, loudspeaker: Loudspeaker) -> None:
    """The same box has another key."""
    here = update(Box).where(Box.loudspeaker_id == loudspeaker.id, Box.removed_at.is_(None))
    session.execute(here.values(public_key=loudspeaker.public_key))


def current(session: Session, loudspeaker_id: int) -> Box | None:
    query = select(Box).where(Box.loudspeaker_id == loudspeaker_id, Box.removed_at.is_(None))
    return session.scalar(query.order_by(Box.id.desc()).limit(1))


def history(session: Session, loudspeaker_id: int) -> list[Box]:
    """Every box of a place, the newest first."""
    query = select(Box).where(Box.loudspeaker_id == loudspeaker_id)
    return list(session.scalars(query.order_by(Box.installed_at.desc(), Box.id.desc())))
