"""Broadcasts of a day across, loudspeakers down: in each cell the strongest that is proved."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from devices.messages import Evidence, ItemState

from . import areas, permissions
from .models import Area, AreaClosure, AsRun, Broadcast, Delivery, Loudspeaker, Person, Role
from .moments import day_start

UNHEARD = frozenset({ItemState.MISSED, ItemState.EXPIRED, ItemState.FAILED, ItemState.INTERRUPTED})


@dataclass(frozen=True, slots=True)
class Cell:
    """One delivery; ``evidence`` None: the order has not left. ``skew_ms``: measured start minus planned."""

    due: bool  # its time has come
    state: ItemState
    evidence: Evidence | None
    reason: str
    started_at: dt.datetime | None
    skew_ms: int | None

    @property
    def proved(self) -> bool:
        return self.evidence is not None and self.evidence >= Evidence.RENDERED


@dataclass(frozen=True, slots=True)
class Totals:
    """``missed`` did not sound as ordered; ``cancelled`` was not meant to any more."""

    deliveries: int = 0
    due: int = 0
    proved: int = 0
    missed: int = 0
    cancelled: int = 0
    by_evidence: dict[Evidence, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Matrix:
    """The cells by (broadcast id, loudspeaker id), with totals of all, by broadcast and by loudspeaker."""

    day: dt.date
    broadcasts: list[Broadcast]
    loudspeakers: list[Loudspeaker]
    cells: dict[tuple[int, int], Cell]
    totals: Totals
    by_broadcast: dict[int, Totals]
    by_loudspeaker: dict[int, Totals]


def matrix(session: Session, person: Person, area_id: int, day: dt.date, now: dt.datetime) -> Matrix:
    """The matrix of a local day for the loudspeakers of an area. Errors: UnknownArea, Forbidden."""
    areas.get(session, area_id)
    permissions.require(person, Role.VIEWER, area_id, session)
    broadcasts = _broadcasts(session, area_id, day)
    cells, speakers = _cells(session, area_id, {each.id: each for each in broadcasts}, now)
    shown = {broadcast_id for broadcast_id, _ in cells}
    return Matrix(
        day=day,
        broadcasts=[each for each in broadcasts if each.id in shown],
        loudspeakers=speakers,
        cells=cells,
        totals=total(cells.values()),
        by_broadcast={
            each.id: total(cell for (b, _), cell in cells.items() if b == each.id) for each in broadcasts
        },
        by_loudspeaker={
            each.id: total(cell for (_, s), cell in cells.items() if s == each.id) for each in speakers
        },
    )


def total(cells: Iterable[Cell]) -> Totals:
    them = list(cells)
    levels = Counter(cell.evidence for cell in them if cell.evidence is not None)
    return Totals(
        deliveries=len(them),
        due=sum(cell.due for cell in them),
        proved=sum(cell.proved for cell in them),
        missed=sum(cell.state in UNHEARD for cell in them),
        cancelled=sum(cell.state is ItemState.CANCELLED for cell in them),
        by_evidence=dict(sorted(levels.items())),
    )


def _broadcasts(session: Session, area_id: int, day: dt.date) -> list[Broadcast]:
    start = day_start(day)
    above = select(AreaClosure.ancestor_id).where(AreaClosure.descendant_id == area_id)
    query = (
        select(Broadcast)
        .options(joinedload(Broadcast.area))
        .where(
            Broadcast.area_id.in_(above) | Broadcast.area_id.in_(areas.below(area_id)),
            Broadcast.start >= start,
            Broadcast.start < day_start(day + dt.timedelta(days=1)),
        )
    )
    return list(session.scalars(query.order_by(Broadcast.start, Broadcast.id)))


def _cells(
    session: Session, area_id: int, broadcasts: dict[int, Broadcast], now: dt.datetime
) -> tuple[dict[tuple[int, int], Cell], list[Loudspeaker]]:
    query = (
        select(Delivery, Loudspeaker, AsRun.started_at)
        .join(Loudspeaker, Loudspeaker.id == Delivery.loudspeaker_id)
        .join(Area, Area.id == Loudspeaker.area_id)
        .outerjoin(
            AsRun,
            (AsRun.loudspeaker_id == Delivery.loudspeaker_id) & (AsRun.broadcast_id == Delivery.broadcast_id),
        )
        .where(Delivery.broadcast_id.in_(broadcasts), Loudspeaker.area_id.in_(areas.below(area_id)))
        .order_by(Area.code, Loudspeaker.name, Loudspeaker.id)
    )
    cells: dict[tuple[int, int], Cell] = {}
    speakers: dict[int, Loudspeaker] = {}
    for delivery, loudspeaker, started_at in session.execute(query):
        speakers[loudspeaker.id] = loudspeaker
        planned = broadcasts[delivery.broadcast_id].start
        cells[(delivery.broadcast_id, loudspeaker.id)] = _cell(delivery, planned, started_at, now)
    return cells, list(speakers.values())


def _cell(delivery: Delivery, planned: dt.datetime, started_at: dt.datetime | None, now: dt.datetime) -> Cell:
    return Cell(
        due=planned <= now,
        state=delivery.state,
        evidence=None if delivery.evidence is None else Evidence(delivery.evidence),
        reason=delivery.reason,
        started_at=started_at,
        skew_ms=None if started_at is None else round((started_at - planned) / dt.timedelta(milliseconds=1)),
    )
