"""What the slots of an area play at each of their coming starts: read here, decided by ``schedules.airings``.

All slots of one area are filled together, in the order of time: a bulletin that aired in one of them counts
in the others. Slots of other areas count for themselves.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from broadcast.authoring import sounds
from broadcast.authoring.repertoire import Piece, Repertoire, klass, latest
from broadcast.authoring.sounds import NAMED, Audible, Audio
from broadcast.models import Broadcast, BroadcastClip, BroadcastState, Schedule, ScheduleItem
from broadcast.orders import parts
from broadcast.orders.running_order import Cue, RunningOrder
from broadcast.storage.chunks import chunks
from schedules import airings, recurrence, slots
from schedules.airings import Reach, Sitting
from schedules.holidays import Calendar
from schedules.slots import Placed, Programme, Slot
from schedules.types import Rule

from .offers import Offer


@dataclass(frozen=True, slots=True)
class Frame:
    """A schedule that is a slot, saved or not."""

    schedule_id: int  # 0: not saved yet
    area_id: int
    title: str
    rule: Rule
    slot: Slot
    order: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Occasion:
    """One start of a slot; ``programmes`` by area: the slot's own first, then those that hear otherwise.

    Each area hears the programme of the nearest one above it that is named.
    """

    frame: Frame
    start: dt.datetime
    programmes: Mapping[int, Programme]

    @property
    def says_nothing(self) -> bool:
        return all(programme.says_nothing for programme in self.programmes.values())


@dataclass(frozen=True, slots=True)
class Filled:
    """All coming occasions of an area's slots by time, and how often its bulletins will have aired."""

    occasions: tuple[Occasion, ...]
    reaches: Mapping[int, tuple[Reach, ...]]  # by area
    sounds: Audible


def frames(session: Session, area_ids: Collection[int] | None = None) -> dict[int, list[Frame]]:
    """The slots on the air in these areas (None: in all), by area."""
    query = (
        select(Schedule.id, Schedule.area_id, Schedule.title, Schedule.rule, Schedule.slot)
        .where(Schedule.slot.is_not(None), Schedule.withdrawn_at.is_(None))
        .order_by(Schedule.id)
    )
    if area_ids is not None:
        query = query.where(Schedule.area_id.in_(area_ids))
    rows = session.execute(query).all()
    ordered: dict[int, list[int]] = defaultdict(list)
    for ids in chunks([row.id for row in rows]):
        entries = select(ScheduleItem.schedule_id, ScheduleItem.bulletin_id).where(
            ScheduleItem.schedule_id.in_(ids)
        )
        for schedule_id, bulletin_id in session.execute(entries.order_by(ScheduleItem.position)):
            ordered[schedule_id].append(bulletin_id)
    found: dict[int, list[Frame]] = defaultdict(list)
    for id_, area_id, title, rule, slot in rows:
        held = recurrence.from_dict(rule), slots.from_dict(slot), tuple(ordered[id_])
        found[area_id].append(Frame(id_, area_id, title, *held))
    return found


class Filler:
    """Fills the slots of one area after another, from what is approved and what was aired before."""

    def __init__(self, session: Session, repertoire: Repertoire) -> None:
        self._session = session
        self._repertoire = repertoire

    def fill(
        self, area_id: int, held: Sequence[Frame], start: dt.datetime, end: dt.datetime, holidays: Calendar
    ) -> Filled:
        """All that starts in ``[start, end)``; what began before ``start`` stands in the database."""
        offer = Offer(self._session, self._repertoire, area_id, held, start)
        known = sounds.audible(self._session, area_id, [frame.slot for frame in held])
        whose: list[tuple[Frame, Sitting]] = []
        for frame in held:
            (slot, _), candidates = sounds.playable(frame.slot, known), offer.candidates(frame)
            coming = recurrence.occurrences(frame.rule, start, end, holidays)
            whose += ((frame, Sitting(each.start, slot, candidates)) for each in coming)
        stopped = self._stopped(held, start)
        whose = [each for each in whose if (each[0].schedule_id, each[1].start) not in stopped]
        whose.sort(key=lambda each: (each[1].start, each[0].schedule_id))
        spreads = airings.spread_below(
            [sitting for _, sitting in whose],
            {str(each): frozenset(map(str, path)) for each, path in offer.paths.items()},
            {str(each): str(up) for each, up in _next_above(offer.paths).items()},
            self._histories(area_id, offer, start),
            horizon=end,
        )
        occasions = []
        for number, (frame, sitting) in enumerate(whose):
            heard = {int(name): spread.programmes[number] for name, spread in spreads.items()}
            occasions.append(Occasion(frame, sitting.start, _apart(heard, offer.paths)))
        reaches = {int(name): spread.reaches for name, spread in spreads.items()}
        return Filled(tuple(occasions), reaches, known)

    def order(self, occasion: Occasion, known: Audible) -> RunningOrder | None:
        """The audio of an occasion; None where nobody has anything to say."""
        if occasion.says_nothing:
            return None
        cues: list[Cue] = []
        pieces: list[tuple[Piece, int]] = []
        for area_id, programme in occasion.programmes.items():
            if programme.says_nothing:
                continue
            whose = None if area_id == occasion.frame.area_id else area_id
            for placed in programme.placed:
                if placed.kind in NAMED:
                    cues.append(_cue(known[placed.ref], placed, whose))
                elif (piece := self._repertoire.piece(int(placed.ref))) is not None:
                    played = piece.clip_ids(placed.languages)
                    cues += (Cue(clip_id, piece.bulletin_id, whose) for clip_id in played)
                    pieces.append((piece, placed.offset_ms + placed.length_ms))
        length = max(programme.used_ms for programme in occasion.programmes.values())
        return RunningOrder(tuple(cues), klass([piece for piece, _ in pieces]), length, latest(pieces))

    def _stopped(self, held: Sequence[Frame], start: dt.datetime) -> set[tuple[int, dt.datetime]]:
        """What a person has stopped before it began stays stopped."""
        query = select(Broadcast.schedule_id, Broadcast.start).where(
            Broadcast.schedule_id.in_([frame.schedule_id for frame in held]),
            Broadcast.start >= start,
            Broadcast.stopped_at.is_not(None),
        )
        return {(schedule_id, at) for schedule_id, at in self._session.execute(query) if schedule_id}

    def _histories(
        self, area_id: int, offer: Offer, start: dt.datetime
    ) -> dict[str, dict[str, list[dt.datetime]]]:
        """When the bulletins were heard in each area, in the slots of this one."""
        counted = offer.counted()
        aired = self._aired(area_id, min(counted.values(), default=start), start)
        found: dict[str, dict[str, list[dt.datetime]]] = {}
        for each, path in offer.paths.items():
            heard: dict[str, list[dt.datetime]] = defaultdict(list)
            for at, variants in aired:
                variant = next((up for up in path if up in variants), None)
                for bulletin_id in variants.get(variant, ()):
                    if bulletin_id in counted and at >= counted[bulletin_id]:
                        heard[str(bulletin_id)].append(at)
            found[str(each)] = heard
        return found

    def _aired(
        self, area_id: int, since: dt.datetime, until: dt.datetime
    ) -> list[tuple[dt.datetime, dict[int | None, set[int]]]]:
        """By time, the bulletins of each broadcast of the area's slots that began, by variant."""
        began = or_(
            Broadcast.state != BroadcastState.CANCELLED,
            Broadcast.stopped_at >= Broadcast.start,
        )
        query = (
            select(Broadcast.id, Broadcast.start, BroadcastClip.area_id, BroadcastClip.bulletin_id)
            .join(BroadcastClip, BroadcastClip.broadcast_id == Broadcast.id)
            .join(Schedule, Schedule.id == Broadcast.schedule_id)
            .where(Broadcast.area_id == area_id, Broadcast.start >= since, Broadcast.start < until, began)
            .where(Schedule.slot.is_not(None), ~parts.kept_silent())
            .order_by(Broadcast.start, Broadcast.id)
        )
        found: dict[int, tuple[dt.datetime, dict[int | None, set[int]]]] = {}
        for id_, at, variant, bulletin_id in self._session.execute(query):
            _, variants = found.setdefault(id_, (at, defaultdict(set)))
            variants[variant] |= {bulletin_id} if bulletin_id is not None else set()
        return list(found.values())


def _cue(audio: Audio, placed: Placed, whose: int | None) -> Cue:
    """A sound, or so much of a station as its place in the slot is long."""
    length_ms = placed.length_ms if audio.station_id is not None else None
    return Cue(audio.clip_id, None, whose, audio.station_id, length_ms)


def _next_above(paths: Mapping[int, Sequence[int]]) -> dict[int, int]:
    """The next higher one of these areas, of all but the highest."""
    highest = next(iter(paths))
    return {
        each: next(up for up in path[1:] if up in paths) for each, path in paths.items() if each != highest
    }


def _apart(heard: Mapping[int, Programme], paths: Mapping[int, Sequence[int]]) -> dict[int, Programme]:
    """The programme of the highest area, and of each that hears otherwise than what is above it."""
    kept: dict[int, Programme] = {}
    for each, programme in heard.items():
        above = next((kept[up] for up in paths[each][1:] if up in kept), None)
        if above is None or above.placed != programme.placed:
            kept[each] = programme
    return kept
