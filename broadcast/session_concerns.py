"""What the loudspeakers of an area would refuse of a schedule for its days, its sessions or their length."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

from sqlalchemy.orm import Session

from devices.messages import BulletinClass
from schedules import sessions
from schedules.holidays import Calendar
from schedules.sanity import Doubt
from schedules.sessions import Airing
from schedules.types import LOCAL, Rule

from . import policies
from .clashes import Look, Side
from .models import Area

LOOKED_AT = dt.timedelta(days=8)  # from the first start: every weekday once
DAY = dt.timedelta(days=1)


def doubts(
    session: Session,
    area: Area,
    *,
    rule: Rule,
    calendar: Calendar,
    starts: Sequence[dt.datetime],
    length_ms: int,
    schedule_id: int | None,
) -> Iterator[Doubt]:
    """By the area's own policy; places below it may be stricter still."""
    policy = policies.of(session, area.id)
    yield from sessions.off_days(starts, policy.weekdays)
    allowed = [each for each in starts if each.astimezone(LOCAL).isoweekday() in policy.weekdays]
    if not allowed or (policy.sessions_a_day is None and policy.minutes_a_session is None):
        return
    near = [each for each in allowed if each < allowed[0] + LOOKED_AT]
    side = Side(schedule_id or 0, area, rule, length_ms, BulletinClass.ROUTINE.value, holidays=calendar)
    longest = policy.minutes_a_session
    told: dict[str, Doubt] = {}
    for airings in _by_place(session, side, near):
        found = sessions.doubts(
            airings,
            most=policy.sessions_a_day,
            longest=None if longest is None else dt.timedelta(minutes=longest),
        )
        for doubt in found:
            told.setdefault(doubt.code, doubt)
    yield from told.values()


def _by_place(session: Session, side: Side, starts: Sequence[dt.datetime]) -> Iterator[list[Airing]]:
    """What sounds on those days where the same is heard: what is asked, and what is there already."""
    days = [dt.datetime.combine(each.astimezone(LOCAL), dt.time(), tzinfo=LOCAL) for each in starts]
    asked = [Airing(start, start + side.length, asked=True) for start in starts]
    there = Look(session, side).taken(days[0], days[-1] + DAY)
    heard: dict[str, set[Airing]] = {"": set()}
    for booking in there:
        for place in booking.where:
            heard.setdefault(place, set()).add(Airing(booking.start, booking.end))
    for others in {frozenset(each) for each in heard.values()}:
        yield [*asked, *others]
