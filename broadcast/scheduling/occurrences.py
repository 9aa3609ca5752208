"""Single airings of a schedule moved, left out and brought back, one or many at once.

Airings are named by the local time at which people see them, as a naive datetime. Many that are changed
together are one change with one undo; of those nothing is changed when one of them cannot be.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping

from sqlalchemy.orm import Session

from broadcast.authoring.repertoire import Repertoire, duration_ms
from broadcast.errors import NotFound, NothingToPlay, RuleInvalid, TimeInPast, WrongState
from broadcast.models import ChangeAction, Person, Schedule, ScheduleChange
from broadcast.orders.outbox import Wire
from broadcast.storage.moments import later
from broadcast.units.holiday_book import Book
from schedules import exceptions, recurrence
from schedules.errors import NotAiring, RuleError
from schedules.holidays import NATIONAL, Calendar
from schedules.types import LOCAL, Rule

from . import displacing, schedule_changes
from .schedule_changes import Editing, State, with_rule

MOST = 500  # airings changed at once
Changer = Callable[[int, Rule, Calendar], Rule]


def move(
    session: Session,
    person: Person,
    schedule_id: int,
    *,
    was: dt.datetime,
    to: dt.datetime,
    now: dt.datetime,
    wire: Wire,
    over: Collection[int] = (),
) -> ScheduleChange:
    """One airing at another time; one that sounds is stopped and begins anew.

    The schedules ``over`` give way to it there, see ``displacing``.
    Errors: NotFound (the schedule, or nothing airs at ``was``), Forbidden, WrongState (withdrawn),
    TimeInPast (it is over, or ``to`` is not to come), RuleInvalid.
    """
    editing = Editing(session, person, now, ChangeAction.MOVE, wire)
    change = _change(editing, {schedule_id: [was]}, _mover({schedule_id: {was: to}}, now))
    displacing.displace(editing, change, over, [_instant(to)])
    return change


def shift_many(
    session: Session,
    person: Person,
    chosen: Iterable[tuple[int, dt.datetime]],
    *,
    by: dt.timedelta,
    now: dt.datetime,
    wire: Wire,
) -> ScheduleChange:
    """Airings earlier or later, all by as much. Errors: as ``move``; NothingToPlay when none is chosen."""
    listed = _by_schedule(chosen)
    wanted = {schedule_id: {at: at + by for at in ats} for schedule_id, ats in listed.items()}
    editing = Editing(session, person, now, ChangeAction.MOVE, wire)
    return _change(editing, listed, _mover(wanted, now))


def skip(
    session: Session, person: Person, schedule_id: int, *, at: dt.datetime, now: dt.datetime, wire: Wire
) -> ScheduleChange:
    """Leave one airing out; one that sounds is stopped.

    Errors: NotFound (the schedule, or nothing airs then), Forbidden, WrongState, TimeInPast, RuleInvalid.
    """
    return skip_many(session, person, [(schedule_id, at)], now=now, wire=wire)


def skip_many(
    session: Session,
    person: Person,
    chosen: Iterable[tuple[int, dt.datetime]],
    *,
    now: dt.datetime,
    wire: Wire,
) -> ScheduleChange:
    """Leave airings out. Errors: as ``skip``; NothingToPlay when none is chosen."""
    listed = _by_schedule(chosen)
    editing = Editing(session, person, now, ChangeAction.SKIP, wire)
    return _change(editing, listed, lambda each, rule, off: exceptions.leave_out(rule, listed[each], off))


def bring_back(
    session: Session, person: Person, schedule_id: int, *, at: dt.datetime, now: dt.datetime, wire: Wire
) -> ScheduleChange:
    """Let what was left out air again, where it is shown as left out.

    Errors: NotFound (the schedule, or nothing was left out then), Forbidden, WrongState, TimeInPast.
    """
    _require_coming([at], now)
    editing = Editing(session, person, now, ChangeAction.BRING_BACK, wire)
    return _change(editing, {schedule_id: []}, lambda _, rule, off: exceptions.bring_back(rule, at, off))


def left_out(
    schedule: Schedule, start: dt.date, end: dt.date, holidays: Calendar = NATIONAL
) -> list[dt.datetime]:
    """The local times in the days ``[start, end)`` at which an airing was left out and can come back."""
    return exceptions.left_out(recurrence.from_dict(schedule.rule), start, end, holidays)


def _mover(wanted: Mapping[int, Mapping[dt.datetime, dt.datetime]], now: dt.datetime) -> Changer:
    _require_coming((to for moves in wanted.values() for to in moves.values()), now)
    return lambda schedule_id, rule, off: exceptions.move(rule, wanted[schedule_id], off)


def _change(
    editing: Editing,
    listed: Mapping[int, Iterable[dt.datetime]],
    changed: Changer,
) -> ScheduleChange:
    """Give each schedule its new rule; ``listed`` are airings of before, none of which may be over."""
    lead: ScheduleChange | None = None
    repertoire, book = Repertoire(editing.session), Book(editing.session)
    for schedule_id in sorted(listed):
        schedule = schedule_changes.locked(editing.session, editing.person, schedule_id)
        if schedule.withdrawn_at is not None:
            raise WrongState(kind="schedule", state="withdrawn", action=editing.action.value)
        length = duration_ms(repertoire.pieces(schedule))
        for at in listed[schedule_id]:
            if later(_instant(at), max(length, 1)) <= editing.now:
                raise TimeInPast(at=at.isoformat())
        state = State.of(schedule)
        try:
            rule = changed(schedule_id, recurrence.from_dict(state.rule), book.of(state.area_id))
        except NotAiring as error:
            raise NotFound(kind="occurrence", id=schedule_id, at=error.at.isoformat()) from error
        except RuleError as error:
            raise RuleInvalid(why=error.code, **error.params) from error
        made = editing.put(schedule, with_rule(state, rule), lead=lead)
        lead = lead or made
    if lead is None:
        raise NothingToPlay()
    editing.session.expire(lead, ["members"])
    return lead


def _by_schedule(chosen: Iterable[tuple[int, dt.datetime]]) -> dict[int, list[dt.datetime]]:
    found: dict[int, list[dt.datetime]] = defaultdict(list)
    for schedule_id, at in dict.fromkeys(chosen):
        found[schedule_id].append(at)
    if sum(map(len, found.values())) > MOST:
        raise RuleInvalid(why="too_many_exceptions", limit=MOST)
    return dict(found)


def _require_coming(times: Iterable[dt.datetime], now: dt.datetime) -> None:
    gone = next((at for at in times if _instant(at) <= now), None)
    if gone is not None:
        raise TimeInPast(at=gone.isoformat())


def _instant(at: dt.datetime) -> dt.datetime:
    return at.replace(tzinfo=LOCAL)
