"""Audio for bulletins: versions wait, one worker claims each for a while, and a crash only delays it."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, func, or_, select, update
from sqlalchemy.orm import Session

from broadcast.errors import DomainError, Unavailable
from broadcast.models import Approval, Bulletin, BulletinState, BulletinVersion, RenderState
from broadcast.storage import clips, events
from broadcast.storage.database import Database
from broadcast.storage.library import Library
from devices.messages import BulletinClass
from tts.errors import Stopped
from tts.lexicon import Lexicon
from tts.synthesis import Synthesiser
from tts.types import AudioClip, Chime, Preset, Progress, Script, Speech

from . import composition, cuts, layers, speech, voiding
from .composition import Piece
from .cuts import Made

log = logging.getLogger(__name__)

CLAIM = dt.timedelta(seconds=60)  # renewed with every sentence and while the sound is mastered
ATTEMPTS = 3  # a text that kills its worker must not kill workers for ever
EVERY = dt.timedelta(seconds=0.5)  # how often progress is written
CRASHED = "render_crashed"
ANEW = "Âm thanh đã được tạo lại. Hãy nghe lại rồi duyệt."


class ClaimLostError(Exception):
    """The text was changed, or another worker took over while this one slept: its result is not wanted."""


class MoreUrgentError(Exception):
    """An emergency waits: what has been spoken is in the cache, so this one may wait too."""


class StoppedError(Exception):
    """This process ends: what has been spoken is in the cache, and another worker makes the rest."""


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed version: everything needed to speak it, and by whom it is claimed."""

    version_id: int
    number: int
    bulletin_id: int
    area_id: int
    klass: BulletinClass
    opening: Piece | None
    parts: tuple[Piece, ...]
    closing: Piece | None
    lexicons: Mapping[str, Lexicon]
    chime: Chime
    preset: Preset
    repeats: int
    lead_in: float
    worker_id: str
    ticket: int  # fences an earlier claim, also of a worker of the same name

    def script(self, library: Library) -> Script:
        """Errors: FileDamaged when a recording is."""
        return Script(
            parts=tuple(composition.sound(piece, self.lexicons, library) for piece in self.parts),
            opening=composition.read(self.opening, self.lexicons) if self.opening else None,
            closing=composition.read(self.closing, self.lexicons) if self.closing else None,
            chime=self.chime,
            preset=self.preset,
            repeats=self.repeats,
            lead_in=self.lead_in,
            sections=cuts.sections(self.parts),
        )


def request(session: Session, version: BulletinVersion, now: dt.datetime, *, again: bool = False) -> None:
    """Let the audio of a version be made; asked twice it is made once.

    ``again`` makes it anew although it is there: with the wished voice after a fallback.
    """
    idle = [RenderState.NONE, RenderState.FAILED, *([RenderState.READY] if again else [])]
    if version.render_state not in idle:
        return
    _queue(version)
    session.flush()
    _announce(session, version.bulletin_id, version, now)


def renew(session: Session, locked: Sequence[Bulletin]) -> None:
    """The audio of these bulletins' current versions is wrong: forget it and make it anew.

    The caller has locked the bulletins. A worker that is at one will find its claim gone.
    """
    states = {each.id: each.state for each in locked}
    query = (
        select(BulletinVersion)
        .join(Bulletin, Bulletin.id == BulletinVersion.bulletin_id)
        .where(Bulletin.id.in_(states), BulletinVersion.number == Bulletin.version_number)
        .order_by(BulletinVersion.id)
        .with_for_update(of=BulletinVersion)
    )
    versions = session.scalars(query.execution_options(populate_existing=True)).all()
    cuts.forget(session, {each.id for each in versions})
    for version in versions:
        _queue(version)
        if states[version.bulletin_id] is BulletinState.WITHDRAWN:
            version.render_state = RenderState.NONE  # made when the withdrawal is undone
        version.render_claimed_by, version.render_claimed_until = "", None
        version.clip_id, version.clip, version.reading = None, None, ""
    session.flush()


def cancel(session: Session, version: BulletinVersion) -> None:
    """Nobody needs this version's audio any more; a worker that is at it will find its claim gone."""
    if version.render_state in (RenderState.WAITING, RenderState.RENDERING):
        version.render_state = RenderState.NONE
        version.render_claimed_by, version.render_claimed_until = "", None
        session.flush()


def claim(session: Session, worker_id: str, now: dt.datetime) -> Job | None:
    """Take the most urgent version that waits or whose worker fell silent; None when there is none."""
    _give_up(session, now)
    layers.hold(session)  # before the version is locked: an entry that changes locks in this order too
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
            render_ticket=BulletinVersion.render_ticket + 1,
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
        script = job.script(library)
        made = _made_before(database, library, synthesiser, script)
        if made is None:
            made = Made.of(_make(database, synthesiser, job, script, clock))
            cuts.put(library, made)
        _finish(database, job, script, made, clock())
    except ClaimLostError:
        log.info("The audio of a version is not wanted any more", extra=_ids(job, "render.lost"))
    except MoreUrgentError:
        log.info("A version waits for an emergency", extra=_ids(job, "render.yielded"))
        _release(database, job, RenderState.WAITING, clock(), render_attempts=0)
    except StoppedError:
        log.info("A version waits for another worker", extra=_ids(job, "render.stopped"))
        _release(database, job, RenderState.WAITING, clock(), render_attempts=0)
    except DomainError as error:
        log.warning("The audio of a version could not be made: %s", error, extra=_ids(job, "render.failed"))
        failure = {"render_error": speech.failure_code(error), "render_failures": clips.failures_of(error)}
        _release(database, job, RenderState.FAILED, clock(), **failure)
    except Exception:
        _release(database, job, RenderState.FAILED, clock(), render_error=CRASHED)
        raise
    return True


def _queue(version: BulletinVersion) -> None:
    version.render_state, version.render_error, version.render_attempts = RenderState.WAITING, "", 0
    version.render_done = version.render_total = 0
    version.render_failures = []


def _job(session: Session, version_id: int, worker_id: str) -> Job:
    version = session.get_one(BulletinVersion, version_id, populate_existing=True)
    bulletin = version.bulletin
    languages = composition.languages(composition.pieces(version))
    return Job(
        version_id=version.id,
        number=version.number,
        bulletin_id=bulletin.id,
        area_id=bulletin.area_id,
        klass=bulletin.klass,
        opening=composition.opening(version),
        parts=tuple(composition.parts(version)),
        closing=composition.closing(version),
        lexicons={each: layers.for_area(session, bulletin.area_id, each) for each in languages},
        chime=Chime(version.chime) if version.chime else speech.CHIMES[bulletin.klass],
        preset=Preset(version.preset),
        repeats=version.repeats,
        lead_in=version.lead_in_s,
        worker_id=worker_id,
        ticket=version.render_ticket,
    )


def _made_before(
    database: Database, library: Library, synthesiser: Synthesiser, script: Script
) -> Made | None:
    with speech.translated():
        key, keys = synthesiser.key(script), synthesiser.cut_keys(script)
    with database.transaction(read_only=True) as session:
        return cuts.made_before(session, library, key, keys)


def _make(
    database: Database,
    synthesiser: Synthesiser,
    job: Job,
    script: Script,
    clock: Callable[[], dt.datetime],
) -> AudioClip:
    last, done = clock(), 0

    def report(progress: Progress) -> None:
        nonlocal last, done
        finished = done < progress.done == progress.total
        if finished or clock() - last >= EVERY:
            last, done = clock(), progress.done
            _renew(database, job, progress, last)

    with speech.translated():
        try:
            return synthesiser.render(script, report)
        except Stopped as error:
            raise StoppedError(job.version_id) from error


def _renew(database: Database, job: Job, progress: Progress, now: dt.datetime) -> None:
    values = {
        "render_claimed_until": now + CLAIM,
        "render_done": progress.done,
        "render_total": progress.total,
    }
    try:
        with database.transaction() as session:
            _update(session, job, now, values)
            yields = job.klass is not BulletinClass.EMERGENCY and _emergency_waits(session)
    except Unavailable as error:  # the claim still has most of its minute
        log.warning("Progress could not be written: %s", error, extra=_ids(job, "render.progress"))
        return
    if yields:
        raise MoreUrgentError(job.version_id)


def _emergency_waits(session: Session) -> bool:
    query = (
        select(func.count(BulletinVersion.id))
        .join(Bulletin, Bulletin.id == BulletinVersion.bulletin_id)
        .where(BulletinVersion.render_state == RenderState.WAITING, Bulletin.klass == BulletinClass.EMERGENCY)
    )
    return bool(session.scalar(query))


def _finish(database: Database, job: Job, script: Script, made: Made, now: dt.datetime) -> None:
    texts = [
        each.text for each in (script.opening, *script.parts, script.closing) if isinstance(each, Speech)
    ]
    with database.transaction() as session:
        lock = select(Bulletin).where(Bulletin.id == job.bulletin_id).with_for_update(key_share=True)
        bulletin = session.scalars(lock).one()
        kept = clips.keep(session, made.clip, now)
        parts = {section: clips.keep(session, each, now) for section, each in made.cuts.items()}
        values = {
            "render_state": RenderState.READY,
            "render_error": "",
            "render_failures": kept.details.get("failures", []),
            "clip_id": kept.id,
            "reading": composition.reading(texts),
        }
        _update(session, job, now, {**values, "render_claimed_by": "", "render_claimed_until": None})
        cuts.write(session, job.version_id, job.parts, parts)
        if _was_approved_otherwise(session, job):
            voiding.reopen(session, [bulletin], ANEW, now)
            voiding.announce(session, bulletin, now)


def _was_approved_otherwise(session: Session, job: Job) -> bool:
    """An approval is bound to what was heard."""
    version = session.get_one(BulletinVersion, job.version_id)
    given = select(Approval).where(
        Approval.version_id == job.version_id, Approval.approved, Approval.voided_at.is_(None)
    )
    return any(not voiding.is_of_this_sound(each, version) for each in session.scalars(given))


def _release(database: Database, job: Job, state: RenderState, now: dt.datetime, **values: Any) -> None:
    """Give the claim back without audio."""
    values |= {"render_state": state, "render_claimed_by": "", "render_claimed_until": None}
    try:
        with database.transaction() as session:
            _update(session, job, now, values)
    except ClaimLostError:
        log.info("The failure of a version is not wanted any more", extra=_ids(job, "render.lost"))


def _update(session: Session, job: Job, now: dt.datetime, values: dict[str, Any]) -> None:
    """Write to the version as long as it is claimed by this job."""
    mine = (
        update(BulletinVersion)
        .where(
            BulletinVersion.id == job.version_id,
            BulletinVersion.render_claimed_by == job.worker_id,
            BulletinVersion.render_ticket == job.ticket,
        )
        .values(values)
        .returning(BulletinVersion.id)
    )
    if session.scalar(mine) is None:
        raise ClaimLostError(job.version_id)
    version = session.get_one(BulletinVersion, job.version_id, populate_existing=True)
    _announce(session, job.bulletin_id, version, now)


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
