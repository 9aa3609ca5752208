"""The programme as people look at it: what was, is and will be on the air in an area."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from broadcast.authoring.repertoire import Piece, Repertoire, duration_ms, klass
from broadcast.models import Area, Broadcast, BroadcastState, Person, Role, Schedule
from broadcast.plans import demand, unheard
from broadcast.plans.demand import Span
from broadcast.plans.heard import Heard, Key, Orders, Planned
from broadcast.plans.unheard import Unheard, Voice, Voices
from broadcast.storage.chunks import chunks
from broadcast.storage.moments import day_start, later
from broadcast.units import areas, permissions
from broadcast.units.holiday_book import Book
from devices.messages import AlertStatus, BulletinClass
from schedules import recurrence
from schedules.sounding import Sounding, Why

LONGEST = dt.timedelta(hours=6)  # a broadcast that began longer ago than this is not looked for
_SHOWN = (
    Broadcast.start,
    Broadcast.duration_ms,
    Broadcast.title,
    Broadcast.klass,
    Broadcast.status,
    Broadcast.state,
    Broadcast.area_id,
    Broadcast.schedule_id,
    Broadcast.id,
)


@dataclass(frozen=True, slots=True)
class Wait:
    """Why an airing does not begin when its schedule says: a unit has put ``behind`` before it.

    ``stale``: it would not hold any more when its turn comes, so it is not played.
    """

    scheduled: dt.datetime
    behind: str
    whose: str  # the name of the area that it is of
    stale: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A place below in which an airing begins at another time."""

    area_id: int
    area: str
    start: dt.datetime
    wait: Wait | None


@dataclass(frozen=True, slots=True)
class Slot:
    """One airing in the programme, when it really sounds.

    ``broadcast_id`` is None while it is only foreseen by its rule. ``own_length``: it is as long as its
    schedule says, not as what is played in it. ``parts`` are places where something else was decided.
    ``voices`` tell where it is not heard, ``empty`` that it is heard nowhere: nothing flows into it.
    """

    start: dt.datetime
    end: dt.datetime
    title: str
    klass: BulletinClass
    status: AlertStatus
    state: BroadcastState
    area_id: int
    area: str
    schedule_id: int | None
    broadcast_id: int | None
    own_length: bool = False
    wait: Wait | None = None
    parts: tuple[Part, ...] = ()
    voices: Voices = field(default_factory=dict)
    empty: bool = False

    @property
    def duration_ms(self) -> int:
        return (self.end - self.start) // dt.timedelta(milliseconds=1)

    @property
    def scheduled(self) -> dt.datetime:
        """When its schedule says that it begins, which is its name."""
        return self.wait.scheduled if self.wait else self.start

    @property
    def is_on(self) -> bool:
        """Whether it sounds at all."""
        silent = self.empty or self.state is BroadcastState.CANCELLED
        return not silent and not (self.wait and self.wait.stale)

    def there(self, path: Sequence[int]) -> Slot:
        """As it is heard in the first of these areas, which lie one above the other."""
        told = {part.area_id: part for part in self.parts}
        part = next((told[area_id] for area_id in path if area_id in told), None)
        here = self.voiced(unheard.there(self.voices, path)) if self.voices else self
        if part is None:
            return here
        return replace(here, start=part.start, end=part.start + (self.end - self.start), wait=part.wait)

    def voiced(self, voice: Voice) -> Slot:
        """As it is where that becomes of it."""
        state = self.state
        if voice is Voice.STOPPED:
            state = BroadcastState.CANCELLED
        return replace(self, state=state, empty=voice is Voice.EMPTY)


def week(
    session: Session, person: Person, area_id: int, monday: dt.date, now: dt.datetime, *, own: bool = False
) -> list[Slot]:
    """As ``days``, of seven."""
    return days(session, person, area_id, monday, 7, now=now, own=own)


def days(
    session: Session,
    person: Person,
    area_id: int,
    first: dt.date,
    count: int,
    *,
    now: dt.datetime,
    own: bool = False,
) -> list[Slot]:
    """Everything that sounds somewhere in the area in so many local days from ``first``, in order.

    With ``own`` nothing that belongs to an area below. Errors: Forbidden.
    """
    permissions.require(person, Role.VIEWER, area_id, session)
    start, end = day_start(first), day_start(first + dt.timedelta(days=count))
    return between(session, _around(session, area_id, own), start, end, now, seen_from=area_id)


def now_and_next(
    session: Session, area_ids: Collection[int], now: dt.datetime, *, seen_from: int | None = None
) -> tuple[list[Slot], Slot | None]:
    """What is on the air now, and what comes first after it within a day."""
    slots = between(session, area_ids, now - LONGEST, now + dt.timedelta(days=1), now, seen_from=seen_from)
    alive = [slot for slot in slots if slot.is_on]
    playing = [slot for slot in alive if slot.start <= now < slot.end]
    return playing, next((slot for slot in alive if slot.start > now), None)


def on_air(
    session: Session, person: Person, area_id: int, now: dt.datetime, *, own: bool = False
) -> tuple[list[Slot], Slot | None]:
    """As ``now_and_next``, of everything that ``days`` tells. Errors: Forbidden."""
    permissions.require(person, Role.VIEWER, area_id, session)
    return now_and_next(session, _around(session, area_id, own), now, seen_from=area_id)


def between(
    session: Session,
    area_ids: Collection[int],
    start: dt.datetime,
    end: dt.datetime,
    now: dt.datetime,
    *,
    seen_from: int | None = None,
) -> list[Slot]:
    """Slots that begin in ``[start, end)``: broadcasts, and from now on what the rules foresee besides.

    What is of an area above ``seen_from`` begins when it does there, all else when it does in its own area.
    """
    orders = Orders(session, area_ids)
    since = start - LONGEST if orders else start  # what begins before may have to wait
    real = list(_broadcasts(session, area_ids, since, end))
    known = {(slot.schedule_id, slot.start) for slot in real}
    slots = [*real, *_foreseen(session, area_ids, max(since, now), end, known)]
    slots = _voiced(session, slots, Span(since, end), seen_from)
    if orders:
        slots = _in_order(session, orders, slots, seen_from)
    found = (slot for slot in slots if start <= slot.start < end)
    return sorted(found, key=lambda slot: (slot.start, slot.title))


def _voiced(session: Session, slots: Sequence[Slot], span: Span, seen_from: int | None) -> list[Slot]:
    """The slots with where they are not heard."""
    ids = {slot.schedule_id for slot in slots if slot.schedule_id is not None}
    if not ids:
        return list(slots)
    told = Unheard(session, ids, *span)
    path = [] if seen_from is None else [each.id for each in areas.ancestors(session, seen_from)]
    return [_as_voiced(slot, told, path) for slot in slots]


def _as_voiced(slot: Slot, told: Unheard, path: Sequence[int]) -> Slot:
    if slot.schedule_id is None or slot.state is BroadcastState.CANCELLED:
        return slot
    voices = told.of(slot.schedule_id, slot.start, slot.area_id, fills_itself=slot.own_length)
    if not voices:
        return slot
    return replace(slot, voices=voices).voiced(unheard.voice(voices, slot.area_id, path))


def _in_order(session: Session, orders: Orders, slots: Sequence[Slot], seen_from: int | None) -> list[Slot]:
    """The slots when they really begin, by what was decided."""
    named = {key: slot for slot in slots if (key := _key(slot)) is not None}
    airings = [
        Planned(key, slot.area_id, slot.klass.value, slot.end - slot.start) for key, slot in named.items()
    ]
    told = orders.among(airings, [] if seen_from is None else [seen_from])
    teller = _Teller(told, named, _names(session, told))
    moved = [teller.of(key, slot, seen_from) for key, slot in named.items()]
    return [*moved, *(slot for slot in slots if _key(slot) is None)]


def _key(slot: Slot) -> Key | None:
    """The airing, where it is one of a schedule that may sound."""
    if slot.schedule_id is None or slot.empty or slot.state is BroadcastState.CANCELLED:
        return None
    return Key(slot.schedule_id, slot.start)


def _names(session: Session, told: Heard) -> dict[int, str]:
    query = select(Area.id, Area.name).where(Area.id.in_(told.places))
    return {row.id: row.name for row in session.execute(query)} if told.places else {}


@dataclass(frozen=True, slots=True)
class _Teller:
    """Puts into slots what was decided about them."""

    told: Heard
    slots: Mapping[Key, Slot]
    names: Mapping[int, str]

    def of(self, key: Key, slot: Slot, seen_from: int | None) -> Slot:
        from_above = seen_from is not None and slot.area_id in self.told.above.get(seen_from, ())
        base = seen_from if from_above and seen_from is not None else slot.area_id
        here = self.told.at(key, base)
        parts = tuple(
            Part(area_id, self.names[area_id], each.start, self._wait(each))
            for area_id, each in self.told.below(key, base)
        )
        if here is None:
            return replace(slot, parts=parts) if parts else slot
        end = here.start + (slot.end - slot.start)
        return replace(slot, start=here.start, end=end, wait=self._wait(here), parts=parts)

    def _wait(self, each: Sounding) -> Wait | None:
        if each.why is Why.PLANNED:
            return None
        first = self.slots[self.told.before(each)]
        return Wait(each.airing.start, first.title, first.area, each.why is Why.STALE)


def root(session: Session, area_ids: Collection[int]) -> int | None:
    """The one of these areas that all others are in; None where there is no such."""
    topmost = or_(Area.parent_id.is_(None), Area.parent_id.not_in(area_ids))
    found = session.scalars(select(Area.id).where(Area.id.in_(area_ids), topmost).limit(2)).all()
    return found[0] if len(found) == 1 else None


def _around(session: Session, area_id: int, own: bool) -> set[int]:
    """The areas whose broadcasts sound in this one or, but for ``own``, in a part of it."""
    above = set(session.scalars(areas.above(area_id)))
    return above if own else above | set(session.scalars(areas.below(area_id)))


def _broadcasts(
    session: Session, area_ids: Collection[int], start: dt.datetime, end: dt.datetime
) -> Iterator[Slot]:
    """Columns and no objects: there are thousands in the week of a province."""
    query = (
        select(*_SHOWN, Area.name, Schedule.slot)
        .join(Area, Area.id == Broadcast.area_id)
        .outerjoin(Schedule, Schedule.id == Broadcast.schedule_id)
        .where(Broadcast.area_id.in_(area_ids), Broadcast.start >= start, Broadcast.start < end)
    )
    for row in session.execute(query):
        yield Slot(
            start=row.start,
            end=later(row.start, row.duration_ms),
            title=row.title,
            klass=row.klass,
            status=row.status,
            state=row.state,
            area_id=row.area_id,
            area=row.name,
            schedule_id=row.schedule_id,
            broadcast_id=row.id,
            own_length=row.slot is not None,
        )


def _foreseen(
    session: Session,
    area_ids: Collection[int],
    start: dt.datetime,
    end: dt.datetime,
    known: Collection[tuple[int | None, dt.datetime]],
) -> Iterator[Slot]:
    """What is in no plan yet: only of that is asked what it would play."""
    starts = _unplanned(session, area_ids, start, end, known) if start < end else {}
    repertoire = Repertoire(session)
    for schedule in _with_items(session, sorted(starts), repertoire):
        pieces = repertoire.pieces(schedule)
        for begins, (length_ms, class_) in _played(schedule, pieces, starts[schedule.id]).items():
            yield Slot(
                start=begins,
                end=later(begins, length_ms),
                title=schedule.title,
                klass=class_,
                status=AlertStatus.ACTUAL,
                state=BroadcastState.PLANNED,
                area_id=schedule.area_id,
                area=schedule.area.name,
                schedule_id=schedule.id,
                broadcast_id=None,
                own_length=schedule.slot is not None,
            )


def _played(
    schedule: Schedule, pieces: Sequence[Piece], starts: Sequence[dt.datetime]
) -> dict[dt.datetime, tuple[int, BulletinClass]]:
    """How long and of which class it is at each start: of a list what holds then, of a slot all of it."""
    if schedule.slot is not None:
        return dict.fromkeys(starts, (duration_ms(pieces), klass(pieces)))
    orders = demand.orders_of(pieces, starts)
    return {start: (order.duration_ms, order.klass) for start, order in orders.items()}


def _unplanned(
    session: Session,
    area_ids: Collection[int],
    start: dt.datetime,
    end: dt.datetime,
    known: Collection[tuple[int | None, dt.datetime]],
) -> dict[int, list[dt.datetime]]:
    """By schedule, when it airs by its rule without being planned to."""
    book, found = Book(session), {}
    query = select(Schedule.id, Schedule.area_id, Schedule.rule)
    active = query.where(Schedule.area_id.in_(area_ids), Schedule.withdrawn_at.is_(None))
    for id_, area_id, rule in session.execute(active):
        airings = recurrence.occurrences(recurrence.from_dict(rule), start, end, book.of(area_id))
        if starts := [each.start for each in airings if (id_, each.start) not in known]:
            found[id_] = starts
    return found


def _with_items(session: Session, ids: Sequence[int], repertoire: Repertoire) -> Iterator[Schedule]:
    """These schedules, whose bulletins the repertoire then knows."""
    query = select(Schedule).options(joinedload(Schedule.area), selectinload(Schedule.items))
    for some in chunks(ids):
        schedules = session.scalars(query.where(Schedule.id.in_(some))).all()
        repertoire.learn([item.bulletin_id for schedule in schedules for item in schedule.items])
        yield from schedules
