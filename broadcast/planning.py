"""Rules become dated broadcasts: one row per slot, with the audio of that moment.

What the schedules want is compared with what there is, and only the difference is written: a slot that
is new, one that is gone, one that is back, one that plays or is called something else.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Delete, Update, bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from devices.messages import AlertStatus, BulletinClass, ItemState
from schedules import recurrence
from schedules.holidays import Calendar
from schedules.types import LOCAL

from . import events
from .addressing import address
from .chunks import chunks
from .documents import horizon, publish_plans
from .holiday_book import Book
from .items import played_in
from .models import Broadcast, BroadcastClip, BroadcastState, Delivery, Loudspeaker, Schedule, ScheduleItem
from .repertoire import Piece, Repertoire, duration_ms, klass
from .upsert import insert_new

__all__ = ["START_GRACE", "Outcome", "Span", "address", "compare", "follow", "materialise", "publish_plans"]

START_GRACE = dt.timedelta(
    minutes=5
)  # how long a slot may wait for what plays before it; then it is given up
CHUNK = 500  # rows per statement
INSTANT = dt.timedelta(microseconds=1)
WITHDRAWN = "withdrawn"


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
    """What a schedule wants on the air in a span; nothing where it has nothing to play."""

    schedule_id: int
    area_id: int
    title: str
    pieces: tuple[Piece, ...]
    starts: tuple[dt.datetime, ...]

    @property
    def sound(self) -> list[tuple[int, int | None]]:
        return [(piece.clip_id, piece.bulletin_id) for piece in self.pieces]


class Airing(NamedTuple):
    """A broadcast as the comparison needs it."""

    id: int
    schedule_id: int
    area_id: int
    start: dt.datetime
    title: str
    klass: BulletinClass
    duration_ms: int
    occurrence: str
    state: BroadcastState
    stopped_at: dt.datetime | None


_AIRING = tuple(getattr(Broadcast, name) for name in Airing._fields)


@dataclass(frozen=True, slots=True)
class Changes:
    """Where the broadcasts are not as the schedules want them."""

    missing: list[tuple[Wanted, dt.datetime]] = field(default_factory=list)
    gone: list[Airing] = field(default_factory=list)
    back: list[Airing] = field(default_factory=list)
    altered: list[tuple[Airing, Wanted]] = field(default_factory=list)

    @property
    def schedule_ids(self) -> set[int]:
        told = {wanted.schedule_id for wanted, _ in self.missing}
        return told | {airing.schedule_id for airing in self._airings}

    @property
    def area_ids(self) -> set[int]:
        """Where something else will sound than was planned."""
        wanted = [*(each for each, _ in self.missing), *(each for _, each in self.altered)]
        return {each.area_id for each in wanted} | {each.area_id for each in self._airings}

    @property
    def _airings(self) -> list[Airing]:
        return [*self.gone, *self.back, *(airing for airing, _ in self.altered)]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was written; ``broadcasts`` are those of before that may have other listeners now."""

    made: frozenset[int] = frozenset()
    broadcasts: frozenset[int] = frozenset()
    areas: frozenset[int] = frozenset()

    def __or__(self, other: Outcome) -> Outcome:
        return Outcome(self.made | other.made, self.broadcasts | other.broadcasts, self.areas | other.areas)


def materialise(session: Session, now: dt.datetime, days: int) -> int:
    """Bring all broadcasts of the coming ``days`` in line with the schedules; returns how many are new."""
    done = follow(session, now, Span.after(now, horizon(now, days)))
    address(session, now)
    return len(done.made)


def follow(
    session: Session, now: dt.datetime, span: Span, schedule_ids: Collection[int] | None = None
) -> Outcome:
    """Bring the broadcasts of a span in line with these schedules, or with all."""
    changes = compare(session, span, schedule_ids)
    new = _make(session, changes.missing, now)
    _cancel(session, changes.gone, now)
    _revive(session, changes.back, now)
    _alter(session, changes.altered)
    for airing in [*changes.gone, *changes.back, *(airing for airing, _ in changes.altered)]:
        _announce(session, airing, now)
    moved = (airing.id for airing, wanted in changes.altered if airing.area_id != wanted.area_id)
    broadcasts = frozenset((*(airing.id for airing in changes.back), *moved))
    return Outcome(frozenset(new), broadcasts, frozenset(changes.area_ids))


def compare(session: Session, span: Span, schedule_ids: Collection[int] | None = None) -> Changes:
    """What ``follow`` would change; it only reads."""
    changes = Changes()
    if span.start >= span.end:
        return changes
    session.flush()
    repertoire = Repertoire(session)
    for ids in [None] if schedule_ids is None else chunks(sorted(schedule_ids)):
        wanted = {each.schedule_id: each for each in _wanted(session, repertoire, span, ids)}
        _compare(changes, wanted, _Existing(session, span, ids))
    return changes


class _Existing:
    """The broadcasts of a span and how they sound."""

    def __init__(self, session: Session, span: Span, schedule_ids: Sequence[int] | None) -> None:
        which = [
            Broadcast.schedule_id.is_not(None),
            Broadcast.start >= span.start,
            Broadcast.start < span.end,
        ]
        if schedule_ids is not None:
            which.append(Broadcast.schedule_id.in_(schedule_ids))
        ordered = select(*_AIRING).where(*which).order_by(Broadcast.start, Broadcast.id)
        self.airings = [Airing(*values) for values in session.execute(ordered)]
        self.sounds = played_in(session, [airing.id for airing in self.airings])


def _wanted(
    session: Session, repertoire: Repertoire, span: Span, schedule_ids: Sequence[int] | None
) -> Iterator[Wanted]:
    query = select(Schedule.id, Schedule.area_id, Schedule.title, Schedule.rule).where(
        Schedule.withdrawn_at.is_(None)
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
        if (starts := tuple(_starts(rule, span, book.of(area_id))))
    ]
    repertoire.learn([bulletin_id for id_, *_ in airing for bulletin_id in listed[id_]])
    for id_, area_id, title, starts in airing:
        pieces = tuple(repertoire.of(listed[id_]))
        if pieces:
            yield Wanted(id_, area_id, title, pieces, starts)


def _starts(rule: dict[str, Any], span: Span, holidays: Calendar) -> Iterator[dt.datetime]:
    return (each.start for each in recurrence.occurrences(recurrence.from_dict(rule), *span, holidays))


def _compare(changes: Changes, wanted: dict[int, Wanted], existing: _Existing) -> None:
    known: dict[int, set[dt.datetime]] = defaultdict(set)
    starts = {schedule_id: frozenset(each.starts) for schedule_id, each in wanted.items()}
    for airing in existing.airings:
        known[airing.schedule_id].add(airing.start)
        if airing.stopped_at is not None:
            continue  # what a person stopped stays stopped
        cancelled = airing.state is BroadcastState.CANCELLED
        if airing.start not in starts.get(airing.schedule_id, ()):
            changes.gone.extend([] if cancelled else [airing])
            continue
        want = wanted[airing.schedule_id]
        if cancelled:
            changes.back.append(airing)
        if _differs(airing, existing.sounds.get(airing.id), want):
            changes.altered.append((airing, want))
    for schedule_id, want in wanted.items():
        changes.missing.extend((want, start) for start in want.starts if start not in known[schedule_id])


def _differs(airing: Airing, sound: list[tuple[int, int | None]] | None, want: Wanted) -> bool:
    return sound != want.sound or (airing.area_id, airing.title) != (want.area_id, want.title)


def _make(session: Session, missing: Sequence[tuple[Wanted, dt.datetime]], now: dt.datetime) -> list[int]:
    """Insert slots that no other process has inserted meanwhile, each with its audio; returns their ids."""
    statement = insert_new(session, Broadcast).returning(Broadcast.id, Broadcast.schedule_id)
    made: list[int] = []
    for chunk in chunks(missing, CHUNK):
        pieces = {wanted.schedule_id: wanted.pieces for wanted, _ in chunk}
        new = session.execute(statement, [_row(wanted, start, now) for wanted, start in chunk]).all()
        _insert_clips(session, ((id_, pieces[schedule_id]) for id_, schedule_id in new if schedule_id))
        made += [id_ for id_, _ in new]
    return made


def _row(wanted: Wanted, start: dt.datetime, now: dt.datetime) -> dict[str, Any]:
    return {
        "occurrence": f"s{wanted.schedule_id}.{start.astimezone(LOCAL):%Y%m%dT%H%M%S}",
        "schedule_id": wanted.schedule_id,
        "area_id": wanted.area_id,
        "title": wanted.title,
        "klass": klass(wanted.pieces),
        "status": AlertStatus.ACTUAL,
        "start": start,
        "duration_ms": duration_ms(wanted.pieces),
        "expires": start + START_GRACE,
        "state": BroadcastState.PLANNED,
        "created_at": now,
    }


def _insert_clips(session: Session, of: Iterable[tuple[int, Sequence[Piece]]]) -> None:
    rows = [
        {
            "broadcast_id": broadcast_id,
            "position": position,
            "clip_id": piece.clip_id,
            "bulletin_id": piece.bulletin_id,
        }
        for broadcast_id, pieces in of
        for position, piece in enumerate(pieces)
    ]
    if rows:
        session.execute(insert(BroadcastClip), rows)


def _cancel(session: Session, gone: Sequence[Airing], now: dt.datetime) -> None:
    """Nothing of it may sound; loudspeakers that were never told need not confirm that it is gone."""
    for ids in chunks([airing.id for airing in gone], CHUNK):
        silent = update(Broadcast).where(Broadcast.id.in_(ids)).values(state=BroadcastState.CANCELLED)
        _write(session, silent)
        untold = update(Delivery).where(Delivery.broadcast_id.in_(ids), Delivery.evidence.is_(None))
        _write(session, untold.values(state=ItemState.CANCELLED, reason=WITHDRAWN, updated_at=now))


def _revive(session: Session, back: Sequence[Airing], now: dt.datetime) -> None:
    """Loudspeakers have cancelled the old id for good: what comes back is a new order, proved by nothing."""
    if not back:
        return
    anew = update(Broadcast).where(Broadcast.id == bindparam("whose"))
    session.connection().execute(
        anew.values(state=BroadcastState.PLANNED, occurrence=bindparam("again")),
        [{"whose": airing.id, "again": _next_order(airing.occurrence)} for airing in back],
    )
    retired = select(Loudspeaker.id).where(Loudspeaker.retired_at.is_not(None))
    for ids in chunks([airing.id for airing in back], CHUNK):
        theirs = update(Delivery).where(
            Delivery.broadcast_id.in_(ids), Delivery.loudspeaker_id.not_in(retired)
        )
        _write(session, theirs.values(state=ItemState.PLANNED, reason="", evidence=None, updated_at=now))


def _next_order(occurrence: str) -> str:
    name, _, times = occurrence.partition("+")
    return f"{name}+{int(times or 0) + 1}"


def _alter(session: Session, altered: Sequence[tuple[Airing, Wanted]]) -> None:
    if not altered:
        return
    for chunk in chunks(altered, CHUNK):
        silent = delete(BroadcastClip).where(BroadcastClip.broadcast_id.in_([each.id for each, _ in chunk]))
        _write(session, silent)
        _insert_clips(session, ((airing.id, wanted.pieces) for airing, wanted in chunk))
    names = ("area_id", "title", "klass", "duration_ms")
    changed = update(Broadcast).where(Broadcast.id == bindparam("whose"))
    session.connection().execute(
        changed.values({name: bindparam(f"new_{name}") for name in names}),
        [
            {
                "whose": airing.id,
                "new_area_id": wanted.area_id,
                "new_title": wanted.title,
                "new_klass": klass(wanted.pieces),
                "new_duration_ms": duration_ms(wanted.pieces),
            }
            for airing, wanted in altered
        ],
    )


def _write(session: Session, statement: Update | Delete) -> None:
    """The planning holds no objects that would have to follow."""
    session.execute(statement.execution_options(synchronize_session=False))


def _announce(session: Session, airing: Airing, now: dt.datetime) -> None:
    """For open pages; the planning itself knows already."""
    events.emit(session, now=now, kind="broadcast", area_id=airing.area_id, subject=airing.id, planned=True)
