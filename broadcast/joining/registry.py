"""The loudspeakers: entered with their keys, changed, taken out of service; and who may connect."""

from __future__ import annotations

import base64
import datetime as dt
import re
import secrets

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from broadcast.errors import AlreadyExists, EmptyTitle, InvalidCode, NotFound, ValueTooLong, WrongState
from broadcast.models import (
    Alarm,
    Area,
    AreaClosure,
    AsRun,
    AuditRow,
    Broadcast,
    CommandOrder,
    Delivery,
    JournalRow,
    Loudspeaker,
    Person,
    Role,
)
from broadcast.orders import commanding, outbox
from broadcast.orders.outbox import Urgency, Wire
from broadcast.speakers import alarms, boxes
from broadcast.storage import audit, events
from broadcast.storage.moments import to_ms
from broadcast.storage.pages import Page, cut
from broadcast.units import areas, permissions
from devices.broker import Account, hash_password
from devices.envelope import SigningKey
from devices.messages import Action, Desired, GuardPolicy, ItemState
from devices.speaker.identity import Identity

DEVICE = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,39}")
NAME_LIMIT = 120
PER_PAGE = 20
KEY_VALID = dt.timedelta(days=730)  # of a loudspeaker's own key
MOVED = "moved"
ACCOUNT_ACTIONS = (
    *(f"loudspeaker.{act}" for act in ("add", "renew", "retire", "move")),
    *(f"loudspeaker.{act}" for act in ("claim", "reclaim", "replace", "collect", "key")),
    "area.create",
    "area.move",
)


def add(
    session: Session,
    person: Person | None,
    *,
    wire: Wire,
    device: str,
    name: str,
    area_id: int,
    latitude: float | None = None,
    longitude: float | None = None,
    now: dt.datetime,
) -> Identity:
    """Enter a loudspeaker; the identity is for its box and is not kept here: it holds the private key.

    ``person`` None is the operator at the machine. Errors: UnknownArea, Forbidden, InvalidCode,
    AlreadyExists, EmptyTitle, ValueTooLong.
    """
    area = areas.get(session, area_id)
    if person is not None:
        permissions.require(person, Role.ADMIN, area, session)
    _check(session, device, name)
    key, password = SigningKey.generate(), secrets.token_urlsafe(32)
    loudspeaker = Loudspeaker(
        device=device,
        name=name.strip(),
        area_id=area.id,
        latitude=latitude,
        longitude=longitude,
        public_key=key.public,
        broker_hash=hash_password(password, secrets.token_bytes(12)),
        key_expires_at=now + KEY_VALID,
        created_at=now,
    )
    session.add(loudspeaker)
    session.flush()
    boxes.install(session, loudspeaker, now)
    tell(session, person, loudspeaker, "loudspeaker.add", now)
    return _identity(wire, device, password, key)


def renew(
    session: Session, person: Person | None, *, wire: Wire, loudspeaker_id: int, now: dt.datetime
) -> Identity:
    """New keys and a new password: the old identity is worthless from now on. Errors: NotFound, Forbidden."""
    loudspeaker = _owned(session, person, loudspeaker_id)
    session.refresh(loudspeaker, with_for_update=True)  # its box may be changing its key at this moment
    key, password = SigningKey.generate(), secrets.token_urlsafe(32)
    boxes.remove(session, loudspeaker, "renewed", now)
    loudspeaker.public_key, loudspeaker.previous_key = key.public, ""
    loudspeaker.key_expires_at = now + KEY_VALID
    boxes.install(session, loudspeaker, now)
    loudspeaker.broker_hash = hash_password(password, secrets.token_bytes(12))
    tell(session, person, loudspeaker, "loudspeaker.renew", now)
    return _identity(wire, loudspeaker.device, password, key)


def retire(
    session: Session, person: Person | None, *, wire: Wire, loudspeaker_id: int, now: dt.datetime
) -> Loudspeaker:
    """Take a loudspeaker out of service; what it played stays. Errors: NotFound, Forbidden."""
    loudspeaker = _owned(session, person, loudspeaker_id)
    if loudspeaker.retired_at is None:
        loudspeaker.retired_at, loudspeaker.online = now, False
        boxes.remove(session, loudspeaker, "retired", now)
        coming = select(Broadcast.id).where(Broadcast.start > now)
        theirs = update(Delivery).where(
            Delivery.loudspeaker_id == loudspeaker.id, Delivery.broadcast_id.in_(coming)
        )
        session.execute(theirs.values(state=ItemState.CANCELLED, reason="retired", updated_at=now))
        cursor = wire.topics.cursor(loudspeaker.device)
        outbox.put(session, wire, cursor, None, urgency=Urgency.DESIRED, now=now)
        _silence_for_good(session, wire, loudspeaker, now)
        alarms.end_of_loudspeaker(session, loudspeaker, now)
        tell(session, person, loudspeaker, "loudspeaker.retire", now)
    return loudspeaker


def _silence_for_good(session: Session, wire: Wire, loudspeaker: Loudspeaker, now: dt.datetime) -> None:
    """It holds its plan for days, and its connection ends in a moment: the last word is that it has none."""
    loudspeaker.desired_rev, loudspeaker.desired_sha256 = loudspeaker.desired_rev + 1, ""
    last = Desired(
        device=loudspeaker.device,
        epoch=loudspeaker.desired_epoch,
        rev=loudspeaker.desired_rev,
        issued_at=to_ms(now),
        groups=(),
        policy=GuardPolicy(),
        volume=loudspeaker.volume,
    )
    topic = wire.topics.desired(loudspeaker.device)
    outbox.put(session, wire, topic, last, urgency=Urgency.COMMAND, now=now)


def move(
    session: Session, person: Person | None, *, loudspeaker_id: int, area_id: int, now: dt.datetime
) -> Loudspeaker:
    """Hang a loudspeaker in another area; what it played stays, its accounts and its programme follow.

    Errors: NotFound, UnknownArea, Forbidden unless both areas are this person's, WrongState when retired.
    """
    loudspeaker = _owned(session, person, loudspeaker_id)
    area, before = areas.get(session, area_id), loudspeaker.area_id
    if person is not None:
        permissions.require(person, Role.ADMIN, area, session)
    if loudspeaker.retired_at is not None:
        raise WrongState(state="retired", action="move")
    if area.id == before:
        return loudspeaker
    loudspeaker.area_id = area.id
    _address_anew(session, loudspeaker, now)
    moved = update(Alarm).where(Alarm.loudspeaker_id == loudspeaker.id, Alarm.well_at.is_(None))
    session.execute(moved.values(area_id=area.id))
    events.emit(session, now=now, kind="loudspeaker", area_id=before, subject=loudspeaker.id)
    tell(session, person, loudspeaker, "loudspeaker.move", now, before=before, after=area.id)
    return loudspeaker


def tell(
    session: Session,
    person: Person | None,
    loudspeaker: Loudspeaker,
    action: str,
    now: dt.datetime,
    **detail: object,
) -> None:
    """Write down who did what to a loudspeaker, and show it on open pages."""
    audit.record(
        session,
        now=now,
        person_id=person.id if person else None,
        action=action,
        subject=f"loudspeaker:{loudspeaker.id}",
        device=loudspeaker.device,
        **detail,
    )
    events.emit(session, now=now, kind="loudspeaker", area_id=loudspeaker.area_id, subject=loudspeaker.id)


def _address_anew(session: Session, loudspeaker: Loudspeaker, now: dt.datetime) -> None:
    """What is coming in the area it left is not its own any more; what it left before may be again."""
    session.flush()
    above = areas.above(loudspeaker.area_id)
    coming = select(Broadcast.id).where(Broadcast.start > now)
    theirs = update(Delivery).where(Delivery.loudspeaker_id == loudspeaker.id)
    left = theirs.where(Delivery.broadcast_id.in_(coming.where(Broadcast.area_id.not_in(above))))
    session.execute(left.values(state=ItemState.CANCELLED, reason=MOVED, updated_at=now))
    back = theirs.where(
        Delivery.broadcast_id.in_(coming.where(Broadcast.area_id.in_(above))), Delivery.reason == MOVED
    )
    session.execute(back.values(state=ItemState.PLANNED, reason="", evidence=None, updated_at=now))


def set_volume(
    session: Session, person: Person, loudspeaker_id: int, volume: int, now: dt.datetime
) -> Loudspeaker:
    """Percent, before the loudspeaker's own cap; told with the next planning. Errors: NotFound, Forbidden."""
    loudspeaker = _owned(session, person, loudspeaker_id, Role.EDITOR)
    commanding.set_volume(session, person, volume=volume, loudspeaker_ids=[loudspeaker_id], now=now)
    session.refresh(loudspeaker)
    return loudspeaker


def command(
    session: Session, person: Person, *, wire: Wire, loudspeaker_id: int, action: Action, now: dt.datetime
) -> str:
    """Send one loudspeaker an order such as IDENTIFY or REPORT; returns the command's id.

    Errors: NotFound, Forbidden.
    """
    _owned(session, person, loudspeaker_id, Role.EDITOR)
    bulk = commanding.order(
        session, person, wire=wire, action=action, loudspeaker_ids=[loudspeaker_id], now=now
    )
    return session.scalars(select(CommandOrder.id).where(CommandOrder.bulk_id == bulk.id)).one()


def get(session: Session, person: Person, loudspeaker_id: int) -> Loudspeaker:
    """Errors: NotFound, also where the person may not look."""
    loudspeaker = session.get(Loudspeaker, loudspeaker_id)
    if loudspeaker is None or not permissions.may(person, Role.VIEWER, loudspeaker.area_id, session):
        raise NotFound(kind="loudspeaker", id=loudspeaker_id)
    return loudspeaker


def as_run(
    session: Session, person: Person, loudspeaker_id: int, page: int = 1, per_page: int = PER_PAGE
) -> Page[AsRun]:
    """What a loudspeaker played, newest first. Errors: NotFound."""
    get(session, person, loudspeaker_id)
    query = select(AsRun).where(AsRun.loudspeaker_id == loudspeaker_id)
    ordered = query.order_by(AsRun.planned_start.desc(), AsRun.id.desc())
    return cut(session, ordered, page, per_page)


def journal(
    session: Session, person: Person, loudspeaker_id: int, page: int = 1, per_page: int = PER_PAGE
) -> Page[JournalRow]:
    """What a loudspeaker wrote, word for word, the latest received first. Errors: NotFound."""
    get(session, person, loudspeaker_id)
    query = select(JournalRow).where(JournalRow.loudspeaker_id == loudspeaker_id)
    return cut(session, query.order_by(JournalRow.id.desc()), page, per_page)


def accounts_revision(session: Session, known: int = 0) -> int:
    """A number that grows whenever ``accounts`` may have changed; ``known`` spares looking at the past."""
    query = select(func.max(AuditRow.id)).where(AuditRow.id > known, AuditRow.action.in_(ACCOUNT_ACTIONS))
    return session.scalar(query) or known


def accounts(session: Session, wire: Wire) -> list[Account]:
    """Every loudspeaker in service: it reads itself and its areas, and writes only as itself."""
    chains: dict[int, list[str]] = {}
    query = select(AreaClosure.descendant_id, Area.code).join(Area, Area.id == AreaClosure.ancestor_id)
    for area_id, code in session.execute(query.order_by(AreaClosure.depth)):
        chains.setdefault(area_id, []).append(code)
    in_service = select(Loudspeaker.device, Loudspeaker.broker_hash, Loudspeaker.area_id).where(
        Loudspeaker.retired_at.is_(None)
    )
    return [
        Account(
            username=device,
            password_hash=broker_hash,
            reads=wire.topics.device_reads(device, chains[area_id]),
            writes=wire.topics.device_writes(device),
        )
        for device, broker_hash, area_id in session.execute(in_service.order_by(Loudspeaker.id))
    ]


def _identity(wire: Wire, device: str, password: str, key: SigningKey) -> Identity:
    return Identity(
        device=device,
        tenant=wire.topics.tenant,
        broker=wire.broker_url,
        password=password,
        private_key=base64.b64encode(key.private_bytes()).decode(),
        server_keys=wire.keys.current.public,
        server=wire.public_url,
    )


def _check(session: Session, device: str, name: str) -> None:
    if not DEVICE.fullmatch(device):
        raise InvalidCode(value=device)
    if not name.strip():
        raise EmptyTitle(field="name")
    if len(name) > NAME_LIMIT:
        raise ValueTooLong(field="name", count=len(name), limit=NAME_LIMIT)
    if session.scalar(select(Loudspeaker.id).where(Loudspeaker.device == device)) is not None:
        raise AlreadyExists(kind="loudspeaker", value=device)


def _owned(
    session: Session, person: Person | None, loudspeaker_id: int, role: Role = Role.ADMIN
) -> Loudspeaker:
    loudspeaker = session.get(Loudspeaker, loudspeaker_id)
    if loudspeaker is None:
        raise NotFound(kind="loudspeaker", id=loudspeaker_id)
    if person is not None:
        permissions.require(person, role, loudspeaker.area_id, session)
    return loudspeaker
