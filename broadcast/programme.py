"""The programme: schedules made, withdrawn and restored; what is doubtful about one is in ``concerns``."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from devices.messages import BulletinClass
from schedules import recurrence
from schedules.errors import RuleError
from schedules.types import Rule

from . import areas, audit, bulletins, events, permissions, rereading, stopping
from .concerns import Concern, check
from .errors import (
    EmptyTitle,
    NoAudio,
    NotApproved,
    NotFound,
    NothingToPlay,
    RuleInvalid,
    TimeInPast,
    TitleTooLong,
    WrongState,
)
from .models import AreaClosure, Bulletin, Person, Role, Schedule, ScheduleItem
from .outbox import Wire
from .week import Slot, now_and_next, week

__all__ = [
    "Concern",
    "Slot",
    "check",
    "create_schedule",
    "get",
    "list_schedules",
    "now_and_next",
    "restore_schedule",
    "week",
    "withdraw_schedule",
]

TITLE_LIMIT = 200
HORIZON = dt.timedelta(days=366)


def create_schedule(
    session: Session,
    person: Person,
    *,
    area_id: int,
    title: str,
    bulletin_ids: Sequence[int],
    rule: Rule,
    now: dt.datetime,
) -> Schedule:
    """Put approved bulletins on the air by a rule.

    One that was on the air before and is read otherwise today waits to be approved again.
    Errors: UnknownArea, Forbidden, EmptyTitle, TitleTooLong, NothingToPlay, NotFound, NotApproved, NoAudio,
    WrongState (an emergency is never scheduled), RuleInvalid, TimeInPast.
    """
    area = areas.get(session, area_id)
    permissions.require(person, Role.EDITOR, area, session)
    rule = _checked_rule(rule, now)
    schedule = Schedule(
        area_id=area.id,
        title=_checked_title(title),
        rule=recurrence.to_dict(rule),
        rule_text=recurrence.describe(rule),
        created_by=person.id,
        created_at=now,
        items=[
            ScheduleItem(position=position, bulletin_id=bulletin.id)
            for position, bulletin in enumerate(_playable(session, person, area_id, bulletin_ids))
        ],
    )
    session.add(schedule)
    session.flush()
    _freshen(session, schedule, now)
    _tell(session, schedule, person, "schedule.create", now)
    return schedule


def withdraw_schedule(
    session: Session, person: Person, schedule_id: int, now: dt.datetime, *, wire: Wire
) -> Schedule:
    """Take a schedule off the air: what plays is stopped, the rest leaves with the next planning.

    Errors: NotFound, Forbidden, WrongState.
    """
    schedule = _editable(session, person, schedule_id)
    if schedule.withdrawn_at is not None:
        raise WrongState(kind="schedule", state="withdrawn", action="withdraw")
    schedule.withdrawn_at, schedule.withdrawn_by = now, person.id
    _tell(session, schedule, person, "schedule.withdraw", now)
    stopping.cut_schedule(session, person, schedule.id, wire=wire, now=now)
    return schedule


def restore_schedule(session: Session, person: Person, schedule_id: int, now: dt.datetime) -> Schedule:
    """Put a withdrawn schedule on the air again. Errors: NotFound, Forbidden, WrongState."""
    schedule = _editable(session, person, schedule_id)
    if schedule.withdrawn_at is None:
        raise WrongState(kind="schedule", state="active", action="restore")
    schedule.withdrawn_at = schedule.withdrawn_by = None
    _freshen(session, schedule, now)
    _tell(session, schedule, person, "schedule.restore", now)
    return schedule


def get(session: Session, person: Person, schedule_id: int) -> Schedule:
    """Errors: NotFound, also for a schedule of an area the person may not see."""
    schedule = session.get(Schedule, schedule_id)
    if schedule is None or not permissions.may(person, Role.VIEWER, schedule.area_id, session):
        raise NotFound(kind="schedule", id=schedule_id)
    return schedule


def list_schedules(
    session: Session, person: Person, area_id: int, *, withdrawn: bool = False
) -> list[Schedule]:
    """The schedules that sound somewhere in the area: its own, those from above and those below."""
    permissions.require(person, Role.VIEWER, area_id, session)
    above = select(AreaClosure.ancestor_id).where(AreaClosure.descendant_id == area_id)
    below = select(AreaClosure.descendant_id).where(AreaClosure.ancestor_id == area_id)
    query = select(Schedule).where(or_(Schedule.area_id.in_(above), Schedule.area_id.in_(below)))
    if not withdrawn:
        query = query.where(Schedule.withdrawn_at.is_(None))
    return list(session.scalars(query.order_by(Schedule.id)))


def _editable(session: Session, person: Person, schedule_id: int) -> Schedule:
    schedule = get(session, person, schedule_id)
    permissions.require(person, Role.EDITOR, schedule.area_id, session)
    return schedule


def _checked_title(title: str) -> str:
    title = title.strip()
    if not title:
        raise EmptyTitle(field="title")
    if len(title) > TITLE_LIMIT:
        raise TitleTooLong(count=len(title), limit=TITLE_LIMIT)
    return title


def _checked_rule(rule: Rule, now: dt.datetime) -> Rule:
    try:
        rule = recurrence.validate(rule)
    except RuleError as error:
        raise RuleInvalid(why=error.code, **error.params) from error
    start = max(now, dt.datetime.combine(rule.starts_on, dt.time(), tzinfo=dt.UTC) - dt.timedelta(days=1))
    if next(recurrence.occurrences(rule, start, start + HORIZON), None) is None:
        raise TimeInPast(rule=recurrence.describe(rule))
    return rule


def _playable(session: Session, person: Person, area_id: int, bulletin_ids: Sequence[int]) -> list[Bulletin]:
    if not bulletin_ids:
        raise NothingToPlay()
    above = {area.id for area in areas.ancestors(session, area_id)}
    found = []
    for bulletin_id in bulletin_ids:
        bulletin = session.get(Bulletin, bulletin_id)
        if bulletin is None or not (
            bulletin.area_id in above or permissions.may(person, Role.VIEWER, bulletin.area_id, session)
        ):
            raise NotFound(kind="bulletin", id=bulletin_id)
        if bulletin.klass is BulletinClass.EMERGENCY:
            raise WrongState(kind="bulletin", id=bulletin_id, state="emergency", action="schedule")
        version = bulletins.approved_version(session, bulletin)
        if version is None:
            raise NotApproved(bulletin_id=bulletin_id)
        if version.clip_id is None:
            raise NoAudio(bulletin_id=bulletin_id)
        found.append(bulletin)
    return found


def _freshen(session: Session, schedule: Schedule, now: dt.datetime) -> None:
    for item in schedule.items:
        if bulletins.approved_version(session, item.bulletin) is not None:
            rereading.freshen(session, item.bulletin, now)


def _tell(session: Session, schedule: Schedule, person: Person, action: str, now: dt.datetime) -> None:
    audit.record(
        session,
        now=now,
        person_id=person.id,
        action=action,
        subject=f"schedule:{schedule.id}",
        title=schedule.title,
        rule=schedule.rule_text,
    )
    events.emit(session, now=now, kind="schedule", area_id=schedule.area_id, subject=schedule.id)
