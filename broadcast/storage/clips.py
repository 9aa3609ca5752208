"""The rows of finished audio: kept once for equal bytes, found again by what they were made of."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.errors import DomainError
from broadcast.models import Clip
from tts.types import AudioClip, SentenceFailure

from .library import COMPACT, Library
from .upsert import insert_new


def made_before(session: Session, library: Library, key: str) -> int | None:
    """The id of a clip that was made of the same, in the wished voice, and is still there."""
    for clip in session.scalars(select(Clip).where(Clip.key == key, Clip.fallback == "")):
        compact = clip.details.get("opus", {}).get("sha256", "")
        if library.exists(clip.sha256) and (not compact or library.exists(compact, COMPACT)):
            return clip.id
    return None


def keep(session: Session, clip: AudioClip | int, now: dt.datetime) -> Clip:
    """The clip's row; two workers may have made the very same bytes."""
    if isinstance(clip, int):
        return session.get_one(Clip, clip)
    row = insert_new(session, Clip).values(
        sha256=clip.sha256,
        key=clip.key,
        media_type=clip.media_type,
        size=len(clip.data),
        duration_ms=round(clip.duration * 1000),
        engine=clip.engine,
        engine_version=clip.engine_version[:80],
        fallback=clip.fallback[:200],
        loudness=clip.loudness,
        true_peak=clip.true_peak,
        peaks=list(clip.peaks),
        details=_details(clip),
        created_at=now,
    )
    session.execute(row)
    return session.scalars(select(Clip).where(Clip.sha256 == clip.sha256)).one()


def failures_of(error: DomainError) -> list[dict[str, Any]]:
    """The sentences that stopped a rendering, where speech knows them."""
    return [_failure(each) for each in getattr(error.__cause__, "failures", ())]


def _details(clip: AudioClip) -> dict[str, Any]:
    marks = [
        [mark.part, mark.sentence, round(mark.start * 1000), round(mark.end * 1000)] for mark in clip.marks
    ]
    opus = {"sha256": hashlib.sha256(clip.opus).hexdigest(), "size": len(clip.opus)} if clip.opus else {}
    failures = [_failure(each) for each in clip.failures]
    return {"marks": marks, "failures": failures, "opus": opus, "quiet": list(clip.quiet)}


def _failure(each: SentenceFailure) -> dict[str, Any]:
    return {"part": each.part, "sentence": each.sentence, "engine": each.engine, "reason": each.reason}
