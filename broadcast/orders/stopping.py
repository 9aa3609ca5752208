"""Silence: what sounds is cut and stays cut, everywhere it was sent to, with a hold on what comes next."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from broadcast.errors import Forbidden, NotFound
from broadcast.models import Area, Broadcast, BroadcastClip, BroadcastState, BroadcastStop, Person, Role
from broadcast.storage import audit, events
from broadcast.storage.moments import to_ms
from broadcast.units import areas, permissions
from devices.messages import Action, Command

from . import alerts, commanding, outbox, parts
from .outbox import Urgency, Wire

COMMAND_LIFE = dt.timedelta(minutes=1)
ABOUT_TO = dt.timedelta(seconds=30)  # what begins so soon is not left to a planning that may come too late
ALIVE = (BroadcastState.PLANNED, BroadcastState.DISPATCHED)


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
        found = _sounding(session, Broadcast.area_id.in_(areas.below(area.id)), now)
    else:
        raise NotFound(kind="broadcast", id=None)
    stopped = _cancel(session, person, wire, found, now)
    hold_until = now + dt.timedelta(seconds=hold_s) if hold_s else None
    _command(session, person, wire, area, Action.STOP, now=now, items=items, hold_until=hold_until)
    subject = f"area:{area.id}" if broadcast_id is None else f"broadcast:{broadcast_id}"
    audit.record(session, now=now, person_id=person.id, action="stop", subject=subject, hold_s=hold_s)
    return stopped


def release(session: Session, person: Person, *, wire: Wire, area_id: int, now: dt.datetime) -> None:
    """End a hold in an area. Errors: UnknownArea, Forbidden."""
    area = areas.get(session, area_id)
    permissions.require(person, Role.URGENT, area, session)
    _command(session, person, wire, area, Action.RELEASE, now=now)
    audit.record(session, now=now, person_id=person.id, action="release", subject=f"area:{area.id}")


def cut_broadcasts(
    session: Session, person: Person, broadcast_ids: Collection[int], *, wire: Wire, now: dt.datetime
) -> list[Broadcast]:
    """End those of these broadcasts that play or are about to."""
    return _cut(session, person, wire, Broadcast.id.in_(broadcast_ids), now)


def cut_bulletin(session: Session, person: Person, bulletin_id: int, *, wire: Wire, now: dt.datetime) -> None:
    """End every broadcast that plays a withdrawn bulletin where it is heard, with whatever else is in it."""
    playing_it = select(BroadcastClip.broadcast_id).where(BroadcastClip.bulletin_id == bulletin_id)
    found = _sounding(session, Broadcast.id.in_(playing_it), now, soon=ABOUT_TO)
    gone = parts.stopped(session, [each.id for each in found])
    for broadcast in found:
        left = {clip.area_id for clip in broadcast.clips} - gone[broadcast.id]
        holding = {clip.area_id for clip in broadcast.clips if clip.bulletin_id == bulletin_id} & left
        if holding == left:
            _cut(session, person, wire, Broadcast.id == broadcast.id, now)
        elif holding:
            _cut_part(session, person, wire, broadcast, holding, now)


def _cut_part(  # noqa: PLR0917 - as the other cuts, and which part
    session: Session,
    person: Person,
    wire: Wire,
    broadcast: Broadcast,
    holding: Collection[int | None],
    now: dt.datetime,
) -> None:
    """End it on the loudspeakers that hear these of its programmes, and on no other."""
    programmes = {clip.area_id for clip in broadcast.clips}
    targets = parts.hearing(session, broadcast, holding, programmes)
    area_ids = [broadcast.area_id if each is None else each for each in holding]
    broadcast.stops += [
        BroadcastStop(area_id=area_id, at=now, person_id=person.id) for area_id in sorted(area_ids)
    ]
    if targets:
        items = {"items": [broadcast.occurrence]}
        commanding.give(session, person, wire, Action.STOP, items, targets, now)
    tell(session, person, broadcast, "broadcast.stop", now, heard_in=sorted(area_ids))


def _cut(
    session: Session, person: Person, wire: Wire, which: ColumnElement[bool], now: dt.datetime
) -> list[Broadcast]:
    stopped = _cancel(session, person, wire, _sounding(session, which, now, soon=ABOUT_TO), now)
    for each in stopped:
        _command(session, person, wire, each.area, Action.STOP, now=now, items=(each.occurrence,))
    return stopped


def _cancel(
    session: Session, person: Person, wire: Wire, found: Iterable[Broadcast], now: dt.datetime
) -> list[Broadcast]:
    """Cancelled broadcasts leave the plans and the sets: a loudspeaker that is off now learns it later."""
    stopped = [each for each in found if each.state in ALIVE]
    for broadcast in stopped:
        broadcast.state, broadcast.stopped_at, broadcast.stopped_by = BroadcastState.CANCELLED, now, person.id
        tell(session, person, broadcast, "broadcast.stop", now)
    for changed in {each.area_id: each.area for each in stopped if each.schedule_id is None}.values():
        alerts.publish(session, wire, changed, now)
    return stopped


def _require_stop(session: Session, person: Person, broadcast: Broadcast) -> None:
    """An editor may stop what the programme plays; an urgent announcement only who may send one."""
    roles = permissions.roles_in(session, person, broadcast.area_id)
    enough = {Role.URGENT} if broadcast.schedule_id is None else {Role.URGENT, Role.EDITOR}
    if not roles & enough:
        raise Forbidden(role=Role.URGENT.value, area_id=broadcast.area_id)


def _sounding(
    session: Session, which: ColumnElement[bool], now: dt.datetime, soon: dt.timedelta = dt.timedelta()
) -> list[Broadcast]:
    """What of these may sound now or ``soon``; urgent announcements from the moment they are sent."""
    begun = Broadcast.schedule_id.is_(None) | (Broadcast.start <= now + soon)
    query = select(Broadcast).where(which, begun, Broadcast.state.in_(ALIVE))
    return [each for each in session.scalars(query) if alerts.over_at(each) > now]


def _command(
    session: Session,
    person: Person,
    wire: Wire,
    area: Area,
    action: Action,
    *,
    now: dt.datetime,
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
    commanding.track(session, person, area, command, now=now)


def tell(
    session: Session, person: Person, broadcast: Broadcast, action: str, now: dt.datetime, **detail: object
) -> None:
    """Write down who did what to a broadcast, and show it on open pages."""
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
        **detail,
    )
    events.emit(session, now=now, kind="broadcast", area_id=broadcast.area_id, subject=broadcast.id)
