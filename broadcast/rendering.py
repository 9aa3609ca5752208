"""Audio for bulletins: versions wait, one worker claims each for a while, and a crash only delays it."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, or_, select, update
from sqlalchemy.orm import Session

from devices.messages import BulletinClass
from tts.synthesis import Synthesiser
from tts.types import AudioClip, Chime, Progress, Script, Speech, Voice

from . import events, speech
from .database import Database
from .errors import DomainError, Unavailable
from .library import Library
from .models import Bulletin, BulletinVersion, Clip, RenderState
from .upsert import insert_new

log = logging.getLogger(__name__)

CLAIM = dt.timedelta(seconds=60)  # renewed with every sentence; a sentence takes seconds
ATTEMPTS = 3  # a text that kills its worker must not kill workers for ever
EVERY = dt.timedelta(seconds=0.5)  # how often progress is written
CRASHED = "render_crashed"


class ClaimLostError(Exception):
    """The text was changed, or another worker took over while this one slept: its result is not wanted."""


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed version: everything needed to speak it, and by whom it is claimed."""

    version_id: int
    number: int
    bulletin_id: int
    area_id: int
    text: str
    voice: Voice
    chime: Chime
    worker_id: str
    attempt: int  # fences an earlier claim of a worker of the same name

    def script(self) -> Script:
        """Errors: EmptyBulletin, TextTooLong."""
        body = Speech(speech.read_aloud(self.text, self.voice.language), self.voice)
        return Script((body,), chime=self.chime)


def request(session: Session, version: BulletinVersion, now: dt.datetime, *, again: bool = False) -> None:
    """Let the audio of a version be made; asked twice it is made once.

    ``again`` makes it anew although it is there: with the wished voice after a fallback.
    """
    idle = [RenderState.NONE, RenderState.FAILED, *([RenderState.READY] if again else [])]
    if version.render_state not in idle:
        return
    version.render_state, version.render_error, version.render_attempts = RenderState.WAITING, "", 0
    version.render_done = version.render_total = 0
    session.flush()
    _announce(session, version.bulletin_id, version, now)


def cancel(session: Session, version: BulletinVersion) -> None:
    """Nobody needs this version's audio any more; a worker that is at it will find its claim gone."""
    if version.render_state in (RenderState.WAITING, RenderState.RENDERING):
        version.render_state = RenderState.NONE
        version.render_claimed_by, version.render_claimed_until = "", None
        session.flush()


def claim(session: Session, worker_id: str, now: dt.datetime) -> Job | None:
    """Take the most urgent version that waits or whose worker fell silent; None when there is none."""
    _give_up(session, now)
    overdue = (BulletinVersion.render_state == RenderState.RENDERING) & (
        BulletinVersion.render_claimed_until < now
    )
    urgency = case(
        (Bulletin.klass == BulletinClass.EMERGENCY, 0), (Bulletin.klass == BulletinClass.PRIORITY, 1), else_=2
    )
    first = (
        select(BulletinVersion.id)
        .join(Bulletin, Bulletin.id == BulletinVersion.bulletin_id)
        .where(or_(BulletinVersion.render_state == RenderState.WAITING, overdue))
        .order_by(urgency, BulletinVersion.id)
        .limit(1)
        .with_for_update(of=BulletinVersion, skip_locked=True)
    )
    taken = (
        update(BulletinVersion)
        .where(BulletinVersion.id == first.scalar_subquery())
        .values(
            render_state=RenderState.RENDERING,
            render_claimed_by=worker_id,
            render_claimed_until=now + CLAIM,
            render_attempts=BulletinVersion.render_attempts + 1,
        )
        .returning(BulletinVersion.id)
    )
    version_id = session.scalar(taken)
    return None if version_id is None else _job(session, version_id, worker_id)


def render_next(
    database: Database,
    library: Library,
    synthesiser: Synthesiser,
    worker_id: str,
    clock: Callable[[], dt.datetime],
) -> bool:
    """Make the next clip that waits; False when there is nothing to do.

    A failure is kept as a code on the version, and the bulletin stays as it is.
    """
    with database.transaction() as session:
        job = claim(session, worker_id, clock())
    if job is None:
        return False
    try:
        clip = _make(database, library, synthesiser, job, clock)
        _finish(database, job, clip, clock())
    except ClaimLostError:
        log.info("The audio of a version is not wanted any more", extra=_ids(job, "render.lost"))
    except DomainError as error:
        log.warning("The audio of a version could not be made: %s", error, extra=_ids(job, "render.failed"))
        _fail(database, job, speech.failure_code(error), clock())
    except Exception:
        _fail(database, job, CRASHED, clock())
        raise
    return True


def _job(session: Session, version_id: int, worker_id: str) -> Job:
    version = session.get_one(BulletinVersion, version_id, populate_existing=True)
    bulletin = version.bulletin
    return Job(
        version_id=version.id,
        number=version.number,
        bulletin_id=bulletin.id,
        area_id=bulletin.area_id,
        text=version.text,
        voice=Voice(version.engine, version.voice, version.language, version.speed),
        chime=Chime(version.chime) if version.chime else speech.CHIMES[bulletin.klass],
        worker_id=worker_id,
        attempt=version.render_attempts,
    )


def _make(
    database: Database,
    library: Library,
    synthesiser: Synthesiser,
    job: Job,
    clock: Callable[[], dt.datetime],
) -> AudioClip | int:
    """The clip in memory and in the library, or the id of an equal one that was made before."""
    script = job.script()
    with speech.translated():
        key = synthesiser.key(script)
    with database.transaction(read_only=True) as session:
        same = session.scalar(select(Clip).where(Clip.key == key, Clip.fallback == "").limit(1))
    if same is not None and library.exists(same.sha256):
        return same.id
    last = clock()

    def report(progress: Progress) -> None:
        nonlocal last
        if clock() - last >= EVERY or progress.done == progress.total:
            last = clock()
            _renew(database, job, progress, last)

    with speech.translated():
        clip = synthesiser.render(script, report)
    library.put(clip)
    return clip


def _renew(database: Database, job: Job, progress: Progress, now: dt.datetime) -> None:
    values = {
        "render_claimed_until": now + CLAIM,
        "render_done": progress.done,
        "render_total": progress.total,
    }
    try:
        with database.transaction() as session:
            _update(session, job, now, values)
    except Unavailable as error:  # the claim still has most of its minute
        log.warning("Progress could not be written: %s", error, extra=_ids(job, "render.progress"))


def _finish(database: Database, job: Job, clip: AudioClip | int, now: dt.datetime) -> None:
    with database.transaction() as session:
        clip_id = clip if isinstance(clip, int) else _keep(session, clip, now)
        values = {"render_state": RenderState.READY, "render_error": "", "clip_id": clip_id}
        _update(session, job, now, {**values, "render_claimed_by": "", "render_claimed_until": None})


def _fail(database: Database, job: Job, code: str, now: dt.datetime) -> None:
    values = {"render_state": RenderState.FAILED, "render_error": code}
    try:
        with database.transaction() as session:
            _update(session, job, now, {**values, "render_claimed_by": "", "render_claimed_until": None})
    except ClaimLostError:
        log.info("The failure of a version is not wanted any more", extra=_ids(job, "render.lost"))


def _update(session: Session, job: Job, now: dt.datetime, values: dict[str, Any]) -> None:
    """Write to the version as long as it is claimed by this job."""
    mine = (
        update(BulletinVersion)
        .where(
            BulletinVersion.id == job.version_id,
            BulletinVersion.render_claimed_by == job.worker_id,
            BulletinVersion.render_attempts == job.attempt,
        )
        .values(values)
        .returning(BulletinVersion.id)
    )
    if session.scalar(mine) is None:
        raise ClaimLostError(job.version_id)
    version = session.get_one(BulletinVersion, job.version_id, populate_existing=True)
    _announce(session, job.bulletin_id, version, now)


def _keep(session: Session, clip: AudioClip, now: dt.datetime) -> int:
    """The id of the clip's row; two workers may have made the very same bytes."""
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
        details={},
        created_at=now,
    )
    session.execute(row)
    return session.scalars(select(Clip.id).where(Clip.sha256 == clip.sha256)).one()


def _give_up(session: Session, now: dt.datetime) -> None:
    """A version whose workers died again and again has failed."""
    dead = (
        update(BulletinVersion)
        .where(
            BulletinVersion.render_state == RenderState.RENDERING,
            BulletinVersion.render_claimed_until < now,
            BulletinVersion.render_attempts >= ATTEMPTS,
        )
        .values(render_state=RenderState.FAILED, render_error=CRASHED, render_claimed_by="")
        .returning(BulletinVersion.id)
    )
    for version_id in list(session.scalars(dead)):
        version = session.get_one(BulletinVersion, version_id, populate_existing=True)
        _announce(session, version.bulletin_id, version, now)


def _announce(session: Session, bulletin_id: int, version: BulletinVersion, now: dt.datetime) -> None:
    area_id = session.scalar(select(Bulletin.area_id).where(Bulletin.id == bulletin_id))
    events.emit(
        session,
        now=now,
        kind="render",
        area_id=area_id,
        subject=bulletin_id,
        version=version.number,
        state=version.render_state.value,
        done=version.render_done,
        total=version.render_total,
        error=version.render_error,
    )


def _ids(job: Job, action: str) -> dict[str, object]:
    return {"action": action, "bulletin": job.bulletin_id, "version": job.number, "worker": job.worker_id}
