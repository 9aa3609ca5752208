"""The form of a slot: what stands in it, in order, which bulletins flow in first, and when it recurs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from schedules import slots
from schedules.errors import OverFull, SlotError
from schedules.slots import FLOWING, MAX_ENTRIES, Entry, Kind, Slot
from schedules.types import Rule

from .bulletins import LANGUAGE
from .reading import FormReader
from .rule_fields import FIELDS, RuleFields, read_rule

MINUTE = 60_000  # milliseconds
LONGEST = 24 * 60  # minutes
DEFAULT_MINUTES = 30
RELAYED_MINUTES = 15  # what a station is carried for until somebody says otherwise
MOST_ORDERED = 200
MOST_LANGUAGES = 12
NOTHING = RuleFields()
LISTS = ("entry", "order", "language")

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One place in the slot; ``key`` tells the rows of a page apart, ``minutes`` is said of a relay only."""

    key: int
    kind: Kind
    ref: str = ""
    classes: tuple[str, ...] = ()
    filling: bool = False
    minutes: int = 0

    @property
    def what(self) -> str:
        """How the list to choose from names it: ``tune:12``, ``flow:priority,routine``."""
        return f"{self.kind}:{','.join(self.classes) if self.kind is Kind.FLOW else self.ref}"

    @property
    def has_choice(self) -> bool:
        """Whether it may be left out when time is short."""
        return self.kind not in (Kind.FLOW, Kind.BULLETIN)

    def entry(self, lengths: Mapping[str, int]) -> Entry:
        length = self.minutes * MINUTE if self.kind is Kind.RELAY else lengths.get(self.what, 0)
        return Entry(
            kind=self.kind,
            ref=self.ref,
            length_ms=length if self.has_choice else 0,
            fixed=self.kind is Kind.BULLETIN or (self.has_choice and not self.filling),
            classes=frozenset(self.classes),
        )


@dataclass(frozen=True, slots=True)
class SlotForm:
    """What stands in the page; ``removed`` has what goes when it is saved, as ``entry:3`` or ``order:17``."""

    title: str = ""
    area_id: int = 0
    minutes: int = DEFAULT_MINUTES
    rows: tuple[EntryRow, ...] = ()
    order: tuple[int, ...] = ()
    languages: tuple[str, ...] = ()
    removed: frozenset[str] = frozenset()
    when: RuleFields = NOTHING
    over: tuple[int, ...] = ()  # schedules that give way
    accepted: bool = False  # the warnings were shown and the person goes on all the same
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def rule(self) -> Rule | None:
        return None if self.errors.keys() & FIELDS else self.when.rule()

    @property
    def kept_order(self) -> tuple[int, ...]:
        return tuple(each for each in self.order if f"order:{each}" not in self.removed)

    def slot(self, lengths: Mapping[str, int]) -> Slot:
        """What the form says, with how long each sound lasts by what it is named. Raises SlotError."""
        if "minutes" in self.errors:
            raise SlotError("bad_length", length_ms=self.minutes * MINUTE)
        rows = self.kept_rows
        slot = slots.validate(
            Slot(
                length_ms=self.minutes * MINUTE,
                entries=tuple(row.entry(lengths) for row in rows),
                languages=tuple(each for each in self.languages if f"language:{each}" not in self.removed),
            )
        )
        pinned = sum(lengths.get(row.what, 0) for row in rows if row.kind is Kind.BULLETIN)
        if slots.frame_ms(slot) + pinned > slot.length_ms:
            raise OverFull(fixed_ms=slots.frame_ms(slot) + pinned, length_ms=slot.length_ms)
        return slot

    @property
    def kept_rows(self) -> tuple[EntryRow, ...]:
        return tuple(row for row in self.rows if f"entry:{row.key}" not in self.removed)


def rows_of(slot: Slot) -> tuple[EntryRow, ...]:
    """The rows that make this slot again."""
    return tuple(
        EntryRow(
            key=number,
            kind=entry.kind,
            ref=entry.ref,
            classes=tuple(klass for klass in FLOWING if klass in entry.classes),
            filling=not entry.fixed and entry.kind is not Kind.FLOW,
            minutes=-(-entry.length_ms // MINUTE) if entry.kind is Kind.RELAY else 0,
        )
        for number, entry in enumerate(slot.entries)
    )


def read_slot(form: MultiDict[str, str]) -> SlotForm:
    reader = FormReader(form)
    minutes = reader.integer("minutes", missing=_("Hãy nhập khung giờ dài bao nhiêu phút."))
    if not 1 <= minutes <= LONGEST:
        reader.refuse("minutes", _("Phải từ %(lowest)s đến %(highest)s.", lowest=1, highest=LONGEST))
    return SlotForm(
        title=reader.text("title", longest=200, missing=_("Hãy đặt tên cho khung giờ.")),
        area_id=reader.integer("area_id", missing=_("Hãy chọn địa bàn.")),
        minutes=minutes,
        rows=_rows(reader),
        order=tuple(dict.fromkeys(reader.integers("order")))[:MOST_ORDERED],
        languages=_languages(reader.texts("language")),
        removed=frozenset(reader.texts("removed")),
        when=read_rule(reader),
        over=reader.integers("over"),
        accepted=reader.raw("accepted") == "yes",
        errors=reader.errors,
    )


def _rows(reader: FormReader) -> tuple[EntryRow, ...]:
    found = []
    for key in dict.fromkeys(reader.integers("entry")[:MAX_ENTRIES]):
        row = row_of(key, reader.raw(f"entry_{key}_what"))
        if row is None:
            continue
        filling = reader.raw(f"entry_{key}_filling") == "yes"
        minutes = reader.integer(f"entry_{key}_minutes") if row.kind is Kind.RELAY else 0
        found.append(replace(row, filling=filling and row.has_choice, minutes=minutes))
    return tuple(found)


def row_of(key: int, what: str) -> EntryRow | None:
    """A row for what was chosen from the list; None for what no list of ours has."""
    name, _colon, rest = what.partition(":")
    if name not in set(Kind):
        return None
    kind = Kind(name)
    if kind is Kind.FLOW:
        classes = tuple(klass for klass in FLOWING if klass in rest.split(","))
        return EntryRow(key, kind, classes=classes) if classes else None
    if not (rest.isascii() and rest.isdecimal() and len(rest) <= 9):
        return None
    return EntryRow(key, kind, ref=rest, minutes=RELAYED_MINUTES if kind is Kind.RELAY else 0)


def _languages(codes: Sequence[str]) -> tuple[str, ...]:
    known = (code for code in codes if LANGUAGE.fullmatch(code))
    return tuple(dict.fromkeys(known))[:MOST_LANGUAGES]


def arranged(form: SlotForm, action: str, chosen: Mapping[str, str]) -> SlotForm:
    """The form after ``add:LIST``, ``up:LIST:KEY`` or ``down:LIST:KEY``; anything else changes nothing.

    ``chosen`` is what stands in the list to add from, for each of the lists.
    """
    verb, _colon, rest = action.partition(":")
    name, _colon, key = rest.partition(":")
    if name not in LISTS:
        return form
    if verb == "add":
        return _added(form, name, chosen.get(name, ""))
    step = {"up": -1, "down": 1}.get(verb, 0)
    return replace(
        form,
        rows=_moved(form.rows, [str(row.key) for row in form.rows], key, step if name == "entry" else 0),
        order=_moved(form.order, [str(each) for each in form.order], key, step if name == "order" else 0),
        languages=_moved(form.languages, form.languages, key, step if name == "language" else 0),
    )


def _added(form: SlotForm, name: str, what: str) -> SlotForm:
    if name == "entry":
        row = row_of(max((row.key for row in form.rows), default=-1) + 1, what)
        return replace(form, rows=(*form.rows, row)[:MAX_ENTRIES]) if row else form
    removed = form.removed - {f"{name}:{what}"}
    if name == "language":
        return replace(form, languages=_languages((*form.languages, what)), removed=removed)
    if not (what.isascii() and what.isdecimal() and len(what) <= 9):
        return form
    order = tuple(dict.fromkeys((*form.order, int(what))))[:MOST_ORDERED]
    return replace(form, order=order, removed=removed)


def _moved(items: tuple[Item, ...], keys: Sequence[str], key: str, step: int) -> tuple[Item, ...]:
    here = keys.index(key) if key in keys else -1
    there = here + step
    if here < 0 or not 0 <= there < len(items):
        return items
    moved = list(items)
    moved[here], moved[there] = moved[there], moved[here]
    return tuple(moved)
