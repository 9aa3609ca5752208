"""Who hears which programme of a broadcast, and which of them were stopped while the others went on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session

from broadcast.models import AreaClosure, Broadcast, BroadcastClip, BroadcastStop, Loudspeaker
from broadcast.storage.chunks import chunks

from . import targeting
from .targeting import Target


def stopped(session: Session, broadcast_ids: Sequence[int]) -> dict[int, set[int | None]]:
    """By broadcast, the programmes that are heard no more, named by area as their cues are."""
    found: dict[int, set[int | None]] = defaultdict(set)
    query = select(BroadcastStop.broadcast_id, BroadcastStop.area_id, Broadcast.area_id).join(
        Broadcast, Broadcast.id == BroadcastStop.broadcast_id
    )
    for ids in chunks(broadcast_ids):
        for id_, area_id, whole in session.execute(query.where(BroadcastStop.broadcast_id.in_(ids))):
            found[id_].add(None if area_id == whole else area_id)
    return found


def hearing(
    session: Session, broadcast: Broadcast, area_ids: Collection[int | None], among: Collection[int | None]
) -> list[Target]:
    """The loudspeakers that hear these programmes of a broadcast, ``among`` all that it has."""
    targets = targeting.read(session, [Loudspeaker.id.in_(targeting.members(broadcast.area_id))])
    nearest: dict[int, int] = {}
    above = (
        select(AreaClosure.descendant_id, AreaClosure.ancestor_id)
        .where(
            AreaClosure.ancestor_id.in_([each for each in among if each is not None]),
            AreaClosure.descendant_id.in_({each.area_id for each in targets}),
        )
        .order_by(AreaClosure.depth)
    )
    for place, area_id in session.execute(above):
        nearest.setdefault(place, area_id)
    return [each for each in targets if nearest.get(each.area_id) in area_ids]


def kept_silent() -> ColumnElement[bool]:
    """Of the clip of a broadcast: whether its programme was stopped before it began."""
    return (
        exists()
        .where(
            BroadcastStop.broadcast_id == Broadcast.id,
            BroadcastStop.area_id == func.coalesce(BroadcastClip.area_id, Broadcast.area_id),
            BroadcastStop.at < Broadcast.start,
        )
        .correlate(Broadcast, BroadcastClip)
    )
