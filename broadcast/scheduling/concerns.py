"""What is doubtful about a schedule before it is saved, as values that the face puts into words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.authoring.repertoire import Piece, Repertoire
from broadcast.errors import RuleInvalid
from broadcast.models import (
    Broadcast,
    BroadcastClip,
    BroadcastState,
    Bulletin,
    Clip,
    Person,
)
from broadcast.units import areas, policies
from devices.messages import BulletinClass
from schedules import recurrence, sanity
from schedules.sanity import Doubt, Habit
from schedules.types import LOCAL, OnHolidays

from . import hold_concerns, intents, overlaps, relay_concerns, session_concerns
from .clashes import Near, Side
from .intents import Intent
from .overlaps import Overlap

TIME_TO_FETCH = sanity.TIME_TO_FETCH
EVER = dt.timedelta(days=3000)  # 29 February comes once in eight years where a century begins
SLOW_LINK = 16_000  # bytes a second: a weak mobile signal, which some pole always has
HABIT = dt.timedelta(days=180)
MOST_STARTS = 5000  # enough to know a habit by
HINTS = ("holiday", "silenced")  # good to know, and stops nobody
BEFORE_DAYS = ("in_past", "too_near")  # told once, by ``_nearness``


@dataclass(frozen=True, slots=True)
class Concern:
    """One doubt. ``blocking`` ones would also be refused when saved.

    Codes and their params: ``rule`` (why) · ``in_past`` (start) · ``too_near`` (start, seconds, and needed
    where the audio is long) · ``unapproved`` (bulletin_id) · ``emergency`` (bulletin_id) · ``outside_hours``
    (time, likely or None) · ``unusual`` (time, usual, likely or None) · ``runs_over`` (time, until) ·
    ``weekday`` (area, date, count) · ``session_limit`` (area, start, number, limit) · ``session_minutes``
    (area, start, minutes, limit) · ``during_relay`` (id, who, start, end, count: of coming starts) ·
    ``held`` (start, until, area, by) · ``silenced`` (count, total) · ``holiday`` (date, name, count) ·
    ``overlap`` (schedule_id, title, area, start, end, author, loudspeakers, where, times, overlap).
    """

    code: str
    blocking: bool = False
    params: dict[str, Any] = field(default_factory=dict)


def check(
    session: Session, person: Person, intent: Intent, now: dt.datetime, near: Near | None = None
) -> list[Concern]:
    """Everything doubtful about a schedule that is about to be saved. Errors: UnknownArea, Forbidden."""
    try:
        new = intents.side(session, person, intent)
    except RuleInvalid as error:
        return [Concern("rule", blocking=True, params=error.params)]
    near = near or Near(session, new.area.id)
    starts = intents.coming(new, now)
    return [
        *(_content(session, intent.bulletin_ids) if intent.slot is None else ()),
        *of_times(session, new, intent.bulletin_ids, now, near),
        *_holidays(new, starts),
        *map(_overlap, overlaps.met(session, person, new, starts, near)),
    ]


def of_times(
    session: Session, new: Side, bulletin_ids: Sequence[int], now: dt.datetime, near: Near
) -> Iterator[Concern]:
    """What is doubtful that another time may answer, but for what else sounds then."""
    starts = intents.coming(new, now)
    pieces = Repertoire(session).of(bulletin_ids)
    yield from _nearness(new, starts, now, _time_to_fetch(session, new.area.id, pieces, now))
    yield from _times(session, new, now)
    doubts = (
        *session_concerns.doubts(session, new, starts, near),
        *relay_concerns.doubts(session, new, starts),
        *hold_concerns.doubts(session, new.area.id, starts, now),
    )
    yield from map(_concern, doubts)


def _content(session: Session, bulletin_ids: Sequence[int]) -> Iterator[Concern]:
    repertoire = Repertoire(session)
    for bulletin_id in bulletin_ids:
        bulletin = session.get(Bulletin, bulletin_id)
        if bulletin is not None and bulletin.klass is BulletinClass.EMERGENCY:
            yield Concern("emergency", blocking=True, params={"bulletin_id": bulletin_id})
        elif repertoire.piece(bulletin_id) is None:
            yield Concern("unapproved", blocking=True, params={"bulletin_id": bulletin_id})


def _nearness(
    new: Side, starts: Sequence[dt.datetime], now: dt.datetime, time_to_fetch: dt.timedelta
) -> Iterator[Concern]:
    rule = new.rule
    today = dt.datetime.combine(rule.starts_on, dt.time(), tzinfo=LOCAL)
    begins_today = today.date() == now.astimezone(LOCAL).date()
    gone = new.starts(today, now) if begins_today else []
    if not starts and next(recurrence.occurrences(rule, now, now + EVER, new.holidays), None) is None:
        last = dt.datetime.combine(rule.starts_on, max(rule.times), tzinfo=LOCAL)
        yield Concern("in_past", blocking=True, params={"start": last})
    elif gone:
        yield Concern("in_past", params={"start": gone[-1]})
    if starts and starts[0] - now < time_to_fetch:
        params = {"start": starts[0], "seconds": int((starts[0] - now).total_seconds())}
        if time_to_fetch > TIME_TO_FETCH:
            params["needed"] = int(time_to_fetch.total_seconds())
        yield Concern("too_near", params=params)


def _time_to_fetch(session: Session, area_id: int, pieces: Sequence[Piece], now: dt.datetime) -> dt.timedelta:
    """How long the slowest loudspeaker needs for what it has not been sent before."""
    wanted = {piece.clip_id for piece in pieces}
    there = (
        select(BroadcastClip.clip_id)
        .join(Broadcast, Broadcast.id == BroadcastClip.broadcast_id)
        .where(
            BroadcastClip.clip_id.in_(wanted),
            Broadcast.area_id.in_(areas.above(area_id)),
            Broadcast.created_at < now - TIME_TO_FETCH,
        )
    )
    missing = wanted - set(session.scalars(there))
    size = sum(session.scalars(select(Clip.size).where(Clip.id.in_(missing))))
    return TIME_TO_FETCH + dt.timedelta(seconds=size // SLOW_LINK)


def _times(session: Session, new: Side, now: dt.datetime) -> Iterator[Concern]:
    """What is odd about the times of day."""
    habit, allowed = _habit(session, new.area.id, now), policies.of(session, new.area.id).open
    for time in new.rule.times:
        start = dt.datetime.combine(new.rule.starts_on, time, tzinfo=LOCAL)
        found = sanity.doubts(start, new.length, habit=habit, allowed=allowed, relays=(), now=start)
        yield from (_concern(doubt) for doubt in found if doubt.code not in BEFORE_DAYS)


def _habit(session: Session, area_id: int, now: dt.datetime) -> Habit:
    """When the programmes began that were heard here, except those that somebody cancelled."""
    query = (
        select(Broadcast.start)
        .where(
            areas.in_line(Broadcast.area_id, area_id),
            Broadcast.schedule_id.is_not(None),
            Broadcast.start < now,
            Broadcast.start > now - HABIT,
            Broadcast.state != BroadcastState.CANCELLED,
        )
        .order_by(Broadcast.start.desc())
        .limit(MOST_STARTS)
    )
    return Habit(session.scalars(query))


def _concern(doubt: Doubt) -> Concern:
    return Concern(doubt.code, params=doubt.params)


def _holidays(new: Side, starts: Sequence[dt.datetime]) -> Iterator[Concern]:
    """Public holidays on which it would air, unless the rule says what to do on them."""
    if new.rule.on_holidays is not OnHolidays.KEEP:
        return
    days = sorted({start.astimezone(LOCAL).date() for start in starts})
    off = [(day, name) for day in days if (name := new.holidays.name(day))]
    if off:
        day, name = off[0]
        yield Concern("holiday", params={"date": day, "name": name, "count": len(off)})


def _overlap(each: Overlap) -> Concern:
    names = ("schedule_id", "title", "area", "start", "end", "author", "loudspeakers", "where", "times")
    return Concern("overlap", params={**{name: getattr(each, name) for name in names}, "overlap": each})
