"""What a unit has decided about the order of two programmes, worked into the plans of its loudspeakers.

The one that goes second begins when the first is over, as ``schedules.sounding`` puts it: right after.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.models import Area, OrderDecision
from broadcast.orders.items import Entry
from broadcast.storage.moments import MILLISECOND, from_ms
from schedules import sounding
from schedules.precedence import Decision
from schedules.sounding import Airing, Said, Sounding, Why


def read(session: Session, area_ids: Collection[int] | None) -> dict[int, list[Said]]:
    """What each of these areas (None: of all) has said on each pair; schedules are named by their ids."""
    query = select(OrderDecision, Area.level).join(Area, Area.id == OrderDecision.area_id)
    if area_ids is not None:
        query = query.where(OrderDecision.area_id.in_(area_ids))
    pairs: dict[tuple[int, frozenset[int]], list[Decision]] = defaultdict(list)
    for row, level in session.execute(query.order_by(OrderDecision.id)):
        word = Decision(str(row.first_id), str(row.second_id), level, "", row.at)
        pairs[row.area_id, frozenset((row.first_id, row.second_id))].append(word)
    found: dict[int, list[Said]] = defaultdict(list)
    for (area_id, _), words in pairs.items():
        found[area_id].append(words)
    return found


def ordered(entries: Sequence[Entry], said: Collection[Said]) -> list[Entry]:
    """The entries, of which those that go second wait for those that go first where they meet.

    What does not hold any more when its turn would come is left out.
    """
    if not said:
        return list(entries)
    named = {name for words in said for name in (words[0].first, words[0].second)}
    concerned = [_airing(each) for each in entries if _schedule(each) in named]
    waiting = {each.airing.id: each for each in sounding.when(concerned, said) if each.why is not Why.PLANNED}
    placed = (_placed(each, waiting.get(each.item.id)) for each in entries)
    return [each for each in placed if each is not None]


def _placed(entry: Entry, heard: Sounding | None) -> Entry | None:
    if heard is None:
        return entry
    return None if heard.why is Why.STALE else entry.waits(heard.wait // MILLISECOND)


def _airing(entry: Entry) -> Airing:
    each = entry.item
    return Airing(
        id=each.id,
        schedule=_schedule(entry),
        klass=each.klass.value,
        level=each.level,
        start=from_ms(each.start),
        length=dt.timedelta(milliseconds=each.duration_ms),
        latest=None if entry.latest is None else from_ms(entry.latest),
    )


def _schedule(entry: Entry) -> str:
    """By the item's id: ``s12.20260302T170000`` is of the schedule 12."""
    return entry.item.id[1:].partition(".")[0]
