"""Calendar and as-run of an area side by side: reads both, and ``reconciliation`` judges."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from broadcast.errors import OutOfRange
from broadcast.models import Area, AsRun, Broadcast, Loudspeaker, Person, Role
from broadcast.speakers import whereabouts
from broadcast.speakers.whereabouts import Whereabouts
from broadcast.storage.chunks import chunks
from broadcast.units import areas, permissions
from broadcast.units.tree_past import Chain, TreePast

from . import calendar_past, contact_past
from .calendar_past import Airing
from .contact_past import AROUND
from .latest_past import Latest
from .lengths_past import Lengths
from .reconciliation import Change, Heard, Key, Part, Row, Shift, compare
from .shifts_past import Shifts
from .whys import Why

LONGEST = dt.timedelta(days=62)


def rows(
    session: Session,
    person: Person,
    area_id: int,
    start: dt.datetime,
    end: dt.datetime,
) -> list[Row]:
    """What the calendar had in ``[start, end)`` on each loudspeaker that hung in an area then.

    Errors: UnknownArea, Forbidden, OutOfRange.
    """
    areas.get(session, area_id)
    permissions.require(person, Role.VIEWER, area_id, session)
    if end - start > LONGEST:
        raise OutOfRange(field="days", value=(end - start).days, minimum=1, maximum=LONGEST.days)
    tree = TreePast(session)
    speakers = _speakers(session, tree.below_ever(area_id, start, end))
    past = _Past(session, tree, area_id, speakers, (start, end))
    parts = list(past.parts())
    known = {(part.loudspeaker_id, part.key) for part in parts}
    heard = {key: each for key, each in past.heard.items() if key in known or past.is_inside(key, each)}
    seen = {each.id: each.last_seen for each in speakers}
    return compare(parts, heard, contact_past.contacts(session, seen, start, end))


def places(session: Session, rows: Iterable[Row]) -> dict[int, Area]:
    """The areas in which the loudspeakers of these rows hung."""
    found: dict[int, Area] = {}
    for ids in chunks(sorted({row.part.place for row in rows})):
        found |= {area.id: area for area in session.scalars(select(Area).where(Area.id.in_(ids)))}
    return found


def speakers(session: Session, ids: Collection[int]) -> dict[int, Loudspeaker]:
    """Loudspeakers with their areas, by id."""
    query = select(Loudspeaker).options(joinedload(Loudspeaker.area))
    return {
        each.id: each
        for some in chunks(sorted(ids))
        for each in session.scalars(query.where(Loudspeaker.id.in_(some)))
    }


@dataclass(frozen=True, slots=True)
class _Speaker:
    """A loudspeaker that hangs in the area, or once did; retired ones too."""

    id: int
    created_at: dt.datetime
    retired_at: dt.datetime | None
    last_seen: dt.datetime | None
    turn: int  # as it is now
    where: Whereabouts


def _speakers(session: Session, area_ids: Collection[int]) -> list[_Speaker]:
    where = whereabouts.ever_in(session, area_ids)
    of = Loudspeaker
    columns = (of.id, of.created_at, of.retired_at, of.last_seen, of.turn)
    return [
        _Speaker(*row, where[row.id])
        for ids in chunks(sorted(where))
        for row in session.execute(select(*columns).where(Loudspeaker.id.in_(ids)).order_by(Loudspeaker.id))
    ]


class _Past:
    """What was planned and heard in an area in a span, by who hung where."""

    def __init__(
        self,
        session: Session,
        tree: TreePast,
        area_id: int,
        speakers: Sequence[_Speaker],
        span: tuple[dt.datetime, dt.datetime],
    ) -> None:
        start, end = span
        self._tree = tree
        self._area_id = area_id
        self._speakers = {each.id: each for each in speakers}
        self._around = {
            place: tree.above_ever(place, start - AROUND, end)
            for each in speakers
            for place in each.where.areas
        }
        airings = calendar_past.airings(session, tree, frozenset().union(*self._around.values()), start, end)
        self._by_key = {each.key: each for each in airings}
        self._lengths = Lengths(session, airings)
        self._shifts = Shifts(session, tree, airings)
        self._latest = Latest(session)
        self.heard = _heard(session, self._speakers, start, end)

    def is_inside(self, key: Key, heard: Heard) -> bool:
        """Whether the loudspeaker hung in the area when that was to sound."""
        place = self._speakers[key[0]].where.at(heard.planned).area_id
        return self._area_id in self._tree.chain(place, heard.planned)

    def parts(self) -> Iterator[Part]:
        """An airing on everyone who hung below its area then, and on whoever was told before it left."""
        by_area: dict[int, list[Airing]] = defaultdict(list)
        for airing in self._by_key.values():
            by_area[airing.area_id].append(airing)
        told: dict[int, dict[str, Heard]] = defaultdict(dict)
        for (speaker_id, key), heard in self.heard.items():
            told[speaker_id][key] = heard
        for speaker in self._speakers.values():
            near = frozenset().union(*(self._around[place] for place in speaker.where.areas))
            known = {each.key: each for area_id in near for each in by_area[area_id]}
            known |= {key: self._by_key[key] for key in told[speaker.id].keys() & self._by_key.keys()}
            for airing in known.values():
                part = self._part(airing, speaker, told[speaker.id].get(airing.key))
                if part is not None:
                    yield part

    def _part(self, airing: Airing, speaker: _Speaker, heard: Heard | None) -> Part | None:
        """None: neither the loudspeaker nor what was for it was in this area then."""
        at = airing.start
        if at <= speaker.created_at:
            return None
        stay = speaker.where.at(at)
        chain = self._tree.chain(stay.area_id, at)
        length = self._lengths.of(airing, chain)
        inside = airing.area_id in chain and length is not None
        ours = self._area_id in chain if inside else self._concerns(airing, heard, chain)
        if not ours:
            return None
        gone = airing.gone or (None if inside else self._left(speaker, at))
        if speaker.retired_at is not None and speaker.retired_at <= at:
            gone = Change(Why.RETIRED, speaker.retired_at)
        length = length or airing.length_ms
        shifts = self._shifts_of(airing, length, chain)
        return Part(
            loudspeaker_id=speaker.id,
            key=airing.key,
            title=airing.title,
            start=at,
            length_ms=length,
            gone=gone,
            since=self._since(airing, speaker),
            stopped=self._lengths.stopped(airing, chain),
            at_once=airing.at_once,
            place=stay.area_id,
            shifts=shifts,
            turn=speaker.turn,
            latest=self._latest.of(airing, chain) if shifts and not (heard and heard.sounded) else None,
        )

    def _concerns(self, airing: Airing, heard: Heard | None, chain: Chain) -> bool:
        """Whether this area is told of what was not for the loudspeaker: its own, or heard in it."""
        if heard is None:
            return False
        return self._area_id in self._tree.chain(airing.area_id, airing.start) or (
            heard.sounded and self._area_id in chain
        )

    def _shifts_of(self, airing: Airing, length_ms: int, chain: Chain) -> tuple[Shift, ...]:
        def length_of(other: Airing) -> int | None:
            return self._lengths.of(other, chain) if other.area_id in chain else None

        return self._shifts.of(airing, length_ms, chain, length_of)

    def _left(self, speaker: _Speaker, at: dt.datetime) -> Change:
        """Who had hung it, or what it hangs in, elsewhere."""
        stay = speaker.where.at(at)
        area = self._tree.last_move(stay.area_id, at)
        acts = [(stay.since, stay.by)] if stay.since else []
        acts += [(area.at, area.by)] if area else []
        return Change(Why.ELSEWHERE, *max(acts)) if acts else Change(Why.UNKNOWN, at)

    def _since(self, airing: Airing, speaker: _Speaker) -> dt.datetime | None:
        """When it came into the calendar, or the loudspeaker to where it is heard."""
        if airing.since is None:
            return None
        stays = [each.since for each in speaker.where.stays if each.since]
        moments = (each for each in (*stays, *self._tree.moments) if airing.since < each <= airing.start)
        for moment in sorted(moments, reverse=True):
            before = moment - dt.timedelta(microseconds=1)
            if airing.area_id not in self._tree.chain(speaker.where.at(before).area_id, before):
                return moment
        return airing.since


def _heard(session: Session, ids: Collection[int], start: dt.datetime, end: dt.datetime) -> dict[Key, Heard]:
    """By airing, what sounded longest; where nothing did, the word on the newest order."""
    found: dict[Key, list[tuple[AsRun, Heard]]] = defaultdict(list)
    for some in chunks(sorted(ids)):
        ahead = contact_past.clocks(session, some, start, end)
        query = (
            select(AsRun)
            .outerjoin(Broadcast, Broadcast.id == AsRun.broadcast_id)
            .where(AsRun.loudspeaker_id.in_(some))
            .where(func.coalesce(Broadcast.start, AsRun.planned_start) >= start)
            .where(func.coalesce(Broadcast.start, AsRun.planned_start) < end)
            .order_by(AsRun.id)
        )
        for row in session.scalars(query):
            clock = ahead.get((row.loudspeaker_id, row.occurrence), dt.timedelta())
            name = row.loudspeaker_id, calendar_past.key(row.occurrence)
            found[name].append((row, _word(row, clock)))
    return {name: max(words, key=_weight)[1] for name, words in found.items()}


def _word(row: AsRun, clock_ahead: dt.timedelta) -> Heard:
    return Heard(
        state=row.result,
        reason=row.reason,
        evidence=row.evidence,
        planned=row.planned_start,
        started=row.started_at,
        ended=row.ended_at,
        played_ms=row.played_ms,
        length_ms=row.planned_ms,
        title=row.title,
        clock_ahead=clock_ahead,
    )


def _weight(word: tuple[AsRun, Heard]) -> tuple[int, bool, int]:
    row, heard = word
    return heard.played_ms, row.broadcast_id is not None, row.id
