"""When each loudspeaker had power and could be reached, and how wrong its clock was: told by its journal."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from broadcast.models import JournalRow, Loudspeaker
from broadcast.storage.chunks import chunks

from .reconciliation import PROMPT, Contact, Key

FRESH = dt.timedelta(minutes=10)  # what is told later than this was kept because nobody could be reached
AROUND = dt.timedelta(days=8)  # a plan reaches so far: before the span it was fetched, after it was reported


def clocks(
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


def contacts(
    session: Session, seen: Mapping[int, dt.datetime | None], start: dt.datetime, end: dt.datetime
) -> dict[int, Contact]:
    """Of these loudspeakers, each with when it was last seen."""
    diaries: dict[int, _Diary] = defaultdict(_Diary)
    columns = (JournalRow.loudspeaker_id, JournalRow.boot, JournalRow.at, JournalRow.received_at)
    for some in chunks(sorted(seen)):
        query = (
            select(*columns)
            .where(JournalRow.loudspeaker_id.in_(some))
            .where(JournalRow.at >= start - AROUND, JournalRow.at < end + AROUND)
            .order_by(JournalRow.loudspeaker_id, JournalRow.seq)
        )
        for loudspeaker_id, boot, at, received_at in session.execute(query):
            diaries[loudspeaker_id].note(boot, at, received_at)
    return {
        id_: replace(diaries[id_].contact(last_seen), kept_since=kept_since)
        for id_, last_seen, kept_since in _ends(session, seen)
    }


def _ends(
    session: Session, seen: Mapping[int, dt.datetime | None]
) -> Iterator[tuple[int, dt.datetime | None, dt.datetime | None]]:
    """When each was last seen, and since when its journal is kept."""
    columns = (Loudspeaker.id, Loudspeaker.journal_cut_at)
    for some in chunks(sorted(seen)):
        for id_, cut_at in session.execute(select(*columns).where(Loudspeaker.id.in_(some))):
            yield id_, seen[id_], cut_at
