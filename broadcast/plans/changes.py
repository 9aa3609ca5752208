"""What has changed since the last planning, by the log of events: which schedules and loudspeakers.

Whoever writes something that decides about plans says so in an event: ``schedule``, ``bulletin`` or
``render`` (by the bulletin), ``sound``, ``relay``, ``area`` (hours, policy, turns; ``moved`` when it hangs
elsewhere), ``loudspeaker``, and ``broadcast`` when a person has stopped one. A bulletin may flow into every
slot of its area, above it and below it; what airs in one slot of an area counts in the others, so those go
together. Events that say nothing about plans carry a mark (``planned``: by the planning itself, ``seen``: a
loudspeaker was heard).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from broadcast.models import (
    AreaClosure,
    Broadcast,
    BroadcastClip,
    BroadcastState,
    BroadcastStop,
    Bulletin,
    BulletinState,
    Event,
    Loudspeaker,
    Schedule,
    ScheduleItem,
)
from broadcast.storage.chunks import chunks

from .concerned import Slots

KINDS = ("schedule", "bulletin", "render", "sound", "relay", "area", "loudspeaker", "broadcast")
SILENT = ("planned", "seen")
ALIVE = (BroadcastState.PLANNED, BroadcastState.DISPATCHED)


@dataclass(frozen=True, slots=True)
class Touched:
    """What must be planned again: ``areas`` with all below them, ``moved`` are those that hang elsewhere."""

    schedules: frozenset[int] = frozenset()
    areas: frozenset[int] = frozenset()
    moved: frozenset[int] = frozenset()
    loudspeakers: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.schedules or self.areas or self.moved or self.loudspeakers)

    def __and__(self, other: Touched) -> Touched:
        return Touched(
            schedules=self.schedules & other.schedules,
            areas=self.areas & other.areas,
            moved=self.moved & other.moved,
            loudspeakers=self.loudspeakers & other.loudspeakers,
        )


def between(session: Session, after: int, upto: int) -> Touched:
    """What the events with ids in ``(after, upto]`` tell."""
    subjects: dict[str, set[int]] = defaultdict(set)
    edited: set[int] = set()  # areas
    query = select(Event.kind, Event.area_id, Event.subject, Event.data).where(
        Event.id > after, Event.id <= upto, Event.kind.in_(KINDS), Event.subject.is_not(None)
    )
    for kind, area_id, subject, data in session.execute(query):
        if not any(data.get(name) for name in SILENT):
            subjects["moved" if data.get("moved") else kind].add(subject)
            edited |= {area_id} if kind == "schedule" and area_id is not None else set()
            subjects["validity"] |= {subject} if data.get("validity") else set()
    stopped = _stopped(session, subjects["broadcast"])
    bulletins = subjects["bulletin"] | subjects["render"]
    schedules = subjects["schedule"] | _playing(session, bulletins) | _below(session, subjects["moved"])
    slots = Slots(session)
    schedules |= slots.offered(subjects["bulletin"] | _approved(session, subjects["render"]))
    schedules |= slots.with_sounds(subjects["sound"]) | slots.with_stations(subjects["relay"])
    schedules |= slots.of(edited | set(stopped.values())) | (slots.all() if subjects["moved"] else set())
    return Touched(
        schedules=frozenset(schedules),
        areas=frozenset(
            subjects["area"]
            | subjects["moved"]
            | set(stopped.values())
            | _heard_in(session, subjects["validity"])
        ),
        moved=frozenset(subjects["moved"]),
        loudspeakers=frozenset(subjects["loudspeaker"]),
    )


def untold(session: Session) -> set[int]:
    """Loudspeakers whose row itself says that they must be told anew: new ones, and changed volumes."""
    query = select(Loudspeaker.id).where(Loudspeaker.desired_sha256 == "", Loudspeaker.retired_at.is_(None))
    return set(session.scalars(query))


def _playing(session: Session, bulletin_ids: Collection[int]) -> set[int]:
    """The schedules that play any of these bulletins."""
    found: set[int] = set()
    for ids in chunks(sorted(bulletin_ids)):
        found |= set(
            session.scalars(select(ScheduleItem.schedule_id).where(ScheduleItem.bulletin_id.in_(ids)))
        )
    return found


def _approved(session: Session, bulletin_ids: Collection[int]) -> set[int]:
    """Those that may be on the air: how far the audio of a draft is made concerns no slot."""
    found: set[int] = set()
    for ids in chunks(sorted(bulletin_ids)):
        query = select(Bulletin.id).where(Bulletin.id.in_(ids), Bulletin.state == BulletinState.APPROVED)
        found |= set(session.scalars(query))
    return found


def _heard_in(session: Session, bulletin_ids: Collection[int]) -> set[int]:
    """The areas of what plays these: where it waits its turn, it may be told otherwise than was planned."""
    found: set[int] = set()
    for ids in chunks(sorted(bulletin_ids)):
        query = (
            select(Broadcast.area_id)
            .join(BroadcastClip, BroadcastClip.broadcast_id == Broadcast.id)
            .where(Broadcast.state.in_(ALIVE), BroadcastClip.bulletin_id.in_(ids))
        )
        found |= set(session.scalars(query.distinct()))
    return found


def _below(session: Session, area_ids: Collection[int]) -> set[int]:
    """The schedules of areas that hang elsewhere now: other holidays may hold there."""
    if not area_ids:
        return set()
    there = select(AreaClosure.descendant_id).where(AreaClosure.ancestor_id.in_(area_ids))
    return set(session.scalars(select(Schedule.id).where(Schedule.area_id.in_(there))))


def _stopped(session: Session, broadcast_ids: Collection[int]) -> dict[int, int]:
    """The areas of scheduled broadcasts that a person has stopped; others are in plans as they were."""
    found: dict[int, int] = {}
    in_part = exists().where(BroadcastStop.broadcast_id == Broadcast.id)
    for ids in chunks(sorted(broadcast_ids)):
        query = select(Broadcast.id, Broadcast.area_id).where(
            Broadcast.id.in_(ids),
            Broadcast.schedule_id.is_not(None),
            or_(Broadcast.state == BroadcastState.CANCELLED, in_part),
        )
        found |= {row.id: row.area_id for row in session.execute(query)}
    return found
