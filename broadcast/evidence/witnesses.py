"""The strongest proof: somebody stood below the horn and heard it."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from broadcast.errors import NotFound, WrongState
from broadcast.models import Broadcast, Delivery, Loudspeaker, Person, Role, Witness
from broadcast.storage import audit
from broadcast.units import permissions
from devices.messages import Evidence

from . import airlog


def testify(
    session: Session, person: Person, *, broadcast_id: int, loudspeaker_id: int, now: dt.datetime
) -> Witness:
    """Note that the person heard it; the first word stays. Errors: NotFound, Forbidden, WrongState."""
    delivery = _addressed(session, person, broadcast_id, loudspeaker_id)
    broadcast = delivery.broadcast
    if now < broadcast.start:
        raise WrongState(kind="broadcast", id=broadcast.id, state="planned", action="witness")
    known = of(session, broadcast, loudspeaker_id)
    if known is not None:
        return known
    witness = Witness(
        loudspeaker_id=loudspeaker_id,
        occurrence=broadcast.occurrence,
        person_id=person.id,
        at=now,
        before=delivery.evidence or 0,
    )
    session.add(witness)
    delivery.evidence, delivery.updated_at = int(Evidence.HUMAN), now
    _tell(session, person, witness, "witness.add", now)
    return witness


def retract(
    session: Session, person: Person, *, broadcast_id: int, loudspeaker_id: int, now: dt.datetime
) -> None:
    """Take one's own word back. Errors: NotFound, also of another's word; Forbidden."""
    delivery = _addressed(session, person, broadcast_id, loudspeaker_id)
    known = of(session, delivery.broadcast, loudspeaker_id)
    if known is None or known.person_id != person.id:
        raise NotFound(kind="witness", id=loudspeaker_id)
    session.delete(known)
    delivery.evidence, delivery.updated_at = known.before, now
    _tell(session, person, known, "witness.retract", now)


def of(session: Session, broadcast: Broadcast, loudspeaker_id: int) -> Witness | None:
    query = select(Witness).where(
        Witness.loudspeaker_id == loudspeaker_id, Witness.occurrence == broadcast.occurrence
    )
    return session.scalar(query.options(joinedload(Witness.person)))


def _addressed(session: Session, person: Person, broadcast_id: int, loudspeaker_id: int) -> Delivery:
    """What this loudspeaker was to play, if the person works where it hangs."""
    meant = Delivery.broadcast_id == broadcast_id, Delivery.loudspeaker_id == loudspeaker_id
    query = select(Delivery).where(*meant).options(joinedload(Delivery.broadcast))
    delivery = session.scalar(query)
    if delivery is None:
        raise NotFound(kind="delivery", id=loudspeaker_id)
    loudspeaker = session.get_one(Loudspeaker, loudspeaker_id)
    permissions.require(person, Role.EDITOR, loudspeaker.area_id, session)
    return delivery


def _tell(session: Session, person: Person, witness: Witness, action: str, now: dt.datetime) -> None:
    """Have the proof folded again, and note who said what."""
    session.flush()
    airlog.update(session, {(witness.loudspeaker_id, witness.occurrence)}, now)
    subject = f"loudspeaker:{witness.loudspeaker_id}"
    audit.record(
        session,
        now=now,
        person_id=person.id,
        action=action,
        subject=subject,
        occurrence=witness.occurrence,
    )
