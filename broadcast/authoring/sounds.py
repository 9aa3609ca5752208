"""The sounds of a unit's slots: signature tunes, chimes, closings and recorded pieces, also for all below."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.errors import EmptyTitle, InvalidInput, NotFound, TitleTooLong, WrongState
from broadcast.models import AreaClosure, Clip, Person, Role, Sound
from broadcast.storage import audit, clips, events
from broadcast.storage.library import Library
from broadcast.units import areas, permissions
from schedules.slots import FRAME, Entry, Kind, Slot
from tts import recording as recordings
from tts.synthesis import Synthesiser
from tts.types import AudioClip, Chime, Recorded, Script

from . import relays, speech
from .refs import row_id

KINDS = (*sorted(FRAME), Kind.PIECE)
NAMED = (*KINDS, Kind.RELAY)  # what a slot has that is no bulletin
TITLE_LIMIT = 200


class Audio(NamedTuple):
    """A sound as a slot plays it, or a station as it carries it: for as long as the slot says."""

    clip_id: int | None
    length_ms: int
    title: str
    station_id: int | None = None


Audible = Mapping[str, Audio]
"""What of its sounds and stations a slot can play, by their names."""


def master(library: Library, synthesiser: Synthesiser, source: Path) -> AudioClip:
    """An uploaded file as it may go on air, in the library already.

    It takes as long as the sound is long to decode, so no transaction should be open meanwhile.
    Errors: NotAudio, AudioTooLong, AudioSilent, DiskFull, StorageFailed, SpeechFailed.
    """
    library.check_space(1)
    with library.incoming() as folder, speech.translated():
        flac = folder / "sound.flac"
        take = recordings.accept(source, flac)
        part = Recorded(flac, take.sha256)
        clip = synthesiser.render(Script((part,), chime=Chime.NONE, lead_in=0.0, tail=0.0))
    library.put(clip)
    return clip


def add(
    session: Session,
    person: Person,
    area_id: int,
    *,
    kind: Kind,
    title: str,
    recording: AudioClip,
    now: dt.datetime,
) -> Sound:
    """Offer what ``master`` has made to the slots of an area and of all below it.

    Errors: UnknownArea, Forbidden, EmptyTitle, TitleTooLong, InvalidInput (a kind that is no sound).
    """
    area = areas.get(session, area_id)
    permissions.require(person, Role.EDITOR, area, session)
    if kind not in KINDS:
        raise InvalidInput(field="kind", value=kind.value)
    clip = clips.keep(session, recording, now)
    sound = Sound(
        area_id=area.id,
        kind=kind,
        title=_checked_title(title),
        clip_id=clip.id,
        created_by=person.id,
        created_at=now,
    )
    session.add(sound)
    _tell(session, person, sound, "sound.add", now)
    return sound


def offered(session: Session, area_id: int) -> list[Sound]:
    """What a slot of the area may play: its own sounds and those from above, by kind and title."""
    above = select(AreaClosure.ancestor_id).where(AreaClosure.descendant_id == area_id)
    query = select(Sound).where(Sound.area_id.in_(above), Sound.retired_at.is_(None))
    return list(session.scalars(query.order_by(Sound.kind, Sound.title, Sound.id)))


def retired(session: Session, area_id: int) -> list[Sound]:
    """The area's own sounds that are out of use, the last one first."""
    query = select(Sound).where(Sound.area_id == area_id, Sound.retired_at.is_not(None))
    return list(session.scalars(query.order_by(Sound.retired_at.desc(), Sound.id)))


def audible(session: Session, area_id: int, held: Iterable[Slot]) -> Audible:
    """What is in these slots and offered to their area; all else is retired or was never there."""
    held = tuple(held)
    carried = relays.receivable(session, area_id, held).items()
    stations = {f"{Kind.RELAY}:{id_}": Audio(None, 0, title, id_) for id_, title in carried}
    return stations | _sounds(session, area_id, held)


def _sounds(session: Session, area_id: int, held: Iterable[Slot]) -> dict[str, Audio]:
    refs = {entry.ref for slot in held for entry in slot.entries if entry.kind in KINDS}
    ids = sorted(id_ for id_ in map(row_id, refs) if id_ is not None)
    if not ids:
        return {}
    above = select(AreaClosure.ancestor_id).where(AreaClosure.descendant_id == area_id)
    query = (
        select(Sound.kind, Sound.id, Sound.clip_id, Clip.duration_ms, Sound.title)
        .join(Clip, Clip.id == Sound.clip_id)
        .where(Sound.id.in_(ids), Sound.area_id.in_(above), Sound.retired_at.is_(None))
    )
    rows = session.execute(query)
    return {f"{kind}:{id_}": Audio(clip_id, length, title) for kind, id_, clip_id, length, title in rows}


def name_of(entry: Entry) -> str:
    """Tells a sound in a slot from a bulletin with the same number, and from a sound of another kind."""
    return f"{entry.kind}:{entry.ref}"


def playable(slot: Slot, known: Audible) -> tuple[Slot, tuple[int, ...]]:
    """A slot without what cannot be played, its sounds by their names; and where each entry stood in it."""
    kept = [
        (place, _by_name(entry, known))
        for place, entry in enumerate(slot.entries)
        if entry.kind not in NAMED or name_of(entry) in known
    ]
    return replace(slot, entries=tuple(entry for _, entry in kept)), tuple(place for place, _ in kept)


def _by_name(entry: Entry, known: Audible) -> Entry:
    if entry.kind not in NAMED:
        return entry
    name = name_of(entry)
    return replace(entry, ref=name, length_ms=known[name].length_ms or entry.length_ms)


def get(session: Session, person: Person, sound_id: int) -> Sound:
    """Errors: NotFound, also for one that is offered nowhere where the person may look."""
    sound = session.get(Sound, sound_id)
    if sound is None or not (
        permissions.may(person, Role.VIEWER, sound.area_id, session) or _reaches(session, person, sound)
    ):
        raise NotFound(kind="sound", id=sound_id)
    return sound


def rename(session: Session, person: Person, sound_id: int, *, title: str, now: dt.datetime) -> Sound:
    """Errors: NotFound, Forbidden, EmptyTitle, TitleTooLong."""
    sound = _editable(session, person, sound_id)
    sound.title = _checked_title(title)
    _tell(session, person, sound, "sound.rename", now)
    return sound


def retire(session: Session, person: Person, sound_id: int, *, now: dt.datetime) -> Sound:
    """Slots that have it play on without it. Errors: NotFound, Forbidden, WrongState."""
    sound = _editable(session, person, sound_id)
    if sound.retired_at is not None:
        raise WrongState(kind="sound", state="retired", action="retire")
    sound.retired_at = now
    _tell(session, person, sound, "sound.retire", now)
    return sound


def restore(session: Session, person: Person, sound_id: int, *, now: dt.datetime) -> Sound:
    """Errors: NotFound, Forbidden, WrongState."""
    sound = _editable(session, person, sound_id)
    if sound.retired_at is None:
        raise WrongState(kind="sound", state="offered", action="restore")
    sound.retired_at = None
    _tell(session, person, sound, "sound.restore", now)
    return sound


def _editable(session: Session, person: Person, sound_id: int) -> Sound:
    sound = get(session, person, sound_id)
    permissions.require(person, Role.EDITOR, sound.area_id, session)
    return sound


def _reaches(session: Session, person: Person, sound: Sound) -> bool:
    query = select(AreaClosure.descendant_id).where(
        AreaClosure.ancestor_id == sound.area_id,
        AreaClosure.descendant_id.in_(permissions.visible(person)),
    )
    return session.scalar(query.limit(1)) is not None


def _checked_title(title: str) -> str:
    title = " ".join(title.split())
    if not title:
        raise EmptyTitle(field="title")
    if len(title) > TITLE_LIMIT:
        raise TitleTooLong(count=len(title), limit=TITLE_LIMIT)
    return title


def _tell(session: Session, person: Person, sound: Sound, action: str, now: dt.datetime) -> None:
    session.flush()
    subject, detail = f"sound:{sound.id}", {"kind": sound.kind.value, "title": sound.title}
    audit.record(session, now=now, person_id=person.id, action=action, subject=subject, **detail)
    events.emit(session, now=now, kind="sound", area_id=sound.area_id, subject=sound.id)
