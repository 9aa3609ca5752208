"""A loudspeaker replaces its own key before it ends: asked over HTTP, sealed with the key it has so far.

Until the new key was used the old one counts too, and the same question gives the same answer with
another password: a box that loses power at any moment finds a way to go on.
"""

from __future__ import annotations

import datetime as dt
import hashlib

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.enrolment_errors import KeyRefused
from broadcast.errors import NotFound
from broadcast.models import Loudspeaker
from broadcast.speakers import boxes
from broadcast.storage import audit, events
from broadcast.storage.moments import to_ms
from broadcast.units.passwords import fingerprint
from devices.enrolment import NewKey
from devices.envelope import KeySet, is_proved, open_key_request
from devices.errors import OrderRejected
from devices.messages import KeyRequest

from . import enrolment
from .registry import KEY_VALID

FRESH_MS = 10 * 60_000  # how far the asker's clock may be off; an older question may be a copy


def replace_key(session: Session, device: str, body: bytes, now: dt.datetime) -> NewKey:
    """Let the key in ``body`` take over; the answer names these bytes. Errors: NotFound, KeyRefused."""
    wanted = select(Loudspeaker).where(Loudspeaker.device == device, Loudspeaker.retired_at.is_(None))
    loudspeaker = session.scalar(wanted.with_for_update())
    if loudspeaker is None:
        raise NotFound(kind="loudspeaker", id=device)
    used, request = _opened(loudspeaker, body)
    _check(loudspeaker, request, now)
    if request.public_key != loudspeaker.public_key:
        loudspeaker.public_key, loudspeaker.previous_key = request.public_key, used
        boxes.note_key(session, loudspeaker)
    loudspeaker.key_expires_at = now + KEY_VALID
    password = enrolment.new_password(loudspeaker)
    audit.record(
        session,
        now=now,
        person_id=None,
        action="loudspeaker.key",
        subject=f"loudspeaker:{loudspeaker.id}",
        device=device,
        key=fingerprint(loudspeaker.public_key)[:16],
    )
    events.emit(session, now=now, kind="loudspeaker", area_id=loudspeaker.area_id, subject=loudspeaker.id)
    return NewKey(
        device=device,
        request=hashlib.sha256(body).hexdigest(),
        password=password,
        key_expires=to_ms(loudspeaker.key_expires_at),
    )


def _opened(loudspeaker: Loudspeaker, body: bytes) -> tuple[str, KeyRequest]:
    """The question, and the key that the box surely has: the one it sealed the question with."""
    for key in filter(None, (loudspeaker.public_key, loudspeaker.previous_key)):
        try:
            return key, open_key_request(body, KeySet([key]))
        except OrderRejected:
            continue
    raise KeyRefused(why="signature")


def _check(loudspeaker: Loudspeaker, request: KeyRequest, now: dt.datetime) -> None:
    if request.device != loudspeaker.device or not is_proved(request):
        raise KeyRefused(why="proof")
    if abs(to_ms(now) - request.at) > FRESH_MS:
        raise KeyRefused(why="stale")
    if loudspeaker.key_expires_at is not None and loudspeaker.key_expires_at <= now:
        raise KeyRefused(why="ended")
