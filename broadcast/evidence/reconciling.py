"""Calendar and as-run of an area side by side: reads both, and ``reconciliation`` judges."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from broadcast.errors import OutOfRange
from broadcast.models import (
    AreaClosure,
    AsRun,
    AuditRow,
    Broadcast,
    BroadcastClip,
    Clip,
    Loudspeaker,
    Person,
    Role,
)
from broadcast.storage.chunks import chunks
from broadcast.units import areas, permissions

from . import calendar_past, contact_past
from .calendar_past import Airing
from .reconciliation import Change, Heard, Key, Part, Row, Why, compare

LONGEST = dt.timedelta(days=62)


def rows(
    session: Session,
    person: Person,
    area_id: int,
    start: dt.datetime,
    end: dt.datetime,
) -> list[Row]:
    """What the calendar had in ``[start, end)`` on each loudspeaker of an area, and what became of it.

    Errors: UnknownArea, Forbidden, OutOfRange.
    """
    areas.get(session, area_id)
    permissions.require(person, Role.VIEWER, area_id, session)
    if end - start > LONGEST:
        raise OutOfRange(field="days", value=(end - start).days, minimum=1, maximum=LONGEST.days)
    speakers = _speakers(session, area_id)
    around = _around(session, {place for each in speakers for place in each.places})
    airings = calendar_past.airings(session, around, start, end)
    above = _above(session, {place for each in speakers for place in each.places})
    variants = _variants(session, airings)
    heard = _heard(session, [each.id for each in speakers], start, end)
    parts = _parts(airings, speakers, above, variants, heard)
    seen = {each.id: each.last_seen for each in speakers}
    return compare(parts, heard, contact_past.contacts(session, seen, start, end))


@dataclass(frozen=True, slots=True)
class _Speaker:
    """Where a loudspeaker hung from when on; the last place is the present one."""

    id: int
    created_at: dt.datetime
    retired_at: dt.datetime | None
    last_seen: dt.datetime | None
    moves: tuple[tuple[dt.datetime, int, str], ...]  # since when, where, by whom
    first_place: int

    @property
    def places(self) -> set[int]:
        return {self.first_place, *(place for _, place, _ in self.moves)}

    def place(self, at: dt.datetime) -> tuple[int, Change | None]:
        """Where it hung, and who had put it there."""
        found, change = self.first_place, None
        for since, place, by in self.moves:
            if since <= at:
                found, change = place, Change(Why.ELSEWHERE, since, by)
        return found, change


def _speakers(session: Session, area_id: int) -> list[_Speaker]:
    """Those of the area, retired ones too, with their former places."""
    query = select(Loudspeaker).where(Loudspeaker.area_id.in_(areas.below(area_id)))
    found = list(session.scalars(query.order_by(Loudspeaker.id)))
    moves = _moves(session, {f"loudspeaker:{each.id}": each.id for each in found})
    return [
        _Speaker(
            id=each.id,
            created_at=each.created_at,
            retired_at=each.retired_at,
            last_seen=each.last_seen,
            moves=tuple((at, after, by) for at, _, after, by in moves[each.id]),
            first_place=moves[each.id][0][1] if moves[each.id] else each.area_id,
        )
        for each in found
    ]


def _moves(
    session: Session, by_subject: Mapping[str, int]
) -> dict[int, list[tuple[dt.datetime, int, int, str]]]:
    found: dict[int, list[tuple[dt.datetime, int, int, str]]] = defaultdict(list)
    for some in chunks(sorted(by_subject)):
        query = (
            select(AuditRow.at, AuditRow.subject, AuditRow.detail, Person.name)
            .outerjoin(Person, Person.id == AuditRow.person_id)
            .where(AuditRow.subject.in_(some), AuditRow.action == "loudspeaker.move")
            .order_by(AuditRow.id)
        )
        for at, subject, detail, by in session.execute(query):
            move = (at, int(detail["before"]), int(detail["after"]), by or "")
            found[by_subject[subject]].append(move)
    return found


def _around(session: Session, places: Collection[int]) -> set[int]:
    """The areas whose programme was heard in these places."""
    query = select(AreaClosure.ancestor_id).where(AreaClosure.descendant_id.in_(places))
    return set(session.scalars(query))


def _above(session: Session, places: Collection[int]) -> dict[int, list[int]]:
    """By place, the areas it lies in, the nearest first."""
    found: dict[int, list[int]] = defaultdict(list)
    query = select(AreaClosure.descendant_id, AreaClosure.ancestor_id).order_by(AreaClosure.depth)
    for place, ancestor in session.execute(query.where(AreaClosure.descendant_id.in_(places))):
        found[place].append(ancestor)
    return found


Variants = Mapping[str, Mapping[int | None, int]]
"""By airing, how long it is for everybody (None) and where an area hears something of its own."""


def _variants(session: Session, airings: Iterable[Airing]) -> Variants:
    found: dict[str, dict[int | None, int]] = defaultdict(dict)
    columns = (Broadcast.occurrence, BroadcastClip.area_id)
    query = (
        select(*columns, func.sum(func.coalesce(BroadcastClip.length_ms, Clip.duration_ms)))
        .join(BroadcastClip, BroadcastClip.broadcast_id == Broadcast.id)
        .outerjoin(Clip, Clip.id == BroadcastClip.clip_id)
        .group_by(*columns)
    )
    ids = sorted(each.broadcast_id for each in airings if each.broadcast_id is not None)
    for some in chunks(ids):
        for occurrence, area_id, length in session.execute(query.where(Broadcast.id.in_(some))):
            found[calendar_past.key(occurrence)][area_id] = length
    return found


def _length(airing: Airing, variants: Variants, chain: Iterable[int]) -> int | None:
    """Of what is heard below these areas; None: nothing of it is meant for them."""
    lengths = variants.get(airing.key)
    if lengths is None:
        return airing.length_ms
    return next((lengths[each] for each in chain if each in lengths), lengths.get(None))


def _parts(
    airings: Iterable[Airing],
    speakers: Collection[_Speaker],
    above: Mapping[int, Sequence[int]],
    variants: Variants,
    heard: Collection[Key],
) -> Iterator[Part]:
    """An airing on everyone who hung below its area then; and on whoever was told of it before it left."""
    for airing in airings:
        for speaker in speakers:
            if airing.start <= speaker.created_at:
                continue
            place, move = speaker.place(airing.start)
            length = _length(airing, variants, above[place])
            inside = airing.area_id in above[place] and length is not None
            if inside or (speaker.id, airing.key) in heard:
                elsewhere = None if inside else move or Change(Why.UNKNOWN, airing.start)
                yield _part(airing, speaker, length, elsewhere, move)


def _part(
    airing: Airing, speaker: _Speaker, length_ms: int | None, elsewhere: Change | None, move: Change | None
) -> Part:
    gone = airing.gone or elsewhere
    if speaker.retired_at is not None and speaker.retired_at <= airing.start:
        gone = Change(Why.RETIRED, speaker.retired_at)
    since = max((each for each in (airing.since, move and move.at) if each), default=None)
    return Part(
        loudspeaker_id=speaker.id,
        key=airing.key,
        title=airing.title,
        start=airing.start,
        length_ms=length_ms or airing.length_ms,
        gone=gone,
        since=since,
        stopped=airing.stopped,
        at_once=airing.at_once,
    )


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
