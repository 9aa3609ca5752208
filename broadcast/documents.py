"""What each loudspeaker shall do, as signed documents: its plan, and the desired state that points to it.

A plan is named by its content and shared by all loudspeakers with the same programme.
A revision rises only when the content changes.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import msgspec
from sqlalchemy import bindparam, select, update
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
CHUNK = 500  # rows per statement
ON_AIR = (BroadcastState.PLANNED, BroadcastState.DISPATCHED, BroadcastState.CLOSED)

T = TypeVar("T")


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
    changed, known = [], []
    for row in rows:
        content, body = programme.desired(row)
        digest = hashlib.sha256(msgspec.json.encode(content)).hexdigest()
        if digest != row.desired_sha256:
            changed.append(_Wish(row, content, body, digest))
        elif everyone or row.device in again:
            known.append(_Wish(row, content, body, digest))
    claimed = publisher.claim(changed)
    publisher.send(claimed, risen=1)
    publisher.send(known, risen=0)
    return len(claimed)


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
class _Wish:
    """What a loudspeaker shall be told."""

    row: _Loudspeaker
    content: Desired
    body: bytes  # of its plan
    digest: str


@dataclass(frozen=True, slots=True)
class _Publisher:
    """Writes revisions and queues them, thousands at a time: while it does nobody else can write."""

    session: Session
    wire: Wire
    now: dt.datetime

    def claim(self, wishes: Sequence[_Wish]) -> list[_Wish]:
        """Take the next revisions; without those that another process or a newer order has changed."""
        mine = [wish for chunk in _chunks(wishes) for wish in self._unchanged(chunk)]
        if not mine:
            return mine
        raised = (
            update(Loudspeaker)
            .where(Loudspeaker.id == bindparam("whose"))
            .values(desired_rev=Loudspeaker.desired_rev + 1, desired_sha256=bindparam("digest"))
        )
        digests = [{"whose": wish.row.id, "digest": wish.digest} for wish in mine]
        self.session.connection().execute(raised, digests)
        for loaded in self.session.identity_map.values():
            if isinstance(loaded, Loudspeaker):
                self.session.expire(loaded, ("desired_rev", "desired_sha256"))
        self._keep_plans(mine)
        return mine

    def send(self, wishes: Sequence[_Wish], *, risen: int) -> None:
        """Queue documents whose revision is ``risen`` above the one that was read."""
        documents = {
            self.wire.topics.desired(wish.row.device): self._document(wish, wish.row.desired_rev + risen)
            for wish in wishes
        }
        for topics in _chunks(list(documents)):
            chunk = {topic: documents[topic] for topic in topics}
            outbox.put_documents(self.session, self.wire, chunk, urgency=Urgency.DESIRED, now=self.now)

    def _unchanged(self, wishes: Sequence[_Wish]) -> list[_Wish]:
        columns = (Loudspeaker.id, Loudspeaker.desired_rev, Loudspeaker.desired_sha256)
        query = select(*columns).where(Loudspeaker.id.in_([wish.row.id for wish in wishes]))
        locked = query.order_by(Loudspeaker.id).with_for_update()
        held = {each: (rev, digest) for each, rev, digest in self.session.execute(locked)}
        return [
            wish
            for wish in wishes
            if held.get(wish.row.id) == (wish.row.desired_rev, wish.row.desired_sha256)
        ]

    def _keep_plans(self, wishes: Iterable[_Wish]) -> None:
        bodies = {wish.content.plan.sha256: wish.body for wish in wishes if wish.content.plan is not None}
        for sha256, body in bodies.items():
            document = {"sha256": sha256, "body": body, "created_at": self.now}
            self.session.execute(insert_new(self.session, PlanDocument).values(**document))

    def _document(self, wish: _Wish, rev: int) -> Desired:
        epoch, content = wish.row.desired_epoch, wish.content
        plan = msgspec.structs.replace(content.plan, epoch=epoch, rev=rev) if content.plan else None
        return msgspec.structs.replace(content, epoch=epoch, rev=rev, issued_at=to_ms(self.now), plan=plan)


def _chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for first in range(0, len(values), CHUNK):
        yield values[first : first + CHUNK]
