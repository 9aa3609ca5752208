"""Recordings: sound that people bring, kept in the library, forgotten when no bulletin uses it for a week."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from broadcast.errors import AudioSilent, DomainError, NotAudio, NotFound
from broadcast.models import Bulletin, BulletinVersion, Person, Role, VersionPart
from broadcast.models import Recording as Row
from broadcast.storage import audit
from broadcast.storage.database import take_turn
from broadcast.storage.library import PREVIEW, RECORDING, Library
from broadcast.units import areas, permissions
from tts import recording
from tts.errors import SilentAudio
from tts.recording import Take

from . import content, speech

TURN = 0x7474_0006  # a file is taken in, or forgotten, never both at once
NAME_LIMIT = 200
KEPT = dt.timedelta(days=7)  # for a draft that is still open in a browser


@dataclass(frozen=True, slots=True)
class Taken:
    """A file that has been listened to and converted, but belongs to nobody yet."""

    path: Path
    preview: Path
    name: str
    take: Take


@contextmanager
def taking(library: Library, source: Path, *, name: str, trim: bool = True) -> Iterator[Taken]:
    """Convert an uploaded file; what ``keep`` has not taken over is gone afterwards.

    It takes as long as the sound is long to decode, so no transaction should be open meanwhile.
    Errors: NotAudio, AudioTooLong, AudioSilent, DiskFull, StorageFailed.
    """
    library.check_space(1)
    with library.incoming() as folder:
        path, preview = folder / "recording.flac", folder / "preview.mp3"
        try:
            with speech.translated():
                take = recording.accept(source, path, trim=trim)
                recording.compact(path, preview)
        except DomainError as error:
            raise _told(error, name) from error
        library.check_space(1)
        yield Taken(path, preview, _tidy(name), take)


def keep(
    session: Session,
    person: Person,
    taken: Taken,
    *,
    area_id: int,
    language: str,
    library: Library,
    now: dt.datetime,
) -> Row:
    """Enter a recording for an area.

    Errors: UnknownArea, Forbidden, VoiceInvalid, DiskFull, StorageFailed.
    """
    require(session, person, area_id)
    content.check_language(language)
    take_turn(session, TURN)
    take = taken.take
    library.adopt(taken.path, take.sha256, RECORDING)
    library.adopt(taken.preview, take.sha256, PREVIEW)
    row = Row(
        area_id=area_id,
        sha256=take.sha256,
        name=taken.name,
        language=language,
        size=take.size,
        duration_ms=round(take.duration * 1000),
        loudness=take.loudness,
        peaks=list(take.peaks),
        cut_head_ms=round(take.cut_head * 1000),
        cut_tail_ms=round(take.cut_tail * 1000),
        author_id=person.id,
        created_at=now,
    )
    session.add(row)
    session.flush()
    subject, detail = f"recording:{row.id}", {"area_id": area_id, "name": row.name, "sha256": row.sha256}
    audit.record(session, now=now, person_id=person.id, action="recording.accept", subject=subject, **detail)
    return row


def accept(
    session: Session,
    person: Person,
    *,
    area_id: int,
    source: Path,
    name: str,
    language: str = "vi",
    trim: bool = True,
    library: Library,
    now: dt.datetime,
) -> Row:
    """Both in one go, for a short file: the transaction stays open while it is converted.

    Errors: those of ``taking`` and of ``keep``.
    """
    require(session, person, area_id)
    with taking(library, source, name=name, trim=trim) as taken:
        return keep(session, person, taken, area_id=area_id, language=language, library=library, now=now)


def require(session: Session, person: Person, area_id: int) -> None:
    """Whether ``person`` may bring recordings here. Errors: UnknownArea, Forbidden."""
    areas.get(session, area_id)
    permissions.require(person, Role.EDITOR, area_id, session)


def get(session: Session, person: Person, recording_id: int) -> Row:
    """Errors: NotFound, also for one that stands neither in an area nor in a bulletin the person may see."""
    row = session.get(Row, recording_id)
    if row is None or not (
        permissions.may(person, Role.VIEWER, row.area_id, session) or _is_heard_by(session, person, row.id)
    ):
        raise NotFound(kind="recording", id=recording_id)
    return row


def prune(session: Session, library: Library, now: dt.datetime) -> int:
    """Forget recordings that no version of any bulletin uses; returns how many. Errors: StorageFailed."""
    take_turn(session, TURN)
    used = exists().where(BulletinVersion.recording_id == Row.id)
    used_in_part = exists().where(VersionPart.recording_id == Row.id)
    unused = delete(Row).where(Row.created_at < now - KEPT, ~used, ~used_in_part).returning(Row.sha256)
    gone = list(session.scalars(unused.execution_options(synchronize_session=False)))
    still = set(session.scalars(select(Row.sha256).where(Row.sha256.in_(gone))))
    for sha256 in set(gone) - still:
        library.remove(sha256, RECORDING)
        library.remove(sha256, PREVIEW)
    return len(gone)


def _is_heard_by(session: Session, person: Person, recording_id: int) -> bool:
    part = exists().where(
        VersionPart.version_id == BulletinVersion.id, VersionPart.recording_id == recording_id
    )
    query = (
        select(Bulletin.id)
        .join(BulletinVersion, BulletinVersion.bulletin_id == Bulletin.id)
        .where(Bulletin.area_id.in_(permissions.visible(person)))
        .where((BulletinVersion.recording_id == recording_id) | part)
        .limit(1)
    )
    return session.scalar(query) is not None


def _told(error: DomainError, name: str) -> DomainError:
    silent = isinstance(error.__cause__, SilentAudio)
    if silent:
        return AudioSilent(name=name)
    if isinstance(error, NotAudio):
        return NotAudio(name=name)
    return error


def _tidy(name: str) -> str:
    """What the file was called where it came from, without its folders."""
    plain = " ".join(speech.clean(name).replace("\\", "/").rsplit("/", 1)[-1].split())
    return "".join(c for c in plain if c.isprintable())[:NAME_LIMIT]
