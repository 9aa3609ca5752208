"""How long each loudspeaker was there on each local day, added up by a tick of the worker."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from sqlalchemy import CTE, ColumnElement, Select, Subquery, case, column, func, literal, or_, select, values
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from broadcast.evidence import proof
from broadcast.models import (
    Area,
    AreaClosure,
    AreaKind,
    AsRun,
    Broadcast,
    Delivery,
    Loudspeaker,
    Person,
    UptimeDay,
)
from broadcast.speakers import whereabouts
from broadcast.speakers.conditions import HEARTBEAT, Conditions
from broadcast.storage.moments import day_start
from broadcast.storage.upsert import insert_adding
from broadcast.units import permissions
from devices.messages import Evidence, ItemState
from schedules.types import LOCAL

DAY = dt.timedelta(days=1)
FIRST_EVER, LAST_EVER = dt.date(1970, 1, 2), dt.date(9999, 1, 1)
OVER = proof.FINAL - {ItemState.CANCELLED}  # what was to sound, and will not any more
LONGEST = dt.timedelta(minutes=5)  # a longer gap between two ticks is nobody's: the server itself was away


@dataclass(frozen=True, slots=True)
class Share:
    """Of one commune or maker over some days; seconds of all its loudspeakers together."""

    name: str
    area_id: int | None
    loudspeakers: int
    online_s: int
    late_s: int
    offline_s: int
    plays: int
    proved: int  # of these, with proof of sound
    merged_at: dt.datetime | None = None  # it is a part of another one since, where its days go on

    @property
    def uptime(self) -> float | None:
        """0 to 1; None where nothing is known."""
        known = self.online_s + self.late_s + self.offline_s
        return (self.online_s + self.late_s) / known if known else None

    @property
    def silence(self) -> float | None:
        """What share of the plays proved no sound; None where there was none."""
        return 1 - self.proved / self.plays if self.plays else None


def tick(session: Session, since: dt.datetime, now: dt.datetime, heartbeat: dt.timedelta = HEARTBEAT) -> None:
    """Count the time between two ticks as what each loudspeaker is now; over midnight to both days."""
    if not dt.timedelta() < now - since <= LONGEST:
        return
    session.flush()
    for day, seconds in _parts(since, now):
        session.execute(
            insert_adding(session, UptimeDay, ("online_s", "late_s", "offline_s")).from_select(
                ["loudspeaker_id", "day", "online_s", "late_s", "offline_s"],
                _present(Conditions(now, heartbeat), day, seconds),
            )
        )


def per_commune(session: Session, person: Person, *, first: dt.date, last: dt.date) -> list[Share]:
    """Of each commune where the person looks, the worst first.

    A day counts for what the commune was on it: before it became a part of another for itself, then for that;
    and for the commune in which the loudspeaker hung on it, the day of a move for where it went.
    """
    merged = _merged(session)
    days = [(id_, at.astimezone(LOCAL).date()) for id_, at in merged.items()]
    ends = {id_: literal(day, _TYPES["day"]) for id_, day in days}
    instants = {id_: literal(day_start(day), _TYPES["at"]) for id_, day in days}
    commune = (
        select(AreaClosure.descendant_id, Area.id, Area.name, *_limits(ends, "day"), *_limits(instants, "at"))
        .join(Area, Area.id == AreaClosure.ancestor_id)
        .where(Area.kind == AreaKind.COMMUNE)
        .subquery()
    )
    columns = (commune.c.name, commune.c.id.label("area_id"), *(commune.c[name] for name in _LIMITS))
    stay = _stays(session)
    area_id = func.coalesce(stay.c.area_id, Loudspeaker.area_id)
    place = (
        select(Loudspeaker.id, *columns, *(stay.c[name].label(f"hung_{name}") for name in _LIMITS))
        .outerjoin(stay, stay.c.loudspeaker_id == Loudspeaker.id)
        .join(commune, commune.c.descendant_id == area_id)
        .where(area_id.in_(permissions.visible(person)))
    )
    found = _shares(session, place, first, last)
    return [replace(each, merged_at=merged.get(each.area_id or 0)) for each in found]


def per_maker(session: Session, person: Person, *, first: dt.date, last: dt.date) -> list[Share]:
    """Of each maker's loudspeakers that the person sees, the worst first."""
    nothing = literal(None).label("area_id")
    always = (*_limits({}, "day"), *_limits({}, "at"))
    made = select(Loudspeaker.id, Loudspeaker.maker.label("name"), nothing, *always)
    made = made.add_columns(*(each.label(f"hung_{each.name}") for each in always))
    mine = Loudspeaker.area_id.in_(permissions.visible(person))
    return _shares(session, made.where(mine), first, last)


def of_loudspeaker(
    session: Session, loudspeaker_id: int, *, first: dt.date, last: dt.date
) -> list[UptimeDay]:
    """The days in order."""
    query = select(UptimeDay).where(
        UptimeDay.loudspeaker_id == loudspeaker_id, UptimeDay.day.between(first, last)
    )
    return list(session.scalars(query.order_by(UptimeDay.day)))


_TYPES = {"day": UptimeDay.day.type, "at": AsRun.planned_start.type}
_LIMITS = tuple(f"{end}_{kind}" for kind in _TYPES for end in ("since", "until"))


def _merged(session: Session) -> dict[int, dt.datetime]:
    """The communes that are parts of others, and since when."""
    query = select(Area.id, Area.merged_at).where(Area.kind == AreaKind.COMMUNE)
    rows = session.execute(query.where(Area.merged_at.is_not(None)))
    return {id_: at for id_, at in rows if at is not None}


def _limits(ends: Mapping[int, ColumnElement[Any]], kind: str) -> tuple[ColumnElement[Any], ...]:
    """From when until when a place counts for a commune: until it is merged, and since its parts were."""
    if not ends:
        nothing = literal(None, _TYPES[kind])
        return nothing.label(f"since_{kind}"), nothing.label(f"until_{kind}")
    lower, upper, part = aliased(AreaClosure), aliased(AreaClosure), aliased(Area)
    since = (
        select(func.max(case(ends, value=part.id)))
        .join(upper, upper.descendant_id == part.id)
        .join(lower, lower.ancestor_id == part.id)
        .where(upper.ancestor_id == Area.id, upper.depth > 0)
        .where(lower.descendant_id == AreaClosure.descendant_id, part.id.in_(list(ends)))
        .correlate(Area, AreaClosure)
        .scalar_subquery()
    )
    return since.label(f"since_{kind}"), case(ends, value=Area.id).label(f"until_{kind}")


def _stays(session: Session) -> CTE:
    """Where those hung that were ever moved, from which local day on and until which."""
    names = ("loudspeaker_id", "area_id", *_LIMITS)
    types = (
        Loudspeaker.id.type,
        Loudspeaker.area_id.type,
        *(_TYPES[each.partition("_")[2]] for each in _LIMITS),
    )
    rows = []
    for id_, where in whereabouts.moved(session).items():
        moved = [stay.since.astimezone(LOCAL).date() for stay in where.stays if stay.since is not None]
        for stay, days in zip(where.stays, pairwise([FIRST_EVER, *moved, LAST_EVER]), strict=True):
            rows.append((id_, stay.area_id, *days, *map(day_start, days)))
    # A list of values needs one.
    nobody = (0, 0, FIRST_EVER, LAST_EVER, day_start(FIRST_EVER), day_start(LAST_EVER))
    columns = [column(name, type_) for name, type_ in zip(names, types, strict=True)]
    return values(*columns).data(rows or [nobody]).cte("stay")


def _within(group: Subquery, when: InstrumentedAttribute[Any], kind: str) -> list[ColumnElement[bool]]:
    """While the place counted for the commune, and the loudspeaker hung in the place."""
    since = [group.c[f"since_{kind}"], group.c[f"hung_since_{kind}"]]
    until = [group.c[f"until_{kind}"], group.c[f"hung_until_{kind}"]]
    return [
        *(or_(each.is_(None), when >= each) for each in since),
        *(or_(each.is_(None), when < each) for each in until),
    ]


def _parts(since: dt.datetime, now: dt.datetime) -> list[tuple[dt.date, int]]:
    """Whole seconds of each local day; the ends are cut alike, so that nothing is counted twice or lost."""
    first, last = int(since.timestamp()), int(now.timestamp())
    today = now.astimezone(LOCAL).date()
    midnight = int(day_start(today).timestamp())
    parts = [(today, last - max(first, midnight)), (today - DAY, midnight - first)]
    return [(day, seconds) for day, seconds in parts if seconds > 0]


def _present(conditions: Conditions, day: dt.date, seconds: int) -> Select[*tuple[Any, ...]]:
    state = case((conditions.offline, "offline"), (conditions.late, "late"), else_="online")

    def when(name: str) -> ColumnElement[int]:
        return case((state == name, seconds), else_=0)

    return select(
        Loudspeaker.id, literal(day, UptimeDay.day.type), when("online"), when("late"), when("offline")
    ).where(conditions.in_service)


def _shares(
    session: Session, grouped: Select[*tuple[Any, ...]], first: dt.date, last: dt.date
) -> list[Share]:
    group = grouped.where(Loudspeaker.activated_at.is_not(None)).subquery()
    keys = (group.c.name, group.c.area_id)
    sums = [func.sum(column) for column in (UptimeDay.online_s, UptimeDay.late_s, UptimeDay.offline_s)]
    times = (
        select(*keys, func.count(group.c.id.distinct()), *sums)
        .join(UptimeDay, UptimeDay.loudspeaker_id == group.c.id)
        .where(UptimeDay.day.between(first, last), *_within(group, UptimeDay.day, "day"))
        .group_by(*keys)
    )
    plays = _plays(session, group, first, last)
    found = []
    for name, area_id, count, online_s, late_s, offline_s in session.execute(times):
        total, heard = plays.get((name, area_id), (0, 0))
        found.append(Share(name, area_id, count, online_s, late_s, offline_s, total, heard))
    return sorted(found, key=lambda each: (each.uptime or 0.0, each.name))


def _plays(
    session: Session, group: Subquery, first: dt.date, last: dt.date
) -> dict[tuple[str, int | None], tuple[int, int]]:
    """By name and area, how much was to sound and how much of it is proved.

    Who reported nothing at all has no row in the log: its silence counts like any other.
    """
    keys = (group.c.name, group.c.area_id)
    begin, end = day_start(first), day_start(last + DAY)
    proved = case((AsRun.evidence >= int(Evidence.RENDERED), 1), else_=0)
    reported = (
        select(*keys, func.count(), func.sum(proved))
        .join(AsRun, AsRun.loudspeaker_id == group.c.id)
        .where(AsRun.planned_start >= begin, AsRun.planned_start < end)
        .where(AsRun.result != ItemState.CANCELLED, *_within(group, AsRun.planned_start, "at"))
        .group_by(*keys)
    )
    same = (AsRun.loudspeaker_id == Delivery.loudspeaker_id) & (AsRun.occurrence == Broadcast.occurrence)
    unreported = (
        select(*keys, func.count())
        .join(Delivery, Delivery.loudspeaker_id == group.c.id)
        .join(Broadcast, Broadcast.id == Delivery.broadcast_id)
        .where(Broadcast.start >= begin, Broadcast.start < end, Delivery.state.in_(OVER))
        .where(~select(AsRun.id).where(same).exists(), *_within(group, Broadcast.start, "at"))
        .group_by(*keys)
    )
    found = {(name, area_id): (plays, heard) for name, area_id, plays, heard in session.execute(reported)}
    for name, area_id, count in session.execute(unreported):
        plays, heard = found.get((name, area_id), (0, 0))
        found[name, area_id] = (plays + count, heard)
    return found
