"""What a slot plays at its coming starts, what not, and why: for the officers who look at it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from broadcast.authoring import sounds
from broadcast.authoring.refs import row_id
from broadcast.authoring.repertoire import Repertoire
from broadcast.authoring.sounds import NAMED
from broadcast.errors import NotFound, RuleInvalid
from broadcast.models import Area, Bulletin, RelayStation, Schedule, Sound
from broadcast.orders.items import horizon
from broadcast.plans.filling import Filled, Filler, Frame, Occasion, frames
from broadcast.plans.offers import chosen_in
from broadcast.plans.planning import Span
from broadcast.slot_errors import SlotInvalid
from broadcast.units.holiday_book import calendar_of
from schedules import recurrence, slots
from schedules.errors import RuleError, SlotError
from schedules.slots import Entry, Kind, LeftOut, Placed, Programme, Reason, Slot, Why
from schedules.types import Rule

from . import choosing

DRAFT = 0  # the number of a schedule that is not saved yet


@dataclass(frozen=True, slots=True)
class Heard:
    """Something that is played; ``entry`` is its place in the slot, ``ref`` as the slot has it.

    Of a bulletin: the ``languages`` that are heard, in order, and which of the slot's are ``missing``.
    """

    entry: int
    kind: Kind
    ref: str
    title: str
    offset_ms: int
    length_ms: int
    why: Why
    languages: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    in_own_order: bool = False  # all it has, whatever the slot says: its languages were never made apart

    @property
    def bulletin_id(self) -> int | None:
        return None if self.kind in NAMED else int(self.ref)


@dataclass(frozen=True, slots=True)
class Unheard:
    """Something that is not played; ``kind`` FLOW: a bulletin without a place of its own."""

    kind: Kind
    ref: str
    title: str
    why: Reason
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Variant:
    """What is heard in these areas and in all below them that have no variant of their own."""

    areas: tuple[Area, ...]
    placed: tuple[Heard, ...]
    left_out: tuple[Unheard, ...]
    says_nothing: bool  # there is only a frame, and nothing in it: it is not aired

    @property
    def used_ms(self) -> int:
        return sum(each.length_ms for each in self.placed)


@dataclass(frozen=True, slots=True)
class SittingView:
    """One start of a slot; the variant of the slot's own area comes first."""

    start: dt.datetime
    length_ms: int
    variants: tuple[Variant, ...]

    @property
    def used_ms(self) -> int:
        """Of the longest variant."""
        return max(variant.used_ms for variant in self.variants)

    @property
    def says_nothing(self) -> bool:
        """Nobody has anything to say, so it is not aired."""
        return all(variant.says_nothing for variant in self.variants)


@dataclass(frozen=True, slots=True)
class ReachView:
    """How often a bulletin airs in its days, where it airs least; ``short``: no later day can change that."""

    bulletin_id: int
    title: str
    wanted: int
    done: int
    planned: int
    short: bool

    @property
    def possible(self) -> int:
        return self.done + self.planned


@dataclass(frozen=True, slots=True)
class Preview:
    """``languages``: those that the slot names, in order."""

    sittings: tuple[SittingView, ...]
    reaches: tuple[ReachView, ...]
    languages: tuple[str, ...] = ()


def coming(session: Session, schedule_id: int, now: dt.datetime, days: int = 7) -> list[SittingView]:
    """What a saved slot plays in the coming days, as it is planned. Errors: NotFound (also for a list)."""
    return list(planned(session, schedule_id, now, days).sittings)


def planned(session: Session, schedule_id: int, now: dt.datetime, days: int = 7) -> Preview:
    """As ``coming``, with how often its bulletins air. Errors: NotFound."""
    schedule = session.get(Schedule, schedule_id)
    if schedule is None or schedule.slot is None:
        raise NotFound(kind="schedule", id=schedule_id)
    held = frames(session, [schedule.area_id]).get(schedule.area_id, [])
    return _Teller(session, schedule.area_id, held, now, days).preview(schedule_id)


def preview(
    session: Session,
    *,
    area_id: int,
    slot: Slot,
    order: Sequence[int],
    rule: Rule,
    now: dt.datetime,
    days: int = 7,
    schedule_id: int | None = None,
) -> Preview:
    """What a slot would play if it were saved like this; nothing is written.

    Errors: UnknownArea, RuleInvalid, SlotInvalid.
    """
    try:
        rule = recurrence.validate(rule)
        known = sounds.audible(session, area_id, [slot])
        slot = slots.validate(choosing.with_lengths(slot, known))
    except RuleError as error:
        raise RuleInvalid(why=error.code, **error.params) from error
    except SlotError as error:
        raise SlotInvalid(why=error.code, **error.params) from error
    own = Frame(schedule_id or DRAFT, area_id, "", rule, slot, tuple(order))
    others = frames(session, [area_id]).get(area_id, [])
    held = [own, *(each for each in others if each.schedule_id != own.schedule_id)]
    return _Teller(session, area_id, held, now, days).preview(own.schedule_id)


class _Teller:
    """Fills the slots of an area and puts into words whose sounds and bulletins those are."""

    def __init__(
        self, session: Session, area_id: int, held: Sequence[Frame], now: dt.datetime, days: int
    ) -> None:
        self._session = session
        self._repertoire = Repertoire(session)
        span, filler = Span.after(now, horizon(now, days)), Filler(session, self._repertoire)
        self._filled: Filled = filler.fill(area_id, held, *span, calendar_of(session, area_id))
        self._now = now

    def preview(self, schedule_id: int) -> Preview:
        own = [each for each in self._filled.occasions if each.frame.schedule_id == schedule_id]
        self._learn(own)
        views = tuple(self._sitting(occasion) for occasion in own)
        languages = own[0].frame.slot.languages if own else ()
        return Preview(views, tuple(self._reaches(own)), languages)

    def _learn(self, occasions: Iterable[Occasion]) -> None:
        programmes = [each for occasion in occasions for each in occasion.programmes.values()]
        refs = {placed.ref for each in programmes for placed in each.placed}
        refs |= {left.ref for each in programmes for left in each.left_out}
        refs |= {reach.id for reaches in self._filled.reaches.values() for reach in reaches}
        ids = {id_ for id_ in map(row_id, refs) if id_ is not None}
        for frame in {id(each.frame): each.frame for each in self._filled.occasions}.values():
            ids |= chosen_in(frame.slot, frame.order)
        found = select(Bulletin).where(Bulletin.id.in_(ids)).options(joinedload(Bulletin.current))
        self._titles = {str(each.id): each.current.title for each in self._session.scalars(found)}
        areas = {area_id for occasion in occasions for area_id in occasion.programmes}
        rows = self._session.scalars(select(Area).where(Area.id.in_(areas)))
        self._areas = {area.id: area for area in rows}

    def _sitting(self, occasion: Occasion) -> SittingView:
        groups: dict[tuple[Placed, ...], list[int]] = {}
        for area_id, programme in occasion.programmes.items():
            groups.setdefault(programme.placed, []).append(area_id)
        _, places = sounds.playable(occasion.frame.slot, self._filled.sounds)
        lost = tuple(self._lost(occasion.frame, places))
        variants = tuple(self._variant(area_ids, occasion, places, lost) for area_ids in groups.values())
        return SittingView(occasion.start, occasion.frame.slot.length_ms, variants)

    def _variant(
        self, area_ids: Sequence[int], occasion: Occasion, places: Sequence[int], lost: tuple[Unheard, ...]
    ) -> Variant:
        programme, wished = occasion.programmes[area_ids[0]], occasion.frame.slot.languages
        placed = tuple(self._heard(each, places, wished) for each in programme.placed)
        left_out = (self._unheard(each) for each in programme.left_out if each.why is not Reason.OTHER_AREA)
        areas = tuple(self._areas[area_id] for area_id in area_ids)
        return Variant(areas, placed, (*left_out, *lost), programme.says_nothing)

    def _heard(self, each: Placed, places: Sequence[int], wished: Sequence[str]) -> Heard:
        sound, place = self._filled.sounds.get(each.ref), places[each.entry]
        if sound is not None:
            ref = each.ref.partition(":")[2]
            return Heard(place, each.kind, ref, sound.title, each.offset_ms, each.length_ms, each.why)
        title, piece = self._titles.get(each.ref, ""), self._repertoire.piece(int(each.ref))
        as_one = piece is not None and not piece.cuts and len(piece.languages) > 1
        languages = piece.languages if piece is not None and as_one else each.languages
        missing = tuple(language for language in wished if language not in languages)
        told = (languages, missing, bool(as_one and wished))
        return Heard(place, each.kind, each.ref, title, each.offset_ms, each.length_ms, each.why, *told)

    def _unheard(self, each: LeftOut) -> Unheard:
        sound = self._filled.sounds.get(each.ref)
        if sound is None:
            return Unheard(Kind.FLOW, each.ref, self._titles.get(each.ref, ""), each.why, each.params)
        kind, _, ref = each.ref.partition(":")
        return Unheard(Kind(kind), ref, sound.title, each.why, each.params)

    def _lost(self, frame: Frame, places: Collection[int]) -> Iterator[Unheard]:
        """What stands in the slot and cannot be played any more."""
        for place, entry in enumerate(frame.slot.entries):
            if place not in places:
                yield Unheard(entry.kind, entry.ref, self._title(entry), Reason.NOT_APPROVED)
        for bulletin_id in frame.order:
            if self._repertoire.piece(bulletin_id) is None:
                ref = str(bulletin_id)
                yield Unheard(Kind.FLOW, ref, self._titles.get(ref, ""), Reason.NOT_APPROVED)

    def _title(self, entry: Entry) -> str:
        """Of a sound or a station that is retired."""
        id_ = row_id(entry.ref)
        if entry.kind not in NAMED or id_ is None:
            return ""
        found: RelayStation | Sound | None
        if entry.kind is Kind.RELAY:
            found = self._session.get(RelayStation, id_)
        else:
            found = self._session.get(Sound, id_)
        return found.title if found is not None else ""

    def _reaches(self, occasions: Iterable[Occasion]) -> Iterator[ReachView]:
        """Of the bulletins that are offered to the slot, where each airs least."""
        offered = {ref for occasion in occasions for ref in _offered(occasion.programmes)}
        least: dict[str, ReachView] = {}
        for reach in (each for reaches in self._filled.reaches.values() for each in reaches):
            known = least.get(reach.id)
            if reach.id in offered and (known is None or reach.possible < known.possible):
                title = self._titles.get(reach.id, "")
                least[reach.id] = ReachView(
                    int(reach.id), title, reach.wanted, reach.done, reach.planned, reach.short
                )
        yield from (least[each] for each in sorted(least, key=int))


def _offered(programmes: Mapping[int, Programme]) -> Iterator[str]:
    for programme in programmes.values():
        yield from (placed.ref for placed in programme.bulletins())
        yield from (left.ref for left in programme.left_out)
