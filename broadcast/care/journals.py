"""Raw journals of loudspeakers go when units keep them no longer; what they proved stays in as-run rows.

Of each loudspeaker the oldest go first, in the order in which they came, and only what it need not send any
more. What was deleted is folded into one hash, which stays with the loudspeaker: a copy taken before proves
itself by it. Where each numbering begins and where the cursor stands is kept: the next cursor needs them.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, delete, func, or_, select
from sqlalchemy.orm import Session

from broadcast.models import AreaPolicy, JournalRow, Loudspeaker
from broadcast.storage.chunks import chunks
from broadcast.units.policies import LEAST_JOURNALS_DAYS

from .keeping import Areas, days_of

SOME = 20  # loudspeakers in one transaction
MOST = 5000  # rows of one of them
APART = dt.timedelta(days=7)  # between two looks at one loudspeaker


@dataclass(frozen=True, slots=True)
class Cut:
    """How many rows went; ``sha256`` names what was deleted of all of them; ``more``: there is work left."""

    rows: int = 0
    sha256: str = ""
    more: bool = False


def prune(session: Session, now: dt.datetime) -> Cut:
    """Delete what is past its time of some loudspeakers."""
    done: list[Cut] = []
    for days, areas in days_of(session, AreaPolicy.keep_journals_days).items():
        before = now - dt.timedelta(days=max(days, LEAST_JOURNALS_DAYS))
        due = session.scalars(_due(areas, before).limit(SOME)).all()
        cuts = [_cut(session, each, before) for each in due]
        done += [*cuts, Cut(more=len(due) == SOME)]
    heads = "".join(sorted(each.sha256 for each in done))
    digest = hashlib.sha256(heads.encode()).hexdigest() if heads else ""
    return Cut(sum(each.rows for each in done), digest, any(each.more for each in done))


def fold(sha256: str, rows: Iterable[JournalRow]) -> str:
    """The hash of what was deleted before and of these, in the order in which they came."""
    for row in rows:
        told = json.dumps([sha256, row.boot, row.seq, row.body], sort_keys=True, ensure_ascii=False)
        sha256 = hashlib.sha256(told.encode()).hexdigest()
    return sha256


def _due(areas: Areas, before: dt.datetime) -> Select[Loudspeaker]:
    """The longest waiting first."""
    looked = Loudspeaker.journal_cut_at
    waits = or_(looked.is_(None), looked <= before - APART)
    query = select(Loudspeaker).where(Loudspeaker.area_id.in_(areas), Loudspeaker.created_at < before, waits)
    return query.order_by(func.coalesce(looked, Loudspeaker.created_at), Loudspeaker.id)


def _cut(session: Session, loudspeaker: Loudspeaker, before: dt.datetime) -> Cut:
    """Up to so many rows; its turn comes again where there are more."""
    theirs = JournalRow.loudspeaker_id == loudspeaker.id
    last = _first_kept(session, theirs, loudspeaker, before)
    old = select(JournalRow).where(theirs, JournalRow.seq > 1)
    if last is not None:
        old = old.where(JournalRow.id < last)
    rows = session.scalars(old.order_by(JournalRow.id).limit(MOST)).all()
    for ids in chunks([row.id for row in rows]):
        gone = delete(JournalRow).where(JournalRow.id.in_(ids))
        session.execute(gone.execution_options(synchronize_session=False))
    full = len(rows) == MOST
    loudspeaker.journal_cut_at = rows[-1].received_at if full else before
    if not rows:
        return Cut()
    loudspeaker.journal_sha256 = fold(loudspeaker.journal_sha256, rows)
    for row in rows:
        session.expunge(row)
    session.flush()
    return Cut(len(rows), loudspeaker.journal_sha256, full)


def _first_kept(
    session: Session, theirs: ColumnElement[bool], loudspeaker: Loudspeaker, before: dt.datetime
) -> int | None:
    """The first row that is not past its time, where the cursor stands, or that it may have to send again."""
    begins = session.scalar(select(func.max(JournalRow.id)).where(theirs, JournalRow.seq == 1))
    cursor = (JournalRow.boot == loudspeaker.cursor_boot) & (JournalRow.seq == loudspeaker.cursor_seq)
    unconfirmed = JournalRow.seq > loudspeaker.cursor_seq
    if begins is not None:
        unconfirmed &= JournalRow.id >= begins
    kept = or_(JournalRow.received_at >= before, cursor, unconfirmed)
    return session.scalar(select(func.min(JournalRow.id)).where(theirs, kept))
