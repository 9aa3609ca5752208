"""Broadcasts of a day across, loudspeakers down: in each cell the strongest that is proved."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from broadcast.models import Area, AsRun, Broadcast, Delivery, Loudspeaker, Person, Role
from broadcast.storage.moments import MILLISECOND, day_start
from broadcast.units import areas, permissions
from devices.messages import Evidence, ItemState

from . import proof
from .proof import Verdict


@dataclass(frozen=True, slots=True)
class Cell:
    """One delivery with what its loudspeaker measured, None and 0 until it tells.

    ``evidence`` None: the order has not left. ``skew_ms``: measured start minus planned. ``volume``: percent.
    """

    due: bool  # its time has come
    state: ItemState
    evidence: Evidence | None
    reason: str
    started_at: dt.datetime | None
    ended_at: dt.datetime | None
    skew_ms: int | None
    played_ms: int
    volume: int
    underruns: int

    @property
    def verdict(self) -> Verdict:
        return proof.verdict(self.state, self.evidence)

    @property
    def proved(self) -> bool:
        """Played to its end, with proof."""
        return self.verdict is Verdict.PLAYED


@dataclass(frozen=True, slots=True)
class Totals:
    """``partial`` sounded, but not to the end; ``missed`` did not sound; ``cancelled`` was not meant to."""

    deliveries: int = 0
    due: int = 0
    proved: int = 0
    partial: int = 0
    missed: int = 0
    cancelled: int = 0


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
    verdicts = Counter(cell.verdict for cell in them)
    return Totals(
        deliveries=len(them),
        due=sum(cell.due for cell in them),
        proved=verdicts[Verdict.PLAYED],
        partial=verdicts[Verdict.PARTLY],
        missed=verdicts[Verdict.UNHEARD],
        cancelled=verdicts[Verdict.CANCELLED],
    )


def _broadcasts(session: Session, area_id: int, day: dt.date) -> list[Broadcast]:
    start = day_start(day)
    query = (
        select(Broadcast)
        .options(joinedload(Broadcast.area))
        .where(
            areas.in_line(Broadcast.area_id, area_id),
            Broadcast.start >= start,
            Broadcast.start < day_start(day + dt.timedelta(days=1)),
        )
    )
    return list(session.scalars(query.order_by(Broadcast.start, Broadcast.id)))


def _cells(
    session: Session, area_id: int, broadcasts: dict[int, Broadcast], now: dt.datetime
) -> tuple[dict[tuple[int, int], Cell], list[Loudspeaker]]:
    query = (
        select(Delivery, Loudspeaker, AsRun)
        .join(Broadcast, Broadcast.id == Delivery.broadcast_id)
        .join(Loudspeaker, Loudspeaker.id == Delivery.loudspeaker_id)
        .join(Area, Area.id == Loudspeaker.area_id)
        .outerjoin(
            AsRun,
            (AsRun.loudspeaker_id == Delivery.loudspeaker_id) & (AsRun.occurrence == Broadcast.occurrence),
        )
        .where(Delivery.broadcast_id.in_(broadcasts), Loudspeaker.area_id.in_(areas.below(area_id)))
        .order_by(Area.code, Loudspeaker.name, Loudspeaker.id)
    )
    cells: dict[tuple[int, int], Cell] = {}
    speakers: dict[int, Loudspeaker] = {}
    for delivery, loudspeaker, row in session.execute(query):
        speakers[loudspeaker.id] = loudspeaker
        planned = broadcasts[delivery.broadcast_id].start
        cells[(delivery.broadcast_id, loudspeaker.id)] = _cell(delivery, planned, row, now)
    return cells, list(speakers.values())


def _cell(delivery: Delivery, planned: dt.datetime, row: AsRun | None, now: dt.datetime) -> Cell:
    started_at = row.started_at if row else None
    return Cell(
        due=planned <= now,
        state=delivery.state,
        evidence=None if delivery.evidence is None else Evidence(delivery.evidence),
        reason=delivery.reason,
        started_at=started_at,
        ended_at=row.ended_at if row else None,
        skew_ms=None if started_at is None else round((started_at - planned) / MILLISECOND),
        played_ms=row.played_ms if row else 0,
        volume=row.volume if row else 0,
        underruns=row.underruns if row else 0,
    )
