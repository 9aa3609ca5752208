"""What the schedules want on the air in a span: lists of bulletins as they stand, slots as they fill."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.authoring.repertoire import Piece, Repertoire, duration_ms, klass, latest
from broadcast.models import Schedule, ScheduleItem
from broadcast.orders.running_order import Cue, RunningOrder
from broadcast.units.holiday_book import Book
from schedules import recurrence
from schedules.holidays import Calendar

from .filling import Filler, frames

INSTANT = dt.timedelta(microseconds=1)


class Span(NamedTuple):
    """Slots that start in ``[start, end)``."""

    start: dt.datetime
    end: dt.datetime

    @classmethod
    def after(cls, now: dt.datetime, end: dt.datetime) -> Span:
        """What has not begun: the rest stays as it is."""
        return cls(now + INSTANT, end)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a schedule wants on the air in a span, by start; nothing where it has nothing to play."""

    schedule_id: int
    area_id: int
    title: str
    orders: Mapping[dt.datetime, RunningOrder]


def lists(
    session: Session, repertoire: Repertoire, span: Span, schedule_ids: Sequence[int] | None
) -> Iterator[Wanted]:
    """Of the schedules that play their bulletins and nothing else."""
    query = select(Schedule.id, Schedule.area_id, Schedule.title, Schedule.rule).where(
        Schedule.withdrawn_at.is_(None), Schedule.slot.is_(None)
    )
    entries = select(ScheduleItem.schedule_id, ScheduleItem.bulletin_id).order_by(
        ScheduleItem.schedule_id, ScheduleItem.position
    )
    if schedule_ids is not None:
        query = query.where(Schedule.id.in_(schedule_ids))
        entries = entries.where(ScheduleItem.schedule_id.in_(schedule_ids))
    listed: dict[int, list[int]] = defaultdict(list)
    for schedule_id, bulletin_id in session.execute(entries):
        listed[schedule_id].append(bulletin_id)
    book = Book(session)
    airing = [
        (id_, area_id, title, starts)
        for id_, area_id, title, rule in session.execute(query.order_by(Schedule.id))
        if (starts := _starts(rule, span, book.of(area_id)))
    ]
    repertoire.learn([bulletin_id for id_, *_ in airing for bulletin_id in listed[id_]])
    for id_, area_id, title, starts in airing:
        orders = orders_of(repertoire.of(listed[id_]), starts)
        if orders:
            yield Wanted(id_, area_id, title, orders)


def slots(
    session: Session, repertoire: Repertoire, span: Span, area_ids: Collection[int] | None
) -> Iterator[Wanted]:
    """Of the schedules of these areas (None: of all) that fill themselves."""
    book, filler = Book(session), Filler(session, repertoire)
    for area_id, held in frames(session, area_ids).items():
        filled = filler.fill(area_id, held, span.start, span.end, book.of(area_id))
        found: dict[int, dict[dt.datetime, RunningOrder]] = defaultdict(dict)
        for occasion in filled.occasions:
            order = filler.order(occasion, filled.sounds)
            if order is not None:
                found[occasion.frame.schedule_id][occasion.start] = order
        for frame in held:
            if found[frame.schedule_id]:
                yield Wanted(frame.schedule_id, area_id, frame.title, found[frame.schedule_id])


def _starts(rule: dict[str, Any], span: Span, holidays: Calendar) -> list[dt.datetime]:
    return [each.start for each in recurrence.occurrences(recurrence.from_dict(rule), *span, holidays)]


def orders_of(pieces: Sequence[Piece], starts: Sequence[dt.datetime]) -> dict[dt.datetime, RunningOrder]:
    """At each start those bulletins that hold then: for nearly all lists the same ones always."""
    if not pieces:
        return {}
    limits = [piece.validity for piece in pieces if piece.validity is not None]
    if all(each.valid_from is None and each.valid_until is None for each in limits):
        return dict.fromkeys(starts, _all_of(pieces))
    held = ((start, _held_of(pieces, start)) for start in starts)
    return {start: order for start, order in held if order is not None}


def _all_of(pieces: Sequence[Piece]) -> RunningOrder:
    """Bulletins one after the other, as they stand in a list."""
    ends, length = [], 0
    for piece in pieces:
        length += piece.duration_ms
        ends.append((piece, length))
    cues = tuple(Cue(piece.clip_id, piece.bulletin_id) for piece in pieces)
    return RunningOrder(cues, klass(pieces), duration_ms(pieces), latest(ends))


def _held_of(pieces: Sequence[Piece], start: dt.datetime) -> RunningOrder | None:
    """Those of a list that hold at one start, to their last word; None when none does."""
    held: list[Piece] = []
    length = 0
    for piece in pieces:
        ends = length + piece.duration_ms
        if piece.validity is None or piece.validity.covers(start, ends):
            held.append(piece)
            length = ends
    return _all_of(held) if held else None
