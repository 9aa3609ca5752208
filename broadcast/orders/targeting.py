"""Which loudspeakers an order is for, and whether they are one area."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from broadcast.errors import Forbidden, NoLoudspeakers, NotFound
from broadcast.models import Area, AreaClosure, Loudspeaker, Person, Role
from broadcast.speakers import fleet
from broadcast.speakers.conditions import Conditions
from broadcast.speakers.fleet import Filter
from broadcast.units import areas, permissions
from devices.messages import Action

ROLES = {
    Action.STOP: Role.URGENT,
    Action.SILENCE: Role.URGENT,
    Action.RELEASE: Role.URGENT,
    Action.REBOOT: Role.ADMIN,
}


@dataclass(frozen=True, slots=True)
class Target:
    """A loudspeaker that is meant."""

    id: int
    device: str
    area_id: int
    volume: int


def choose(
    session: Session,
    person: Person,
    ids: Collection[int] | None,
    chosen: Filter | None,
    conditions: Conditions,
) -> list[Target]:
    if ids is not None:
        return by_id(session, person, ids)
    where = fleet.where(person, chosen or Filter(), conditions)
    found = [*where, Loudspeaker.retired_at.is_(None)]
    targets = read(session, found)
    if not targets:
        raise NoLoudspeakers()
    return targets


def by_id(session: Session, person: Person, ids: Collection[int]) -> list[Target]:
    wanted = set(ids)
    mine = Loudspeaker.area_id.in_(permissions.visible(person))
    targets = read(session, [Loudspeaker.id.in_(wanted), mine, Loudspeaker.retired_at.is_(None)])
    missing = wanted - {each.id for each in targets}
    if missing:
        raise NotFound(kind="loudspeaker", id=min(missing))
    if not targets:
        raise NoLoudspeakers()
    return targets


def read(session: Session, where: Sequence[Any]) -> list[Target]:
    session.flush()
    columns = (Loudspeaker.id, Loudspeaker.device, Loudspeaker.area_id, Loudspeaker.volume)
    query = select(*columns).where(*where).order_by(Loudspeaker.id)
    return [Target(*values) for values in session.execute(query)]


def require(session: Session, person: Person, action: Action, targets: Sequence[Target]) -> None:
    role = ROLES.get(action, Role.EDITOR)
    allowed = permissions.visible_areas(session, person, role)
    refused = {each.area_id for each in targets} - allowed
    if refused:
        raise Forbidden(role=role.value, area_id=min(refused))


def exact_area(session: Session, targets: Sequence[Target]) -> Area | None:
    """The smallest area whose loudspeakers in service are these and no other."""
    places = {each.area_id for each in targets}
    common = (
        select(AreaClosure.ancestor_id)
        .where(AreaClosure.descendant_id.in_(places))
        .group_by(AreaClosure.ancestor_id)
        .having(func.count() == len(places))
    )
    query = select(Area).where(Area.id.in_(common)).order_by(Area.level.desc())
    area = session.scalars(query.limit(1)).first()
    if area is None:
        return None
    count = session.scalar(select(func.count()).select_from(members(area.id).subquery()))
    return area if count == len(targets) else None


def members(area_id: int) -> Any:
    return select(Loudspeaker.id).where(
        Loudspeaker.area_id.in_(areas.below(area_id)), Loudspeaker.retired_at.is_(None)
    )
