"""Urgent announcements: prepared, sent at once to an area, and stopped."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from devices.messages import Action, AlertStatus, BulletinClass, Command
from tts.types import Chime

from . import alerts, areas, audit, bulletins, drills, events, outbox, permissions, planning
from .errors import ExpiryInvalid, Forbidden, NoAudio, NoLoudspeakers, NotFound, WrongState
from .models import (
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
from .moments import to_ms
from .outbox import Urgency, Wire

SHORTEST = dt.timedelta(minutes=1)
LONGEST = dt.timedelta(hours=24)
COMMAND_LIFE = dt.timedelta(minutes=1)
ALIVE = (BroadcastState.PLANNED, BroadcastState.DISPATCHED)


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
    planning.address(session, now)
    alerts.publish(session, wire, area, now)
    _tell(session, person, broadcast, "urgent.send", now)
    return broadcast


def stop(
    session: Session,
    person: Person,
    *,
    wire: Wire,
    area_id: int | None = None,
    broadcast_id: int | None = None,
    hold_s: int = 0,
    now: dt.datetime,
) -> list[Broadcast]:
    """Silence one broadcast, or everything in an area; returns the broadcasts that are now cancelled.

    With ``hold_s`` nothing but an actual emergency starts for so many seconds. May be repeated:
    the command goes out again. A delivery is cancelled only when its loudspeaker says so.
    Errors: UnknownArea, NotFound, Forbidden.
    """
    items: tuple[str, ...] = ()
    if broadcast_id is not None:
        target = session.get(Broadcast, broadcast_id)
        if target is None:
            raise NotFound(kind="broadcast", id=broadcast_id)
        _require_stop(session, person, target)
        area, found, items = target.area, [target], (target.occurrence,)
    elif area_id is not None:
        area = areas.get(session, area_id)
        permissions.require(person, Role.URGENT, area, session)
        found = _sounding(session, area.id, now)
    else:
        raise NotFound(kind="broadcast", id=None)
    stopped = [each for each in found if each.state in ALIVE]
    for broadcast in stopped:
        broadcast.state, broadcast.stopped_at, broadcast.stopped_by = BroadcastState.CANCELLED, now, person.id
        _tell(session, person, broadcast, "broadcast.stop", now)
    for changed in {each.area_id: each.area for each in stopped if each.schedule_id is None}.values():
        alerts.publish(session, wire, changed, now)
    hold_until = now + dt.timedelta(seconds=hold_s) if hold_s else None
    _command(session, wire, area, Action.STOP, now, items=items, hold_until=hold_until)
    subject = f"area:{area.id}" if broadcast_id is None else f"broadcast:{broadcast_id}"
    audit.record(session, now=now, person_id=person.id, action="stop", subject=subject, hold_s=hold_s)
    return stopped


def release(session: Session, person: Person, *, wire: Wire, area_id: int, now: dt.datetime) -> None:
    """End a hold in an area. Errors: UnknownArea, Forbidden."""
    area = areas.get(session, area_id)
    permissions.require(person, Role.URGENT, area, session)
    _command(session, wire, area, Action.RELEASE, now)
    audit.record(session, now=now, person_id=person.id, action="release", subject=f"area:{area.id}")


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
    below = select(AreaClosure.descendant_id).where(AreaClosure.ancestor_id == area_id)
    query = select(func.count(Loudspeaker.id)).where(
        Loudspeaker.area_id.in_(below), Loudspeaker.retired_at.is_(None)
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


def _require_stop(session: Session, person: Person, broadcast: Broadcast) -> None:
    """An editor may stop what the programme plays; an urgent announcement only who may send one."""
    roles = permissions.roles_in(session, person, broadcast.area_id)
    enough = {Role.URGENT} if broadcast.schedule_id is None else {Role.URGENT, Role.EDITOR}
    if not roles & enough:
        raise Forbidden(role=Role.URGENT.value, area_id=broadcast.area_id)


def _sounding(session: Session, area_id: int, now: dt.datetime) -> list[Broadcast]:
    """What may sound now somewhere in the area and belongs to it as a whole."""
    below = select(AreaClosure.descendant_id).where(AreaClosure.ancestor_id == area_id)
    query = select(Broadcast).where(Broadcast.area_id.in_(below), Broadcast.state.in_(ALIVE))
    begun = Broadcast.schedule_id.is_(None) | (Broadcast.start <= now)
    return [each for each in session.scalars(query.where(begun)) if alerts.over_at(each) > now]


def _command(
    session: Session,
    wire: Wire,
    area: Area,
    action: Action,
    now: dt.datetime,
    *,
    items: tuple[str, ...] = (),
    hold_until: dt.datetime | None = None,
) -> None:
    expires_at = max(now + COMMAND_LIFE, hold_until or now)
    command = Command(
        id=f"c{wire.new_id()}",
        target=area.code,
        issued_at=to_ms(now),
        expires_at=to_ms(expires_at),
        action=action,
        items=items,
        hold_until=to_ms(hold_until) if hold_until else 0,
    )
    topic = wire.topics.group_cmd(area.code)
    outbox.put(session, wire, topic, command, urgency=Urgency.STOP, now=now, expires_at=expires_at)


def _tell(session: Session, person: Person, broadcast: Broadcast, action: str, now: dt.datetime) -> None:
    audit.record(
        session,
        now=now,
        person_id=person.id,
        action=action,
        subject=f"broadcast:{broadcast.id}",
        occurrence=broadcast.occurrence,
        status=broadcast.status.value,
        area_id=broadcast.area_id,
        text=broadcast.text,
    )
    events.emit(session, now=now, kind="broadcast", area_id=broadcast.area_id, subject=broadcast.id)
