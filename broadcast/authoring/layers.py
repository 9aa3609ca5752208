"""The lexicon as an area hears it: the entries of the area and of all above it, where the nearest wins."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from sqlalchemy.pool import Pool

from broadcast.models import AreaClosure, LexiconEntry
from broadcast.storage.database import take_turn
from tts.lexicon import Lexicon

TURN = 0x7474_0005  # changes of the lexicon: one at a time, and never beside a rendering that begins
CHANGED = "lexicon changed"  # in a session: what it reads is not yet true for others
KEPT = 256  # lexicons in memory, of areas and languages


class Row(NamedTuple):
    """An entry in force, with how far above its area lies."""

    depth: int
    area_id: int
    written: str
    spoken: str


class _Kept(NamedTuple):
    revision: int
    chain: tuple[int, ...]
    lexicon: Lexicon


_cache: WeakKeyDictionary[Pool, OrderedDict[tuple[int, str], _Kept]] = WeakKeyDictionary()


def for_area(session: Session, area_id: int, language: str = "vi") -> Lexicon:
    """How words are said in an area.

    As long as no entry and no area above changes, two small queries answer from memory.
    """
    if session.info.get(CHANGED):
        return nearest(rows(session, area_id, language))
    kept = _cache.setdefault(_pool(session), OrderedDict())
    now, above = revision(session), tuple(chain(session, area_id))
    known = kept.get((area_id, language))
    if known is None or (known.revision, known.chain) != (now, above):
        known = _Kept(now, above, nearest(rows(session, area_id, language)))
    kept[area_id, language] = known
    kept.move_to_end((area_id, language))
    while len(kept) > KEPT:
        kept.popitem(last=False)
    return known.lexicon


def rows(session: Session, area_id: int, language: str) -> list[Row]:
    query = (
        select(AreaClosure.depth, LexiconEntry.area_id, LexiconEntry.written, LexiconEntry.spoken)
        .join(AreaClosure, AreaClosure.ancestor_id == LexiconEntry.area_id)
        .where(
            AreaClosure.descendant_id == area_id,
            LexiconEntry.language == language,
            LexiconEntry.retired_at.is_(None),
        )
    )
    return [Row(*values) for values in session.execute(query)]


def nearest(found: Iterable[Row]) -> Lexicon:
    """What is written in lower case holds for any case: it also hides a farther entry with capitals."""
    taken: dict[str, str] = {}
    for row in sorted(found):
        if row.written not in taken and row.written.lower() not in taken:
            taken[row.written] = row.spoken
    return Lexicon.of(taken.items())


def chain(session: Session, area_id: int) -> dict[int, int]:
    """The area and all above it by id, each with its distance."""
    query = (
        select(AreaClosure.ancestor_id, AreaClosure.depth)
        .where(AreaClosure.descendant_id == area_id)
        .order_by(AreaClosure.depth)
    )
    return {row.ancestor_id: row.depth for row in session.execute(query)}


def revision(session: Session) -> int:
    """Rises with every change of any entry."""
    return session.scalar(select(func.max(LexiconEntry.revision))) or 0


def begin_change(session: Session) -> int:
    """Wait for a turn to change entries; returns the revision of the change."""
    take_turn(session, TURN)
    session.info[CHANGED] = True
    return revision(session) + 1


def hold(session: Session) -> None:
    """Let no entry change until the commit: for a transaction that decides how something is read."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection().exec_driver_sql("SELECT pg_advisory_xact_lock_shared(%s)", (TURN,))


def _pool(session: Session) -> Pool:
    """One for each database of this process, whatever its connections are set to do."""
    return session.connection().engine.pool
