"""The versions of a bulletin: what the author gives, completed by the station of the area, then frozen."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy.orm import Session

from broadcast.folding import fold
from broadcast.models import Bulletin, BulletinVersion, Person, VersionPart
from devices.messages import BulletinClass

from . import composition, content, recordings, stations
from .composition import VIETNAMESE
from .content import PartContent
from .stations import Sound

OF_STATION = ("engine", "voice", "speed", "preset", "opening", "closing", "repeats", "lead_in_s")
FIELDS = ("title", "text", "language", "recording_id", "say_title", "chime", *OF_STATION)
ANY_VOICE = {"engine": Sound().engine, "voice": Sound().voice}  # a station's is chosen for Vietnamese


def complete(
    session: Session,
    person: Person,
    area_id: int,
    values: dict[str, Any],
    before: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The checked values with what they leave to the station; ``before`` are those of the last version.

    Errors: EmptyBulletin, NotFound when a recording is not there for this person.
    """
    last: dict[str, Any] = {"text": "", "language": VIETNAMESE, "recording_id": None, "parts": ()}
    last |= before or {}
    given = values if before is not None else dict.fromkeys(OF_STATION) | {"parts": ()} | values
    merged: dict[str, Any] = last | given
    content.require_words(merged["text"], merged["recording_id"])
    sound = stations.effective(session, area_id)
    said = _said(sound, merged["language"], merged.get("klass"))
    done: dict[str, Any] = given | {
        name: said[name] for name in OF_STATION if name in given and given[name] is None
    }
    if "parts" in done:
        done["parts"] = tuple(_complete_part(part, sound) for part in done["parts"])
    for recording_id in _recordings(done) - _recordings(last):
        recordings.get(session, person, recording_id)
    return done


def add(
    session: Session, bulletin: Bulletin, person: Person, values: dict[str, Any], now: dt.datetime
) -> BulletinVersion:
    """Enter the bulletin's current version with these complete values."""
    version = BulletinVersion(
        bulletin_id=bulletin.id,
        number=bulletin.version_number,
        text_sha256="",
        author_id=person.id,
        created_at=now,
        parts=[_part(position, part) for position, part in enumerate(values["parts"], start=1)],
        **{name: values[name] for name in FIELDS if name in values},
    )
    session.add(version)
    session.flush()
    version.text_sha256 = composition.fingerprint(version)
    return version


def values_of(version: BulletinVersion) -> dict[str, Any]:
    """What an author has decided, as ``complete`` gives it."""
    return {name: getattr(version, name) for name in FIELDS} | {"parts": tuple(map(_content, version.parts))}


def folded(version: BulletinVersion) -> str:
    """All its words, for search."""
    words = [version.title, version.text]
    for part in version.parts:
        words += [part.title, part.text]
    return fold("\n".join(words))


def _recordings(values: dict[str, Any]) -> set[int]:
    ids = {values.get("recording_id"), *(part.recording_id for part in values.get("parts", ()))}
    return {each for each in ids if each is not None}


def _said(sound: Sound, language: str, klass: BulletinClass | None) -> dict[str, Any]:
    said = {name: getattr(sound, name) for name in OF_STATION}
    if language != VIETNAMESE:
        said |= ANY_VOICE
    if klass is BulletinClass.EMERGENCY:  # begins with its words: an opening would cost seconds
        said |= {"opening": "", "closing": ""}
    return said


def _complete_part(part: PartContent, sound: Sound) -> PartContent:
    said = _said(sound, part.language, None)
    voice = {name: getattr(part, name) for name in ("engine", "voice", "speed")}
    chosen = {name: said[name] if value is None else value for name, value in voice.items()}
    return PartContent(part.language, part.title, part.text, **chosen, recording_id=part.recording_id)


def _part(position: int, part: PartContent) -> VersionPart:
    return VersionPart(
        position=position,
        language=part.language,
        title=part.title,
        text=part.text,
        engine=part.engine,
        voice=part.voice,
        speed=part.speed,
        recording_id=part.recording_id,
    )


def _content(part: VersionPart) -> PartContent:
    return PartContent(
        language=part.language,
        title=part.title,
        text=part.text,
        engine=part.engine,
        voice=part.voice,
        speed=part.speed,
        recording_id=part.recording_id,
    )
