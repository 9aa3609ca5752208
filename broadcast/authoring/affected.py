"""Which bulletins are read otherwise after an edit of the lexicon.

The database says which might be; reading them says which are.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session, selectinload

from broadcast.folding import fold
from broadcast.models import (
    Broadcast,
    BroadcastClip,
    BroadcastState,
    Bulletin,
    BulletinState,
    BulletinVersion,
    Schedule,
    ScheduleItem,
    VersionPart,
)
from broadcast.units import areas
from broadcast.units.holiday_book import Book
from schedules import recurrence
from schedules.holidays import Calendar
from tts.lexicon import Lexicon

from . import composition, layers, speech
from .composition import VIETNAMESE, Piece
from .layers import Row

Value = TypeVar("Value")
CHUNK = 200  # bulletins read at a time
FEW = 12  # words that the database looks for; more are looked for here, all in one go
MOST_READ = 2_000_000  # characters read aloud for one edit: some seconds
END = re.compile(r"(?<=[.;!?…])\s+|\n")
RUN = re.compile(r"\d+|[^\W\d_]+")
HORIZON = dt.timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Word:
    """How a word was said in its area and how it is now; None: its area said nothing about it."""

    written: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Edit:
    """Words of one area and language that changed together."""

    area_id: int
    language: str
    words: tuple[Word, ...]


def affected(session: Session, edit: Edit, now: dt.datetime) -> Iterator[tuple[Bulletin, str]]:
    """Each bulletin that is read otherwise, with the word that makes it so.

    What was approved, has been on the air and does not come again is left as it was.
    """
    ear = _Ear(session, edit)
    found = _candidates(session, edit)
    for first in range(0, len(found), CHUNK):
        ids = found[first : first + CHUNK]
        over = _over(session, ids, now)
        for bulletin in session.scalars(_with_words(ids)):
            word = None if bulletin.id in over else ear.difference(bulletin)
            if word is not None:
                yield bulletin, word


class _Ear:
    """Hears how the words of an area were said before a change and how they are said after it."""

    def __init__(self, session: Session, edit: Edit) -> None:
        self._session = session
        self._edit = edit
        self._words = Lexicon.of((word.written, word.written) for word in edit.words)
        self._lexicons: dict[int, tuple[Lexicon, Lexicon]] = {}
        self._known: dict[tuple[str, str, str], bool] = {}
        self._read = 0  # characters

    def difference(self, bulletin: Bulletin) -> str | None:
        """The first word because of which the bulletin is read otherwise now."""
        before, after = self._of(bulletin.area_id)
        if before == after:
            return None
        for piece in composition.pieces(bulletin.current):
            if piece.is_read and piece.voice.language == self._edit.language:
                word = self._in_piece(piece, before, after)
                if word is not None:
                    return word
        return None

    def _in_piece(self, piece: Piece, before: Lexicon, after: Lexicon) -> str | None:
        text = speech.clean(piece.text)
        word = self._first_in(text)
        if word is None:
            return None
        sentences = [each for each in END.split(text) if self._first_in(each) is not None]
        # One sentence tells as a rule; the whole text is read only when none of them does.
        differs = any(self._differs(each, before, after) for each in (*sentences, text))
        return word if differs else None

    def _first_in(self, text: str) -> str | None:
        return next((written for _, written in self._words.find(text)), None)

    def _differs(self, text: str, before: Lexicon, after: Lexicon) -> bool:
        """When too much has been read already, yes: what is made anew for nothing harms nobody."""
        name = (text, before.digest, after.digest)
        if name not in self._known:
            if self._read > MOST_READ:
                return True
            self._read += len(text)
            language = self._edit.language
            self._known[name] = _said(text, language, before) != _said(text, language, after)
        return self._known[name]

    def _of(self, area_id: int) -> tuple[Lexicon, Lexicon]:
        if area_id not in self._lexicons:
            self._lexicons[area_id] = self._both(area_id)
        return self._lexicons[area_id]

    def _both(self, area_id: int) -> tuple[Lexicon, Lexicon]:
        """From the entries of today, whether the change is written already or not."""
        edit = self._edit
        changed = {word.written for word in edit.words}
        depth = layers.chain(self._session, area_id)[edit.area_id]
        rest = [
            row
            for row in layers.rows(self._session, area_id, edit.language)
            if row.area_id != edit.area_id or row.written not in changed
        ]
        states = ([(w.written, w.before) for w in edit.words], [(w.written, w.after) for w in edit.words])
        before, after = (
            layers.nearest(
                [*rest, *(Row(depth, edit.area_id, w, said) for w, said in state if said is not None)]
            )
            for state in states
        )
        return before, after


def _said(text: str, language: str, lexicon: Lexicon) -> list[tuple[str, float]]:
    read = speech.read_aloud(text, language, lexicon)
    return [(sentence.spoken, sentence.pause_after) for sentence in read.sentences]


def _candidates(session: Session, edit: Edit) -> list[int]:
    """Bulletins that might contain a word, from their text without case and accents."""
    here = Bulletin.area_id.in_(areas.below(edit.area_id))
    written = [word.written for word in edit.words]
    if len(written) <= FEW:
        texts = [_contains(word) for word in written]
        formulas = _formulas(session, edit, here)
        return list(
            session.scalars(select(Bulletin.id).where(here, or_(*texts, *formulas)).order_by(Bulletin.id))
        )
    wanted = [_runs(word) for word in written]
    said = set(session.scalars(select(Bulletin.id).where(here, or_(*_formulas(session, edit, here)))))
    query = select(Bulletin.id, Bulletin.folded).where(here).order_by(Bulletin.id)
    rows = session.execute(query.execution_options(yield_per=CHUNK))
    return [each for each, folded in rows if each in said or _any_of(wanted, set(RUN.findall(folded)))]


def _formulas(session: Session, edit: Edit, here: ColumnElement[bool]) -> list[ColumnElement[bool]]:
    """Bulletins whose opening or closing might contain a word; there are few different ones."""
    found: list[ColumnElement[bool]] = []
    wanted = [_runs(word.written) for word in edit.words]
    for column in (BulletinVersion.opening, BulletinVersion.closing):
        if edit.language != VIETNAMESE:
            break
        current = _current(select(column)).where(here, column != "").distinct()
        texts = [text for text in session.scalars(current) if _any_of(wanted, _runs(text))]
        if texts:
            found.append(Bulletin.id.in_(_current(select(Bulletin.id)).where(here, column.in_(texts))))
    return found or [Bulletin.id < 0]


def _current(query: Select[Value]) -> Select[Value]:
    joined = and_(
        BulletinVersion.bulletin_id == Bulletin.id, BulletinVersion.number == Bulletin.version_number
    )
    return query.select_from(Bulletin).join(BulletinVersion, joined)


def _contains(written: str) -> ColumnElement[bool]:
    """Every piece of the word; a word that is only signs is looked for as it is."""
    pieces = _runs(written) or {written}
    return and_(*(Bulletin.folded.contains(piece, autoescape=True) for piece in sorted(pieces)))


def _runs(text: str) -> set[str]:
    return set(RUN.findall(fold(text)))


def _any_of(wanted: Sequence[set[str]], there: Collection[str]) -> bool:
    """A word that is only signs may stand anywhere."""
    return any(word <= set(there) for word in wanted)


def _with_words(ids: Sequence[int]) -> Select[Bulletin]:
    current = selectinload(Bulletin.current)
    return (
        select(Bulletin)
        .where(Bulletin.id.in_(ids))
        .order_by(Bulletin.id)
        .options(
            current.joinedload(BulletinVersion.recording),
            current.selectinload(BulletinVersion.parts).joinedload(VersionPart.recording),
        )
    )


def _over(session: Session, ids: Sequence[int], now: dt.datetime) -> set[int]:
    """Approved bulletins that have been on the air and do not come again."""
    approved = select(Bulletin.id).where(Bulletin.id.in_(ids), Bulletin.state == BulletinState.APPROVED)
    aired = _played(session, approved, Broadcast.start <= now)
    if not aired:
        return set()
    again = _played(session, aired, Broadcast.start > now)
    planned = (
        select(ScheduleItem.bulletin_id, Schedule)
        .join(Schedule, Schedule.id == ScheduleItem.schedule_id)
        .where(ScheduleItem.bulletin_id.in_(aired - again), Schedule.withdrawn_at.is_(None))
    )
    book = Book(session)
    comes = cache(lambda schedule: _comes(schedule, book.of(schedule.area_id), now))
    again |= {bulletin_id for bulletin_id, schedule in session.execute(planned) if comes(schedule)}
    return aired - again


def _played(session: Session, ids: Collection[int] | Select[int], when: ColumnElement[bool]) -> set[int]:
    query = (
        select(BroadcastClip.bulletin_id)
        .join(Broadcast, Broadcast.id == BroadcastClip.broadcast_id)
        .where(BroadcastClip.bulletin_id.in_(ids), when, Broadcast.state != BroadcastState.CANCELLED)
    )
    return {each for each in session.scalars(query) if each is not None}


def _comes(schedule: Schedule, holidays: Calendar, now: dt.datetime) -> bool:
    rule = recurrence.from_dict(schedule.rule)
    return next(recurrence.occurrences(rule, now, now + HORIZON, holidays), None) is not None
