"""The entries of the lexicon: what may stand in one, and how several are written at once."""

from __future__ import annotations

import datetime as dt
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.errors import EntryInvalid
from broadcast.models import LexiconEntry, Person

from . import layers, speech
from .affected import Edit, Word
from .content import LANGUAGE

LIMITS = {"written": 120, "spoken": 300, "note": 300}  # characters


@dataclass(frozen=True, slots=True)
class Wording:
    """One word as it is written and as it is to be said."""

    written: str
    spoken: str
    language: str = "vi"
    note: str = ""


@dataclass(slots=True)
class Written:
    """What came of writing: the edits by language, and how many entries are new, changed and as before."""

    edits: list[Edit] = field(default_factory=list)
    added: int = 0
    changed: int = 0
    same: int = 0


def checked(wording: Wording) -> Wording:
    """Cleaned. Errors: EntryInvalid."""
    values = {name: tidy(getattr(wording, name)) for name in LIMITS}
    for name, text in values.items():
        if name != "note" and not text:
            raise EntryInvalid(field=name, why="empty")
        if len(text) > LIMITS[name]:
            raise EntryInvalid(field=name, why="too_long", limit=LIMITS[name])
        if any(unicodedata.category(c) == "Cc" for c in text):
            raise EntryInvalid(field=name, why="control")
    if not LANGUAGE.fullmatch(wording.language):
        raise EntryInvalid(field="language", why="unknown")
    said = speech.read_aloud(values["spoken"], wording.language).text
    if not any(c.isalpha() for c in said):
        raise EntryInvalid(field="spoken", why="unspeakable")
    return Wording(values["written"], values["spoken"], wording.language, values["note"])


def tidy(text: str) -> str:
    return " ".join(speech.clean(text).split())


def existing(
    session: Session, area_id: int, written: Sequence[str], language: str
) -> dict[str, LexiconEntry]:
    """The area's own entries for these words, retired ones too."""
    found: dict[str, LexiconEntry] = {}
    for first in range(0, len(written), 500):
        query = select(LexiconEntry).where(
            LexiconEntry.area_id == area_id,
            LexiconEntry.language == language,
            LexiconEntry.written.in_(written[first : first + 500]),
        )
        found |= {entry.written: entry for entry in session.scalars(query)}
    return found


def compare(session: Session, area_id: int, wordings: Iterable[Wording]) -> Written:
    """What writing these checked wordings would change."""
    written = Written()
    for language, group in _by_language(wordings).items():
        known = existing(session, area_id, list(group), language)
        words = []
        for wording in group.values():
            entry = known.get(wording.written)
            before = entry.spoken if entry is not None and entry.retired_at is None else None
            kept = before == wording.spoken and entry is not None and entry.note == wording.note
            written.same += kept
            written.added += before is None
            written.changed += before is not None and not kept
            if not kept:
                words.append(Word(wording.written, before, wording.spoken))
        written.edits += [Edit(area_id, language, tuple(words))] if words else []
    return written


def write(
    session: Session, person: Person, area_id: int, wordings: Sequence[Wording], now: dt.datetime
) -> Written:
    """Write checked wordings; the audio that they concern is the caller's to renew."""
    revision = layers.begin_change(session)
    result = compare(session, area_id, wordings)
    for edit in result.edits:
        group = _by_language(wordings)[edit.language]
        known = existing(session, area_id, [word.written for word in edit.words], edit.language)
        for word in edit.words:
            entry = known.get(word.written)
            if entry is None:
                entry = LexiconEntry(
                    area_id=area_id, language=edit.language, written=word.written, created_at=now
                )
                session.add(entry)
            entry.spoken, entry.note = group[word.written].spoken, group[word.written].note
            entry.author_id, entry.updated_at, entry.retired_at = person.id, now, None
            entry.revision = revision
    session.flush()
    return result


def _by_language(wordings: Iterable[Wording]) -> dict[str, dict[str, Wording]]:
    groups: dict[str, dict[str, Wording]] = {}
    for wording in wordings:
        groups.setdefault(wording.language, {})[wording.written] = wording
    return groups
