"""How long a bulletin holds, and how often it wishes to be aired in that time."""

from __future__ import annotations

import datetime as dt

from sqlalchemy.orm import Session

from broadcast.errors import WrongState
from broadcast.models import Bulletin, Person
from broadcast.slot_errors import SlotInvalid
from broadcast.storage import audit, events
from broadcast.units import permissions
from devices.messages import BulletinClass
from schedules import slots
from schedules.errors import SlotError
from schedules.slots import Airings

from . import approval
from .repertoire import wish_of


def save(
    session: Session,
    person: Person,
    bulletin_id: int,
    *,
    valid_from: dt.datetime | None,
    valid_until: dt.datetime | None,
    airings: Airings | None,
    now: dt.datetime,
) -> Bulletin:
    """Say all three; nothing of it voids an approval, for it changes no word.

    Days of airings are counted from ``valid_from``, or from now where it is not said.
    Errors: NotFound, Forbidden, WrongState (an emergency has an end of its own), SlotInvalid (also
    ``until_before_from``).
    """
    bulletin = approval.locked(session, bulletin_id)
    permissions.require(person, approval.writer(bulletin.klass), bulletin.area_id, session)
    if bulletin.klass is BulletinClass.EMERGENCY:
        raise WrongState(kind="bulletin", id=bulletin_id, state="emergency", action="schedule")
    if airings is not None:
        _check(airings)
        valid_from = valid_from or now
    if valid_until is not None and valid_until <= (valid_from or bulletin.created_at):
        raise SlotInvalid(why="until_before_from")
    bulletin.valid_from, bulletin.valid_until = valid_from, valid_until
    bulletin.airing_times = airings.times if airings else None
    bulletin.airing_days = airings.days if airings else None
    bulletin.airing_gap_s = int(airings.gap.total_seconds()) if airings else None
    session.flush()
    _tell(session, person, bulletin, now)
    return bulletin


def airings_of(bulletin: Bulletin) -> Airings | None:
    """The wish that ``save`` has kept."""
    return wish_of(bulletin.airing_times, bulletin.airing_days, bulletin.airing_gap_s)


def _check(airings: Airings) -> None:
    try:
        slots.validate_airings(airings)
    except SlotError as error:
        raise SlotInvalid(why=error.code, **error.params) from error


def _tell(session: Session, person: Person, bulletin: Bulletin, now: dt.datetime) -> None:
    detail = {
        "valid_from": bulletin.valid_from,
        "valid_until": bulletin.valid_until,
        "times": bulletin.airing_times,
        "days": bulletin.airing_days,
        "gap_s": bulletin.airing_gap_s,
    }
    subject, area_id = f"bulletin:{bulletin.id}", bulletin.area_id
    audit.record(session, now=now, person_id=person.id, action="bulletin.validity", subject=subject, **detail)
    events.emit(session, now=now, kind="bulletin", area_id=area_id, subject=bulletin.id, validity=True)
