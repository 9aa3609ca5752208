"""Units become one: a new one above them, under which all goes on as it was.

The old units stay as its parts, with their codes, so that what was made for them airs where it did: their
programmes, hours, words and voices hold, and everything of theirs is found below the new one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from . import areas, audit, people, permissions
from .errors import InvalidInput, WrongState
from .models import Area, Grant, Person, Role

WHOLE_DAY = ("00:00", "00:00")


def merge(
    session: Session,
    person: Person,
    area_ids: Collection[int],
    *,
    code: str,
    name: str,
    now: dt.datetime,
) -> Area:
    """Two or more units beside each other become one with a code of its own; returns the new one.

    Whoever had a role in one of them has it in the whole. No hour that was allowed is forbidden by it.
    Errors: UnknownArea, Forbidden, InvalidInput (they are not beside each other, or of different kinds),
    WrongState (merged before), InvalidCode, AlreadyExists, EmptyTitle.
    """
    old = [areas.get(session, area_id) for area_id in sorted(set(area_ids))]
    for each in old:
        permissions.require(person, Role.ADMIN, each, session)
        if each.merged_at is not None:
            raise WrongState(kind="area", id=each.id, state="merged", action="merge")
    if len(old) < 2 or len({(each.parent_id, each.kind) for each in old}) > 1:
        raise InvalidInput(field="area_ids")
    start, end = _hours(old)
    made = areas.create(
        session,
        code=code,
        name=name,
        kind=old[0].kind,
        parent_id=old[0].parent_id,
        now=now,
        person_id=person.id,
        latitude=_middle([each.latitude for each in old]),
        longitude=_middle([each.longitude for each in old]),
        window_start=start,
        window_end=end,
    )
    for each in old:
        areas.move(session, each.id, parent_id=made.id, now=now, person_id=person.id)
        each.merged_at = now
    _widen(session, old, made, person, now)
    _tell(session, old, made, person, now)
    return made


def _hours(old: Sequence[Area]) -> tuple[str, str]:
    """All hours that some of them has; where a night is among them, the whole day: it narrows nothing."""
    if any(each.window_end <= each.window_start for each in old):
        return WHOLE_DAY
    return min(each.window_start for each in old), max(each.window_end for each in old)


def _middle(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _widen(session: Session, old: Sequence[Area], made: Area, by: Person, now: dt.datetime) -> None:
    held = select(Grant).where(Grant.area_id.in_([each.id for each in old])).order_by(Grant.id)
    for each in session.scalars(held).all():
        people.grant(session, each.person, each.role, made.id, now=now, by=by.id)


def _tell(session: Session, old: Sequence[Area], made: Area, person: Person, now: dt.datetime) -> None:
    audit.record(
        session,
        now=now,
        person_id=person.id,
        action="area.merge",
        subject=f"area:{made.id}",
        code=made.code,
        merged=[each.code for each in old],
    )
    session.flush()
