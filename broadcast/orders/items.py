"""Broadcasts as the loudspeakers know them: items of a plan, one by one or those of many areas at once."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.models import Area, Broadcast, BroadcastClip, BroadcastState, Bulletin, Clip, RelayStation
from broadcast.storage.chunks import chunks
from broadcast.storage.moments import MILLISECOND, local_midnight, to_ms
from devices.messages import ClipRef, Item, Relay

from . import parts
from .outbox import Wire
from .running_order import AT_ONCE, Cue

KEPT = dt.timedelta(hours=24)  # past items stay so that a loudspeaker that was away reports them missed
TURN_GAP_MS = 2_000
AT_ONCE_MS = AT_ONCE // MILLISECOND


@dataclass(frozen=True, slots=True)
class Window:
    """The days that plans cover; it moves at a local midnight, not by the mere passing of time."""

    start: dt.datetime
    end: dt.datetime

    @classmethod
    def at(cls, now: dt.datetime, days: int) -> Window:
        return cls(local_midnight(now - KEPT), horizon(now, days))


def horizon(now: dt.datetime, days: int) -> dt.datetime:
    """Where plans end."""
    return local_midnight(now + dt.timedelta(days=days + 1))


def item(broadcast: Broadcast, wire: Wire) -> Item:
    """A broadcast as the loudspeakers know it."""
    start = to_ms(broadcast.start)
    return Item(
        id=broadcast.occurrence,
        title=broadcast.title,
        start=start,
        not_before=start,
        expires=to_ms(broadcast.expires),
        clips=tuple(_clip(each.clip, wire) for each in broadcast.clips if each.clip is not None),
        klass=broadcast.klass,
        status=broadcast.status,
        level=broadcast.area.level,
        issued_at=to_ms(broadcast.created_at),
    )


class Entry(NamedTuple):
    """An item by its nominal start, and when to begin at the latest so that nothing of it is stale.

    ``stopped``: it is heard no more in its area, and nothing of it from above instead.
    """

    at: dt.datetime
    item: Item
    latest: int | None = None
    stopped: bool = False

    def waits(self, shift: int) -> Entry | None:
        """As it is played so many milliseconds later; None when it does not hold any more then."""
        each, latest = self.item, self.latest
        start, expires = each.start + shift, each.expires + shift
        if latest is not None:
            if start > latest:
                return None
            expires = max(min(expires, latest), start + AT_ONCE_MS)
        shifted = msgspec.structs.replace(
            each, start=start, not_before=each.not_before + shift, expires=expires
        )
        return Entry(self.at, shifted, latest)

    def in_turn(self, turn: int) -> Entry | None:
        """As it is played where ``turn`` others play it before, to its end; what is live does not wait."""
        if self.item.relays:
            return self
        return self.waits(turn * (self.item.duration_ms + TURN_GAP_MS))


def read(
    session: Session, wire: Wire, window: Window, area_ids: Collection[int] | None
) -> dict[int, list[Entry]]:
    """What the programme has in the window, by the area it is for; ``area_ids`` None: of all areas.

    A broadcast with variants is here under each of their areas with the same id: a loudspeaker plays that
    of the nearest area.
    """
    which = [
        Broadcast.schedule_id.is_not(None),
        Broadcast.state != BroadcastState.CANCELLED,
        Broadcast.start >= window.start,
        Broadcast.start < window.end,
    ]
    if area_ids is not None:
        which.append(Broadcast.area_id.in_(area_ids))
    columns = (Broadcast.id, Broadcast.area_id, Broadcast.occurrence, Broadcast.title, Broadcast.start)
    more = (Broadcast.expires, Broadcast.klass, Broadcast.status, Broadcast.created_at, Area.level)
    query = select(*columns, *more).join(Area, Area.id == Broadcast.area_id).where(*which)
    rows = session.execute(query).all()
    ids = [row.id for row in rows]
    sounds, stopped = _Sounds(session, wire, ids, window.start), parts.stopped(session, ids)
    found: dict[int, list[Entry]] = defaultdict(list)
    for id_, area_id, occurrence, title, at, expires, klass, status, created_at, level in rows:
        start = to_ms(at)
        for variant, heard in sounds.variants(id_).items():
            made = Item(
                id=occurrence,
                title=title,
                start=start,
                not_before=start,
                expires=to_ms(expires),
                clips=tuple(part for part, _ in heard if isinstance(part, ClipRef)),
                relays=_relays(heard),
                klass=klass,
                status=status,
                level=level,
                issued_at=to_ms(created_at),
            )
            entry = Entry(at, made, sounds.latest(heard), variant in stopped[id_])
            found[area_id if variant is None else variant].append(entry)
    return found


Sound = list[tuple[ClipRef | Relay, int | None]]  # clips and streams in order, each with its bulletin


def _relays(heard: Sound) -> tuple[Relay, ...]:
    """The streams, each with the number of clips before it."""
    found, before = [], 0
    for part, _ in heard:
        if isinstance(part, ClipRef):
            before += 1
        else:
            found.append(msgspec.structs.replace(part, after=before))
    return tuple(found)


class _Sounds:
    """The audio of broadcasts; a clip that many play is read once."""

    def __init__(
        self, session: Session, wire: Wire, broadcast_ids: Sequence[int], since: dt.datetime
    ) -> None:
        self._played = played_in(session, broadcast_ids)
        self._clips: dict[int, ClipRef] = {}
        for ids in chunks(
            sorted({each.clip_id for sound in self._played.values() for each in sound if each.clip_id})
        ):
            query = select(Clip.id, Clip.sha256, Clip.size, Clip.duration_ms, Clip.media_type)
            rows = session.execute(query.where(Clip.id.in_(ids)))
            self._clips |= {clip.id: _clip(clip, wire) for clip in rows}
        self._stations = _stations(session, self._played.values())
        limited = select(Bulletin.id, Bulletin.valid_until).where(Bulletin.valid_until > since)
        self._until = {id_: to_ms(until) for id_, until in session.execute(limited) if until is not None}

    def variants(self, broadcast_id: int) -> dict[int | None, Sound]:
        """In order, by the area whose variant it is."""
        found: dict[int | None, Sound] = {}
        for cue in self._played.get(broadcast_id, ()):
            part = self._clips[cue.clip_id] if cue.clip_id is not None else self._relay(cue)
            found.setdefault(cue.area_id, []).append((part, cue.bulletin_id))
        return found

    def _relay(self, cue: Cue) -> Relay:
        url, media_type = self._stations[cue.station_id or 0]
        return Relay(url=url, media_type=media_type, duration_ms=cue.length_ms or 0)

    def latest(self, heard: Sound) -> int | None:
        """When to begin at the latest so that every bulletin holds to its last word."""
        if not self._until:
            return None
        length, found = 0, []
        for part, bulletin_id in heard:
            length += part.duration_ms
            if bulletin_id in self._until:
                found.append(self._until[bulletin_id] - length)
        return min(found, default=None)


def _stations(session: Session, played: Iterable[Sequence[Cue]]) -> dict[int, tuple[str, str]]:
    """Address and form of the streams that are carried."""
    ids = {cue.station_id for cues in played for cue in cues if cue.station_id is not None}
    query = select(RelayStation.id, RelayStation.url, RelayStation.media_type)
    rows = session.execute(query.where(RelayStation.id.in_(ids))) if ids else ()
    return {id_: (url, media_type) for id_, url, media_type in rows}


def played_in(session: Session, broadcast_ids: Sequence[int]) -> dict[int, list[Cue]]:
    """What these broadcasts play, in order."""
    found: dict[int, list[Cue]] = defaultdict(list)
    columns = tuple(getattr(BroadcastClip, name) for name in Cue._fields)
    query = select(BroadcastClip.broadcast_id, *columns).order_by(
        BroadcastClip.broadcast_id, BroadcastClip.position
    )
    for ids in chunks(broadcast_ids):
        rows = session.execute(query.where(BroadcastClip.broadcast_id.in_(ids)))
        for broadcast_id, *cue in rows:
            found[broadcast_id].append(Cue(*cue))
    return found


def _clip(clip: Any, wire: Wire) -> ClipRef:  # a Clip, or a row with its columns
    return ClipRef(
        sha256=clip.sha256,
        size=clip.size,
        duration_ms=clip.duration_ms,
        url=wire.clip_url(clip.sha256),
        media_type=clip.media_type,
    )
