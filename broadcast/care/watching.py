"""Watches what lasts: one alarm when it breaks and one when it is well again.

Nothing is told of a loudspeaker that was never heard. An area that falls silent at once is one
alarm, not one for each of its loudspeakers.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Integer, and_, cast, func, or_, select
from sqlalchemy.orm import Session

from broadcast.models import Alarm, Area, AreaClosure, Loudspeaker
from broadcast.speakers import alarms
from broadcast.speakers.alarms import Change, Kind
from broadcast.speakers.conditions import Conditions, fault
from broadcast.units import areas

OUTAGE_WITHIN = dt.timedelta(minutes=10)
OUTAGE_LEAST = 3  # loudspeakers, below which an area is no area
FORGET_AFTER = dt.timedelta(days=1)  # what is noticed at one moment is over when it does not come again
FAULTS = (
    *(Kind.NO_SOUND_CARD, Kind.DISK_FULL, Kind.AMPLIFIER, Kind.DEAD_HORN, Kind.STORE_FAILED),
    *(Kind.CLOCK_DOUBTFUL, Kind.CLOCK_AHEAD),
)

Key = tuple[str, int]  # kind, loudspeaker id


@dataclass(frozen=True, slots=True)
class _Found:
    """One loudspeaker of which something holds."""

    id: int
    area_id: int
    last_seen: dt.datetime | None
    kinds: frozenset[str]


def watch(session: Session, now: dt.datetime, heartbeat: dt.timedelta = dt.timedelta(seconds=60)) -> int:
    """Open and close the alarms of what lasts; returns how many were opened.

    Call it only while the broker is connected: without it everyone seems silent.
    """
    session.flush()
    conditions = Conditions(now, heartbeat)
    found = _holding(session, conditions)
    told = {
        (each.kind, each.loudspeaker_id): each
        for each in alarms.all_unwell(session, _PER_LOUDSPEAKER)
        if each.loudspeaker_id is not None
    }
    news = [each for each in found if Kind.SILENT in each.kinds and (Kind.SILENT, each.id) not in told]
    outages = _Outages(session, conditions)
    opened = outages.judge(bool(news))
    covered = outages.covered() if outages.open else set()
    wanted = {
        (kind, each.id): each
        for each in found
        for kind in each.kinds
        if kind != Kind.SILENT or each.id not in covered
    }
    _close(session, told, wanted, covered, now)
    _forget(session, now)
    return opened + _open(session, told, wanted, now)


def _holding(session: Session, conditions: Conditions) -> list[_Found]:
    holds = _conditions(conditions)
    query = select(
        Loudspeaker.id,
        Loudspeaker.area_id,
        Loudspeaker.last_seen,
        *(each.label(k) for k, each in holds.items()),
    ).where(conditions.in_service, or_(*holds.values()))
    return [
        _Found(row[0], row[1], row[2], frozenset(k for k, held in zip(holds, row[3:], strict=True) if held))
        for row in session.execute(query)
    ]


def _conditions(now: Conditions) -> dict[str, ColumnElement[bool]]:
    """What is not heard says nothing more of itself: then only its silence is told."""
    there = {
        Kind.UNPROVED: now.unproved,
        Kind.CLOCK_UNKNOWN: now.clock_long_unknown,
        Kind.SILENCED_LONG: now.silenced_long,
        **{each: fault(each.value) for each in FAULTS},
    }
    return {
        Kind.SILENT: now.unheard,
        Kind.DATA_NEAR: now.data_near,
        Kind.DATA_OVER: now.data_over,
        **{kind: and_(~now.unheard, holds) for kind, holds in there.items()},
    }


_PER_LOUDSPEAKER = frozenset(
    {
        Kind.SILENT,
        Kind.UNPROVED,
        Kind.CLOCK_UNKNOWN,
        Kind.SILENCED_LONG,
        Kind.DATA_NEAR,
        Kind.DATA_OVER,
        *FAULTS,
    }
)


def _close(
    session: Session,
    told: Mapping[Any, Alarm],
    wanted: Mapping[Key, _Found],
    covered: set[int],
    now: dt.datetime,
) -> None:
    over = [alarm for key, alarm in told.items() if key not in wanted]
    absorbed = [a for a in over if a.kind == Kind.SILENT and a.loudspeaker_id in covered]
    alarms.end(session, absorbed, now, Change.ABSORBED)
    alarms.end(session, [each for each in over if each not in absorbed], now)


def _open(session: Session, told: Mapping[Any, Alarm], wanted: Mapping[Key, _Found], now: dt.datetime) -> int:
    new = {key: found for key, found in wanted.items() if key not in told}
    for (kind, loudspeaker_id), found in sorted(new.items(), key=lambda each: each[0]):
        detail: dict[str, Any] = {}
        if kind == Kind.SILENT and found.last_seen:
            detail["since"] = found.last_seen.isoformat()
        alarms.open_new(
            session, kind=kind, now=now, loudspeaker_id=loudspeaker_id, area_id=found.area_id, **detail
        )
    return len(new)


def _forget(session: Session, now: dt.datetime) -> None:
    """What was noticed at one moment and did not come again for a day is over."""
    momentary = Alarm.kind.in_(alarms.NOTICED) & Alarm.loudspeaker_id.is_not(None)
    query = select(Alarm).where(momentary, Alarm.well_at.is_(None), Alarm.last_at < now - FORGET_AFTER)
    alarms.end(session, session.scalars(query).all(), now)


class _Outages:
    """Areas of which most fell silent at once."""

    def __init__(self, session: Session, conditions: Conditions) -> None:
        self._session = session
        self._now = conditions.now
        self._lately = conditions.fell_silent_since - OUTAGE_WITHIN
        self._gone = conditions.offline
        self._in_service = conditions.in_service
        self.open = {
            each.area_id: each
            for each in alarms.all_unwell(session, [Kind.AREA_OUTAGE])
            if each.area_id is not None
        }

    def judge(self, news: bool) -> int:
        """End what is over and, when somebody has just fallen silent, look whether the area did."""
        if not self.open and not news:
            return 0
        counts = self._counts()
        self._end_over(counts)
        if not news:
            return 0
        fallen = [area for area, total, _, lately in counts if total >= OUTAGE_LEAST and lately * 2 > total]
        return sum(self._begin(area, counts) for area in fallen)

    def covered(self) -> set[int]:
        """The loudspeakers whose silence the open outages tell."""
        below = select(AreaClosure.descendant_id).where(AreaClosure.ancestor_id.in_(self.open))
        return set(self._session.scalars(select(Loudspeaker.id).where(Loudspeaker.area_id.in_(below))))

    def _counts(self) -> Sequence[tuple[Area, int, int, int]]:
        """Of each area: heard ever, gone now, gone since shortly; the widest areas first."""
        lately = Loudspeaker.last_seen > self._lately
        query = (
            select(Area, func.count(), _sum(self._gone), _sum(and_(self._gone, lately)))
            .join(AreaClosure, AreaClosure.ancestor_id == Area.id)
            .join(Loudspeaker, Loudspeaker.area_id == AreaClosure.descendant_id)
            .where(self._in_service)
            .group_by(Area.id)
            .order_by(Area.level, Area.code)
        )
        return [(area, total, gone, lately) for area, total, gone, lately in self._session.execute(query)]

    def _end_over(self, counts: Iterable[tuple[Area, int, int, int]]) -> None:
        gone = {area.id: (total, gone) for area, total, gone, _ in counts}
        for area_id in list(self.open):
            total, missing = gone.get(area_id, (0, 0))
            if missing * 2 <= total:
                alarms.end(self._session, [self.open.pop(area_id)], self._now)

    def _begin(self, area: Area, counts: Iterable[tuple[Area, int, int, int]]) -> bool:
        """False when a wider outage tells it already; narrower ones give way."""
        above = set(self._session.scalars(areas.above(area.id)))
        if above & set(self.open):
            return False
        below = set(self._session.scalars(areas.below(area.id)))
        narrower = [self.open.pop(each) for each in below & set(self.open)]
        alarms.end(self._session, narrower, self._now, Change.ABSORBED)
        total, gone = next((total, gone) for each, total, gone, _ in counts if each.id == area.id)
        self.open[area.id] = alarms.open_new(
            self._session,
            kind=Kind.AREA_OUTAGE,
            now=self._now,
            loudspeaker_id=None,
            area_id=area.id,
            loudspeakers=total,
            gone=gone,
        )
        return True


def _sum(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(cast(condition, Integer)), 0)
