"""Orders to loudspeakers: to one, to chosen ones or to an area, each followed until its effect is seen.

What all loudspeakers of an area get leaves as one message to their group; a volume is no message of
its own but part of the desired state.
"""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import func, insert, literal, select, update
from sqlalchemy.orm import Session

from broadcast.errors import NotFound, WrongState
from broadcast.models import Area, Bulk, CommandOrder, CommandState, Loudspeaker, Person
from broadcast.speakers.conditions import HEARTBEAT, Conditions
from broadcast.speakers.fleet import Filter
from broadcast.storage import audit, events
from broadcast.storage.moments import to_ms
from broadcast.units import areas, permissions
from devices.messages import Action, Command

from . import outbox, standing, targeting
from .outbox import Urgency, Wire
from .standing import OPEN
from .targeting import Target

COMMAND_LIFE = dt.timedelta(minutes=1)
STANDING_LIFE = dt.timedelta(days=1)  # of what must also reach a loudspeaker that is away now
DESIRED_LIFE = dt.timedelta(days=7)
SUPERSEDED = "superseded"  # a later order took its place

_AT_ONCE = frozenset({Action.STOP, Action.SILENCE, Action.RELEASE})


def order(
    session: Session,
    person: Person,
    *,
    wire: Wire,
    action: Action,
    detail: Mapping[str, Any] | None = None,
    loudspeaker_ids: Collection[int] | None = None,
    chosen: Filter | None = None,
    now: dt.datetime,
    heartbeat: dt.timedelta = HEARTBEAT,
) -> Bulk:
    """Order all in ``loudspeaker_ids``, or all that ``chosen`` finds.

    ``detail``: ``volume`` for VOLUME; ``hold_s`` for STOP and SILENCE; ``items`` for STOP.
    Errors: NotFound, Forbidden where one of them is not this person's to order, NoLoudspeakers.
    """
    if action is Action.VOLUME:
        return set_volume(
            session,
            person,
            volume=int(dict(detail or {})["volume"]),
            loudspeaker_ids=loudspeaker_ids,
            chosen=chosen,
            now=now,
            heartbeat=heartbeat,
        )
    targets = targeting.choose(session, person, loudspeaker_ids, chosen, Conditions(now, heartbeat))
    targeting.require(session, person, action, targets)
    bulk = give(session, person, wire, action, detail or {}, targets, now)
    _tell(session, person, bulk, targets, now)
    return bulk


def give(  # noqa: PLR0917 - as ``order``, for use cases that know that the person may
    session: Session,
    person: Person,
    wire: Wire,
    action: Action,
    detail: Mapping[str, Any],
    targets: Sequence[Target],
    now: dt.datetime,
) -> Bulk:
    """Send a command to these loudspeakers, and follow it on each."""
    area = targeting.exact_area(session, targets) if len(targets) > 1 else None
    bulk = _bulk(session, person, action, detail, area, len(targets), now)
    _order_commands(session, wire, bulk, targets, area)
    return bulk


def set_volume(
    session: Session,
    person: Person,
    *,
    volume: int,
    loudspeaker_ids: Collection[int] | None = None,
    chosen: Filter | None = None,
    now: dt.datetime,
    heartbeat: dt.timedelta = HEARTBEAT,
) -> Bulk:
    """Percent, before each loudspeaker's own cap; leaves with the next planning. Errors: as ``order``."""
    targets = targeting.choose(session, person, loudspeaker_ids, chosen, Conditions(now, heartbeat))
    targeting.require(session, person, Action.VOLUME, targets)
    area = targeting.exact_area(session, targets) if len(targets) > 1 else None
    volume = min(max(volume, 0), 100)
    bulk = _bulk(session, person, Action.VOLUME, {"volume": volume}, area, len(targets), now)
    _order_volumes(session, bulk, targets, {each.id: volume for each in targets})
    _tell(session, person, bulk, targets, now)
    return bulk


def track(session: Session, person: Person | None, area: Area, command: Command, *, now: dt.datetime) -> Bulk:
    """Follow a command that another use case sends to the group of ``area``."""
    members = targeting.members(area.id)
    hold = {"items": list(command.items), "hold_until": command.hold_until}
    total = session.scalar(select(func.count()).select_from(members.subquery())) or 0
    bulk = _bulk(session, person, command.action, hold, area, total, now)
    follow_group(session, bulk, command, standing.end(bulk.action, hold, now) or now + COMMAND_LIFE)
    return bulk


def undo(session: Session, person: Person, bulk_id: int, *, wire: Wire, now: dt.datetime) -> Bulk:
    """Take an order back: volumes as they were, silence and holds ended. Errors: NotFound, Forbidden,
    WrongState where there is nothing to take back."""
    bulk = session.get(Bulk, bulk_id)
    if bulk is None:
        raise NotFound(kind="bulk", id=bulk_id)
    rows = list(session.scalars(select(CommandOrder).where(CommandOrder.bulk_id == bulk_id)))
    if not can_undo(bulk) or not rows:
        raise WrongState(state=bulk.action.value, action="undo")
    mine = Loudspeaker.area_id.in_(permissions.visible(person))
    meant = Loudspeaker.id.in_([row.loudspeaker_id for row in rows])
    targets = targeting.read(session, [meant, mine, Loudspeaker.retired_at.is_(None)])
    if bulk.action is not Action.VOLUME:
        ids = [each.id for each in targets]
        return order(session, person, wire=wire, action=Action.RELEASE, loudspeaker_ids=ids, now=now)
    targeting.require(session, person, Action.VOLUME, targets)
    before = {row.loudspeaker_id: int(row.detail["before"]) for row in rows}
    ours = {row.loudspeaker_id: int(row.detail["volume"]) for row in rows}
    left = [each for each in targets if each.volume == ours[each.id]]
    if not left:
        raise WrongState(state=bulk.action.value, action="undo")
    made = _bulk(session, person, Action.VOLUME, {"undo_of": bulk.id}, bulk.area, len(left), now)
    _order_volumes(session, made, left, before)
    _tell(session, person, made, left, now)
    return made


def can_undo(bulk: Bulk) -> bool:
    if bulk.action is Action.VOLUME:
        return "undo_of" not in bulk.detail
    if bulk.action is Action.STOP:
        return bool(bulk.detail.get("hold_s") or bulk.detail.get("hold_until"))
    return bulk.action is Action.SILENCE


def _bulk(  # noqa: PLR0917 - one place that writes the row
    session: Session,
    person: Person | None,
    action: Action,
    detail: Mapping[str, Any],
    area: Area | None,
    total: int,
    now: dt.datetime,
) -> Bulk:
    bulk = Bulk(
        person_id=person.id if person else None,
        action=action,
        detail=dict(detail),
        area_id=area.id if area else None,
        total=total,
        created_at=now,
    )
    session.add(bulk)
    session.flush()
    return bulk


def _order_commands(
    session: Session, wire: Wire, bulk: Bulk, targets: Sequence[Target], area: Area | None
) -> None:
    if area is not None:
        command = _command(wire, bulk, area.code)
        _send(session, wire, wire.topics.group_cmd(area.code), command, bulk)
        follow_group(session, bulk, command, _followed_until(bulk))
        return
    commands = {each.id: _command(wire, bulk, each.device) for each in targets}
    for each in targets:
        _send(session, wire, wire.topics.cmd(each.device), commands[each.id], bulk)
    _write(session, bulk, {id_: command.id for id_, command in commands.items()})


def _send(session: Session, wire: Wire, topic: str, command: Command, bulk: Bulk) -> None:
    urgency = Urgency.STOP if bulk.action in _AT_ONCE else Urgency.COMMAND
    now, expires_at = bulk.created_at, _expires(bulk)
    outbox.put(session, wire, topic, command, urgency=urgency, now=now, expires_at=expires_at)


def _command(wire: Wire, bulk: Bulk, target: str) -> Command:
    hold_s = int(bulk.detail.get("hold_s", 0))
    held = bulk.created_at + dt.timedelta(seconds=hold_s)
    return Command(
        id=f"c{wire.new_id()}",
        target=target,
        issued_at=to_ms(bulk.created_at),
        expires_at=to_ms(_expires(bulk)),
        action=bulk.action,
        items=tuple(bulk.detail.get("items", ())),
        hold_until=to_ms(held) if hold_s else 0,
    )


def _expires(bulk: Bulk) -> dt.datetime:
    """Silence reaches also who is away: one that sounds when it comes back would be the worst of it."""
    held = dt.timedelta(seconds=int(bulk.detail.get("hold_s", 0)))
    life = STANDING_LIFE if bulk.action in (Action.SILENCE, Action.RELEASE) else COMMAND_LIFE
    return bulk.created_at + (held or life if bulk.action is Action.SILENCE else max(life, held))


def _followed_until(bulk: Bulk) -> dt.datetime:
    """What stands is told to who is away for longer than its message lives."""
    return standing.end(bulk.action, bulk.detail, bulk.created_at) or _expires(bulk)


def follow_group(session: Session, bulk: Bulk, command: Command, expires_at: dt.datetime) -> None:
    """Follow a message to the group of the act's area on each of its loudspeakers."""
    members = select(
        literal(command.id),
        Loudspeaker.id,
        literal(bulk.id),
        literal(bulk.action.value),
        literal(bulk.person_id, CommandOrder.person_id.type),
        literal(bulk.created_at, CommandOrder.created_at.type),
        literal(expires_at, CommandOrder.expires_at.type),
        literal(CommandState.QUEUED.value),
        literal(""),
        literal({}, CommandOrder.detail.type),
    ).where(Loudspeaker.area_id.in_(areas.below(bulk.area_id or 0)), Loudspeaker.retired_at.is_(None))
    columns = [
        "id",
        "loudspeaker_id",
        "bulk_id",
        "action",
        "person_id",
        "created_at",
        "expires_at",
        "state",
        "code",
        "detail",
    ]
    session.execute(insert(CommandOrder).from_select(columns, members, include_defaults=False))


def _write(
    session: Session,
    bulk: Bulk,
    ids: Mapping[int, str],
    details: Mapping[int, Mapping[str, Any]] | None = None,
    expires_at: dt.datetime | None = None,
) -> None:
    rows = [
        {
            "id": order_id,
            "loudspeaker_id": loudspeaker_id,
            "bulk_id": bulk.id,
            "action": bulk.action,
            "detail": dict(details[loudspeaker_id]) if details else {},
            "person_id": bulk.person_id,
            "state": CommandState.QUEUED,
            "created_at": bulk.created_at,
            "expires_at": expires_at or _followed_until(bulk),
        }
        for loudspeaker_id, order_id in ids.items()
    ]
    session.execute(insert(CommandOrder), rows)


def _order_volumes(
    session: Session, bulk: Bulk, targets: Sequence[Target], volumes: Mapping[int, int]
) -> None:
    """Each is done when a desired state that was planned after it is in force on the loudspeaker."""
    ids, now = [each.id for each in targets], bulk.created_at
    older = update(CommandOrder).where(
        CommandOrder.loudspeaker_id.in_(ids),
        CommandOrder.action == Action.VOLUME,
        CommandOrder.state.in_(OPEN),
    )
    session.execute(older.values(state=CommandState.FAILED, code=SUPERSEDED, done_at=now))
    for volume in sorted(set(volumes.values())):
        theirs = [each.id for each in targets if volumes[each.id] == volume]
        # Without its digest the next planning makes a new revision, also of an equal content.
        changed = update(Loudspeaker).where(Loudspeaker.id.in_(theirs))
        session.execute(changed.values(volume=volume, desired_sha256=""))
    revs = select(Loudspeaker.id, Loudspeaker.desired_rev + 1).where(Loudspeaker.id.in_(ids))
    needed = dict(session.execute(revs).all())
    details = {
        each.id: {"volume": volumes[each.id], "before": each.volume, "rev": needed[each.id]}
        for each in targets
    }
    order_ids = {each.id: f"v{secrets.token_hex(8)}" for each in targets}
    _write(session, bulk, order_ids, details, now + DESIRED_LIFE)


def _tell(session: Session, person: Person, bulk: Bulk, targets: Sequence[Target], now: dt.datetime) -> None:
    one = targets[0] if len(targets) == 1 else None
    audit.record(
        session,
        now=now,
        person_id=person.id,
        action=f"loudspeaker.{bulk.action.value}",
        subject=f"loudspeaker:{one.id}" if one else f"bulk:{bulk.id}",
        **{"device": one.device} if one else {"count": len(targets), "area_id": bulk.area_id},
        **bulk.detail,
    )
    for each in targets[:1] if one else ():
        events.emit(session, now=now, kind="loudspeaker", area_id=each.area_id, subject=each.id)
    events.emit(session, now=now, kind="command", area_id=bulk.area_id, subject=bulk.id)
