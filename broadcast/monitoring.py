"""What a person should know now: who is there, what plays, what needs me, what has gone wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from devices.messages import Evidence, ItemState
from devices.presence import Presence, Sighting
from devices.presence import presence as computed

from . import alarms as alarm_book
from . import permissions, urgent, week
from .models import (
    Alarm,
    AreaClosure,
    Broadcast,
    BroadcastState,
    Bulletin,
    BulletinState,
    Delivery,
    Loudspeaker,
    Person,
    Role,
)
from .moments import local_midnight
from .week import Slot

HEARTBEAT = dt.timedelta(seconds=60)
SILENT_AFTER = dt.timedelta(minutes=10)
PROOF_WITHIN = dt.timedelta(days=3)
SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Silent:
    """A loudspeaker that cannot be counted on; ``unproved`` is there but proved no sound for days."""

    loudspeaker: Loudspeaker
    presence: Presence
    unproved: bool


@dataclass(frozen=True, slots=True)
class Today:
    """The first page: ``awaiting`` are for this person to approve, ``returned`` came back to them."""

    playing: list[Slot]
    next: Slot | None
    slots: list[Slot]
    urgent: list[Broadcast]
    awaiting: list[Bulletin]
    returned: list[Bulletin]
    silent: list[Silent]
    alarms: list[Alarm]
    loudspeakers: int
    online: int


def presence(loudspeaker: Loudspeaker, now: dt.datetime, heartbeat: dt.timedelta = HEARTBEAT) -> Presence:
    """Computed from what was last heard, never stored."""
    known = Sighting(loudspeaker.online, loudspeaker.boot, loudspeaker.session, loudspeaker.last_seen)
    return computed(known, now, interval=heartbeat)


def today(session: Session, person: Person, now: dt.datetime, heartbeat: dt.timedelta = HEARTBEAT) -> Today:
    """Everything the first page shows, for the areas this person sees."""
    mine = permissions.visible_areas(session, person)
    areas = mine | set(
        session.scalars(select(AreaClosure.ancestor_id).where(AreaClosure.descendant_id.in_(mine)))
    )
    playing, coming = week.now_and_next(session, areas, now)
    midnight = local_midnight(now)
    speakers = _loudspeakers(session, mine)
    present = {each.id: presence(each, now, heartbeat) for each in speakers}
    unproved = without_proof(session, [each.id for each in speakers], now)
    return Today(
        playing=playing,
        next=coming,
        slots=week.between(session, areas, midnight, midnight + dt.timedelta(days=1), now),
        urgent=urgent.active(session, person, now),
        awaiting=_awaiting(session, person),
        returned=_returned(session, person),
        silent=[
            Silent(each, present[each.id], each.id in unproved)
            for each in speakers
            if each.id in unproved or present[each.id] in (Presence.OFFLINE, Presence.NEVER)
        ],
        alarms=alarms(session, person),
        loudspeakers=len(speakers),
        online=sum(1 for state in present.values() if state is Presence.ONLINE),
    )


def alarms(session: Session, person: Person) -> list[Alarm]:
    """Open alarms, newest first."""
    return alarm_book.list_open(session, person)


def close_alarm(session: Session, person: Person, alarm_id: int, now: dt.datetime) -> Alarm:
    """Errors: NotFound, Forbidden."""
    return alarm_book.close(session, person, alarm_id, now)


def without_proof(session: Session, ids: Collection[int], now: dt.datetime) -> set[int]:
    """Loudspeakers that had something to play in the last days and proved no sound of any of it."""
    query = (
        select(Delivery.loudspeaker_id)
        .join(Broadcast, Broadcast.id == Delivery.broadcast_id)
        .where(
            Delivery.loudspeaker_id.in_(ids),
            Broadcast.state == BroadcastState.CLOSED,
            Broadcast.start > now - PROOF_WITHIN,
            Delivery.state != ItemState.CANCELLED,
        )
        .group_by(Delivery.loudspeaker_id)
        .having(func.coalesce(func.max(Delivery.evidence), 0) < int(Evidence.RENDERED))
    )
    return set(session.scalars(query))


def watch(session: Session, now: dt.datetime) -> int:
    """One alarm when a loudspeaker falls silent, closed when it is back; returns how many were opened.

    Call it only while the broker is connected: without it everyone seems silent.
    """
    already = set(
        session.scalars(select(Alarm.loudspeaker_id).where(Alarm.kind == SILENT, Alarm.closed_at.is_(None)))
    )
    opened = 0
    for each in session.scalars(select(Loudspeaker).where(Loudspeaker.retired_at.is_(None))):
        since = each.last_seen or each.created_at
        is_silent = now - since > SILENT_AFTER
        if is_silent and each.id not in already:
            alarm_book.raise_alarm(session, kind=SILENT, now=now, loudspeaker=each, since=since.isoformat())
            opened += 1
        elif not is_silent and each.id in already:
            alarm_book.settle(session, kind=SILENT, now=now, loudspeaker=each)
    return opened


@dataclass(slots=True)
class Laggards:
    """Remembers who has had an old desired state for how long; kept in memory by the leader."""

    patience: dt.timedelta = dt.timedelta(seconds=20)
    _behind: dict[str, tuple[int, dt.datetime]] = field(default_factory=dict)

    def find(self, session: Session, now: dt.datetime) -> set[str]:
        """Devices that are there but still report an older revision: the newer one did not reach them."""
        behind = dict(_behind(session))
        self._behind = {
            device: known if (known := self._behind.get(device)) and known[0] == rev else (rev, now)
            for device, rev in behind.items()
        }
        late = {device for device, (_, since) in self._behind.items() if now - since >= self.patience}
        for device in late:
            self._behind[device] = (behind[device], now)
        return late


def _behind(session: Session) -> Iterable[tuple[str, int]]:
    query = select(
        Loudspeaker.device, Loudspeaker.desired_epoch, Loudspeaker.desired_rev, Loudspeaker.report
    ).where(Loudspeaker.online, Loudspeaker.retired_at.is_(None), Loudspeaker.desired_rev > 0)
    for device, epoch, rev, report in session.execute(query):
        have = report.get("state", {}).get("have", {})
        if (have.get("epoch", 0), have.get("rev", 0)) < (epoch, rev):
            yield device, rev


def _loudspeakers(session: Session, area_ids: Collection[int]) -> list[Loudspeaker]:
    query = select(Loudspeaker).where(Loudspeaker.area_id.in_(area_ids), Loudspeaker.retired_at.is_(None))
    return list(session.scalars(query.options(joinedload(Loudspeaker.area)).order_by(Loudspeaker.name)))


def _awaiting(session: Session, person: Person) -> list[Bulletin]:
    query = select(Bulletin).where(
        Bulletin.state == BulletinState.SUBMITTED,
        Bulletin.area_id.in_(permissions.visible(person, Role.APPROVER)),
        Bulletin.author_id != person.id,
    )
    return list(session.scalars(query.order_by(Bulletin.updated_at)))


def _returned(session: Session, person: Person) -> list[Bulletin]:
    query = select(Bulletin).where(
        Bulletin.state == BulletinState.DRAFT, Bulletin.author_id == person.id, Bulletin.return_note != ""
    )
    return list(session.scalars(query.order_by(Bulletin.updated_at.desc())))
