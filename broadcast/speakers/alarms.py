"""What a person must know: told once when it breaks, and once when it is well again."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from broadcast.errors import NotFound
from broadcast.models import Alarm, Loudspeaker, Person, Role
from broadcast.storage import audit, events
from broadcast.units import permissions

from .known import Known


class Kind(enum.StrEnum):
    """Conditions that last until they are seen to be over."""

    SILENT = "silent"  # not heard at all
    UNPROVED = "unproved"  # there, but no sound was proved of what it had to play
    CLOCK_UNKNOWN = "clock_unknown"
    DATA_NEAR = "data_near"  # most of the month's data is used
    DATA_OVER = "data_over"
    SILENCED_LONG = "silenced_long"
    KEY_EXPIRES = "key_expires"
    SERVER_KEY_EXPIRES = "server_key_expires"
    SELF_TEST_MISSING = "self_test_missing"  # the weekly one
    AREA_OUTAGE = "area_outage"  # most of an area fell silent at once
    NO_SOUND_CARD = "no_sound_card"
    DISK_FULL = "disk_full"
    AMPLIFIER = "amplifier"
    DEAD_HORN = "dead_horn"
    STORE_FAILED = "store_failed"
    CLOCK_AHEAD = "clock_ahead"  # what it sends is dated later than it came
    CLOCK_DOUBTFUL = "clock_doubtful"  # its time service contradicts what the server has signed
    FLOODING = "flooding"  # it sends more than its share


LASTING = frozenset(Kind)
REFUSALS = frozenset({"bad_signature", "malformed", "replayed", "stale", "wrong_target"})
REFUSING = "refusing"  # what it was ordered to play, such as outside the allowed hours
SELF_TEST = "self_test"  # it found something wrong with itself
SWAPPED, SWAP_OVER = "swapped", "swap_over"  # a download is other than a signed document names; and not now
NOTICED = frozenset(
    {*REFUSALS, REFUSING, SELF_TEST, SWAPPED, "store_damaged", "unordered_sound", "keyset_refused"}
)
"""What a loudspeaker's journal tells of one moment; over when it does not come again for a day."""


class Change(enum.StrEnum):
    """What an event of an alarm tells; only OPENED and WELL are news for somebody who is not looking."""

    OPENED = "opened"
    AGAIN = "again"
    NOTED = "noted"  # a person took note of it
    WELL = "well"
    ABSORBED = "absorbed"  # another alarm tells it now


def raise_alarm(
    session: Session,
    *,
    kind: str,
    now: dt.datetime,
    loudspeaker: Loudspeaker | Known | None = None,
    count: int = 1,
    **detail: Any,
) -> Alarm:
    """Open an alarm, or count one more of it; without a loudspeaker ``device`` tells them apart.

    What lasts and was taken note of stays closed until it was well.
    """
    found = unwell(session, kind, loudspeaker)
    alarm = next((each for each in found if _same(each, loudspeaker, detail)), None)
    if alarm is not None:
        alarm.count, alarm.last_at, alarm.detail = alarm.count + count, now, {**alarm.detail, **detail}
        _announce(session, alarm, now, Change.AGAIN)
        return alarm
    return open_new(
        session,
        kind=kind,
        now=now,
        loudspeaker_id=loudspeaker.id if loudspeaker else None,
        area_id=loudspeaker.area_id if loudspeaker else None,
        count=count,
        **detail,
    )


def open_new(
    session: Session,
    *,
    kind: str,
    now: dt.datetime,
    loudspeaker_id: int | None,
    area_id: int | None,
    count: int = 1,
    **detail: Any,
) -> Alarm:
    """Open an alarm that is known not to be open."""
    alarm = Alarm(
        kind=kind,
        area_id=area_id,
        loudspeaker_id=loudspeaker_id,
        detail=detail,
        count=count,
        opened_at=now,
        last_at=now,
    )
    session.add(alarm)
    session.flush()
    _announce(session, alarm, now, Change.OPENED)
    return alarm


def settle(session: Session, *, kind: str, now: dt.datetime, loudspeaker: Loudspeaker | None = None) -> bool:
    """Close what has come right by itself, and say so once."""
    found = unwell(session, kind, loudspeaker)
    end(session, found, now)
    return bool(found)


def end(session: Session, alarms: Iterable[Alarm], now: dt.datetime, change: Change = Change.WELL) -> None:
    """These are over."""
    for alarm in alarms:
        alarm.well_at, alarm.closed_at = now, alarm.closed_at or now
        _announce(session, alarm, now, change)


def end_of_loudspeaker(session: Session, loudspeaker: Loudspeaker, now: dt.datetime) -> None:
    """Whatever was open for a loudspeaker that is taken out of service."""
    query = select(Alarm).where(Alarm.loudspeaker_id == loudspeaker.id, Alarm.well_at.is_(None))
    end(session, session.scalars(query).all(), now, Change.ABSORBED)


def unwell(session: Session, kind: str, loudspeaker: Loudspeaker | Known | None = None) -> list[Alarm]:
    """What is not over, also where a person has taken note of it; of a loudspeaker, or of none."""
    session.flush()
    whose = Alarm.loudspeaker_id == loudspeaker.id if loudspeaker else Alarm.loudspeaker_id.is_(None)
    return list(session.scalars(select(Alarm).where(Alarm.kind == kind, whose, Alarm.well_at.is_(None))))


def all_unwell(session: Session, kinds: Collection[str]) -> list[Alarm]:
    """Every alarm of these kinds that is not over."""
    return list(session.scalars(select(Alarm).where(Alarm.kind.in_(kinds), Alarm.well_at.is_(None))))


def list_open(session: Session, person: Person) -> list[Alarm]:
    """Open alarms where the person looks, newest first; those of no area are for administrators."""
    mine = [Alarm.area_id.in_(permissions.visible(person))]
    if permissions.visible_areas(session, person, Role.ADMIN):
        mine.append(Alarm.area_id.is_(None))
    query = select(Alarm).where(Alarm.closed_at.is_(None), or_(*mine))
    return list(session.scalars(query.order_by(Alarm.last_at.desc(), Alarm.id.desc())))


def get(session: Session, person: Person, alarm_id: int) -> Alarm:
    """Errors: NotFound, Forbidden."""
    alarm = session.get(Alarm, alarm_id)
    if alarm is None:
        raise NotFound(kind="alarm", id=alarm_id)
    if alarm.area_id is not None:
        permissions.require(person, Role.VIEWER, alarm.area_id, session)
    elif not permissions.visible_areas(session, person, Role.ADMIN):
        raise NotFound(kind="alarm", id=alarm_id)
    return alarm


def close(session: Session, person: Person, alarm_id: int, now: dt.datetime) -> Alarm:
    """Take note of an alarm. Errors: NotFound, Forbidden."""
    alarm = get(session, person, alarm_id)
    if alarm.closed_at is None:
        alarm.closed_at, alarm.closed_by = now, person.id
        if alarm.kind not in LASTING:
            alarm.well_at = now
        subject = f"alarm:{alarm.id}"
        audit.record(session, now=now, person_id=person.id, action="alarm.close", subject=subject)
        _announce(session, alarm, now, Change.NOTED)
    return alarm


def _same(alarm: Alarm, loudspeaker: Loudspeaker | Known | None, detail: dict[str, Any]) -> bool:
    return loudspeaker is not None or alarm.detail.get("device") == detail.get("device")


def _announce(session: Session, alarm: Alarm, now: dt.datetime, change: Change) -> None:
    events.emit(
        session,
        now=now,
        kind="alarm",
        area_id=alarm.area_id,
        subject=alarm.id,
        alarm=alarm.kind,
        change=change.value,
        loudspeaker=alarm.loudspeaker_id,
    )
