"""What each loudspeaker shall do at one moment: its desired state without revision and time, and its plan."""

from __future__ import annotations

import datetime as dt
import hashlib
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.models import Area, AreaClosure, Loudspeaker, StartMode
from broadcast.orders import items
from broadcast.orders.items import Entry, Window
from broadcast.orders.outbox import Wire
from broadcast.storage.chunks import chunks
from broadcast.storage.moments import to_ms
from broadcast.units import policies
from devices.envelope import encode_plan
from devices.messages import Command, Desired, GuardPolicy, Plan, PlanPointer
from schedules.sounding import Said

from . import ordering


class Target(NamedTuple):
    """What of a loudspeaker decides its desired state."""

    id: int
    device: str
    area_id: int
    created_at: dt.datetime
    volume: int
    turn: int
    key_expires_at: dt.datetime | None
    desired_epoch: int
    desired_rev: int
    desired_sha256: str


_COLUMNS = tuple(getattr(Loudspeaker, name) for name in Target._fields)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a loudspeaker shall be told."""

    row: Target
    content: Desired
    body: bytes  # of its plan
    digest: str

    @property
    def is_news(self) -> bool:
        return self.digest != self.row.desired_sha256


@dataclass(frozen=True, slots=True)
class _Timeline:
    """The items of some areas together, in order; shared by all places with the same areas."""

    starts: tuple[dt.datetime, ...]
    entries: tuple[Entry, ...]
    said: tuple[Said, ...]  # about their order, by those areas


@dataclass(frozen=True, slots=True)
class _Place:
    """What an area gives to its loudspeakers."""

    groups: tuple[str, ...]
    policy: GuardPolicy
    staggered: bool
    timeline: _Timeline


def wishes(
    session: Session,
    wire: Wire,
    window: Window,
    only: Collection[int] | None = None,
    orders: Mapping[int, tuple[Command, ...]] = MappingProxyType({}),
) -> Iterator[Wish]:
    """Of every loudspeaker in service, or of those in ``only``; ``orders`` are those it has not answered."""
    session.flush()
    # Read before the programme: a loudspeaker that is entered meanwhile waits for the next planning.
    rows = targets(session, only)
    if not rows:
        return
    programme = _Programme(session, wire, window, None if only is None else {row.area_id for row in rows})
    for row in rows:
        content, body = programme.desired(row, orders.get(row.id, ()))
        yield Wish(row, content, body, hashlib.sha256(msgspec.json.encode(content)).hexdigest())


def ids_of(session: Session, devices: Collection[str]) -> set[int]:
    """The loudspeakers with these names on the wire."""
    found: set[int] = set()
    for names in chunks(sorted(devices)):
        found |= set(session.scalars(select(Loudspeaker.id).where(Loudspeaker.device.in_(names))))
    return found


def targets(session: Session, only: Collection[int] | None = None) -> list[Target]:
    in_service = select(*_COLUMNS).where(Loudspeaker.retired_at.is_(None)).order_by(Loudspeaker.id)
    if only is None:
        return [Target(*values) for values in session.execute(in_service)]
    return [
        Target(*values)
        for chunk in chunks(sorted(only))
        for values in session.execute(in_service.where(Loudspeaker.id.in_(chunk)))
    ]


class _Programme:
    """The plans of areas at one moment, each computed once."""

    def __init__(
        self, session: Session, wire: Wire, window: Window, area_ids: Collection[int] | None
    ) -> None:
        self._wire = wire
        self._window = window
        chains = _chains(session, area_ids)
        above = {area.id for chain in chains.values() for area in chain}
        self._said = policies.read(session, above)
        self._items = items.read(session, wire, window, None if area_ids is None else above)
        self._words = ordering.read(session, None if area_ids is None else above)
        self._timelines: dict[tuple[int, ...], _Timeline] = {}
        self._places = {area_id: self._place(chain) for area_id, chain in chains.items()}
        self._keyset = wire.keys.current.keyset
        self._bodies: dict[tuple[int, int, int], tuple[bytes, str]] = {}

    def desired(self, row: Target, orders: tuple[Command, ...]) -> tuple[Desired, bytes]:
        """The content of a loudspeaker's desired state, without revision and time, and its plan."""
        place = self._places[row.area_id]
        body, sha256 = self._plan(place.timeline, row.turn if place.staggered else 0, row.created_at)
        pointer = PlanPointer(epoch=0, rev=0, sha256=sha256, size=len(body), url=self._wire.plan_url(sha256))
        content = Desired(
            device=row.device,
            epoch=0,
            rev=0,
            issued_at=0,
            groups=place.groups,
            policy=place.policy,
            plan=pointer,
            volume=row.volume,
            heartbeat_s=self._wire.heartbeat_s,
            keyset=self._keyset,
            key_expires=to_ms(row.key_expires_at) if row.key_expires_at else 0,
            orders=orders,
        )
        return content, body

    def _plan(self, timeline: _Timeline, turn: int, since: dt.datetime) -> tuple[bytes, str]:
        first = bisect_right(timeline.starts, since)
        key = (id(timeline), turn, first)
        if key not in self._bodies:
            shown: Sequence[Entry] = timeline.entries[first:]
            if turn:
                waiting = (entry.in_turn(turn) for entry in shown)
                there = [entry for entry in waiting if entry is not None]
                # What goes second waits until the first is over in this turn, which may be a longer one.
                shown = ordering.ordered(there, timeline.said)
            played = tuple(entry.item for entry in shown)
            window = self._window
            body = encode_plan(Plan(start=to_ms(window.start), end=to_ms(window.end), items=played))
            self._bodies[key] = body, hashlib.sha256(body).hexdigest()
        return self._bodies[key]

    def _place(self, chain: Sequence[Area]) -> _Place:
        policy = policies.effective(chain, self._said)
        return _Place(
            groups=tuple(area.code for area in chain),
            policy=msgspec.structs.replace(policy.guard(), relay_networks=self._wire.relay_networks),
            staggered=policy.start_mode is StartMode.STAGGERED,
            timeline=self._timeline(
                tuple(area.id for area in chain if area.id in self._items or area.id in self._words)
            ),
        )

    def _timeline(self, area_ids: tuple[int, ...]) -> _Timeline:
        if area_ids not in self._timelines:
            nearest = {
                entry.item.id: entry
                for area_id in reversed(area_ids)
                for entry in self._items.get(area_id, ())
            }
            heard = (entry for entry in nearest.values() if not entry.stopped)
            found = sorted(heard, key=lambda entry: (entry.at, entry.item.id))
            said = tuple(words for area_id in area_ids for words in self._words.get(area_id, ()))
            found = ordering.ordered(found, said)
            timeline = _Timeline(tuple(entry.at for entry in found), tuple(found), said)
            self._timelines[area_ids] = timeline
        return self._timelines[area_ids]


def _chains(session: Session, area_ids: Collection[int] | None) -> dict[int, list[Area]]:
    """These areas (None: all that have loudspeakers), each with all above it, the nearest first."""
    served = select(Loudspeaker.area_id) if area_ids is None else area_ids
    query = (
        select(AreaClosure.descendant_id, Area)
        .join(Area, Area.id == AreaClosure.ancestor_id)
        .where(AreaClosure.descendant_id.in_(served))
        .order_by(AreaClosure.depth)
    )
    found: dict[int, list[Area]] = {}
    for area_id, ancestor in session.execute(query):
        found.setdefault(area_id, []).append(ancestor)
    return found
