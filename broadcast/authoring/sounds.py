"""The sounds of a unit's slots: signature tunes, chimes, closings and recorded pieces, also for all below."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.errors import InvalidInput
from broadcast.models import Clip, Person, Role, Sound
from broadcast.storage import clips
from broadcast.storage.library import Library
from broadcast.units import areas, permissions
from schedules.slots import FRAME, Entry, Kind, Slot
from tts import recording as recordings
from tts.synthesis import Synthesiser
from tts.types import AudioClip, Chime, Recorded, Script

from . import relays, speech
from .offering import Offering, checked_title, named_in

KINDS = (*sorted(FRAME), Kind.PIECE)
NAMED = (*KINDS, Kind.RELAY)  # what a slot has that is no bulletin
SOUNDS = Offering(
    Sound,
    "sound",
    (Sound.kind, Sound.title, Sound.id),
    lambda sound: {"kind": sound.kind.value, "title": sound.title},
)
offered, get, retire, restore = SOUNDS.offered, SOUNDS.get, SOUNDS.retire, SOUNDS.restore


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
        title=checked_title(title),
        clip_id=clip.id,
        created_by=person.id,
        created_at=now,
    )
    session.add(sound)
    SOUNDS.tell(session, person, sound, "add", now)
    return sound


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
    ids = named_in(held, KINDS)
    if not ids:
        return {}
    query = (
        select(Sound.kind, Sound.id, Sound.clip_id, Clip.duration_ms, Sound.title)
        .join(Clip, Clip.id == Sound.clip_id)
        .where(Sound.id.in_(ids), SOUNDS.reaches(area_id))
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


def rename(session: Session, person: Person, sound_id: int, *, title: str, now: dt.datetime) -> Sound:
    """Errors: NotFound, Forbidden, EmptyTitle, TitleTooLong."""
    sound = SOUNDS.editable(session, person, sound_id)
    sound.title = checked_title(title)
    SOUNDS.tell(session, person, sound, "rename", now)
    return sound
