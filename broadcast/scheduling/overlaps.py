"""What would sound at once with a schedule before it is saved: with which, whose, where and when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from broadcast.authoring.repertoire import Piece, Repertoire, as_one, duration_ms, klass
from broadcast.errors import RuleInvalid
from broadcast.models import Person, Role, Schedule
from broadcast.units import areas, permissions, policies
from broadcast.units.holiday_book import calendar_of
from schedules import conflicts, recurrence
from schedules.conflicts import Part, Say
from schedules.errors import RuleError
from schedules.holidays import Calendar
from schedules.slots import Slot
from schedules.types import LOCAL, Frequency, Rule, Window

from . import decisions
from .clashes import Clash, Look, Side

LOOK_AHEAD = dt.timedelta(days=14)
YEAR = dt.timedelta(days=400)  # for rules that air seldom; a lunar year has up to 384 days
OFTEN = (Frequency.DAILY, Frequency.WEEKLY, Frequency.WORKDAYS)
ANY_HOUR = (Window(dt.time(), dt.time()),)
DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Overlap:
    """A schedule that sounds at the same time; the first such time, and how many there are in two weeks.

    ``area`` is whose it is, ``where`` the part in which both are heard, on so many ``loudspeakers``.
    ``say`` is who lets the new one go first; ``may_displace``: this person may, by ``over``.
    """

    schedule_id: int
    title: str
    area_id: int
    area: str
    level: int
    author: str
    klass: str
    start: dt.datetime
    end: dt.datetime
    theirs: dt.datetime  # when the other one begins
    loudspeakers: int
    where: str
    times: int
    part: Part  # what the other one would lose
    say: Say
    may_displace: bool
    may_decide: bool  # it comes from above with priority: the unit decides the order


def _side(
    session: Session,
    person: Person,
    *,
    area_id: int,
    bulletin_ids: Sequence[int],
    rule: Rule,
    schedule_id: int | None,
    slot: Slot | None = None,
) -> Side:
    """The schedule that is about to be saved. Errors: UnknownArea, Forbidden, RuleInvalid."""
    area = areas.get(session, area_id)
    permissions.require(person, Role.EDITOR, area, session)
    try:
        rule = recurrence.validate(rule)
    except RuleError as error:
        raise RuleInvalid(why=error.code, **error.params) from error
    pieces = _pieces(session, bulletin_ids, schedule_id, slot)
    holidays = calendar_of(session, area.id)
    length, rank = duration_ms(pieces), klass(pieces).value
    return Side(schedule_id or 0, area, rule, length, rank, holidays=holidays)


def _pieces(
    session: Session, bulletin_ids: Sequence[int], schedule_id: int | None, slot: Slot | None
) -> list[Piece]:
    """What takes its time: of a slot all of it, whichever bulletins flow in."""
    saved = session.get(Schedule, schedule_id) if schedule_id else None
    repertoire = Repertoire(session)
    if slot is not None:
        return [as_one("", slot, repertoire.of(bulletin_ids))]
    if saved is not None and saved.slot is not None:
        return repertoire.pieces(saved)
    return repertoire.of(bulletin_ids)


def coming(rule: Rule, now: dt.datetime, holidays: Calendar) -> list[dt.datetime]:
    """The starts that are looked at: two weeks of what airs often, a year of what seldom does."""
    start = max(now, dt.datetime.combine(rule.starts_on, dt.time(), tzinfo=LOCAL))
    reach = LOOK_AHEAD if rule.frequency in OFTEN and rule.interval <= 2 else YEAR
    return [each.start for each in recurrence.occurrences(rule, start, start + reach, holidays)]


def find(
    session: Session,
    person: Person,
    *,
    area_id: int,
    bulletin_ids: Sequence[int],
    rule: Rule,
    now: dt.datetime,
    schedule_id: int | None = None,
    slot: Slot | None = None,
) -> list[Overlap]:
    """The schedules that would sound at the same time, the first to do so first.

    With a ``slot`` the bulletins are only those in its order: it takes its time whatever flows in.

    Errors: UnknownArea, Forbidden, RuleInvalid.
    """
    new = _side(
        session,
        person,
        area_id=area_id,
        bulletin_ids=bulletin_ids,
        rule=rule,
        schedule_id=schedule_id,
        slot=slot,
    )
    look, starts = Look(session, new), coming(new.rule, now, new.holidays)
    teller = _Teller(session, person, look, new)
    found = [
        teller.overlap(schedule, other, clashes)
        for schedule, other in look.others()
        if (clashes := look.clashes(other, starts))
    ]
    return sorted(found, key=lambda each: (each.start, each.schedule_id))


def next_free(
    session: Session,
    person: Person,
    *,
    area_id: int,
    bulletin_ids: Sequence[int],
    rule: Rule,
    now: dt.datetime,
    schedule_id: int | None = None,
    slot: Slot | None = None,
    time: dt.time | None = None,
) -> dt.time | None:
    """The next time of day in the area's hours at which nothing plays on any of the coming days.

    Instead of ``time``, or of the rule's first; None when there is none before midnight.
    Errors: UnknownArea, Forbidden, RuleInvalid.
    """
    new = _side(
        session,
        person,
        area_id=area_id,
        bulletin_ids=bulletin_ids,
        rule=rule,
        schedule_id=schedule_id,
        slot=slot,
    )
    return _shifted(session, new, time, policies.of(session, area_id).open, now)


def after(
    session: Session,
    person: Person,
    *,
    area_id: int,
    bulletin_ids: Sequence[int],
    rule: Rule,
    now: dt.datetime,
    schedule_id: int | None = None,
    slot: Slot | None = None,
    time: dt.time | None = None,
) -> dt.time | None:
    """Right behind what plays then, to the minute, at whatever hour that is. As ``next_free`` otherwise."""
    new = _side(
        session,
        person,
        area_id=area_id,
        bulletin_ids=bulletin_ids,
        rule=rule,
        schedule_id=schedule_id,
        slot=slot,
    )
    return _shifted(session, new, time, ANY_HOUR, now)


def _shifted(
    session: Session, new: Side, time: dt.time | None, allowed: Sequence[Window], now: dt.datetime
) -> dt.time | None:
    time = min(new.rule.times) if time is None else time
    starts = [
        start for start in coming(new.rule, now, new.holidays) if start.astimezone(LOCAL).time() == time
    ]
    if not starts or not allowed:
        return None
    taken = Look(session, new).taken(starts[0], starts[-1] + DAY + new.length)
    shift = conflicts.next_free_for_all(starts, new.length, taken, allowed)
    if shift is None:
        return None
    was = starts[0].astimezone(LOCAL)
    free = was + shift
    return free.time() if free.date() == was.date() else None


@dataclass(frozen=True, slots=True)
class _Teller:
    """Puts into one value what a person should know of an overlap."""

    session: Session
    person: Person
    look: Look
    new: Side

    def overlap(self, schedule: Schedule, other: Side, clashes: Sequence[Clash]) -> Overlap:
        first = clashes[0]
        together = [clash for clash in clashes if (clash.new, clash.old) == (first.new, first.old)]
        shared = first.lost.overlap
        may_edit = permissions.may(self.person, Role.EDITOR, other.area, self.session)
        return Overlap(
            schedule_id=other.id,
            title=schedule.title,
            area_id=other.area.id,
            area=other.area.name,
            level=other.area.level,
            author=other.who,
            klass=other.klass,
            start=shared.start,
            end=shared.end,
            theirs=first.old,
            loudspeakers=self.look.loudspeakers(other, {clash.turn for clash in together}),
            where=self.look.where(other).name,
            times=len({clash.new for clash in clashes}),
            part=first.lost.part,
            say=first.lost.say,
            may_displace=first.lost.say is Say.RULE or may_edit,
            may_decide=decisions.may_decide(self.new.area, shared.new.claim, shared.old.claim),
        )
