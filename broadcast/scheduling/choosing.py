"""What may be chosen for the programme of an area: bulletins for a list, and all that stands in a slot."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from broadcast.authoring import bulletins
from broadcast.authoring.refs import row_id
from broadcast.authoring.sounds import NAMED, Audible, audible, name_of
from broadcast.errors import NoAudio, NotApproved, NotFound, NothingToPlay, WrongState
from broadcast.models import Bulletin, Person, Role
from broadcast.slot_errors import SlotInvalid
from broadcast.units import areas, permissions
from devices.messages import BulletinClass
from schedules import slots
from schedules.errors import SlotError
from schedules.slots import Entry, Kind, Slot


def playable(session: Session, person: Person, area_id: int, bulletin_ids: Sequence[int]) -> tuple[int, ...]:
    """The bulletins themselves when all of them may air in the area.

    Errors: NothingToPlay, NotFound, WrongState (an emergency), NotApproved, NoAudio.
    """
    if not bulletin_ids:
        raise NothingToPlay()
    above = {area.id for area in areas.ancestors(session, area_id)}
    for bulletin_id in bulletin_ids:
        bulletin = session.get(Bulletin, bulletin_id)
        if bulletin is None or not (
            bulletin.area_id in above or permissions.may(person, Role.VIEWER, bulletin.area_id, session)
        ):
            raise NotFound(kind="bulletin", id=bulletin_id)
        if bulletin.klass is BulletinClass.EMERGENCY:
            raise WrongState(kind="bulletin", id=bulletin_id, state="emergency", action="schedule")
        version = bulletins.approved_version(session, bulletin)
        if version is None:
            raise NotApproved(bulletin_id=bulletin_id)
        if version.clip_id is None:
            raise NoAudio(bulletin_id=bulletin_id)
    return tuple(bulletin_ids)


def nameable(
    session: Session, person: Person, area_id: int, bulletin_ids: Collection[int]
) -> dict[int, Bulletin]:
    """Those of the bulletins that the person may see, or that come from above the area, by their numbers."""
    if not bulletin_ids:
        return {}
    seen = permissions.visible_areas(session, person)
    seen |= set(session.scalars(areas.above(area_id)))
    query = select(Bulletin).where(Bulletin.id.in_(sorted(bulletin_ids)))
    found = session.scalars(query.options(joinedload(Bulletin.current), joinedload(Bulletin.area)))
    return {each.id: each for each in found if each.area_id in seen}


def order(
    session: Session, person: Person, area_id: int, chosen: Iterable[int], *, had: Iterable[int] = ()
) -> tuple[int, ...]:
    """The officer's order of what flows in; it may be empty, and what it ``had`` already may stay.

    Errors: SlotInvalid (``repeated_bulletin``), and those of ``playable``.
    """
    ids = tuple(chosen)
    for place, bulletin_id in enumerate(ids):
        if bulletin_id in ids[:place]:
            raise SlotInvalid(why="repeated_bulletin", name=str(bulletin_id))
    new = [each for each in ids if each not in set(had)]
    if new:
        playable(session, person, area_id, new)
    return ids


def slot(session: Session, person: Person, area_id: int, wished: Slot, *, had: Slot | None = None) -> Slot:
    """The slot with its sounds as long as they are; what it ``had`` already may stay.

    Errors: SlotInvalid, and those of ``playable`` for the bulletins that have a place of their own.
    """
    known = {(entry.kind, entry.ref) for entry in had.entries} if had is not None else set()
    new = [entry for entry in wished.entries if (entry.kind, entry.ref) not in known]
    known_sounds = audible(session, area_id, [wished])
    sounds = [entry for entry in new if entry.kind in NAMED]
    lost = next((entry for entry in sounds if name_of(entry) not in known_sounds), None)
    if lost is not None:
        raise SlotInvalid(why="no_relay" if lost.kind is Kind.RELAY else "no_sound", ref=lost.ref)
    try:
        found = slots.validate(with_lengths(wished, known_sounds))
    except SlotError as error:
        raise SlotInvalid(why=error.code, **error.params) from error
    fixed = [_number(entry) for entry in new if entry.kind is Kind.BULLETIN]
    if fixed:
        playable(session, person, area_id, fixed)
    return found


def with_lengths(wished: Slot, known: Audible) -> Slot:
    lengths = {name: audio.length_ms for name, audio in known.items()}
    entries = (
        replace(entry, length_ms=lengths.get(name_of(entry)) or entry.length_ms) for entry in wished.entries
    )
    return replace(wished, entries=tuple(entries))


def _number(entry: Entry) -> int:
    """Errors: NotFound, for what is no number of a bulletin."""
    found = row_id(entry.ref)
    if found is None:
        raise NotFound(kind="bulletin", id=entry.ref)
    return found
