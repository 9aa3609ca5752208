"""Closes the alarm of swapped downloads once every file that was swapped came as it should."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.models import Alarm, JournalRow
from broadcast.speakers import alarms


def settle(session: Session, now: dt.datetime) -> None:
    """Raised by the journal as it comes in; over by what the journal has told since, in its order."""
    for alarm in alarms.all_unwell(session, [alarms.SWAPPED]):
        if not _lasting(session, alarm):
            alarms.end(session, [alarm], now)


def _lasting(session: Session, alarm: Alarm) -> set[str]:
    """The files that are still other than a signed document names, by their sha256."""
    told = (
        select(JournalRow.event, JournalRow.body)
        .where(
            JournalRow.loudspeaker_id == alarm.loudspeaker_id,
            JournalRow.event.in_((alarms.SWAPPED, alarms.SWAP_OVER)),
            JournalRow.received_at >= alarm.opened_at - dt.timedelta(minutes=10),
        )
        .order_by(JournalRow.id)
    )
    found: set[str] = set()
    for event, body in session.execute(told):
        (found.add if event == alarms.SWAPPED else found.discard)(str(body.get("reason", "")))
    return found
