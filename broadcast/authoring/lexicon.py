"""How words are said, area by area: entries put, retired, searched, and what that does to bulletins."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from broadcast.errors import EntryInvalid, NotFound, WrongState
from broadcast.folding import fold
from broadcast.models import Area, AreaClosure, LexiconEntry, Person, Role
from broadcast.storage import audit, events
from broadcast.storage.pages import Page, cut_list
from broadcast.units import areas, permissions

from . import entries, layers, lexicon_table, rereading
from .affected import Edit, Word
from .entries import Wording
from .layers import for_area
from .rereading import Effect

__all__ = [
    "Change",
    "EntryView",
    "Impact",
    "Imported",
    "export_csv",
    "for_area",
    "get",
    "impact",
    "import_csv",
    "own",
    "put",
    "restore",
    "retire",
    "search",
]

Impact = Effect


@dataclass(frozen=True, slots=True)
class Change:
    """A changed entry, the bulletins that are made anew because of it, and how many were approved."""

    entry: LexiconEntry
    bulletins: tuple[int, ...]
    approvals: int


@dataclass(frozen=True, slots=True)
class EntryView:
    """An entry as an area sees it: ``overridden`` when a nearer area says the word otherwise."""

    entry: LexiconEntry
    area: Area
    own: bool
    overridden: bool


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of a table; with ``refused`` lines (number, code) nothing of it was written."""

    added: int
    changed: int
    same: int
    refused: tuple[tuple[int, str], ...] = ()
    bulletins: tuple[int, ...] = ()
    approvals: int = 0


def put(
    session: Session,
    person: Person,
    *,
    area_id: int,
    written: str,
    spoken: str,
    language: str = "vi",
    note: str = "",
    now: dt.datetime,
) -> Change:
    """Say how a word is said in an area and below it. Errors: UnknownArea, Forbidden, EntryInvalid."""
    _require(session, person, area_id)
    wording = entries.checked(Wording(written, spoken, language, note))
    done = entries.write(session, person, area_id, [wording], now)
    entry = entries.existing(session, area_id, [wording.written], language)[wording.written]
    if not done.edits:
        return Change(entry, (), 0)
    return _changed(session, person, entry, done.edits[0], action="lexicon.put", now=now)


def retire(session: Session, person: Person, entry_id: int, *, now: dt.datetime) -> Change:
    """Leave a word to the area above, or to the rules. Errors: NotFound, Forbidden, WrongState."""
    entry = _editable(session, person, entry_id)
    if entry.retired_at is not None:
        raise WrongState(kind="lexicon_entry", state="retired", action="retire")
    entry.revision = layers.begin_change(session)
    entry.retired_at = entry.updated_at = now
    entry.author_id = person.id
    session.flush()
    edit = Edit(entry.area_id, entry.language, (Word(entry.written, entry.spoken, None),))
    return _changed(session, person, entry, edit, action="lexicon.retire", now=now)


def restore(session: Session, person: Person, entry_id: int, *, now: dt.datetime) -> Change:
    """Undo a retirement. Errors: NotFound, Forbidden, WrongState."""
    entry = _editable(session, person, entry_id)
    if entry.retired_at is None:
        raise WrongState(kind="lexicon_entry", state="active", action="restore")
    entry.revision = layers.begin_change(session)
    entry.retired_at, entry.updated_at, entry.author_id = None, now, person.id
    session.flush()
    edit = Edit(entry.area_id, entry.language, (Word(entry.written, None, entry.spoken),))
    return _changed(session, person, entry, edit, action="lexicon.restore", now=now)


def impact(
    session: Session,
    person: Person,
    *,
    area_id: int,
    written: str,
    spoken: str,
    language: str = "vi",
    now: dt.datetime,
) -> Impact:
    """What ``put`` would do. Errors: as ``put``."""
    _require(session, person, area_id)
    wording = entries.checked(Wording(written, spoken, language))
    found = entries.compare(session, area_id, [wording])
    return _estimate(session, found.edits, now)


def get(session: Session, person: Person, entry_id: int) -> LexiconEntry:
    """Errors: NotFound, also for an entry of an area that the person may not see."""
    entry = session.get(LexiconEntry, entry_id)
    if entry is None or not _sees(session, person, entry.area_id):
        raise NotFound(kind="lexicon_entry", id=entry_id)
    return entry


def own(session: Session, area_id: int, *, written: str, language: str = "vi") -> LexiconEntry | None:
    """What the area itself says about a word now."""
    written = entries.tidy(written)
    entry = entries.existing(session, area_id, [written], language).get(written)
    return None if entry is None or entry.retired_at is not None else entry


def search(
    session: Session, person: Person, *, area_id: int, query: str = "", page: int = 1, per_page: int = 50
) -> Page[EntryView]:
    """The entries that hold in an area, its own and those from above, in the order of the words.

    Every word of ``query`` must occur in an entry, in any case and with or without accents.
    """
    permissions.require(person, Role.VIEWER, area_id, session)
    above = layers.chain(session, area_id)
    rows = _in_force(session, list(above))
    nearest: dict[tuple[str, str], int] = {}
    for row in rows:
        name = (row.language, row.written)
        nearest[name] = min(above[row.area_id], nearest.get(name, len(above)))
    wanted = fold(query).split()
    found = [row for row in rows if all(word in row.folded for word in wanted)]
    found.sort(key=lambda row: (fold(row.written), above[row.area_id], row.id))
    cut = cut_list(found, page, per_page)
    loaded = _load(session, [row.id for row in cut.items])
    views = []
    for row in cut.items:
        hiding = (
            nearest.get((row.language, name), len(above)) for name in (row.written, row.written.lower())
        )
        entry = loaded[row.id]
        views.append(
            EntryView(
                entry, entry.area, own=row.area_id == area_id, overridden=min(hiding) < above[row.area_id]
            )
        )
    return Page(views, cut.page, cut.per_page, cut.total)


def export_csv(session: Session, person: Person, area_id: int) -> str:
    """The area's own entries as a table. Errors: UnknownArea, Forbidden."""
    areas.get(session, area_id)
    permissions.require(person, Role.VIEWER, area_id, session)
    rows = sorted(_in_force(session, [area_id]), key=lambda row: (fold(row.written), row.id))
    return lexicon_table.write((row.written, row.spoken, row.language, row.note) for row in rows)


def import_csv(
    session: Session, person: Person, *, area_id: int, data: bytes, now: dt.datetime, check: bool = False
) -> Imported:
    """Put a whole table, or nothing of it when a line is refused; ``check`` only tells what would come of it.

    Errors: UnknownArea, Forbidden, NotText, TableInvalid.
    """
    _require(session, person, area_id)
    wordings, refused = _checked_lines(lexicon_table.read(data))
    if check or refused:
        done = entries.compare(session, area_id, wordings)
        effect = Effect() if refused else _estimate(session, done.edits, now)
        counts = (done.added, done.changed, done.same)
        return Imported(*counts, tuple(refused), effect.bulletins, effect.approvals)
    done = entries.write(session, person, area_id, wordings, now)
    effect = _sum([rereading.follow(session, edit, now) for edit in done.edits])
    if done.edits:
        subject, action = f"area:{area_id}", "lexicon.import"
        _tell(session, person, done.edits, effect, subject=subject, action=action, now=now)
    return Imported(done.added, done.changed, done.same, (), effect.bulletins, effect.approvals)


def _require(session: Session, person: Person, area_id: int) -> None:
    areas.get(session, area_id)
    permissions.require(person, Role.EDITOR, area_id, session)


def _editable(session: Session, person: Person, entry_id: int) -> LexiconEntry:
    entry = get(session, person, entry_id)
    permissions.require(person, Role.EDITOR, entry.area_id, session)
    return entry


def _sees(session: Session, person: Person, area_id: int) -> bool:
    """Whoever sees an area sees also what it hears from above."""
    seen = select(AreaClosure.ancestor_id).where(AreaClosure.descendant_id.in_(permissions.visible(person)))
    return session.scalar(select(Area.id).where(Area.id == area_id, Area.id.in_(seen))) is not None


def _changed(
    session: Session,
    person: Person,
    entry: LexiconEntry,
    edit: Edit,
    *,
    action: str,
    now: dt.datetime,
) -> Change:
    effect = rereading.follow(session, edit, now)
    _tell(session, person, [edit], effect, subject=f"lexicon:{entry.id}", action=action, now=now)
    return Change(entry, effect.bulletins, effect.approvals)


def _tell(
    session: Session,
    person: Person,
    edits: Sequence[Edit],
    effect: Effect,
    *,
    subject: str,
    action: str,
    now: dt.datetime,
) -> None:
    words = [(each.language, word.written, word.before, word.after) for each in edits for word in each.words]
    detail = {"words": words, "bulletins": effect.bulletins, "approvals": effect.approvals}
    audit.record(session, now=now, person_id=person.id, action=action, subject=subject, **detail)
    events.emit(session, now=now, kind="lexicon", area_id=edits[0].area_id)


def _estimate(session: Session, edits: Sequence[Edit], now: dt.datetime) -> Effect:
    return _sum([rereading.estimate(session, edit, now) for edit in edits])


def _sum(effects: Sequence[Effect]) -> Effect:
    """A bulletin in two languages may be touched twice; its approval is void once."""
    ids = {bulletin_id for effect in effects for bulletin_id in effect.bulletins}
    return Effect(tuple(sorted(ids)), sum(effect.approvals for effect in effects))


def _checked_lines(lines: Sequence[lexicon_table.Line]) -> tuple[list[Wording], list[tuple[int, str]]]:
    """Every line's wording, and why lines are refused."""
    found: dict[tuple[str, str], Wording] = {}
    refused: list[tuple[int, str]] = []
    for line in lines:
        try:
            wording = entries.checked(Wording(line.written, line.spoken, line.language, line.note))
        except EntryInvalid as error:
            refused.append((line.number, f"{error.params['field']}_{error.params['why']}"))
            continue
        first = found.setdefault((wording.language, wording.written), wording)
        if first.spoken != wording.spoken:
            refused.append((line.number, "contradiction"))
    return list(found.values()), refused


class _Row(NamedTuple):
    id: int
    area_id: int
    language: str
    written: str
    spoken: str
    note: str

    @property
    def folded(self) -> str:
        return fold(f"{self.written}\n{self.spoken}\n{self.note}")


def _in_force(session: Session, area_ids: Sequence[int]) -> list[_Row]:
    columns = [getattr(LexiconEntry, name) for name in _Row._fields]
    query = select(*columns).where(LexiconEntry.area_id.in_(area_ids), LexiconEntry.retired_at.is_(None))
    return [_Row(*values) for values in session.execute(query)]


def _load(session: Session, ids: Sequence[int]) -> dict[int, LexiconEntry]:
    query = select(LexiconEntry).where(LexiconEntry.id.in_(ids))
    loaded = query.options(joinedload(LexiconEntry.area), joinedload(LexiconEntry.author))
    return {entry.id: entry for entry in session.scalars(loaded)}
