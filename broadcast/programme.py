"""The programme: schedules made, changed, withdrawn and restored; ``concerns`` has what is doubtful."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import replace

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from devices.messages import BulletinClass
from schedules import recurrence
from schedules.errors import RuleError
from schedules.holidays import Calendar
from schedules.types import Rule

from . import areas, bulletins, displacing, permissions, schedule_changes
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
from .holiday_book import calendar_of
from .models import AreaClosure, Bulletin, ChangeAction, Person, Role, Schedule
from .outbox import Wire
from .schedule_changes import Editing, State
from .week import Slot, now_and_next, week

__all__ = [
    "Concern",
    "Slot",
    "change_schedule",
    "check",
    "create_schedule",
    "get",
    "list_schedules",
    "now_and_next",
    "playable",
    "restore_schedule",
    "week",
    "withdraw_schedule",
]

TITLE_LIMIT = 200
HORIZON = dt.timedelta(days=3000)  # 29 February comes once in eight years where a century begins


def create_schedule(
    session: Session,
    person: Person,
    *,
    area_id: int,
    title: str,
    bulletin_ids: Sequence[int],
    rule: Rule,
    now: dt.datetime,
    over: Collection[int] = (),
    wire: Wire | None = None,
) -> Schedule:
    """Put approved bulletins on the air by a rule; schedules in ``over`` give way where they overlap.

    One that was on the air before and is read otherwise today waits to be approved again. With ``over``
    goes a ``wire``, for what gives way may be sounding; all of it is one change, and one undo.
    Errors: UnknownArea, Forbidden, EmptyTitle, TitleTooLong, NothingToPlay, NotFound, NotApproved, NoAudio,
    WrongState (an emergency is never scheduled), RuleInvalid, TimeInPast.
    """
    area = areas.get(session, area_id)
    permissions.require(person, Role.EDITOR, area, session)
    rule = _checked_rule(rule, now, calendar_of(session, area.id))
    state = State(
        title=_checked_title(title),
        area_id=area.id,
        bulletin_ids=playable(session, person, area_id, bulletin_ids),
        rule=recurrence.to_dict(rule),
    )
    editing = Editing(session, person, now, ChangeAction.CREATE, wire)
    change = editing.create(state)
    displacing.displace(editing, change, over)
    return change.schedule


def change_schedule(
    session: Session,
    person: Person,
    schedule_id: int,
    *,
    title: str | None = None,
    area_id: int | None = None,
    bulletin_ids: Sequence[int] | None = None,
    rule: Rule | None = None,
    now: dt.datetime,
    wire: Wire,
    over: Collection[int] = (),
) -> Schedule:
    """Change what is given and keep the rest; what sounds and has no place in it any more is stopped.

    A new rule says everything: exceptions of the old one that it does not name are gone.
    Errors: as ``create_schedule``; WrongState when it is withdrawn.
    """
    schedule = schedule_changes.locked(session, person, schedule_id)
    if schedule.withdrawn_at is not None:
        raise WrongState(kind="schedule", state="withdrawn", action="change")
    before = State.of(schedule)
    area = areas.get(session, before.area_id if area_id is None else area_id)
    permissions.require(person, Role.EDITOR, area, session)
    chosen = before.bulletin_ids
    if bulletin_ids is not None and tuple(bulletin_ids) != chosen:
        chosen = playable(session, person, area.id, bulletin_ids)
    said = before.rule
    if rule is not None:
        said = recurrence.to_dict(_checked_rule(rule, now, calendar_of(session, area.id)))
    after = State(
        title=before.title if title is None else _checked_title(title),
        area_id=area.id,
        bulletin_ids=chosen,
        rule=said,
    )
    if after != before or over:
        editing = Editing(session, person, now, ChangeAction.CHANGE, wire)
        displacing.displace(editing, editing.put(schedule, after), over)
    return schedule


def withdraw_schedule(
    session: Session, person: Person, schedule_id: int, now: dt.datetime, *, wire: Wire
) -> Schedule:
    """Take a schedule off the air: what plays is stopped, the rest leaves with the next planning.

    Errors: NotFound, Forbidden, WrongState.
    """
    schedule = schedule_changes.locked(session, person, schedule_id)
    if schedule.withdrawn_at is not None:
        raise WrongState(kind="schedule", state="withdrawn", action="withdraw")
    state = replace(State.of(schedule), withdrawn=True)
    Editing(session, person, now, ChangeAction.WITHDRAW, wire).put(schedule, state)
    return schedule


def restore_schedule(session: Session, person: Person, schedule_id: int, now: dt.datetime) -> Schedule:
    """Put a withdrawn schedule on the air again. Errors: NotFound, Forbidden, WrongState."""
    schedule = schedule_changes.locked(session, person, schedule_id)
    if schedule.withdrawn_at is None:
        raise WrongState(kind="schedule", state="active", action="restore")
    state = replace(State.of(schedule), withdrawn=False)
    Editing(session, person, now, ChangeAction.RESTORE).put(schedule, state)
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


def _checked_title(title: str) -> str:
    title = title.strip()
    if not title:
        raise EmptyTitle(field="title")
    if len(title) > TITLE_LIMIT:
        raise TitleTooLong(count=len(title), limit=TITLE_LIMIT)
    return title


def _checked_rule(rule: Rule, now: dt.datetime, holidays: Calendar) -> Rule:
    try:
        rule = recurrence.validate(rule)
    except RuleError as error:
        raise RuleInvalid(why=error.code, **error.params) from error
    start = max(now, dt.datetime.combine(rule.starts_on, dt.time(), tzinfo=dt.UTC) - dt.timedelta(days=1))
    if next(recurrence.occurrences(rule, start, start + HORIZON, holidays), None) is None:
        raise TimeInPast(rule=recurrence.describe(rule))
    return rule


def playable(session: Session, person: Person, area_id: int, bulletin_ids: Sequence[int]) -> tuple[int, ...]:
    """The bulletins themselves when all of them may air in the area.

    Errors: NothingToPlay, NotFound, WrongState (an emergency), NotApproved, NoAudio.
    """
    if not bulletin_ids:
        raise NothingToPlay()
    above = {area.id for area in areas.ancestors(session, area_id)}
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
    return tuple(bulletin_ids)
