"""What would sound at once with a schedule before it is saved: with which, whose, where and when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from broadcast.models import Person, Role, Schedule
from broadcast.units import permissions
from schedules.conflicts import Part, Say

from . import decisions, intents
from .clashes import Clash, Look, Near, Side
from .intents import Intent, coming


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
    all_of_it: bool  # from the first overlap to the last the other one has no airing that would stay
    part: Part  # what the other one would lose
    say: Say
    may_displace: bool
    may_decide: bool  # it comes from above with priority: the unit decides the order


def find(
    session: Session, person: Person, intent: Intent, now: dt.datetime, near: Near | None = None
) -> list[Overlap]:
    """The schedules that would sound at the same time, the first to do so first.

    Errors: UnknownArea, Forbidden, RuleInvalid.
    """
    new = intents.side(session, person, intent)
    return met(session, person, new, coming(new, now), near)


def met(
    session: Session, person: Person, new: Side, starts: Sequence[dt.datetime], near: Near | None = None
) -> list[Overlap]:
    """The schedules that sound at the same time as these airings of the new one, the first to do so first."""
    look = Look(session, new, near=near)
    teller = _Teller(look, new, permissions.visible_areas(session, person, Role.EDITOR))
    found = [
        teller.overlap(schedule, other, clashes)
        for schedule, other in look.others()
        if (clashes := look.clashes(other, starts))
    ]
    return sorted(found, key=lambda each: (each.start, each.schedule_id))


@dataclass(frozen=True, slots=True)
class _Teller:
    """Puts into one value what a person should know of an overlap."""

    look: Look
    new: Side
    mine: Collection[int]  # where the person may change schedules

    def overlap(self, schedule: Schedule, other: Side, clashes: Sequence[Clash]) -> Overlap:
        first = clashes[0]
        together = [clash for clash in clashes if (clash.new, clash.old) == (first.new, first.old)]
        shared = first.lost.overlap
        lost = {clash.old for clash in clashes}
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
            all_of_it=lost.issuperset(other.starts(min(lost), max(lost) + dt.timedelta(minutes=1))),
            part=first.lost.part,
            say=first.lost.say,
            may_displace=first.lost.say is Say.RULE or other.area.id in self.mine,
            may_decide=decisions.may_decide(self.new.area, shared.new.claim, shared.old.claim),
        )
