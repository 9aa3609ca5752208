"""Tells each loudspeaker how far its journal is stored, so that it may forget that part and no more.

The numbers of a journal run on from boot to boot without a gap, and a cursor covers all
before it; only an emptied or replaced store begins again at 1, under a boot not known before.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlalchemy import BigInteger, ColumnElement, String, or_, select
from sqlalchemy.orm import Session

from broadcast.models import JournalRow
from broadcast.orders import outbox
from broadcast.orders.outbox import Urgency, Wire
from broadcast.speakers.known import Known
from broadcast.storage import listed
from broadcast.storage.moments import to_ms
from devices.messages import Cursor, Journal

Position = tuple[str, int]  # boot, seq


def confirm(
    session: Session, wire: Wire, journals: Iterable[tuple[Known, Journal]], now: dt.datetime
) -> None:
    """Queue a cursor for everyone who was heard, also without news: the last one may be lost."""
    heard: dict[Known, list[Position]] = defaultdict(list)
    for loudspeaker, journal in journals:
        heard[loudspeaker] += [(journal.boot, event.seq) for event in journal.events]
    with session.no_autoflush:  # or each question looks through all changed loudspeakers
        documents = dict(_cursors(session, wire, heard, now))
    outbox.put_documents(session, wire, documents, urgency=Urgency.CURSOR, now=now)


def _cursors(
    session: Session, wire: Wire, heard: Mapping[Known, Sequence[Position]], now: dt.datetime
) -> Iterator[tuple[str, Cursor]]:
    followed = {each: _follow(each, positions) for each, positions in heard.items()}
    filled = _gaps_filled(session, followed)
    for loudspeaker, place in followed.items():
        known = None if loudspeaker.id in filled else place
        boot, seq = known or _search(session, loudspeaker)
        if seq:
            loudspeaker.cursor_boot, loudspeaker.cursor_seq = boot, seq
            cursor = Cursor(device=loudspeaker.device, boot=boot, seq=seq, issued_at=to_ms(now))
            yield wire.topics.cursor(loudspeaker.device), cursor


def _follow(loudspeaker: Known, positions: Sequence[Position]) -> Position | None:
    """The usual case without a question to the database: the boot of now goes on where the cursor stands."""
    boots = {boot for boot, _ in positions}
    if boots != {loudspeaker.boot} or (loudspeaker.cursor_seq and boots != {loudspeaker.cursor_boot}):
        return None
    last = loudspeaker.cursor_seq
    for _, seq in sorted(positions):
        if seq > last + 1:
            return None
        last = max(last, seq)
    return loudspeaker.boot, last


def _gaps_filled(session: Session, followed: Mapping[Known, Position | None]) -> set[int]:
    """Loudspeakers of which what comes next is stored already: it came before its time."""
    nexts = [(each.id, place[0], place[1] + 1) for each, place in followed.items() if place is not None]
    if not nexts:
        return set()
    whose, boot, seq = listed.columns(session, nexts, BigInteger(), String(), BigInteger())
    stored = select(JournalRow.loudspeaker_id).where(
        JournalRow.loudspeaker_id == whose, JournalRow.boot == boot, JournalRow.seq == seq
    )
    return set(session.scalars(stored))


def _search(session: Session, loudspeaker: Known) -> Position:
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


def _valid_cursor(session: Session, loudspeaker: Known, numbering: ColumnElement[bool]) -> Position:
    """Where the last cursor stands, if that is in this numbering."""
    position = loudspeaker.cursor_boot, loudspeaker.cursor_seq
    query = select(JournalRow.id).where(
        JournalRow.loudspeaker_id == loudspeaker.id,
        JournalRow.boot == position[0],
        JournalRow.seq == position[1],
        numbering,
    )
    return position if session.scalar(query) is not None else ("", 0)
