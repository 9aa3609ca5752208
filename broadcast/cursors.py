"""Tells each loudspeaker how far its journal is stored, so that it may forget that part and no more.

The numbers of a journal run on from boot to boot without a gap, and a cursor covers all
before it; only an emptied or replaced store begins again at 1, under a boot not known before.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from devices.messages import Cursor, Journal

from . import outbox
from .models import JournalRow, Loudspeaker
from .moments import to_ms
from .outbox import Urgency, Wire

Position = tuple[str, int]  # boot, seq


def confirm(
    session: Session, wire: Wire, journals: Iterable[tuple[Loudspeaker, Journal]], now: dt.datetime
) -> None:
    """Queue a cursor for everyone who was heard, also without news: the last one may be lost."""
    heard: dict[Loudspeaker, list[Position]] = defaultdict(list)
    for loudspeaker, journal in journals:
        heard[loudspeaker] += [(journal.boot, event.seq) for event in journal.events]
    for loudspeaker, positions in heard.items():
        boot, seq = _follow(session, loudspeaker, positions) or _search(session, loudspeaker)
        if seq == 0:
            continue
        loudspeaker.cursor_boot, loudspeaker.cursor_seq = boot, seq
        cursor = Cursor(device=loudspeaker.device, boot=boot, seq=seq, issued_at=to_ms(now))
        topic = wire.topics.cursor(loudspeaker.device)
        outbox.put(session, wire, topic, cursor, urgency=Urgency.CURSOR, now=now)


def _follow(session: Session, loudspeaker: Loudspeaker, positions: Iterable[Position]) -> Position | None:
    """The usual case, cheaply: one boot, and it goes on where the cursor stands."""
    boots = {boot for boot, _ in positions}
    if len(boots) != 1 or (loudspeaker.cursor_seq and boots != {loudspeaker.cursor_boot}):
        return None
    if boots != {loudspeaker.boot}:
        return None  # of an earlier boot: what follows it may be stored already
    boot, last = boots.pop(), loudspeaker.cursor_seq
    for _, seq in sorted(positions):
        if seq > last + 1:
            return None
        last = max(last, seq)
    before = select(JournalRow.seq).where(
        JournalRow.loudspeaker_id == loudspeaker.id, JournalRow.boot == boot, JournalRow.seq > last
    )
    for seq in session.scalars(before.order_by(JournalRow.seq)):
        if seq > last + 1:
            break
        last = seq
    return boot, last


def _search(session: Session, loudspeaker: Loudspeaker) -> Position:
    """The last stored event before the first gap, in the newest numbering; seq 0 without its beginning."""
    of_device = JournalRow.loudspeaker_id == loudspeaker.id
    beginnings = select(JournalRow.id, JournalRow.boot).where(of_device, JournalRow.seq == 1)
    newest = session.execute(beginnings.order_by(JournalRow.id.desc()).limit(1)).first()
    if newest is None:
        return "", 0
    numbering = or_(JournalRow.id >= newest.id, JournalRow.boot == newest.boot)
    position = _valid_cursor(session, loudspeaker, numbering)
    stored = select(JournalRow.boot, JournalRow.seq).where(of_device, numbering, JournalRow.seq > position[1])
    for boot, seq in session.execute(stored.order_by(JournalRow.seq)):
        if seq > position[1] + 1:
            break
        position = boot, seq
    return position


def _valid_cursor(session: Session, loudspeaker: Loudspeaker, numbering: ColumnElement[bool]) -> Position:
    """Where the last cursor stands, if that is in this numbering."""
    position = loudspeaker.cursor_boot, loudspeaker.cursor_seq
    query = select(JournalRow.id).where(
        JournalRow.loudspeaker_id == loudspeaker.id,
        JournalRow.boot == position[0],
        JournalRow.seq == position[1],
        numbering,
    )
    return position if session.scalar(query) is not None else ("", 0)
