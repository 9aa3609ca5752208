"""Broadcasts of a day across, loudspeakers down: in each cell the strongest that is proved."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from broadcast.models import Area, AreaClosure, AsRun, Broadcast, Delivery, Loudspeaker, Person, Role
from broadcast.storage.chunks import chunks
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
    starts = {each.id: each.start for each in broadcasts}
    heard = _cells(session, starts, Loudspeaker.area_id.in_(areas.below(area_id)), now)
    speakers = _loudspeakers(session, area_id, heard)
    cells = {(number, each.id): cell for each in speakers for number, cell in heard[each.id].items()}
    by_broadcast: dict[int, list[Cell]] = {each.id: [] for each in broadcasts}
    for (number, _), cell in cells.items():
        by_broadcast[number].append(cell)
    return Matrix(
        day=day,
        broadcasts=[each for each in broadcasts if by_broadcast[each.id]],
        loudspeakers=speakers,
        cells=cells,
        totals=total(cells.values()),
        by_broadcast={number: total(them) for number, them in by_broadcast.items()},
        by_loudspeaker={each.id: total(heard[each.id].values()) for each in speakers},
    )


def of_broadcast(session: Session, person: Person, broadcast: Broadcast, now: dt.datetime) -> dict[int, Cell]:
    """The cells of one broadcast by loudspeaker, of all that this person may see."""
    seen = Loudspeaker.area_id.in_(permissions.visible(person))
    heard = _cells(session, {broadcast.id: broadcast.start}, seen, now)
    return {loudspeaker_id: cells[broadcast.id] for loudspeaker_id, cells in heard.items()}


def deliveries(session: Session, broadcast_id: int) -> list[Delivery]:
    """Those of one broadcast, each with its loudspeaker."""
    query = select(Delivery).options(joinedload(Delivery.loudspeaker))
    return list(session.scalars(query.where(Delivery.broadcast_id == broadcast_id)))


def counts(
    session: Session, person: Person, broadcast_ids: Collection[int]
) -> list[tuple[int, ItemState, int | None, int]]:
    """By broadcast, state and evidence, on how many of the loudspeakers that a person sees."""
    query = (
        select(Delivery.broadcast_id, Delivery.state, Delivery.evidence, func.count())
        .join(Loudspeaker, Loudspeaker.id == Delivery.loudspeaker_id)
        .where(Delivery.broadcast_id.in_(broadcast_ids))
        .where(Loudspeaker.area_id.in_(permissions.visible(person)))
        .group_by(Delivery.broadcast_id, Delivery.state, Delivery.evidence)
    )
    return [(id_, state, evidence, count) for id_, state, evidence, count in session.execute(query)]


def size(session: Session, area_id: int) -> int:
    """How many rows a matrix of the area may have."""
    below = Loudspeaker.area_id.in_(areas.below(area_id)) & Loudspeaker.retired_at.is_(None)
    return session.scalar(select(func.count()).where(below)) or 0


def by_part(
    session: Session, person: Person, area_id: int, day: dt.date, now: dt.datetime
) -> list[tuple[Area, Totals]]:
    """The totals of a local day for each area right below this one, where its matrix would be too large.

    Errors: Forbidden.
    """
    permissions.require(person, Role.VIEWER, area_id, session)
    start, end = day_start(day), day_start(day + dt.timedelta(days=1))
    due = (Broadcast.start <= now).label("due")
    query = (
        select(AreaClosure.ancestor_id, Delivery.state, Delivery.evidence, due, func.count())
        .select_from(Broadcast)
        .join(Delivery, Delivery.broadcast_id == Broadcast.id)
        .join(Loudspeaker, Loudspeaker.id == Delivery.loudspeaker_id)
        .join(AreaClosure, AreaClosure.descendant_id == Loudspeaker.area_id)
        .where(
            Broadcast.start >= start,
            Broadcast.start < end,
            AreaClosure.ancestor_id.in_(select(Area.id).where(Area.parent_id == area_id)),
        )
        .group_by(AreaClosure.ancestor_id, Delivery.state, Delivery.evidence, due)
    )
    counted: dict[int, Counter[Verdict]] = defaultdict(Counter)
    past: Counter[int] = Counter()
    for part, state, evidence, is_due, count in session.execute(query):
        counted[part][proof.verdict(state, evidence)] += count
        past[part] += count if is_due else 0
    parts = session.scalars(select(Area).where(Area.parent_id == area_id).order_by(Area.code))
    return [(each, _totals(counted[each.id], past[each.id])) for each in parts]


def total(cells: Iterable[Cell]) -> Totals:
    them = list(cells)
    return _totals(Counter(cell.verdict for cell in them), sum(cell.due for cell in them))


def _totals(verdicts: Counter[Verdict], due: int) -> Totals:
    return Totals(
        deliveries=verdicts.total(),
        due=due,
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


def _loudspeakers(session: Session, area_id: int, heard: Collection[int]) -> list[Loudspeaker]:
    query = (
        select(Loudspeaker)
        .join(Loudspeaker.area)
        .options(contains_eager(Loudspeaker.area))
        .where(Loudspeaker.area_id.in_(areas.below(area_id)))
        .order_by(Area.code, Loudspeaker.name, Loudspeaker.id)
    )
    return [each for each in session.scalars(query) if each.id in heard]


def _cells(
    session: Session, starts: Mapping[int, dt.datetime], whose: ColumnElement[bool], now: dt.datetime
) -> dict[int, dict[int, Cell]]:
    """By loudspeaker and broadcast; columns and no objects, since there are thousands."""
    query = (
        select(
            Delivery.broadcast_id,
            Delivery.loudspeaker_id,
            Delivery.state,
            Delivery.evidence,
            Delivery.reason,
            AsRun.started_at,
            AsRun.ended_at,
            AsRun.played_ms,
            AsRun.volume,
            AsRun.underruns,
        )
        .join(Broadcast, Broadcast.id == Delivery.broadcast_id)
        .join(Loudspeaker, Loudspeaker.id == Delivery.loudspeaker_id)
        .outerjoin(
            AsRun,
            (AsRun.loudspeaker_id == Delivery.loudspeaker_id) & (AsRun.occurrence == Broadcast.occurrence),
        )
    )
    found: dict[int, dict[int, Cell]] = defaultdict(dict)
    for ids in chunks(sorted(starts)):
        for row in session.execute(query.where(Delivery.broadcast_id.in_(ids), whose)):
            planned = starts[row.broadcast_id]
            found[row.loudspeaker_id][row.broadcast_id] = Cell(
                due=planned <= now,
                state=row.state,
                evidence=None if row.evidence is None else Evidence(row.evidence),
                reason=row.reason,
                started_at=row.started_at,
                ended_at=row.ended_at,
                skew_ms=row.started_at and round((row.started_at - planned) / MILLISECOND),
                played_ms=row.played_ms or 0,
                volume=row.volume or 0,
                underruns=row.underruns or 0,
            )
    return found
