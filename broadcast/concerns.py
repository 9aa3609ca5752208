"""What is doubtful about a schedule before it is saved, as values that the face puts into words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from devices.messages import BulletinClass
from schedules import recurrence
from schedules.errors import RuleError
from schedules.types import LOCAL, Occurrence, Rule, Window

from . import areas, hours, permissions, policies
from .models import AreaClosure, Bulletin, Person, Role, Schedule
from .moments import later
from .repertoire import Repertoire, duration_ms

LOOK_AHEAD = dt.timedelta(days=14)
TIME_TO_FETCH = dt.timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Concern:
    """One doubt. ``blocking`` ones would also be refused when saved.

    Codes and their params: ``rule`` (why) · ``in_past`` (start) · ``too_near`` (start, seconds) ·
    ``unapproved`` (bulletin_id) · ``emergency`` (bulletin_id) · ``outside_hours`` (time, likely or None) ·
    ``runs_over`` (time, until) · ``overlap`` (schedule_id, title, area, start).
    """

    code: str
    blocking: bool = False
    params: dict[str, Any] = field(default_factory=dict)


def check(
    session: Session,
    person: Person,
    *,
    area_id: int,
    bulletin_ids: Sequence[int],
    rule: Rule,
    now: dt.datetime,
    schedule_id: int | None = None,
) -> list[Concern]:
    """Everything doubtful about a schedule that is about to be saved, or about the saved ``schedule_id``.

    Errors: UnknownArea, Forbidden.
    """
    area = areas.get(session, area_id)
    permissions.require(person, Role.EDITOR, area, session)
    try:
        rule = recurrence.validate(rule)
    except RuleError as error:
        return [Concern("rule", blocking=True, params={"why": error.code, **error.params})]
    repertoire = Repertoire(session)
    length = duration_ms(repertoire.of(bulletin_ids))
    start = max(now, dt.datetime.combine(rule.starts_on, dt.time(), tzinfo=LOCAL))
    coming = list(recurrence.occurrences(rule, start, start + LOOK_AHEAD))
    others = [other for other in _neighbours(session, area_id) if other.id != schedule_id]
    return [
        *_content(session, repertoire, bulletin_ids),
        *_nearness(rule, coming, now),
        *_outside_hours(policies.of(session, area_id).open, rule, length),
        *_overlaps(repertoire, others, coming, length),
    ]


def _content(session: Session, repertoire: Repertoire, bulletin_ids: Sequence[int]) -> Iterator[Concern]:
    for bulletin_id in bulletin_ids:
        bulletin = session.get(Bulletin, bulletin_id)
        if bulletin is not None and bulletin.klass is BulletinClass.EMERGENCY:
            yield Concern("emergency", blocking=True, params={"bulletin_id": bulletin_id})
        elif repertoire.piece(bulletin_id) is None:
            yield Concern("unapproved", blocking=True, params={"bulletin_id": bulletin_id})


def _nearness(rule: Rule, coming: Sequence[Occurrence], now: dt.datetime) -> Iterator[Concern]:
    today = dt.datetime.combine(rule.starts_on, dt.time(), tzinfo=LOCAL)
    gone = (
        list(recurrence.occurrences(rule, today, now)) if today.date() == now.astimezone(LOCAL).date() else []
    )
    if not coming:
        last = dt.datetime.combine(rule.starts_on, max(rule.times), tzinfo=LOCAL)
        yield Concern("in_past", blocking=True, params={"start": last})
    elif gone:
        yield Concern("in_past", params={"start": gone[-1].start})
    if coming and coming[0].start - now < TIME_TO_FETCH:
        seconds = int((coming[0].start - now).total_seconds())
        yield Concern("too_near", params={"start": coming[0].start, "seconds": seconds})


def _outside_hours(allowed: Sequence[Window], rule: Rule, length: int) -> Iterator[Concern]:
    for time in rule.times:
        start = dt.datetime.combine(rule.starts_on, time, tzinfo=LOCAL)
        end = later(start, max(length, 1))
        if not hours.covered(allowed, start, later(start, 1)):
            likely = hours.likely_correction(allowed, time)
            params = {"time": f"{time:%H:%M}", "likely": f"{likely:%H:%M}" if likely else None}
            yield Concern("outside_hours", params=params)
        elif not hours.covered(allowed, start, end):
            yield Concern("runs_over", params={"time": f"{time:%H:%M}", "until": f"{end:%H:%M}"})


def _overlaps(
    repertoire: Repertoire, others: Sequence[Schedule], coming: Sequence[Occurrence], length: int
) -> Iterator[Concern]:
    if not coming:
        return
    ends = later(coming[-1].start, length)
    for other in others:
        other_length = duration_ms(repertoire.pieces(other))
        if not other_length:
            continue
        first = later(coming[0].start, -other_length)
        theirs = list(recurrence.occurrences(recurrence.from_dict(other.rule), first, ends))
        clash = _first_clash(coming, length, theirs, other_length)
        if clash is not None:
            params = {"schedule_id": other.id, "title": other.title, "area": other.area.name, "start": clash}
            yield Concern("overlap", params=params)


def _neighbours(session: Session, area_id: int) -> list[Schedule]:
    """Schedules that share a loudspeaker with the area."""
    above = select(AreaClosure.ancestor_id).where(AreaClosure.descendant_id == area_id)
    below = select(AreaClosure.descendant_id).where(AreaClosure.ancestor_id == area_id)
    shared = or_(Schedule.area_id.in_(above), Schedule.area_id.in_(below))
    query = select(Schedule).where(shared, Schedule.withdrawn_at.is_(None)).order_by(Schedule.id)
    return list(session.scalars(query))


def _first_clash(
    ours: Sequence[Occurrence], length: int, theirs: Sequence[Occurrence], other_length: int
) -> dt.datetime | None:
    """The start of our first occurrence during which the other plays too; both lists are in order."""
    position = 0
    for mine in ours:
        while position < len(theirs) and later(theirs[position].start, other_length) <= mine.start:
            position += 1
        if position < len(theirs) and theirs[position].start < later(mine.start, max(length, 1)):
            return mine.start
    return None
