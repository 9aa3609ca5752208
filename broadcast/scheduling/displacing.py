"""Over it: schedules give way to another where they overlap, and their authors are told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from broadcast.authoring.repertoire import Repertoire
from broadcast.errors import NotFound, RuleInvalid
from broadcast.models import ChangeAction, NoticeKind, Role, Schedule, ScheduleChange
from broadcast.units import permissions
from broadcast.units.holiday_book import calendar_of
from schedules import exceptions
from schedules.conflicts import Say
from schedules.errors import RuleError
from schedules.types import LOCAL
from schedules.validation import MAX_EXCEPTIONS

from . import notices, schedule_changes
from .clashes import Clash, Look, Side
from .schedule_changes import Editing, State, with_rule

FOR = dt.timedelta(days=366)  # how far ahead airings are left out one by one


@dataclass(frozen=True, slots=True)
class _Loss:
    """What a schedule loses: these airings, of all that it has in the time that is looked at."""

    lost: tuple[dt.datetime, ...]  # local, naive
    all: tuple[dt.datetime, ...]


def displace(
    editing: Editing,
    change: ScheduleChange,
    over: Collection[int],
    starts: Sequence[dt.datetime] | None = None,
) -> None:
    """Make schedules give way to the one that was changed, as parts of the same change.

    ``starts`` are the airings that go over the others; None: all of the coming year.

    One that the new one cuts by rank stays as it is: the loudspeakers cut it. Of others the airings that
    overlap are left out, for which the person must be an editor where they belong.
    Errors: NotFound, Forbidden, RuleInvalid.
    """
    if not over:
        return
    session, schedule = editing.session, change.schedule
    session.refresh(schedule)
    schedule_changes.hold(session, over)
    pieces = Repertoire(session).pieces(schedule)
    new = Side.of(schedule, pieces, calendar_of(session, schedule.area_id))
    look = Look(session, new)
    others = {other.id: (row, other) for row, other in look.others()}
    starts = new.starts(editing.now, editing.now + FOR) if starts is None else starts
    for other_id in sorted(set(over) - {schedule.id}):
        if other_id not in others:
            raise NotFound(kind="schedule", id=other_id)
        row, other = others[other_id]
        clashes = look.clashes(other, starts)
        if clashes:
            _give_way(editing, change, row, other, clashes)
    session.expire(change, ["members"])


def _give_way(
    editing: Editing, change: ScheduleChange, row: Schedule, other: Side, clashes: Sequence[Clash]
) -> None:
    session, person = editing.session, editing.person
    lost = tuple(sorted({_local(clash.old) for clash in clashes}))
    by_rank = all(clash.lost.say is Say.RULE for clash in clashes)
    if not by_rank:
        permissions.require(person, Role.EDITOR, other.area, session)
        everything = tuple(map(_local, other.starts(editing.now - FOR, editing.now + FOR)))
        state = _without(State.of(row), other, _Loss(lost, everything))
        editing.put(row, state, lead=change, action=ChangeAction.OVER)
    kind = NoticeKind.CUT if by_rank else NoticeKind.DISPLACED
    params = {
        "by": person.name,
        "other": change.schedule.title,
        "other_id": change.schedule_id,
        "area": change.schedule.area.name,
        "times": len(lost),
        "first": lost[0].isoformat(),
    }
    notices.tell(session, kind, row, by=person, params=params, now=editing.now)


def _without(state: State, side: Side, loss: _Loss) -> State:
    """Airings left out one by one; a rule that loses all it has from some day on ends before that day."""
    rule, first = side.rule, loss.lost[0].date()
    rest = [at for at in loss.all if at.date() >= first]
    try:
        if len(loss.lost) > 1 and set(rest) <= set(loss.lost) and _goes_on(side, loss):
            if first <= rule.starts_on:
                return replace(state, withdrawn=True)
            return with_rule(state, replace(rule, until=first - dt.timedelta(days=1)))
        return with_rule(state, exceptions.leave_out(rule, loss.lost, side.holidays))
    except RuleError as error:
        raise RuleInvalid(why=error.code, **error.params) from error


def _goes_on(side: Side, loss: _Loss) -> bool:
    """Whether there is more beyond what was looked at, or too much of it to be left out one by one."""
    rule = side.rule
    known = len(rule.skipped) + len(rule.skipped_days) + len(rule.moved)
    if len(loss.lost) + known > MAX_EXCEPTIONS:
        return True
    end = loss.all[-1].replace(tzinfo=LOCAL) + dt.timedelta(days=1)
    return bool(side.starts(end, end + FOR))


def _local(at: dt.datetime) -> dt.datetime:
    return at.astimezone(LOCAL).replace(tzinfo=None)
