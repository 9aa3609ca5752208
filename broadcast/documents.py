"""What each loudspeaker shall do, as signed documents: its plan, and the desired state that points to it.

A plan is named by its content and shared by all loudspeakers with the same programme.
A revision rises only when the content changes.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec
from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload, selectinload

from devices.envelope import encode_plan
from devices.messages import (
    ClipRef,
    Desired,
    GuardPolicy,
    Item,
    Plan,
    PlanPointer,
)

from . import outbox, policies
from .models import (
    Area,
    AreaClosure,
    Broadcast,
    BroadcastClip,
    BroadcastState,
    Loudspeaker,
    PlanDocument,
    StartMode,
)
from .moments import local_midnight, to_ms
from .outbox import Urgency, Wire
from .upsert import insert_new

KEPT = dt.timedelta(hours=24)  # past items stay so that a loudspeaker that was away reports them missed
TURN_GAP_MS = 2_000
ON_AIR = (BroadcastState.PLANNED, BroadcastState.DISPATCHED, BroadcastState.CLOSED)


def horizon(now: dt.datetime, days: int) -> dt.datetime:
    """Plans end at a local midnight, so that they do not change by the mere passing of time."""
    return local_midnight(now + dt.timedelta(days=days + 1))


def publish_plans(
    session: Session,
    wire: Wire,
    now: dt.datetime,
    days: int,
    *,
    again: Container[str] = frozenset(),
    everyone: bool = False,
) -> int:
    """Queue a new revision for every loudspeaker whose programme or settings changed; returns how many.

    Devices in ``again`` (``everyone``: all) get their present revision once more: their copy may be lost.
    """
    session.flush()
    in_service = select(*_COLUMNS).where(Loudspeaker.retired_at.is_(None)).order_by(Loudspeaker.id)
    # Read before the programme: a loudspeaker that is entered meanwhile waits for the next planning.
    rows = [_Loudspeaker(*values) for values in session.execute(in_service)]
    programme = _Programme(session, wire, now, days)
    publisher = _Publisher(session, wire, now)
    changed = 0
    for row in rows:
        content, body = programme.desired(row)
        digest = hashlib.sha256(msgspec.json.encode(content)).hexdigest()
        if digest != row.desired_sha256:
            changed += publisher.next(row, content, body, digest)
        elif everyone or row.device in again:
            publisher.send(content, row.desired_epoch, row.desired_rev)
    return changed


def item(broadcast: Broadcast, wire: Wire) -> Item:
    """A broadcast as the loudspeakers know it."""
    start = to_ms(broadcast.start)
    return Item(
        id=broadcast.occurrence,
        title=broadcast.title,
        start=start,
        not_before=start,
        expires=to_ms(broadcast.expires),
        clips=tuple(_clip(each, wire) for each in broadcast.clips),
        klass=broadcast.klass,
        status=broadcast.status,
        level=broadcast.area.level,
        issued_at=to_ms(broadcast.created_at),
    )


def in_turn(each: Item, turn: int) -> Item:
    """The item as it is played where ``turn`` others play it before, each to its end."""
    shift = turn * (each.duration_ms + TURN_GAP_MS)
    return msgspec.structs.replace(
        each, start=each.start + shift, not_before=each.not_before + shift, expires=each.expires + shift
    )


def _clip(each: BroadcastClip, wire: Wire) -> ClipRef:
    clip = each.clip
    return ClipRef(
        sha256=clip.sha256,
        size=clip.size,
        duration_ms=clip.duration_ms,
        url=wire.clip_url(clip.sha256),
        media_type=clip.media_type,
    )


class _Loudspeaker(NamedTuple):
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


_COLUMNS = tuple(getattr(Loudspeaker, name) for name in _Loudspeaker._fields)


@dataclass(frozen=True, slots=True)
class _Place:
    """What an area gives to its loudspeakers."""

    groups: tuple[str, ...]
    policy: GuardPolicy
    staggered: bool
    items: tuple[tuple[dt.datetime, Item], ...]


class _Programme:
    """The plans of all areas at one moment, each computed once."""

    def __init__(self, session: Session, wire: Wire, now: dt.datetime, days: int) -> None:
        self._wire = wire
        self._start = local_midnight(now - KEPT)
        self._end = horizon(now, days)
        self._places = self._read_places(session)
        self._keyset = wire.keys.current.keyset
        self._bodies: dict[tuple[tuple[str, int], ...], tuple[bytes, str]] = {}

    def desired(self, row: _Loudspeaker) -> tuple[Desired, bytes]:
        """The content of a loudspeaker's desired state, without revision and time, and its plan."""
        place = self._places[row.area_id]
        turn = row.turn if place.staggered else 0
        items = tuple(in_turn(each, turn) for start, each in place.items if start > row.created_at)
        body, sha256 = self._plan(items)
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
        )
        return content, body

    def _plan(self, items: tuple[Item, ...]) -> tuple[bytes, str]:
        key = tuple((each.id, each.start) for each in items)
        if key not in self._bodies:
            body = encode_plan(Plan(start=to_ms(self._start), end=to_ms(self._end), items=items))
            self._bodies[key] = body, hashlib.sha256(body).hexdigest()
        return self._bodies[key]

    def _read_places(self, session: Session) -> dict[int, _Place]:
        chains: dict[int, list[Area]] = {}
        served = select(Loudspeaker.area_id)
        query = (
            select(AreaClosure.descendant_id, Area)
            .join(Area, Area.id == AreaClosure.ancestor_id)
            .where(AreaClosure.descendant_id.in_(served))
            .order_by(AreaClosure.depth)
        )
        for area_id, ancestor in session.execute(query):
            chains.setdefault(area_id, []).append(ancestor)
        self._said = policies.read(session, {area.id for chain in chains.values() for area in chain})
        broadcasts = self._read_broadcasts(session)
        return {area_id: self._place(chain, broadcasts) for area_id, chain in chains.items()}

    def _read_broadcasts(self, session: Session) -> list[tuple[int, dt.datetime, Item]]:
        query = (
            select(Broadcast)
            .options(selectinload(Broadcast.clips).joinedload(BroadcastClip.clip), joinedload(Broadcast.area))
            .where(
                Broadcast.schedule_id.is_not(None),
                Broadcast.state.in_(ON_AIR),
                Broadcast.start >= self._start,
                Broadcast.start < self._end,
            )
            .order_by(Broadcast.start, Broadcast.occurrence)
        )
        return [(each.area_id, each.start, item(each, self._wire)) for each in session.scalars(query)]

    def _place(self, chain: Sequence[Area], broadcasts: Iterable[tuple[int, dt.datetime, Item]]) -> _Place:
        ids = {area.id for area in chain}
        policy = policies.effective(chain, self._said)
        return _Place(
            groups=tuple(area.code for area in chain),
            policy=policy.guard(),
            staggered=policy.start_mode is StartMode.STAGGERED,
            items=tuple((start, each) for area_id, start, each in broadcasts if area_id in ids),
        )


@dataclass(frozen=True, slots=True)
class _Publisher:
    """Writes revisions and queues them."""

    session: Session
    wire: Wire
    now: dt.datetime

    def next(self, row: _Loudspeaker, content: Desired, body: bytes, digest: str) -> bool:
        """Claim the next revision; False when another process was faster and has published its own."""
        unchanged = (
            Loudspeaker.id == row.id,
            Loudspeaker.desired_rev == row.desired_rev,
            Loudspeaker.desired_sha256 == row.desired_sha256,  # emptied by a newer order
        )
        values = {"desired_rev": row.desired_rev + 1, "desired_sha256": digest}
        mine = update(Loudspeaker).where(*unchanged).values(**values).returning(Loudspeaker.id)
        if self.session.scalar(mine) is None:
            return False
        if content.plan is not None:
            document = {"sha256": content.plan.sha256, "body": body, "created_at": self.now}
            self.session.execute(insert_new(self.session, PlanDocument).values(**document))
        self.send(content, row.desired_epoch, row.desired_rev + 1)
        return True

    def send(self, content: Desired, epoch: int, rev: int) -> None:
        plan = msgspec.structs.replace(content.plan, epoch=epoch, rev=rev) if content.plan else None
        desired = msgspec.structs.replace(content, epoch=epoch, rev=rev, issued_at=to_ms(self.now), plan=plan)
        topic = self.wire.topics.desired(desired.device)
        outbox.put(self.session, self.wire, topic, desired, urgency=Urgency.DESIRED, now=self.now)
