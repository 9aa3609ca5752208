"""How a box becomes a loudspeaker: it asks with its own key, an officer claims it, it gets its identity.

The private key never leaves the box. A code says which box is meant and nothing more: what became
of it is told only under a long secret name that the box alone knows.
"""

from __future__ import annotations

import datetime as dt
import secrets
import unicodedata
from dataclasses import dataclass, field

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, joinedload

from broadcast.enrolment_errors import ClaimGone, ClaimUnknown, EnrolmentFull
from broadcast.errors import Forbidden, InvalidInput
from broadcast.models import Area, Claim, Loudspeaker, Person, Role
from broadcast.orders.outbox import Wire
from broadcast.speakers import boxes
from broadcast.storage.moments import to_ms
from broadcast.units import permissions
from broadcast.units.passwords import fingerprint, new_token
from devices.broker import hash_password
from devices.enrolment import Ask, Granted
from devices.envelope import KeySet

from . import claim_codes, placing, registry
from .placing import Place
from .registry import KEY_VALID

CODE_VALID = dt.timedelta(minutes=15)
COLLECT_WITHIN = dt.timedelta(days=1)  # after the claim: the box may be off the net meanwhile
COLLECT_AGAIN = dt.timedelta(minutes=10)  # after the first time: the box may lose power before it is written
FORGET_AFTER = dt.timedelta(days=1)  # of codes that nobody claimed: strangers make them
MOST_WAITING = 500


@dataclass(frozen=True, slots=True)
class Asked:
    """What a new box is told: the code for people, the name it asks under, and how long both are good."""

    code: str
    poll: str = field(repr=False)
    expires_at: dt.datetime


def ask(session: Session, wanted: Ask, now: dt.datetime) -> Asked:
    """Let a box wait for an officer. Errors: InvalidInput, EnrolmentFull."""
    try:
        KeySet([wanted.public_key])
    except ValueError as error:
        raise InvalidInput(field="public_key") from error
    session.execute(delete(Claim).where(Claim.claimed_at.is_(None), Claim.expires_at < now - FORGET_AFTER))
    waiting = select(func.count(Claim.id)).where(Claim.claimed_at.is_(None), Claim.expires_at > now)
    if (session.scalar(waiting) or 0) >= MOST_WAITING:
        raise EnrolmentFull()
    poll = new_token()
    claim = Claim(
        code=_free_code(session),
        poll_sha256=fingerprint(poll),
        public_key=wanted.public_key,
        hardware=_plain(wanted.hardware, 80),
        serial=_plain(wanted.serial, 80),
        firmware=_plain(wanted.firmware, 40),
        created_at=now,
        expires_at=now + CODE_VALID,
    )
    session.add(claim)
    session.flush()  # not audited before somebody claims it: strangers must not lengthen that log
    return Asked(claim.code, poll, claim.expires_at)


def find(session: Session, person: Person, code: str, now: dt.datetime) -> Claim:
    """The box that shows this code now. Errors: Forbidden, ClaimUnknown."""
    if not permissions.visible_areas(session, person, Role.ADMIN):
        raise Forbidden(role=Role.ADMIN.value, area_id=None)
    claim = session.scalar(select(Claim).where(Claim.code == claim_codes.written(code)))
    if claim is None or claim.claimed_at is not None or claim.expires_at <= now:
        raise ClaimUnknown(value=claim_codes.written(code))
    return claim


def known_before(session: Session, person: Person, claim: Claim) -> Loudspeaker | None:
    """The loudspeaker that this box was before, told by its serial number: most likely it is again."""
    if not claim.serial:
        return None
    query = select(Loudspeaker).where(
        Loudspeaker.serial == claim.serial,
        Loudspeaker.retired_at.is_(None),
        Loudspeaker.area_id.in_(permissions.visible(person, Role.ADMIN)),
    )
    return session.scalar(query.order_by(Loudspeaker.id.desc()).limit(1))


def replaceable(session: Session, person: Person, most: int) -> list[Loudspeaker]:
    """The loudspeakers whose box this person may exchange, by area and name; at most so many of them."""
    query = (
        select(Loudspeaker)
        .join(Area)
        .where(
            Loudspeaker.retired_at.is_(None), Loudspeaker.area_id.in_(permissions.visible(person, Role.ADMIN))
        )
        .options(joinedload(Loudspeaker.area))
    )
    ordered = query.order_by(Area.code, Loudspeaker.name, Loudspeaker.id)
    return list(session.scalars(ordered.limit(most)))


def claim_new(session: Session, person: Person, code: str, place: Place, now: dt.datetime) -> Loudspeaker:
    """A box that hangs where none was. Errors: Forbidden, ClaimUnknown, UnknownArea, EmptyTitle, …"""
    claim = _held(session, person, code, now)
    loudspeaker = Loudspeaker(device=_free_device(session), public_key="", broker_hash="", created_at=now)
    placing.put(session, person, loudspeaker, place)
    session.add(loudspeaker)
    _take_over(session, person, claim, loudspeaker, action="loudspeaker.claim", now=now)
    return loudspeaker


def claim_replacement(
    session: Session,
    person: Person,
    code: str,
    loudspeaker_id: int,
    *,
    now: dt.datetime,
    photo_sha256: str = "",
) -> Loudspeaker:
    """A box in the place of another: name, place and history stay, the old key and password are dead.

    Errors: Forbidden, ClaimUnknown, NotFound, WrongState for one that is retired.
    """
    claim = _held(session, person, code, now)
    loudspeaker = placing.owned(session, person, loudspeaker_id)
    again = bool(claim.serial) and claim.serial == loudspeaker.serial
    boxes.remove(session, loudspeaker, "claimed_again" if again else "replaced", now)
    loudspeaker.online, loudspeaker.report = False, {}
    loudspeaker.photo_sha256 = photo_sha256 or loudspeaker.photo_sha256
    action = "loudspeaker.reclaim" if again else "loudspeaker.replace"
    _take_over(session, person, claim, loudspeaker, action=action, now=now)
    return loudspeaker


def is_waiting(session: Session, poll: str, now: dt.datetime) -> bool:
    """Whether no officer has claimed the box of this name yet; it only reads. Errors: ClaimGone."""
    claim = session.scalar(select(Claim).where(Claim.poll_sha256 == fingerprint(poll)))
    if claim is None or _is_over(claim, now):
        raise ClaimGone()
    return claim.loudspeaker_id is None


def collect(session: Session, poll: str, *, wire: Wire, now: dt.datetime) -> Granted | None:
    """What the waiting box asks for; None while no officer has claimed it.

    Every time it is a new password: none is kept that somebody could read later. Errors: ClaimGone.
    """
    wanted = select(Claim).where(Claim.poll_sha256 == fingerprint(poll))
    claim = session.scalar(wanted.with_for_update())
    if claim is None or _is_over(claim, now):
        raise ClaimGone()
    if claim.loudspeaker_id is None:
        return None
    loudspeaker = session.get_one(
        Loudspeaker, claim.loudspeaker_id, with_for_update=True, populate_existing=True
    )
    if loudspeaker.retired_at is not None or loudspeaker.public_key != claim.public_key:
        raise ClaimGone()
    password = new_password(loudspeaker)
    claim.done_at = claim.done_at or now
    registry.tell(session, None, loudspeaker, "loudspeaker.collect", now, claim=claim.id)
    return Granted(
        public_key=claim.public_key,
        device=loudspeaker.device,
        tenant=wire.topics.tenant,
        broker=wire.broker_url,
        password=password,
        server_keys=wire.keys.current.public,
        server=wire.public_url,
        key_expires=to_ms(loudspeaker.key_expires_at) if loudspeaker.key_expires_at else 0,
    )


def latest_claim(session: Session, loudspeaker_id: int) -> Claim | None:
    """The claim by which the present box came to its place."""
    query = select(Claim).where(Claim.loudspeaker_id == loudspeaker_id)
    return session.scalar(query.order_by(Claim.claimed_at.desc(), Claim.id.desc()).limit(1))


def new_password(loudspeaker: Loudspeaker) -> str:
    """For the broker; only its hash is kept."""
    password = secrets.token_urlsafe(32)
    loudspeaker.broker_hash = hash_password(password, secrets.token_bytes(12))
    return password


def _held(session: Session, person: Person, code: str, now: dt.datetime) -> Claim:
    """The box of this code, for this officer alone: two who claim it at once do so one after the other."""
    session.execute(select(Claim.id).where(Claim.code == claim_codes.written(code)).with_for_update())
    claim = find(session, person, code, now)
    session.refresh(claim)
    if claim.claimed_at is not None:
        raise ClaimUnknown(value=claim.code)
    return claim


def _take_over(
    session: Session,
    person: Person,
    claim: Claim,
    loudspeaker: Loudspeaker,
    *,
    action: str,
    now: dt.datetime,
) -> None:
    loudspeaker.public_key, loudspeaker.previous_key = claim.public_key, ""
    loudspeaker.key_expires_at = now + KEY_VALID
    loudspeaker.hardware, loudspeaker.serial = claim.hardware, claim.serial
    new_password(loudspeaker)  # nobody has it: the old one is dead, the box's comes when it asks
    session.flush()
    boxes.install(session, loudspeaker, now)
    claim.claimed_at, claim.claimed_by, claim.loudspeaker_id = now, person.id, loudspeaker.id
    key = fingerprint(loudspeaker.public_key)[:16]
    box = {"hardware": claim.hardware, "serial": claim.serial, "key": key}
    registry.tell(session, person, loudspeaker, action, now, claim=claim.id, **box)


def _is_over(claim: Claim, now: dt.datetime) -> bool:
    if claim.claimed_at is None:
        return claim.expires_at <= now
    if claim.done_at is None:
        return now > claim.claimed_at + COLLECT_WITHIN
    return now > claim.done_at + COLLECT_AGAIN


def _free_code(session: Session) -> str:
    while True:
        code = claim_codes.new()
        if session.scalar(select(Claim.id).where(Claim.code == code)) is None:
            return code


def _free_device(session: Session) -> str:
    """The next name; whoever claims at the same moment waits here until this one is taken."""
    roots = select(Area.id).where(Area.parent_id.is_(None)).order_by(Area.id)
    session.execute(roots.with_for_update(key_share=True))
    number = (session.scalar(select(func.max(Loudspeaker.id))) or 0) + 1
    while session.scalar(select(Loudspeaker.id).where(Loudspeaker.device == f"loa-{number:04}")) is not None:
        number += 1
    return f"loa-{number:04}"


def _plain(text: str, limit: int) -> str:
    """What a stranger wrote, without what could play tricks on a page or a terminal.

    Cut once more: some signs become three when they are put together.
    """
    return "".join(sign for sign in unicodedata.normalize("NFC", text) if sign.isprintable())[:limit].strip()
