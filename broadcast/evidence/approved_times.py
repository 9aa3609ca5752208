"""When each bulletin could go on air: from the approval of what it is until that was voided or withdrawn."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.authoring.approval_rules import REOPEN
from broadcast.models import Approval, AuditRow, BulletinVersion, Person
from broadcast.storage.chunks import chunks

from .reconciliation import Change
from .whys import Why

WITHDRAW, RESTORE = "bulletin.withdraw", "bulletin.restore"
ACTS = (WITHDRAW, RESTORE, "bulletin.edit", REOPEN)


@dataclass(frozen=True, slots=True)
class _Span:
    """It could be heard from ``first`` on, and before ``last``."""

    first: dt.datetime
    last: dt.datetime | None
    by: str = ""  # who ended it

    def holds(self, at: dt.datetime) -> bool:
        return self.first <= at and (self.last is None or at < self.last)


class ApprovedTimes:
    """Of some bulletins."""

    def __init__(self, session: Session, bulletin_ids: Collection[int]) -> None:
        self._spans: dict[int, list[_Span]] = defaultdict(list)
        acts = _acts(session, bulletin_ids)
        for some in chunks(sorted(bulletin_ids)):
            query = (
                select(BulletinVersion.bulletin_id, Approval.at, Approval.voided_at)
                .join(BulletinVersion, BulletinVersion.id == Approval.version_id)
                .where(BulletinVersion.bulletin_id.in_(some), Approval.approved)
            )
            for bulletin_id, first, last in session.execute(query):
                self._spans[bulletin_id] += _cut(_Span(first, last), acts[bulletin_id])

    def at(self, bulletin_ids: Collection[int], at: dt.datetime) -> dt.datetime | None:
        """Since when one of these could be heard, at that instant; None when none could."""
        return max((span.first for span in self._of(bulletin_ids) if span.holds(at)), default=None)

    def lost(self, bulletin_ids: Collection[int], at: dt.datetime) -> Change:
        """Since when none of these could be heard any more."""
        ends = [(span.last, span.by) for span in self._of(bulletin_ids) if span.last and span.last <= at]
        last, by = max(ends, default=(at, ""))
        return Change(Why.UNAPPROVED, last, by)

    def _of(self, bulletin_ids: Collection[int]) -> list[_Span]:
        return [span for bulletin_id in bulletin_ids for span in self._spans[bulletin_id]]


_Act = tuple[dt.datetime, str, str]  # when, what, by whom


def _acts(session: Session, bulletin_ids: Collection[int]) -> dict[int, list[_Act]]:
    """Withdrawals and their undoing, who edited and whose rule asked for another approval, in order."""
    found: dict[int, list[_Act]] = defaultdict(list)
    by_subject = {f"bulletin:{bulletin_id}": bulletin_id for bulletin_id in bulletin_ids}
    for some in chunks(sorted(by_subject)):
        query = (
            select(AuditRow.at, AuditRow.action, AuditRow.subject, Person.name)
            .outerjoin(Person, Person.id == AuditRow.person_id)
            .where(AuditRow.subject.in_(some), AuditRow.action.in_(ACTS))
            .order_by(AuditRow.id)
        )
        for at, action, subject, by in session.execute(query):
            found[by_subject[subject]].append((at, action, by or ""))
    return found


def _cut(span: _Span, acts: list[_Act]) -> list[_Span]:
    """The span without the times in which the bulletin was withdrawn."""
    first, found, gone = span.first, [], False
    ended = next((by for at, _, by in acts if at == span.last), "")
    for at, action, by in acts:
        if at < first or (span.last is not None and at >= span.last):
            continue
        if action == WITHDRAW and not gone:
            found.append(_Span(first, at, by))
            gone = True
        elif action == RESTORE and gone:
            first, gone = at, False
    return found if gone else [*found, _Span(first, span.last, ended)]
