"""Urgent announcements: prepared, and sent at once to an area; STOP is in ``stopping``."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from broadcast.authoring import bulletins
from broadcast.errors import ExpiryInvalid, NoAudio, NoLoudspeakers, WrongState
from broadcast.models import (
    Area,
    AreaClosure,
    Broadcast,
    BroadcastClip,
    BroadcastState,
    Bulletin,
    BulletinState,
    Loudspeaker,
    Person,
    Role,
)
from broadcast.orders import alerts
from broadcast.orders.outbox import Wire
from broadcast.orders.stopping import ALIVE, release, stop, tell
from broadcast.plans import planning
from broadcast.units import areas, permissions
from devices.messages import AlertStatus, BulletinClass
from tts.types import Chime

from . import drills

__all__ = ["active", "count_loudspeakers", "prepare", "release", "send", "stop"]

SHORTEST = dt.timedelta(minutes=1)
LONGEST = dt.timedelta(hours=24)


def prepare(
    session: Session,
    person: Person,
    *,
    area_id: int,
    text: str,
    status: AlertStatus,
    title: str,
    now: dt.datetime,
) -> Bulletin:
    """Have the announcement spoken, with the prefix of its status; nothing is sent yet.

    Errors: UnknownArea, Forbidden, EmptyTitle, EmptyBulletin, TextTooLong.
    """
    areas.get(session, area_id)
    permissions.require(person, Role.URGENT, area_id, session)
    words = drills.spoken(text, status) if text.strip() else text
    return bulletins.create(
        session,
        person,
        area_id=area_id,
        title=title,
        text=words,
        klass=BulletinClass.EMERGENCY,
        chime="" if status is AlertStatus.ACTUAL else Chime.DRILL.value,
        now=now,
    )


def send(
    session: Session,
    person: Person,
    *,
    wire: Wire,
    bulletin_id: int,
    status: AlertStatus,
    area_id: int,
    expires_in: dt.timedelta,
    now: dt.datetime,
) -> Broadcast:
    """Let a prepared announcement sound on every loudspeaker of the area, at once and together.

    Only an actual alarm goes out as an emergency. Errors: UnknownArea, Forbidden, NotFound, NoAudio,
    NoLoudspeakers, ExpiryInvalid; WrongState when it is withdrawn or was prepared for another status.
    """
    area = areas.get(session, area_id)
    permissions.require(person, Role.URGENT, area, session)
    if not SHORTEST <= expires_in <= LONGEST:
        raise ExpiryInvalid(minimum_s=int(SHORTEST.total_seconds()), maximum_s=int(LONGEST.total_seconds()))
    bulletin = _prepared(session, person, bulletin_id, status)
    if not count_loudspeakers(session, area_id):
        raise NoLoudspeakers(area_id=area_id)
    broadcast = _broadcast(bulletin, status, area)
    broadcast.occurrence = f"u{wire.new_id()}"
    broadcast.start = now + wire.urgent_lead
    broadcast.expires = broadcast.start + expires_in
    broadcast.created_by, broadcast.created_at = person.id, now
    session.add(broadcast)
    session.flush()
    planning.address(session, now, new=[broadcast.id])
    alerts.publish(session, wire, area, now)
    tell(session, person, broadcast, "urgent.send", now)
    return broadcast


def active(session: Session, person: Person, now: dt.datetime) -> list[Broadcast]:
    """Urgent announcements that may still sound where the person looks, newest first."""
    seen = permissions.visible(person)
    above = select(AreaClosure.ancestor_id).where(AreaClosure.descendant_id.in_(seen))
    query = (
        select(Broadcast)
        .where(
            Broadcast.schedule_id.is_(None),
            Broadcast.state.in_(ALIVE),
            Broadcast.area_id.in_(above) | Broadcast.area_id.in_(seen),
        )
        .order_by(Broadcast.id.desc())
    )
    return [each for each in session.scalars(query) if alerts.over_at(each) > now]


def count_loudspeakers(session: Session, area_id: int) -> int:
    """How many loudspeakers in service an announcement for the area reaches: read back before it is sent."""
    query = select(func.count(Loudspeaker.id)).where(
        Loudspeaker.area_id.in_(areas.below(area_id)), Loudspeaker.retired_at.is_(None)
    )
    return session.scalar(query) or 0


def _prepared(session: Session, person: Person, bulletin_id: int, status: AlertStatus) -> Bulletin:
    bulletin = bulletins.get(session, person, bulletin_id)
    if bulletin.state is BulletinState.WITHDRAWN:
        raise WrongState(kind="bulletin", state=bulletin.state.value, action="send")
    if bulletin.klass is not BulletinClass.EMERGENCY:
        raise WrongState(kind="bulletin", state=bulletin.klass.value, action="send")
    prepared_for = drills.status_of(bulletin.current.text)
    if prepared_for is not status:
        raise WrongState(kind="bulletin", state=prepared_for.value, action=f"send_as_{status.value}")
    if bulletin.current.clip is None:
        raise NoAudio(bulletin_id=bulletin_id)
    return bulletin


def _broadcast(bulletin: Bulletin, status: AlertStatus, area: Area) -> Broadcast:
    version, clip = bulletin.current, bulletin.current.clip
    if clip is None:
        raise NoAudio(bulletin_id=bulletin.id)
    actual = status is AlertStatus.ACTUAL
    return Broadcast(
        area_id=area.id,
        area=area,
        title=version.title,
        klass=BulletinClass.EMERGENCY if actual else BulletinClass.PRIORITY,
        status=status,
        text=version.text,
        duration_ms=clip.duration_ms,
        state=BroadcastState.PLANNED,
        clips=[BroadcastClip(position=0, clip_id=clip.id, bulletin_id=bulletin.id)],
    )
