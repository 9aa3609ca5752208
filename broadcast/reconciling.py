"""Calendar and as-run of an area side by side: reads both, and ``reconciliation`` judges."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from . import areas, calendar_past, permissions
from .calendar_past import Airing
from .chunks import chunks
from .errors import OutOfRange
from .models import AreaClosure, AsRun, AuditRow, Broadcast, JournalRow, Loudspeaker, Person, Role
from .reconciliation import PROMPT, Change, Contact, Heard, Key, Part, Row, Why, compare

LONGEST = dt.timedelta(days=62)
FRESH = dt.timedelta(minutes=10)  # what is told later than this was kept because nobody could be reached
AROUND = dt.timedelta(days=8)  # a plan reaches so far: before the span it was fetched, after it was reported


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
    ids = [each.id for each in speakers]
    heard = _heard(session, ids, start, end)
    parts = _parts(session, airings, speakers, heard)
    return compare(parts, heard, _contacts(session, speakers, start, end))


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


def _parts(
    session: Session, airings: Iterable[Airing], speakers: Collection[_Speaker], heard: Collection[Key]
) -> Iterator[Part]:
    """An airing on everyone who hung below its area then; and on whoever was told of it before it left."""
    query = select(AreaClosure.descendant_id, AreaClosure.ancestor_id)
    above: dict[int, set[int]] = defaultdict(set)
    places = {place for each in speakers for place in each.places}
    for place, ancestor in session.execute(query.where(AreaClosure.descendant_id.in_(places))):
        above[place].add(ancestor)
    for airing in airings:
        for speaker in speakers:
            if airing.start <= speaker.created_at:
                continue
            place, move = speaker.place(airing.start)
            inside = airing.area_id in above[place]
            if not inside and (speaker.id, airing.key) not in heard:
                continue
            yield _part(airing, speaker, None if inside else move, move)


def _part(airing: Airing, speaker: _Speaker, elsewhere: Change | None, move: Change | None) -> Part:
    gone = airing.gone or elsewhere
    if speaker.retired_at is not None and speaker.retired_at <= airing.start:
        gone = Change(Why.RETIRED, speaker.retired_at)
    since = max((each for each in (airing.since, move and move.at) if each), default=None)
    return Part(
        loudspeaker_id=speaker.id,
        key=airing.key,
        title=airing.title,
        start=airing.start,
        length_ms=airing.length_ms,
        gone=gone,
        since=since,
        stopped=airing.stopped,
    )


def _heard(session: Session, ids: Collection[int], start: dt.datetime, end: dt.datetime) -> dict[Key, Heard]:
    """By airing, what sounded longest; where nothing did, the word on the newest order."""
    found: dict[Key, list[tuple[AsRun, Heard]]] = defaultdict(list)
    for some in chunks(sorted(ids)):
        ahead = _clocks(session, some, start, end)
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


def _clocks(
    session: Session, ids: Collection[int], start: dt.datetime, end: dt.datetime
) -> dict[Key, dt.timedelta]:
    """By how much a loudspeaker's clock was ahead of ours when it wrote of an item.

    What it says was later than when we heard of it shows that. A clock that is behind looks like a delay, but
    for what is told step by step as it happens.
    """
    columns = (JournalRow.loudspeaker_id, JournalRow.occurrence)
    at, received = JournalRow.at, JournalRow.received_at
    sums = (func.min(at), func.max(at), func.min(received), func.max(received))
    query = (
        select(*columns, *sums)
        .where(JournalRow.loudspeaker_id.in_(ids), JournalRow.occurrence != "")
        .where(at >= start - AROUND, at < end + AROUND)
        .group_by(*columns)
    )
    found: dict[Key, dt.timedelta] = {}
    for loudspeaker_id, occurrence, first, last, heard, heard_last in session.execute(query):
        ahead = last - heard_last
        if ahead <= PROMPT:
            told = heard_last - heard > (last - first) / 2 > PROMPT
            ahead = first - heard if told and heard - first > dt.timedelta(minutes=1) else dt.timedelta()
        found[loudspeaker_id, occurrence] = ahead
    return found


@dataclass(slots=True)
class _Diary:
    """What the journal of one loudspeaker tells of its boots and of when it was heard."""

    boots: dict[str, tuple[dt.datetime, dt.datetime]] = field(default_factory=dict)
    heard_at: dt.datetime | None = None
    away: list[tuple[dt.datetime, dt.datetime]] = field(default_factory=list)

    def note(self, boot: str, at: dt.datetime, received_at: dt.datetime) -> None:
        first, last = self.boots.get(boot, (at, at))
        self.boots[boot] = min(first, at), max(last, at)
        if received_at - at > FRESH:
            self.away.append((self.heard_at or at, received_at))
        else:
            self.heard_at = max(self.heard_at or received_at, received_at)

    def contact(self, last_seen: dt.datetime | None) -> Contact:
        boots = sorted(self.boots.values())
        off = tuple((one[1], other[0]) for one, other in pairwise(boots))
        heard_at = max((each for each in (self.heard_at, last_seen) if each), default=None)
        return Contact(off, tuple(self.away), heard_at)


def _contacts(
    session: Session, speakers: Collection[_Speaker], start: dt.datetime, end: dt.datetime
) -> dict[int, Contact]:
    diaries: dict[int, _Diary] = defaultdict(_Diary)
    columns = (JournalRow.loudspeaker_id, JournalRow.boot, JournalRow.at, JournalRow.received_at)
    for some in chunks(sorted(each.id for each in speakers)):
        query = (
            select(*columns)
            .where(JournalRow.loudspeaker_id.in_(some))
            .where(JournalRow.at >= start - AROUND, JournalRow.at < end + AROUND)
            .order_by(JournalRow.loudspeaker_id, JournalRow.seq)
        )
        for loudspeaker_id, boot, at, received_at in session.execute(query):
            diaries[loudspeaker_id].note(boot, at, received_at)
    return {each.id: diaries[each.id].contact(each.last_seen) for each in speakers}
