"""What a person should know now: who is there, what plays, what needs me, what has gone wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, joinedload

from broadcast.authoring.approvers import Judge, Rules
from broadcast.models import (
    Alarm,
    AreaClosure,
    Broadcast,
    Bulletin,
    BulletinState,
    Loudspeaker,
    Notice,
    Person,
    Role,
)
from broadcast.scheduling import left_out, notices, urgent, week
from broadcast.scheduling.left_out import LeftOut
from broadcast.scheduling.week import Slot
from broadcast.speakers import alarms as alarm_book
from broadcast.speakers.conditions import HEARTBEAT, Conditions
from broadcast.storage.moments import local_midnight
from broadcast.units import permissions
from devices.presence import Presence, Sighting
from devices.presence import presence as computed

from .watching import watch

__all__ = [
    "Laggards",
    "Silent",
    "Today",
    "alarms",
    "close_alarm",
    "presence",
    "today",
    "watch",
    "without_proof",
]


MOST_WAITING = 20  # for another approval, of one person's: a new rule may ask it for hundreds

DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Silent:
    """A loudspeaker that worked once and cannot be counted on; ``unproved``: no sound proved for days."""

    loudspeaker: Loudspeaker
    presence: Presence
    unproved: bool


@dataclass(frozen=True, slots=True)
class Today:
    """The first page: ``awaiting`` are for this person to approve, ``returned`` came back to them.

    ``notices`` tell them what others did to their schedules. Of a large area only what is its own or from
    above is told, of the programmes below it how much is ``left_out``.

    What was never heard of is not among the ``loudspeakers``: it is not broken, only not there yet.
    """

    playing: list[Slot]
    next: Slot | None
    slots: list[Slot]
    urgent: list[Broadcast]
    awaiting: list[Bulletin]
    returned: list[Bulletin]
    notices: list[Notice]
    silent: list[Silent]
    alarms: list[Alarm]
    loudspeakers: int
    online: int
    never: int
    left_out: LeftOut | None = None


def presence(loudspeaker: Loudspeaker, now: dt.datetime, heartbeat: dt.timedelta = HEARTBEAT) -> Presence:
    """Computed from what was last heard, never stored."""
    known = Sighting(loudspeaker.online, loudspeaker.boot, loudspeaker.session, loudspeaker.last_seen)
    return computed(known, now, interval=heartbeat)


def today(session: Session, person: Person, now: dt.datetime, heartbeat: dt.timedelta = HEARTBEAT) -> Today:
    """Everything the first page shows, for the areas this person sees."""
    mine = permissions.visible_areas(session, person)
    root, midnight = week.root(session, mine), local_midnight(now)
    rest = left_out.below(session, root, now) if root is not None else None
    shown = {root} if root is not None and rest is not None else mine
    areas = shown | set(
        session.scalars(select(AreaClosure.ancestor_id).where(AreaClosure.descendant_id.in_(shown)))
    )
    playing, coming = week.now_and_next(session, areas, now, seen_from=root)
    conditions = Conditions(now, heartbeat)
    total, online, never = _counts(session, mine, conditions)
    return Today(
        playing=playing,
        next=coming,
        slots=week.between(session, areas, midnight, midnight + DAY, now, seen_from=root),
        urgent=urgent.active(session, person, now),
        awaiting=_awaiting(session, person),
        returned=_returned(session, person),
        notices=notices.unseen(session, person),
        silent=_silent(session, mine, conditions),
        alarms=alarms(session, person),
        loudspeakers=total,
        online=online,
        never=never,
        left_out=rest,
    )


def alarms(session: Session, person: Person) -> list[Alarm]:
    """Open alarms, newest first."""
    return alarm_book.list_open(session, person)


def close_alarm(session: Session, person: Person, alarm_id: int, now: dt.datetime) -> Alarm:
    """Errors: NotFound, Forbidden."""
    return alarm_book.close(session, person, alarm_id, now)


def without_proof(session: Session, ids: Collection[int], now: dt.datetime) -> set[int]:
    """Loudspeakers that had something to play in the last days and proved no sound of any of it."""
    unproved = select(Loudspeaker.id).where(Loudspeaker.id.in_(ids), Conditions(now).unproved)
    return set(session.scalars(unproved))


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
    older = or_(
        Loudspeaker.have_epoch < Loudspeaker.desired_epoch,
        and_(
            Loudspeaker.have_epoch == Loudspeaker.desired_epoch,
            Loudspeaker.have_rev < Loudspeaker.desired_rev,
        ),
    )
    query = select(Loudspeaker.device, Loudspeaker.desired_rev).where(
        Loudspeaker.online, Loudspeaker.retired_at.is_(None), older
    )
    return [(device, rev) for device, rev in session.execute(query)]


def _silent(session: Session, area_ids: Collection[int], conditions: Conditions) -> list[Silent]:
    """Those that cannot be counted on, and nobody else: an area may have thousands."""
    unproved = conditions.unproved.label("unproved")
    query = (
        select(Loudspeaker, unproved)
        .where(
            Loudspeaker.area_id.in_(area_ids),
            conditions.in_service,
            or_(conditions.offline, unproved),
        )
        .options(joinedload(Loudspeaker.area))
        .order_by(Loudspeaker.name)
    )
    return [
        Silent(each, presence(each, conditions.now, conditions.heartbeat), bool(mute))
        for each, mute in session.execute(query)
    ]


def _counts(session: Session, area_ids: Collection[int], conditions: Conditions) -> tuple[int, int, int]:
    """How many work, how many of them are heard in time, and how many were never heard."""
    working = conditions.in_service
    there = and_(working, ~conditions.offline, ~conditions.late)
    query = select(
        func.count().filter(working), func.count().filter(there), func.count().filter(~working)
    ).where(Loudspeaker.area_id.in_(area_ids), Loudspeaker.retired_at.is_(None))
    total, online, never = session.execute(query).one()
    return total, online, never


def _awaiting(session: Session, person: Person) -> list[Bulletin]:
    """What waits for this person: a leader, or where the unit allows it whoever writes there."""
    judges = permissions.visible(person, Role.APPROVER)
    writes = permissions.visible(person, Role.EDITOR)
    query = (
        select(Bulletin)
        .options(joinedload(Bulletin.current), joinedload(Bulletin.author))
        .where(
            Bulletin.state == BulletinState.SUBMITTED,
            or_(Bulletin.area_id.in_(judges), Bulletin.area_id.in_(writes)),
        )
        .order_by(Bulletin.updated_at)
    )
    found, rules = session.scalars(query).all(), Rules(session)
    rules.learn({each.area_id for each in found})
    judge = Judge(session, person, rules)
    return [each for each in found if judge.refusal(each) is None]


def _returned(session: Session, person: Person) -> list[Bulletin]:
    """What this person wrote and must correct; or what waits for another approval, the last ones, to know."""
    mine = (Bulletin.author_id == person.id, Bulletin.return_note != "")
    query = select(Bulletin).options(joinedload(Bulletin.current))
    query = query.where(*mine).order_by(Bulletin.updated_at.desc())
    drafts = session.scalars(query.where(Bulletin.state == BulletinState.DRAFT)).all()
    waiting = session.scalars(
        query.where(Bulletin.state == BulletinState.SUBMITTED).limit(MOST_WAITING)
    ).all()
    return [*drafts, *waiting]
