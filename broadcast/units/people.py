"""People: who they are, how they sign in, and what they are granted."""

from __future__ import annotations

import datetime as dt
import re

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, selectinload

from broadcast.errors import (
    AlreadyExists,
    BadCredentials,
    EmptyTitle,
    InvalidUsername,
    LastAdministrator,
    LinkExpired,
    LinkInvalid,
    LinkUsed,
    NotFound,
    TooManyAttempts,
    ValueTooLong,
)
from broadcast.models import Grant, LinkPurpose, OneTimeLink, Person, Role, SignInFailure
from broadcast.storage import audit
from broadcast.storage.upsert import insert_new

from . import areas, permissions
from .passwords import fingerprint, hash_password, matches, new_token, outdated

USERNAME = re.compile(r"[a-z0-9][a-z0-9._@-]{1,79}")
NAME_LIMIT = 120
FREE_TRIES = 5  # then each failure doubles the wait
LONGEST_WAIT_S = 60  # short enough that nobody can lock another out for long
FORGET_AFTER = dt.timedelta(hours=1)


def create_person(
    session: Session,
    *,
    username: str,
    name: str,
    now: dt.datetime,
    password: str | None = None,
    title: str = "",
    language: str = "vi",
    by: int | None = None,
) -> Person:
    """Add a person; without ``password`` they choose one through an invitation link."""
    username = username.strip().lower()
    if not USERNAME.fullmatch(username):
        raise InvalidUsername(value=username)
    if not name.strip():
        raise EmptyTitle(field="name")
    for field, value in (("name", name), ("title", title)):
        if len(value) > NAME_LIMIT:
            raise ValueTooLong(field=field, count=len(value), limit=NAME_LIMIT)
    if session.scalar(select(Person.id).where(Person.username == username)) is not None:
        raise AlreadyExists(kind="person", value=username)
    person = Person(
        username=username,
        name=name.strip(),
        title=title.strip(),
        language=language,
        password_hash=None if password is None else hash_password(password, username),
        created_at=now,
    )
    session.add(person)
    session.flush()
    audit.record(
        session,
        now=now,
        person_id=by,
        action="person.create",
        subject=f"person:{person.id}",
        username=username,
    )
    return person


def get_person(session: Session, person_id: int) -> Person:
    """Errors: NotFound."""
    person = session.get(Person, person_id)
    if person is None:
        raise NotFound(kind="person", id=person_id)
    return person


def set_password(
    session: Session, person: Person, password: str, now: dt.datetime, *, by: int | None = None
) -> None:
    """Every session that is open elsewhere ends."""
    person.password_hash = hash_password(password, person.username)
    person.session_epoch += 1
    session.flush()
    audit.record(
        session, now=now, person_id=by or person.id, action="person.password", subject=f"person:{person.id}"
    )


def end_sessions(session: Session, person: Person, now: dt.datetime, *, by: int | None = None) -> None:
    person.session_epoch += 1
    session.flush()
    audit.record(
        session, now=now, person_id=by or person.id, action="person.sign_out", subject=f"person:{person.id}"
    )


def set_active(
    session: Session, person: Person, active: bool, now: dt.datetime, *, by: int | None = None
) -> None:
    """An inactive person keeps their history, may do nothing and is signed out."""
    if not active and permissions_lost(session, person):
        raise LastAdministrator()
    person.active = active
    person.session_epoch += 1
    session.flush()
    action = "person.activate" if active else "person.deactivate"
    audit.record(session, now=now, person_id=by, action=action, subject=f"person:{person.id}")


def authenticate(session: Session, username: str, password: str, now: dt.datetime) -> Person:
    """Errors: BadCredentials (counted), TooManyAttempts while the wait lasts; neither tells who exists."""
    username = username.strip().lower()[:80]
    failure = _failure_of(session, username, now)
    wait = _wait_s(failure, now)
    if wait > 0:
        raise TooManyAttempts(wait_s=round(wait, 1))
    person = session.scalar(select(Person).where(Person.username == username))
    right = matches(password, person.password_hash if person is not None else None)
    if person is None or not right or not person.active:
        failure.count, failure.last_at = failure.count + 1, now
        session.flush()
        raise BadCredentials()
    session.delete(failure)
    if outdated(person.password_hash or ""):
        person.password_hash = hash_password(password, username)
    audit.record(
        session, now=now, person_id=person.id, action="person.sign_in", subject=f"person:{person.id}"
    )
    return person


def grant(
    session: Session, person: Person, role: Role, area_id: int, *, now: dt.datetime, by: int | None = None
) -> Grant:
    """Give ``role`` in the area and everything below it; giving it twice changes nothing."""
    areas.get(session, area_id)
    found = _grant_of(session, person, role, area_id)
    if found is not None:
        return found
    made = Grant(person_id=person.id, area_id=area_id, role=role)
    session.add(made)
    session.flush()
    session.expire(person, ["grants"])
    detail = {"role": role.value, "area_id": area_id}
    audit.record(
        session, now=now, person_id=by, action="person.grant", subject=f"person:{person.id}", **detail
    )
    return made


def revoke(
    session: Session, person: Person, role: Role, area_id: int, *, now: dt.datetime, by: int | None = None
) -> None:
    """Take ``role`` away; the last administrator cannot be taken away (LastAdministrator)."""
    found = _grant_of(session, person, role, area_id)
    if found is None:
        return
    if role is Role.ADMIN and permissions_lost(session, person):
        raise LastAdministrator()
    session.delete(found)
    session.flush()
    session.expire(person, ["grants"])
    detail = {"role": role.value, "area_id": area_id}
    audit.record(
        session, now=now, person_id=by, action="person.revoke", subject=f"person:{person.id}", **detail
    )


def permissions_lost(session: Session, person: Person) -> bool:
    """Whether no other active person administers anything."""
    others = (
        select(func.count(Grant.id))
        .join(Person, Person.id == Grant.person_id)
        .where(Grant.role == Role.ADMIN, Person.active, Person.id != person.id)
    )
    mine = select(Grant.id).where(Grant.role == Role.ADMIN, Grant.person_id == person.id).limit(1)
    return session.scalar(mine) is not None and not session.scalar(others)


def list_people(session: Session, person: Person) -> list[Person]:
    """Those who hold a grant in an area that ``person`` sees, by name, with their grants loaded."""
    seen = permissions.visible(person)
    query = (
        select(Person)
        .where(Person.id.in_(select(Grant.person_id).where(Grant.area_id.in_(seen))))
        .options(selectinload(Person.grants).joinedload(Grant.area))
        .order_by(Person.name, Person.id)
    )
    return list(session.scalars(query))


def issue_link(
    session: Session, *, purpose: LinkPurpose, person_id: int | None, now: dt.datetime, valid: dt.timedelta
) -> str:
    """A new one-time token; it is returned once and only its hash is kept."""
    token = new_token()
    link = OneTimeLink(
        token_sha256=fingerprint(token), purpose=purpose, person_id=person_id, expires_at=now + valid
    )
    session.add(link)
    session.flush()
    audit.record(
        session,
        now=now,
        person_id=None,
        action="link.issue",
        subject=f"link:{link.id}",
        purpose=purpose.value,
    )
    return token


def peek_link(session: Session, token: str, now: dt.datetime) -> OneTimeLink:
    """The link without using it up, for the page that asks for the new password."""
    link = session.scalar(select(OneTimeLink).where(OneTimeLink.token_sha256 == fingerprint(token)))
    if link is None:
        raise LinkInvalid()
    if link.used_at is not None:
        raise LinkUsed()
    if link.expires_at <= now:
        raise LinkExpired()
    return link


def redeem_link(
    session: Session, token: str, now: dt.datetime, *, purpose: LinkPurpose | None = None
) -> OneTimeLink:
    """Use a link up. Errors: LinkInvalid, LinkUsed, LinkExpired."""
    link = peek_link(session, token, now)
    if purpose is not None and link.purpose is not purpose:
        raise LinkInvalid()
    taken = (
        update(OneTimeLink)
        .where(OneTimeLink.id == link.id, OneTimeLink.used_at.is_(None))
        .values(used_at=now)
        .returning(OneTimeLink.id)
    )
    if session.scalar(taken) is None:
        raise LinkUsed()
    audit.record(
        session,
        now=now,
        person_id=link.person_id,
        action="link.redeem",
        subject=f"link:{link.id}",
        purpose=link.purpose.value,
    )
    return link


def _grant_of(session: Session, person: Person, role: Role, area_id: int) -> Grant | None:
    query = select(Grant).where(Grant.person_id == person.id, Grant.role == role, Grant.area_id == area_id)
    return session.scalar(query)


def _wait_s(failure: SignInFailure, now: dt.datetime) -> float:
    if failure.count < FREE_TRIES:
        return 0.0
    wait = float(min(2 ** (failure.count - FREE_TRIES), LONGEST_WAIT_S))
    return wait - (now - failure.last_at).total_seconds()


def _failure_of(session: Session, username: str, now: dt.datetime) -> SignInFailure:
    """The failures so far, held until the commit: guesses at the same time are counted one by one."""
    session.execute(insert_new(session, SignInFailure).values(username=username, count=0, last_at=now))
    failure = session.get_one(SignInFailure, username, with_for_update=True, populate_existing=True)
    if now - failure.last_at > FORGET_AFTER:
        failure.count = 0
    return failure
