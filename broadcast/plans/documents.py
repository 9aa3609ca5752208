"""What each loudspeaker shall do leaves as signed documents: a plan, and the desired state that points to it.

A plan is named by its content and shared by all loudspeakers with the same programme.
A revision rises only when the content changes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session

from broadcast.models import Loudspeaker, PlanDocument
from broadcast.orders import outbox, standing
from broadcast.orders.items import TURN_GAP_MS, Window, horizon, item
from broadcast.orders.outbox import Urgency, Wire
from broadcast.storage.chunks import chunks
from broadcast.storage.moments import to_ms
from broadcast.storage.upsert import insert_new
from devices.messages import Desired

from .desired import Wish, wishes

__all__ = ["TURN_GAP_MS", "forget_plans", "horizon", "item", "publish_plans", "wanted"]

CHUNK = 500  # rows per statement


def publish_plans(
    session: Session,
    wire: Wire,
    now: dt.datetime,
    days: int,
    *,
    only: Collection[int] | None = None,
    again: Container[str] = frozenset(),
    everyone: bool = False,
) -> int:
    """Queue a new revision for every loudspeaker whose programme or settings changed; returns how many.

    ``only``: of these loudspeakers, by their rows. Devices in ``again`` (``everyone``: all of them) get
    their present revision once more: their copy may be lost.
    """
    publisher = _Publisher(session, wire, now)
    changed, known = [], []
    for wish in wanted(session, wire, now, days, only):
        if wish.is_news:
            changed.append(wish)
        elif everyone or wish.row.device in again:
            known.append(wish)
    claimed = publisher.claim(changed)
    publisher.send(claimed, risen=1)
    publisher.send(known, risen=0)
    return len(claimed)


def wanted(
    session: Session, wire: Wire, now: dt.datetime, days: int, only: Collection[int] | None = None
) -> Iterator[Wish]:
    """What loudspeakers shall be told, whether it is news to them or not."""
    orders = standing.unanswered(session, now, only)
    return wishes(session, wire, Window.at(now, days), only, orders)


def forget_plans(session: Session, before: dt.datetime) -> None:
    """Plans that were made before then: every loudspeaker has been told a newer one since."""
    old = delete(PlanDocument).where(PlanDocument.created_at < before)
    session.execute(old.execution_options(synchronize_session=False))


@dataclass(frozen=True, slots=True)
class _Publisher:
    """Writes revisions and queues them, thousands at a time: while it does nobody else can write."""

    session: Session
    wire: Wire
    now: dt.datetime

    def claim(self, wishes: Sequence[Wish]) -> list[Wish]:
        """Take the next revisions; without those that another process or a newer order has changed."""
        mine = [wish for chunk in chunks(wishes, CHUNK) for wish in self._unchanged(chunk)]
        if not mine:
            return mine
        raised = (
            update(Loudspeaker)
            .where(Loudspeaker.id == bindparam("whose"))
            .values(desired_rev=Loudspeaker.desired_rev + 1, desired_sha256=bindparam("digest"))
        )
        digests = [{"whose": wish.row.id, "digest": wish.digest} for wish in mine]
        self.session.connection().execute(raised, digests)
        for loaded in self.session.identity_map.values():
            if isinstance(loaded, Loudspeaker):
                self.session.expire(loaded, ("desired_rev", "desired_sha256"))
        self._keep_plans(mine)
        return mine

    def send(self, wishes: Sequence[Wish], *, risen: int) -> None:
        """Queue documents whose revision is ``risen`` above the one that was read."""
        documents = {
            self.wire.topics.desired(wish.row.device): self._document(wish, wish.row.desired_rev + risen)
            for wish in wishes
        }
        for topics in chunks(list(documents), CHUNK):
            chunk = {topic: documents[topic] for topic in topics}
            outbox.put_documents(self.session, self.wire, chunk, urgency=Urgency.DESIRED, now=self.now)

    def _unchanged(self, wishes: Sequence[Wish]) -> list[Wish]:
        columns = (Loudspeaker.id, Loudspeaker.desired_rev, Loudspeaker.desired_sha256)
        query = select(*columns).where(Loudspeaker.id.in_([wish.row.id for wish in wishes]))
        locked = query.order_by(Loudspeaker.id).with_for_update()
        held = {each: (rev, digest) for each, rev, digest in self.session.execute(locked)}
        return [
            wish
            for wish in wishes
            if held.get(wish.row.id) == (wish.row.desired_rev, wish.row.desired_sha256)
        ]

    def _keep_plans(self, wishes: Iterable[Wish]) -> None:
        bodies = {wish.content.plan.sha256: wish.body for wish in wishes if wish.content.plan is not None}
        for chunk in chunks(list(bodies), CHUNK):
            rows = [{"sha256": sha256, "body": bodies[sha256], "created_at": self.now} for sha256 in chunk]
            self.session.execute(insert_new(self.session, PlanDocument), rows)

    def _document(self, wish: Wish, rev: int) -> Desired:
        epoch, content = wish.row.desired_epoch, wish.content
        plan = msgspec.structs.replace(content.plan, epoch=epoch, rev=rev) if content.plan else None
        return msgspec.structs.replace(content, epoch=epoch, rev=rev, issued_at=to_ms(self.now), plan=plan)
