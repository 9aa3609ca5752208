"""A stricter rule about who approves, said or come under: what the milder one let pass is approved again.

Nothing that airs is cut; before its next airing a bulletin needs somebody whom the rule of now names.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from broadcast.models import (
    Approval,
    Approvers,
    Area,
    AreaPolicy,
    Bulletin,
    BulletinState,
    BulletinVersion,
    Person,
)
from broadcast.storage import audit
from broadcast.storage.chunks import chunks
from broadcast.units import areas, merging, policies
from broadcast.units.policies import STRICTNESS

from . import voiding
from .approvers import Judge, Rules

REOPEN = "bulletin.reopen"
NOTE = "Đơn vị đã quy định chặt hơn về người duyệt. Cần duyệt lại trước lần phát tới."


def save(
    session: Session, person: Person, area_id: int, *, values: Mapping[str, Any], now: dt.datetime
) -> tuple[AreaPolicy, int]:
    """Change what a unit allows; returns with it how many bulletins need another approval by that.

    Errors: as ``policies.save``.
    """
    saved = policies.save(session, person, area_id, values=values, now=now)
    return saved, follow(session, person, area_id, now) if "approvers" in values else 0


def move(
    session: Session, person: Person, area_id: int, *, parent_id: int | None, now: dt.datetime
) -> tuple[Area, int]:
    """As ``areas.move``; returns with it how many bulletins need another approval by the rules there."""
    moved = areas.move(session, area_id, parent_id=parent_id, now=now, person_id=person.id)
    return moved, follow(session, person, area_id, now)


def merge(
    session: Session, person: Person, area_ids: Collection[int], *, code: str, name: str, now: dt.datetime
) -> tuple[Area, int]:
    """As ``merging.merge``, with how many bulletins need another approval: only the top may loosen the rule,
    and units that were tops are none any more.
    """
    made = merging.merge(session, person, area_ids, code=code, name=name, now=now)
    return made, follow(session, person, made.id, now)


def follow(session: Session, person: Person, area_id: int, now: dt.datetime) -> int:
    """Hand to the approver again, in an area and below it, what the rule of now would not let pass."""
    weak = [approval.version.bulletin_id for approval in _weak(session, area_id)]
    done = 0
    for ids in chunks(sorted(set(weak))):
        query = select(Bulletin).where(Bulletin.id.in_(ids)).order_by(Bulletin.id)
        locked = query.with_for_update(key_share=True).execution_options(populate_existing=True)
        found = [each for each in session.scalars(locked) if voiding.standing(each) is BulletinState.APPROVED]
        done += voiding.reopen(session, found, NOTE, now)
        for bulletin in found:
            voiding.announce(session, bulletin, now)
            subject = f"bulletin:{bulletin.id}"
            audit.record(
                session, now=now, person_id=person.id, action=REOPEN, subject=subject, area_id=area_id
            )
    return done


def _weak(session: Session, area_id: int) -> list[Approval]:
    """Standing approvals of present versions that somebody gave who may not by the rule of now."""
    in_use = (Bulletin.state == BulletinState.APPROVED, Bulletin.withdrawn_state == BulletinState.APPROVED)
    query = (
        select(Approval, Bulletin)
        .join(Approval.version)
        .join(Bulletin, Bulletin.id == BulletinVersion.bulletin_id)
        .where(Bulletin.area_id.in_(areas.below(area_id)), or_(*in_use))
        .where(BulletinVersion.number == Bulletin.version_number)
        .where(Approval.approved, Approval.voided_at.is_(None))
        .options(joinedload(Approval.person), joinedload(Approval.version))
        .order_by(Approval.id)
    )
    judges: dict[int, Judge] = {}
    rows, rules, found = session.execute(query).all(), Rules(session), []
    rules.learn({bulletin.area_id for _, bulletin in rows})
    for approval, bulletin in rows:
        if approval.person_id not in judges:
            judges[approval.person_id] = Judge(session, approval.person, rules)
        judge = judges[approval.person_id]
        if not _is_enough(approval, bulletin, judge):
            found.append(approval)
    return found


def _is_enough(approval: Approval, bulletin: Bulletin, judge: Judge) -> bool:
    """By the rule it was given under, or because its giver may give it by the rule of now as well."""
    given, asked = approval.approvers or Approvers.LEADER, judge.rule(bulletin)
    return STRICTNESS.index(given) >= STRICTNESS.index(asked) or judge.refusal(bulletin) is None
