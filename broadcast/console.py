"""What the operator at the machine may ask without being signed in: whoever reads the data folder may."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from .errors import NotFound
from .models import Grant, Loudspeaker, OutboxMessage, Person


def person(session: Session, username: str) -> Person:
    """The person who acts. Errors: NotFound."""
    found = session.scalar(select(Person).where(Person.username == username.strip().lower()))
    if found is None:
        raise NotFound(kind="person", id=username)
    return found


def everyone(session: Session) -> list[Person]:
    query = (
        select(Person).options(selectinload(Person.grants).joinedload(Grant.area)).order_by(Person.username)
    )
    return list(session.scalars(query))


def loudspeaker(session: Session, device: str) -> Loudspeaker:
    """A loudspeaker by its id on the wire. Errors: NotFound."""
    found = session.scalar(select(Loudspeaker).where(Loudspeaker.device == device))
    if found is None:
        raise NotFound(kind="loudspeaker", id=device)
    return found


def loudspeakers(session: Session) -> list[Loudspeaker]:
    query = select(Loudspeaker).where(Loudspeaker.retired_at.is_(None)).options(joinedload(Loudspeaker.area))
    return list(session.scalars(query.order_by(Loudspeaker.device)))


def orders_waiting(session: Session) -> int:
    """Orders that have not left yet; few while a broker is connected."""
    return session.scalar(select(func.count()).select_from(OutboxMessage)) or 0
