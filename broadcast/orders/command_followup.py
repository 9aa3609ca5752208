"""What a person does about an order that is on its way: see whom it is for, send it again, call it back."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, delete, func, select, update
from sqlalchemy.orm import Session

from broadcast.errors import WrongState
from broadcast.models import Area, Bulk, CommandOrder, CommandState, Loudspeaker, OutboxMessage, Person
from broadcast.speakers import fleet
from broadcast.speakers.conditions import HEARTBEAT, Conditions
from broadcast.speakers.fleet import Filter
from broadcast.storage import audit, events
from broadcast.units import permissions
from devices.messages import Action

from . import commanding, targeting
from .command_effects import progress
from .commanding import SUPERSEDED
from .outbox import Wire

CANCELLED = "cancelled"  # called back before it left
NAMES = 12


@dataclass(frozen=True, slots=True)
class Review:
    """Whom an order would be for; ``names`` only where they are few."""

    total: int
    places: tuple[tuple[str, int], ...]  # by area, the most first
    names: tuple[str, ...]
    away: int  # not connected now
    playing: int


def review(
    session: Session,
    person: Person,
    action: Action,
    *,
    loudspeaker_ids: Collection[int] | None = None,
    chosen: Filter | None = None,
    now: dt.datetime,
    heartbeat: dt.timedelta = HEARTBEAT,
) -> Review:
    """Errors: as ``commanding.order`` would meet."""
    conditions = Conditions(now, heartbeat)
    targets = targeting.choose(session, person, loudspeaker_ids, chosen, conditions)
    targeting.require(session, person, action, targets)
    areas = Counter(each.area_id for each in targets)
    named = dict(session.execute(select(Area.id, Area.name).where(Area.id.in_(areas))).all())
    meant = _meant(person, loudspeaker_ids, chosen, conditions)
    away, playing = session.execute(
        select(_count(conditions.offline), _count(Loudspeaker.playing != "")).where(*meant)
    ).one()
    few = select(Loudspeaker.name).where(*meant).order_by(Loudspeaker.name, Loudspeaker.id)
    return Review(
        total=len(targets),
        places=tuple((named[area_id], count) for area_id, count in areas.most_common()),
        names=tuple(session.scalars(few)) if len(targets) <= NAMES else (),
        away=away or 0,
        playing=playing or 0,
    )


def again(
    session: Session,
    person: Person,
    bulk_id: int,
    *,
    wire: Wire,
    now: dt.datetime,
    heartbeat: dt.timedelta = HEARTBEAT,
) -> Bulk:
    """Order what failed or got no answer once more. Errors: NotFound, Forbidden, WrongState."""
    bulk = progress(session, person, bulk_id).bulk
    ids = failed(session, person, bulk)
    if not ids:
        raise WrongState(state=bulk.action.value, action="again")
    detail = {**bulk.detail, "retry_of": bulk.id}
    return commanding.order(
        session,
        person,
        wire=wire,
        action=bulk.action,
        detail=detail,
        loudspeaker_ids=ids,
        now=now,
        heartbeat=heartbeat,
    )


def failed(session: Session, person: Person, bulk: Bulk) -> list[int]:
    """The loudspeakers for which another try makes sense, of those the person may see."""
    if bulk.action is Action.VOLUME and "volume" not in bulk.detail:
        return []  # back to what each had: not one order
    query = (
        select(CommandOrder.loudspeaker_id)
        .join(Loudspeaker, Loudspeaker.id == CommandOrder.loudspeaker_id)
        .where(
            CommandOrder.bulk_id == bulk.id,
            CommandOrder.state.in_((CommandState.FAILED, CommandState.EXPIRED)),
            CommandOrder.code.not_in((SUPERSEDED, CANCELLED)),
            Loudspeaker.retired_at.is_(None),
            Loudspeaker.area_id.in_(permissions.visible(person)),
        )
    )
    return list(session.scalars(query.order_by(CommandOrder.loudspeaker_id)))


def cancel(session: Session, person: Person, bulk_id: int, *, now: dt.datetime) -> int:
    """Call back what has not left; returns for how many. Errors: NotFound, Forbidden."""
    bulk = progress(session, person, bulk_id).bulk
    queued = [CommandOrder.bulk_id == bulk_id, CommandOrder.state == CommandState.QUEUED]
    _require(session, person, bulk, queued)
    count = (
        _keep_volumes(session, queued, now) if bulk.action is Action.VOLUME else _drop(session, queued, now)
    )
    if count:
        audit.record(
            session,
            now=now,
            person_id=person.id,
            action="command.cancel",
            subject=f"bulk:{bulk_id}",
            count=count,
        )
        events.emit(session, now=now, kind="command", area_id=bulk.area_id, subject=bulk_id)
    return count


def _require(session: Session, person: Person, bulk: Bulk, queued: list[ColumnElement[bool]]) -> None:
    rows = select(CommandOrder.loudspeaker_id).where(*queued)
    targets = targeting.read(session, [Loudspeaker.id.in_(rows)])
    targeting.require(session, person, bulk.action, targets)


def _drop(session: Session, queued: list[ColumnElement[bool]], now: dt.datetime) -> int:
    """What the dispatcher has already taken goes its way."""
    ids = list(session.scalars(select(CommandOrder.id).where(*queued).distinct()))
    waiting = delete(OutboxMessage).where(OutboxMessage.order_id.in_(ids), OutboxMessage.claimed_by == "")
    gone = set(session.scalars(waiting.returning(OutboxMessage.order_id)))
    return _end(session, [*queued, CommandOrder.id.in_(gone)], now) if gone else 0


def _keep_volumes(session: Session, queued: list[ColumnElement[bool]], now: dt.datetime) -> int:
    """Where no desired state was planned since, the loudspeaker never hears of it."""
    unplanned = (
        select(CommandOrder.loudspeaker_id, CommandOrder.detail)
        .join(Loudspeaker, Loudspeaker.id == CommandOrder.loudspeaker_id)
        .where(*queued, Loudspeaker.desired_rev < CommandOrder.detail["rev"].as_integer())
    )
    before = {id_: int(detail["before"]) for id_, detail in session.execute(unplanned)}
    for volume in sorted(set(before.values())):
        theirs = [id_ for id_, level in before.items() if level == volume]
        session.execute(update(Loudspeaker).where(Loudspeaker.id.in_(theirs)).values(volume=volume))
    return _end(session, [*queued, CommandOrder.loudspeaker_id.in_(before)], now) if before else 0


def _end(session: Session, which: list[ColumnElement[bool]], now: dt.datetime) -> int:
    values = {"state": CommandState.FAILED, "code": CANCELLED, "done_at": now}
    ended = update(CommandOrder).where(*which).values(**values).returning(CommandOrder.loudspeaker_id)
    return len(session.scalars(ended.execution_options(synchronize_session=False)).all())


def _meant(
    person: Person, ids: Collection[int] | None, chosen: Filter | None, conditions: Conditions
) -> list[ColumnElement[bool]]:
    if ids is not None:
        return [Loudspeaker.id.in_(set(ids))]
    return [*fleet.where(person, chosen or Filter(), conditions), Loudspeaker.retired_at.is_(None)]


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((condition, 1), else_=0))
