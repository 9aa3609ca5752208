"""The programme: schedules made, changed, withdrawn and restored; ``concerns`` has what is doubtful."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from broadcast.errors import EmptyTitle, NotFound, RuleInvalid, TimeInPast, TitleTooLong, WrongState
from broadcast.models import ChangeAction, Person, Role, Schedule
from broadcast.orders.outbox import Wire
from broadcast.units import areas, permissions
from broadcast.units.holiday_book import calendar_of
from schedules import recurrence, slots
from schedules.errors import RuleError
from schedules.holidays import Calendar
from schedules.slots import Slot as Filled
from schedules.types import Rule

from . import choosing, displacing, schedule_changes
from .choosing import playable
from .concerns import Concern, check
from .intents import Intent
from .schedule_changes import Editing, State, with_rule
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
    intent: Intent,
    *,
    title: str,
    now: dt.datetime,
    over: Collection[int] = (),
    wire: Wire | None = None,
) -> Schedule:
    """Put on the air what is meant: approved bulletins, or a slot that fills itself, which needs none.

    Schedules in ``over`` give way where they overlap. One that was on the air before and is read otherwise
    today waits to be approved again. With ``over`` goes a ``wire``, for what gives way may be sounding; all
    of it is one change, and one undo.
    Errors: UnknownArea, Forbidden, EmptyTitle, TitleTooLong, NothingToPlay, NotFound, NotApproved, NoAudio,
    WrongState (an emergency is never scheduled), SlotInvalid, RuleInvalid, TimeInPast.
    """
    area = areas.get(session, intent.area_id)
    permissions.require(person, Role.EDITOR, area, session)
    rule = _checked_rule(intent.rule, now, calendar_of(session, area.id))
    state = State(_checked_title(title), area.id, (), recurrence.to_dict(rule))
    editing = Editing(session, person, now, ChangeAction.CREATE, wire)
    change = editing.create(replace(state, **_played(session, person, intent)))
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
    slot: Filled | None = None,
    order: Sequence[int] | None = None,
) -> Schedule:
    """Change what is given and keep the rest; what sounds and has no place in it any more is stopped.

    A new rule says everything: exceptions of the old one that it does not name are gone. ``slot`` and
    ``order`` are for a slot that fills itself, ``bulletin_ids`` for a list; neither becomes the other.
    Errors: as ``create_schedule``; WrongState when it is withdrawn, or not of that kind.
    """
    schedule = schedule_changes.locked(session, person, schedule_id)
    if schedule.withdrawn_at is not None:
        raise WrongState(kind="schedule", state="withdrawn", action="change")
    before = State.of(schedule)
    area = areas.get(session, before.area_id if area_id is None else area_id)
    permissions.require(person, Role.EDITOR, area, session)
    _refuse(before.slot is None and (slot is not None or order is not None), "list")
    _refuse(before.slot is not None and bulletin_ids is not None, "slot")
    after = replace(before, area_id=area.id)
    if bulletin_ids is not None and tuple(bulletin_ids) != before.bulletin_ids:
        after = replace(after, bulletin_ids=playable(session, person, area.id, bulletin_ids))
    if order is not None:
        kept = choosing.order(session, person, area.id, order, had=before.bulletin_ids)
        after = replace(after, bulletin_ids=kept)
    if rule is not None:
        after = with_rule(after, _checked_rule(rule, now, calendar_of(session, area.id)))
    if title is not None:
        after = replace(after, title=_checked_title(title))
    if slot is not None:
        after = replace(after, slot=_changed_slot(session, person, area.id, slot, before))
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
    session: Session, person: Person, area_id: int, *, withdrawn: bool = False, own: bool = False
) -> list[Schedule]:
    """The schedules that sound somewhere in the area: its own, those from above and, but for ``own``, those
    below; with their areas and items.
    """
    permissions.require(person, Role.VIEWER, area_id, session)
    heard = Schedule.area_id.in_(areas.above(area_id)) if own else areas.in_line(Schedule.area_id, area_id)
    query = select(Schedule).options(joinedload(Schedule.area), selectinload(Schedule.items)).where(heard)
    if not withdrawn:
        query = query.where(Schedule.withdrawn_at.is_(None))
    return list(session.scalars(query.order_by(Schedule.id)))


def _played(session: Session, person: Person, intent: Intent) -> dict[str, Any]:
    """What is new plays a list, or a slot with an order of what flows in."""
    if intent.slot is None:
        return {"bulletin_ids": playable(session, person, intent.area_id, intent.bulletin_ids)}
    order = choosing.order(session, person, intent.area_id, intent.bulletin_ids)
    slot = choosing.slot(session, person, intent.area_id, intent.slot)
    return {"bulletin_ids": order, "slot": slots.to_dict(slot)}


def _changed_slot(
    session: Session, person: Person, area_id: int, slot: Filled, before: State
) -> dict[str, Any]:
    had = slots.from_dict(before.slot) if before.slot else None
    return slots.to_dict(choosing.slot(session, person, area_id, slot, had=had))


def _refuse(wrong: bool, state: str) -> None:
    if wrong:
        raise WrongState(kind="schedule", state=state, action="change")


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
