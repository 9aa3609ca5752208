"""A loudspeaker replaces its own key before it ends: asked over HTTP, sealed with the key it has so far.

Until the new key was used the old one counts too, and the same question gives the same answer with
another password: a box that loses power at any moment finds a way to go on.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from devices.enrolment import NewKey
from devices.envelope import KeySet, is_proved, open_key_request
from devices.errors import OrderRejected
from devices.messages import KeyRequest

from . import audit, boxes, enrolment, events
from .enrolment_errors import KeyRefused
from .errors import NotFound
from .models import Loudspeaker
from .moments import to_ms
from .passwords import fingerprint
from .registry import KEY_VALID

FRESH_MS = 10 * 60_000  # how far the asker's clock may be off; an older question may be a copy


def replace_key(session: Session, device: str, body: bytes, now: dt.datetime) -> NewKey:
    """Let the key in ``body`` take over. Errors: NotFound, KeyRefused."""
    wanted = select(Loudspeaker).where(Loudspeaker.device == device, Loudspeaker.retired_at.is_(None))
    loudspeaker = session.scalar(wanted.with_for_update())
    if loudspeaker is None:
        raise NotFound(kind="loudspeaker", id=device)
    request = _checked(loudspeaker, body, now)
    if request.public_key != loudspeaker.public_key:
        # An old key that was never followed up stays the one before: the box has no other.
        loudspeaker.previous_key = loudspeaker.previous_key or loudspeaker.public_key
        loudspeaker.public_key = request.public_key
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
    return NewKey(password=password, key_expires=to_ms(loudspeaker.key_expires_at))


def _checked(loudspeaker: Loudspeaker, body: bytes, now: dt.datetime) -> KeyRequest:
    known = [key for key in (loudspeaker.public_key, loudspeaker.previous_key) if key]
    try:
        request = open_key_request(body, KeySet(known))
    except OrderRejected as error:
        raise KeyRefused(why="signature") from error
    if request.device != loudspeaker.device or not is_proved(request):
        raise KeyRefused(why="proof")
    if abs(to_ms(now) - request.at) > FRESH_MS:
        raise KeyRefused(why="stale")
    if loudspeaker.key_expires_at is not None and loudspeaker.key_expires_at <= now:
        raise KeyRefused(why="ended")
    return request
