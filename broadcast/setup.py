"""The first start: a one-time link lets its holder make the commune and the first administrator."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from .errors import AlreadyExists, AlreadySetUp
from .models import Agency, AreaKind, Grant, LinkPurpose, OneTimeLink, Person, Role
from .storage import audit
from .storage.database import take_turn
from .units import areas, people

TURN = 0x7474_0005
VALID = dt.timedelta(hours=24)
FIRST_ROLES = (Role.ADMIN, Role.EDITOR, Role.APPROVER, Role.URGENT)


def needs_setup(session: Session) -> bool:
    """True while nobody can administer."""
    query = (
        select(Grant.id)
        .join(Person, Person.id == Grant.person_id)
        .where(Grant.role == Role.ADMIN, Person.active)
        .limit(1)
    )
    return session.scalar(query) is None


def ensure_setup_link(session: Session, now: dt.datetime, *, renew: bool = False) -> str | None:
    """A token to print while nobody can administer; None when there is no need or one is still open.

    ``renew`` voids an open link and makes another: for the operator who lost the first.
    """
    take_turn(session, TURN)
    if not needs_setup(session):
        return None
    still_open = (OneTimeLink.purpose == LinkPurpose.SETUP) & OneTimeLink.used_at.is_(None)
    if renew:
        session.execute(update(OneTimeLink).where(still_open).values(used_at=now))
    elif session.scalar(select(OneTimeLink.id).where(still_open, OneTimeLink.expires_at > now)) is not None:
        return None
    return people.issue_link(session, purpose=LinkPurpose.SETUP, person_id=None, now=now, valid=VALID)


def set_up(
    session: Session,
    token: str,
    *,
    commune: str,
    code: str,
    villages: Sequence[str],
    name: str,
    username: str,
    password: str,
    now: dt.datetime,
) -> Person:
    """Make the commune, its villages, its issuing agency and the first administrator.

    Errors: LinkInvalid, LinkUsed, LinkExpired, AlreadySetUp, and those of areas and people.
    """
    take_turn(session, TURN)
    people.redeem_link(session, token, now, purpose=LinkPurpose.SETUP)
    if not needs_setup(session):
        raise AlreadySetUp()
    root = areas.create(session, code=code, name=commune, kind=AreaKind.COMMUNE, parent_id=None, now=now)
    for number, village in enumerate(_distinct(villages), start=1):
        areas.create(
            session,
            code=f"{code}.{number:02}",
            name=village,
            kind=AreaKind.VILLAGE,
            parent_id=root.id,
            now=now,
        )
    session.add(Agency(code=code, name=f"Ủy ban nhân dân {commune.strip()}", area_id=root.id))
    person = people.create_person(session, username=username, name=name, password=password, now=now)
    for role in FIRST_ROLES:
        people.grant(session, person, role, root.id, now=now, by=person.id)
    audit.record(
        session, now=now, person_id=person.id, action="setup.done", subject=f"area:{root.id}", code=code
    )
    return person


def _distinct(villages: Sequence[str]) -> list[str]:
    names = [name.strip() for name in villages if name.strip()]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise AlreadyExists(kind="village", value=twice)
    return names
