"""The languages of a version as clips of their own, so that a slot may play them in an order of its own."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from broadcast.models import BulletinVersion, Clip, VersionCut
from broadcast.storage import clips
from broadcast.storage.chunks import chunks
from broadcast.storage.library import Library
from tts.types import AudioClip

from .composition import Piece


@dataclass(frozen=True, slots=True)
class Made:
    """A finished clip and, by section, what it is cut into; a number is the row of what was there before."""

    clip: AudioClip | int
    cuts: Mapping[int, AudioClip | int] = field(default_factory=dict)

    @classmethod
    def of(cls, clip: AudioClip) -> Made:
        return cls(clip, {each.section: each.clip for each in clip.cuts})


def sections(parts: Sequence[Piece]) -> tuple[int, ...]:
    """Of each part, the place of its language in the bulletin; none where all are in one language."""
    spoken = _languages(parts)
    return tuple(spoken.index(each.voice.language) for each in parts) if len(spoken) > 1 else ()


def made_before(session: Session, library: Library, key: str, keys: Mapping[int, str]) -> Made | None:
    """What was made of the same and cut in the same way, where all of it is still there."""
    clip = clips.made_before(session, library, key)
    if clip is None:
        return None
    found: dict[int, AudioClip | int] = {}
    for section, its_key in keys.items():
        cut = clips.made_before(session, library, its_key)
        if cut is None:
            return None
        found[section] = cut
    return Made(clip, found)


def put(library: Library, made: Made) -> None:
    """Errors: FileDamaged, DiskFull, StorageFailed."""
    for each in (made.clip, *made.cuts.values()):
        if isinstance(each, AudioClip):
            library.put(each)


def write(session: Session, version_id: int, parts: Sequence[Piece], kept: Mapping[int, Clip]) -> None:
    """Enter the cuts of a version, by section, in place of those it had."""
    forget(session, [version_id])
    spoken = dict(enumerate(_languages(parts)))
    rows = [
        {
            "version_id": version_id,
            "position": position,
            "language": spoken.get(section, ""),
            "clip_id": kept[section].id,
        }
        for position, section in enumerate(sorted(kept))
    ]
    if rows:
        session.execute(insert(VersionCut), rows)


def forget(session: Session, version_ids: Collection[int]) -> None:
    for ids in chunks(sorted(version_ids)):
        gone = delete(VersionCut).where(VersionCut.version_id.in_(ids))
        session.execute(gone.execution_options(synchronize_session=False))
    for loaded in session.identity_map.values():
        if isinstance(loaded, BulletinVersion) and loaded.id in version_ids:
            session.expire(loaded, ["cuts"])


def are_missing(version: BulletinVersion) -> bool:
    """Whether its languages were never made apart: it was spoken before that was done."""
    spoken = {version.language, *(part.language for part in version.parts)}
    return version.clip is not None and len(spoken) > 1 and not version.cuts


def fingerprint(cuts: Iterable[VersionCut]) -> str:
    """Names the list of cuts: what an approval is bound to beside the whole; empty where there are none."""
    listed = [(each.language, each.clip.sha256) for each in cuts]
    return hashlib.sha256(json.dumps(listed).encode()).hexdigest() if listed else ""


def _languages(parts: Iterable[Piece]) -> list[str]:
    return list(dict.fromkeys(each.voice.language for each in parts))
