"""Who may do what where: a grant holds in its area and everything below it."""

from __future__ import annotations

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from broadcast.errors import Forbidden
from broadcast.models import Area, AreaClosure, Grant, Person, Role


def may(person: Person, role: Role, area: Area | int, session: Session) -> bool:
    """Whether ``person`` holds ``role`` in ``area``; to look (VIEWER), any role suffices."""
    area_id = area if isinstance(area, int) else area.id
    query = (
        select(Grant.id)
        .join(AreaClosure, AreaClosure.ancestor_id == Grant.area_id)
        .join(Person, Person.id == Grant.person_id)
        .where(Person.id == person.id, Person.active, AreaClosure.descendant_id == area_id)
        .limit(1)
    )
    if role is not Role.VIEWER:
        query = query.where(Grant.role == role)
    return session.scalar(query) is not None


def require(person: Person, role: Role, area: Area | int, session: Session) -> None:
    """Refuse (Forbidden) unless ``person`` holds ``role`` in ``area`` or above."""
    if not may(person, role, area, session):
        raise Forbidden(role=role.value, area_id=area if isinstance(area, int) else area.id)


def visible(person: Person, role: Role = Role.VIEWER) -> Select[int]:
    """The ids of the areas where ``person`` holds ``role``, as a subquery for larger queries."""
    query = (
        select(AreaClosure.descendant_id)
        .join(Grant, Grant.area_id == AreaClosure.ancestor_id)
        .join(Person, Person.id == Grant.person_id)
        .where(Person.id == person.id, Person.active)
        .distinct()
    )
    return query if role is Role.VIEWER else query.where(Grant.role == role)


def visible_areas(session: Session, person: Person, role: Role = Role.VIEWER) -> set[int]:
    return set(session.scalars(visible(person, role)))


def roles_by_area(session: Session, person: Person) -> dict[int, set[Role]]:
    """What ``person`` may do, in every area where that is anything."""
    query = (
        select(AreaClosure.descendant_id, Grant.role)
        .join(Grant, Grant.area_id == AreaClosure.ancestor_id)
        .join(Person, Person.id == Grant.person_id)
        .where(Person.id == person.id, Person.active)
    )
    found: dict[int, set[Role]] = {}
    for area_id, role in session.execute(query):
        found.setdefault(area_id, set()).add(role)
    return found


def roles_in(session: Session, person: Person, area: Area | int) -> set[Role]:
    """What ``person`` may do in ``area``: for pages that show only what is allowed."""
    area_id = area if isinstance(area, int) else area.id
    query = (
        select(Grant.role)
        .join(AreaClosure, AreaClosure.ancestor_id == Grant.area_id)
        .join(Person, Person.id == Grant.person_id)
        .where(Person.id == person.id, Person.active, AreaClosure.descendant_id == area_id)
    )
    return set(session.scalars(query))
