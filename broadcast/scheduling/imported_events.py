"""What was taken over from foreign calendars before, and what a calendar that comes again has no more."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from broadcast.models import ImportedEvent, ScheduleChange
from schedules import recurrence
from schedules.ical_reading import Proposal, Reading
from schedules.types import Rule

Known = Mapping[tuple[str, int], ImportedEvent]


def known(session: Session, area_id: int) -> Known:
    """By UID and part."""
    query = select(ImportedEvent).where(ImportedEvent.area_id == area_id)
    return {(each.uid, each.part): each for each in session.scalars(query)}


def of_series(known: Known, uid: str) -> Iterator[ImportedEvent]:
    """What is on the air of the events of one UID."""
    for (each, _part), event in sorted(known.items()):
        if each == uid and event.schedule.withdrawn_at is None:
            yield event


def taken_back(session: Session, area_id: int) -> frozenset[int]:
    """The events whose last import was undone: their schedules are as they were before it."""
    lead = aliased(ScheduleChange)
    query = (
        select(ImportedEvent.id)
        .join(ScheduleChange, ScheduleChange.schedule_id == ImportedEvent.schedule_id)
        .join(lead, lead.id == func.coalesce(ScheduleChange.group_id, ScheduleChange.id))
        .where(
            ImportedEvent.area_id == area_id,
            ScheduleChange.at == ImportedEvent.imported_at,
            ScheduleChange.undoes.is_(None),
            lead.undone_by.is_not(None),
        )
    )
    return frozenset(session.scalars(query))


def remembered(session: Session, area_id: int, proposal: Proposal) -> ImportedEvent:
    """What is kept of an event, or a new row for it."""
    query = select(ImportedEvent).where(
        ImportedEvent.area_id == area_id,
        ImportedEvent.uid == proposal.uid,
        ImportedEvent.part == proposal.part,
    )
    return session.scalar(query) or ImportedEvent(area_id=area_id, uid=proposal.uid, part=proposal.part)


def gone(reading: Reading, before: Known) -> Iterator[ImportedEvent]:
    """What was called off, and what the same calendar has no more.

    Of a file that could not be read nothing is gone. A message about some events says nothing of others,
    and a calendar without a name is the same only where it has something of what it had.
    """
    if reading.problems:
        return
    there = {(each.uid, each.part) for each in reading.proposals}
    cancelled = {each.uid for each in reading.proposals if each.refusal and each.refusal.code == "cancelled"}
    refused = {each.uid for each in reading.proposals if each.refusal} - cancelled
    uids = {each.uid for each in reading.proposals}
    same = reading.is_named or any(
        event.source == reading.name and uid in uids for (uid, _), event in before.items()
    )
    for (uid, part), event in sorted(before.items()):
        missing = (uid, part) not in there and uid not in refused
        ours = reading.is_whole and same and event.source == reading.name
        if event.schedule.withdrawn_at is None and (uid in cancelled or (ours and missing)):
            yield event


def digest(title: str, rule: Rule) -> str:
    """Of what an event says; another text of its description changes no schedule."""
    said = json.dumps([title, recurrence.to_dict(rule)], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()
