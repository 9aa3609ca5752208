"""Rules become dated broadcasts: one row per slot, with the audio of that moment.

What the schedules want is compared with what there is, and only the difference is written: a slot that
is new, one that is gone, one that is back, one that plays or is called something else.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Delete, Update, bindparam, delete, insert, select, update
from sqlalchemy.orm import Session

from broadcast.authoring.repertoire import Repertoire
from broadcast.models import Broadcast, BroadcastClip, BroadcastState, Delivery, Loudspeaker, Schedule
from broadcast.orders import parts
from broadcast.orders.items import played_in
from broadcast.orders.running_order import Cue, RunningOrder, occurrence_of
from broadcast.storage import events
from broadcast.storage.chunks import chunks
from broadcast.storage.upsert import insert_new
from devices.messages import AlertStatus, BulletinClass, ItemState

from . import demand
from .addressing import address
from .demand import Span, Wanted
from .documents import horizon, publish_plans

__all__ = ["Kinds", "Outcome", "Span", "address", "compare", "follow", "materialise", "publish_plans"]

CHUNK = 500  # rows per statement
WITHDRAWN = "withdrawn"


class Kinds(enum.Flag):
    """Which schedules are meant. Slots are planned all the way from now: they depend on what airs before."""

    LISTS = enum.auto()
    SLOTS = enum.auto()
    ALL = LISTS | SLOTS


class Airing(NamedTuple):
    """A broadcast as the comparison needs it."""

    id: int
    schedule_id: int
    area_id: int
    start: dt.datetime
    title: str
    klass: BulletinClass
    duration_ms: int
    expires: dt.datetime
    partial: bool
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
    readdressed: list[Airing] = field(default_factory=list)  # other loudspeakers will hear it

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
    session: Session,
    now: dt.datetime,
    span: Span,
    schedule_ids: Collection[int] | None = None,
    kinds: Kinds = Kinds.ALL,
) -> Outcome:
    """Bring the broadcasts of a span in line with these schedules, or with all.

    A slot is planned with all slots of its area, for what airs in one counts in the others.
    """
    changes = compare(session, span, schedule_ids, kinds)
    new = _make(session, changes.missing, now)
    _cancel(session, changes.gone, now)
    _revive(session, changes.back, now)
    _alter(session, changes.altered)
    for airing in [*changes.gone, *changes.back, *(airing for airing, _ in changes.altered)]:
        _announce(session, airing, now)
    broadcasts = frozenset(airing.id for airing in (*changes.back, *changes.readdressed))
    return Outcome(frozenset(new), broadcasts, frozenset(changes.area_ids))


def compare(
    session: Session,
    span: Span,
    schedule_ids: Collection[int] | None = None,
    kinds: Kinds = Kinds.ALL,
) -> Changes:
    """What ``follow`` would change; it only reads."""
    changes = Changes()
    if span.start >= span.end:
        return changes
    session.flush()
    repertoire = Repertoire(session)
    places = _slots(session)
    if Kinds.LISTS in kinds:
        for ids in _lists(schedule_ids, places):
            wanted = demand.lists(session, repertoire, span, ids)
            _compare(changes, wanted, _Existing(session, span, ids, without=places))
    if Kinds.SLOTS in kinds and places:
        area_ids = None if schedule_ids is None else {places[each] for each in schedule_ids if each in places}
        ids = sorted(each for each, area_id in places.items() if area_ids is None or area_id in area_ids)
        if ids:
            wanted = demand.slots(session, repertoire, span, area_ids)
            _compare(changes, wanted, _Existing(session, span, ids))
    return changes


def _slots(session: Session) -> dict[int, int]:
    """The schedules that are slots, withdrawn ones as well, each with its area."""
    query = select(Schedule.id, Schedule.area_id).where(Schedule.slot.is_not(None))
    return {row.id: row.area_id for row in session.execute(query)}


def _lists(schedule_ids: Collection[int] | None, slots: Collection[int]) -> Iterator[Sequence[int] | None]:
    if schedule_ids is None:
        yield None
    else:
        yield from chunks(sorted(each for each in schedule_ids if each not in slots))


class _Existing:
    """The broadcasts of a span and how they sound."""

    def __init__(
        self,
        session: Session,
        span: Span,
        schedule_ids: Sequence[int] | None,
        without: Collection[int] = (),
    ) -> None:
        which = [
            Broadcast.schedule_id.is_not(None),
            Broadcast.start >= span.start,
            Broadcast.start < span.end,
        ]
        if schedule_ids is not None:
            which.append(Broadcast.schedule_id.in_(schedule_ids))
        ordered = select(*_AIRING).where(*which).order_by(Broadcast.start, Broadcast.id)
        rows = (Airing(*values) for values in session.execute(ordered))
        self.airings = [airing for airing in rows if airing.schedule_id not in without]
        ids = [airing.id for airing in self.airings]
        self.sounds, self.stopped = played_in(session, ids), parts.stopped(session, ids)


def _compare(changes: Changes, wishes: Iterable[Wanted], existing: _Existing) -> None:
    wanted = {each.schedule_id: each for each in wishes}
    known: dict[int, set[dt.datetime]] = defaultdict(set)
    for airing in existing.airings:
        known[airing.schedule_id].add(airing.start)
        if airing.stopped_at is not None:
            continue  # what a person stopped stays stopped
        cancelled = airing.state is BroadcastState.CANCELLED
        want = wanted.get(airing.schedule_id)
        if want is None or airing.start not in want.orders:
            changes.gone.extend([] if cancelled else [airing])
            continue
        if cancelled:
            changes.back.append(airing)
        sound = existing.sounds.get(airing.id, [])
        if airing.id in existing.stopped:
            continue  # so does what was stopped in part: loudspeakers have cancelled its id for good
        if _differs(airing, sound, want):
            changes.altered.append((airing, want))
            if _is_heard_elsewhere(airing, sound, want):
                changes.readdressed.append(airing)
    for schedule_id, want in wanted.items():
        changes.missing.extend((want, start) for start in want.orders if start not in known[schedule_id])


def _differs(airing: Airing, sound: Sequence[Cue], want: Wanted) -> bool:
    order = want.orders[airing.start]
    return (
        tuple(sound) != order.cues
        or (airing.area_id, airing.title) != (want.area_id, want.title)
        or airing.expires != order.expires(airing.start)
    )


def _is_heard_elsewhere(airing: Airing, sound: Sequence[Cue], want: Wanted) -> bool:
    order = want.orders[airing.start]
    if airing.area_id != want.area_id or airing.partial != order.partial:
        return True
    return order.partial and {cue.area_id for cue in sound} != {cue.area_id for cue in order.cues}


def _make(session: Session, missing: Sequence[tuple[Wanted, dt.datetime]], now: dt.datetime) -> list[int]:
    """Insert slots that no other process has inserted meanwhile, each with its audio; returns their ids."""
    statement = insert_new(session, Broadcast).returning(Broadcast.id, Broadcast.schedule_id, Broadcast.start)
    made: list[int] = []
    for chunk in chunks(missing, CHUNK):
        orders = {(wanted.schedule_id, start): wanted.orders[start] for wanted, start in chunk}
        new = session.execute(statement, [_row(wanted, start, now) for wanted, start in chunk]).all()
        sounding = ((id_, orders[whose, start]) for id_, whose, start in new if whose is not None)
        _insert_clips(session, sounding)
        made += [id_ for id_, *_ in new]
    return made


def _row(wanted: Wanted, start: dt.datetime, now: dt.datetime) -> dict[str, Any]:
    return {
        "occurrence": occurrence_of(wanted.schedule_id, start),
        "schedule_id": wanted.schedule_id,
        "area_id": wanted.area_id,
        "title": wanted.title,
        "status": AlertStatus.ACTUAL,
        "start": start,
        "state": BroadcastState.PLANNED,
        "created_at": now,
        **_order_row(wanted.orders[start], start),
    }


def _order_row(order: RunningOrder, start: dt.datetime) -> dict[str, Any]:
    return {
        "klass": order.klass,
        "duration_ms": order.duration_ms,
        "expires": order.expires(start),
        "partial": order.partial,
    }


def _insert_clips(session: Session, of: Iterable[tuple[int, RunningOrder]]) -> None:
    rows = [
        {"broadcast_id": broadcast_id, "position": position, **cue._asdict()}
        for broadcast_id, order in of
        for position, cue in enumerate(order.cues)
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
        _insert_clips(session, ((airing.id, wanted.orders[airing.start]) for airing, wanted in chunk))
    rows = [
        {
            "area_id": wanted.area_id,
            "title": wanted.title,
            **_order_row(wanted.orders[airing.start], airing.start),
        }
        for airing, wanted in altered
    ]
    changed = update(Broadcast).where(Broadcast.id == bindparam("whose"))
    session.connection().execute(
        changed.values({name: bindparam(f"new_{name}") for name in rows[0]}),
        [
            {"whose": airing.id, **{f"new_{name}": value for name, value in row.items()}}
            for (airing, _), row in zip(altered, rows, strict=True)
        ],
    )


def _write(session: Session, statement: Update | Delete) -> None:
    """The planning holds no objects that would have to follow."""
    session.execute(statement.execution_options(synchronize_session=False))


def _announce(session: Session, airing: Airing, now: dt.datetime) -> None:
    """For open pages; the planning itself knows already."""
    events.emit(session, now=now, kind="broadcast", area_id=airing.area_id, subject=airing.id, planned=True)
