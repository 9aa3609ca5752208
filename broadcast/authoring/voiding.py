"""Approvals that no longer hold: what was approved is handed to the approver once more, saying why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from broadcast.models import Approval, Bulletin, BulletinState, BulletinVersion
from broadcast.storage import events

from . import cuts


def standing(bulletin: Bulletin) -> BulletinState:
    """Where a bulletin stands, or would stand again after its withdrawal is undone."""
    return bulletin.withdrawn_state or bulletin.state


def reopen(session: Session, locked: Sequence[Bulletin], note: str, now: dt.datetime) -> int:
    """Void the approvals of these bulletins, which the caller has locked; returns how many were in use."""
    approved = [each for each in locked if standing(each) is BulletinState.APPROVED]
    if not approved:
        return 0
    ids = [each.id for each in approved]
    versions = select(BulletinVersion.id).where(BulletinVersion.bulletin_id.in_(ids))
    valid = update(Approval).where(Approval.version_id.in_(versions), Approval.voided_at.is_(None))
    session.execute(valid.values(voided_at=now))
    for bulletin in approved:
        bulletin.return_note, bulletin.updated_at = note, now
        if bulletin.state is BulletinState.WITHDRAWN:
            bulletin.withdrawn_state = BulletinState.SUBMITTED
        else:
            bulletin.state = BulletinState.SUBMITTED
    session.flush()
    return sum(each.state is not BulletinState.WITHDRAWN for each in approved)


def is_of_this_sound(decision: Approval, version: BulletinVersion) -> bool:
    """Whether the version sounds as it did when it was approved, as a whole and each language alone."""
    now_sounds = version.clip.sha256 if version.clip is not None else ""
    same = decision.cuts_sha256 is None or decision.cuts_sha256 == cuts.fingerprint(version.cuts)
    return decision.audio_sha256 == now_sounds and same


def announce(session: Session, bulletin: Bulletin, now: dt.datetime) -> None:
    """Tell the planner and open pages that a bulletin is another one, or stands elsewhere."""
    events.emit(
        session,
        now=now,
        kind="bulletin",
        area_id=bulletin.area_id,
        subject=bulletin.id,
        state=bulletin.state.value,
        version=bulletin.version_number,
    )
