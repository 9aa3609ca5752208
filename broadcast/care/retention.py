"""Deletes what units keep no longer: audio that nobody will hear again, and reports that are past their time.

Where no unit says how long, everything is kept. What is planned, may still be aired or waits for a decision
keeps its audio, and of deleted audio the row stays: which bytes were aired can be told with the reports.
Raw journals go before what they proved does (``journals``).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass

from sqlalchemy import ColumnElement, Select, and_, delete, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload, selectinload

from broadcast.authoring.approval import void_approvals
from broadcast.models import (
    AreaPolicy,
    AsRun,
    Broadcast,
    BroadcastClip,
    BroadcastState,
    BroadcastStop,
    Bulletin,
    BulletinState,
    BulletinVersion,
    Clip,
    Delivery,
    Loudspeaker,
    RenderState,
    Schedule,
    ScheduleItem,
    Sound,
    VersionCut,
)
from broadcast.plans.offers import fixed_in
from broadcast.storage import audit, events
from broadcast.storage.library import CLIP, COMPACT, Library
from broadcast.units.holiday_book import Book
from broadcast.units.policies import LEAST_AUDIO_DAYS, LEAST_REPORTS_DAYS
from devices.messages import BulletinClass
from schedules import recurrence, slots
from schedules.errors import RuleError

from . import journals
from .keeping import Areas, days_of

BATCH = 500  # rows of a kind in one transaction
EVER = dt.timedelta(days=3000)  # 29 February comes once in eight years where a century begins
OVER = (BroadcastState.CLOSED, BroadcastState.CANCELLED)


@dataclass(frozen=True, slots=True)
class Deleted:
    """What one run has deleted; ``more``: there is work for another."""

    bulletins: tuple[int, ...] = ()  # whose audio is gone; an approved one must be approved anew
    files: int = 0
    bytes: int = 0
    reports: int = 0
    broadcasts: int = 0
    journals: int = 0  # rows of them
    journals_sha256: str = ""
    more: bool = False


def run(session: Session, library: Library, now: dt.datetime) -> Deleted:
    """Delete up to a batch of each kind. Errors: StorageFailed."""
    gone, clips, more = _audio(session, now)
    files, size = _files(session, library, clips, now)
    reports, broadcasts, still = _reports(session, now)
    cut = journals.prune(session, now)
    done = Deleted(
        bulletins=tuple(sorted(gone)),
        files=files,
        bytes=size,
        reports=reports,
        broadcasts=broadcasts,
        journals=cut.rows,
        journals_sha256=cut.sha256,
        more=more or still or cut.more,
    )
    if done.bulletins or files or reports or broadcasts or cut.rows:
        audit.record(
            session, now=now, person_id=None, action="retention.delete", subject="retention", **asdict(done)
        )
    return done


# --- audio ------------------------------------------------------------------


def _audio(session: Session, now: dt.datetime) -> tuple[set[int], set[int], bool]:
    """Take the audio from bulletins whose time is over, and from versions that were replaced."""
    gone: set[int] = set()
    clips: set[int] = set()
    more = False
    for days, areas in days_of(session, AreaPolicy.keep_audio_days).items():
        before = now - dt.timedelta(days=max(days, LEAST_AUDIO_DAYS))
        over = _over(session, areas, before, now)
        gone |= {each.id for each in over}
        clips |= _silence(session, over, now)
        replaced = session.scalars(_replaced(areas, before).limit(BATCH)).all()
        clips |= _unlink(replaced)
        more = more or len(over) >= BATCH or len(replaced) == BATCH
    session.flush()
    return gone, clips, more


def _over(session: Session, areas: Areas, before: dt.datetime, now: dt.datetime) -> list[Bulletin]:
    """Up to a batch, or somewhat more, of those that are in no schedule that goes on."""
    over, last = list[Bulletin](), 0
    while len(over) < BATCH:
        some = _unheard(areas, before, now).where(Bulletin.id > last).limit(BATCH)
        found = session.scalars(some.with_for_update(of=Bulletin, skip_locked=True)).all()
        busy = _coming(session, {each.id for each in found}, now)
        over += [each for each in found if each.id not in busy]
        if len(found) < BATCH:
            break
        last = found[-1].id
    return over


def _unheard(areas: Areas, before: dt.datetime, now: dt.datetime) -> Select[Bulletin]:
    """Bulletins with audio that nobody has touched or heard since, and not meant for a time to come."""
    approved = Bulletin.state == BulletinState.APPROVED
    flows = or_(Bulletin.klass == BulletinClass.PRIORITY, Bulletin.airing_times.is_not(None))
    waits = and_(approved, Bulletin.valid_until.is_(None), flows)
    at_hand = and_(Bulletin.klass == BulletinClass.EMERGENCY, Bulletin.state != BulletinState.WITHDRAWN)
    return (
        select(Bulletin)
        .where(
            Bulletin.area_id.in_(areas),
            Bulletin.created_at < before,
            Bulletin.updated_at < before,
            or_(Bulletin.valid_until.is_(None), Bulletin.valid_until < now),
            Bulletin.state != BulletinState.SUBMITTED,
            ~waits,
            ~at_hand,
            exists().where(BulletinVersion.bulletin_id == Bulletin.id, BulletinVersion.clip_id.is_not(None)),
            ~_aired(BroadcastClip.bulletin_id == Bulletin.id, before),
        )
        .order_by(Bulletin.id)
    )


def _replaced(areas: Areas, before: dt.datetime) -> Select[BulletinVersion]:
    """Versions that are not the current one of their bulletin, and were not heard since."""
    return (
        select(BulletinVersion)
        .join(Bulletin, Bulletin.id == BulletinVersion.bulletin_id)
        .where(
            Bulletin.area_id.in_(areas),
            BulletinVersion.number != Bulletin.version_number,
            BulletinVersion.clip_id.is_not(None),
            BulletinVersion.created_at < before,
            ~_aired(BroadcastClip.clip_id == BulletinVersion.clip_id, before),
            ~_aired(BroadcastClip.clip_id.in_(_languages_of_version()), before),
        )
        .options(selectinload(BulletinVersion.cuts))
        .order_by(BulletinVersion.id)
    )


def _languages_of_version() -> Select[int]:
    """The clips of its languages; what is heard around them may be that of many bulletins."""
    return select(VersionCut.clip_id).where(
        VersionCut.version_id == BulletinVersion.id, VersionCut.language != ""
    )


def _aired(what: ColumnElement[bool], since: dt.datetime) -> ColumnElement[bool]:
    """Whether it stands in a broadcast since then, or in one to come."""
    return exists().where(BroadcastClip.broadcast_id == Broadcast.id, what, Broadcast.start >= since)


def _coming(session: Session, bulletin_ids: Collection[int], now: dt.datetime) -> set[int]:
    """Those that a schedule will still play, in a list or in a place of its slot."""
    if not bulletin_ids:
        return set()
    listed = select(ScheduleItem.schedule_id).where(ScheduleItem.bulletin_id.in_(bulletin_ids))
    query = (
        select(Schedule)
        .options(joinedload(Schedule.items))
        .where(Schedule.withdrawn_at.is_(None), or_(Schedule.id.in_(listed), Schedule.slot.is_not(None)))
    )
    book, found = Book(session), set[int]()
    for schedule in session.scalars(query).unique():
        theirs = set(_named(schedule)) & set(bulletin_ids)
        if theirs and _goes_on(schedule, book, now):
            found |= theirs
    return found


def _named(schedule: Schedule) -> Iterator[int]:
    yield from (item.bulletin_id for item in schedule.items)
    if schedule.slot is not None:
        yield from fixed_in(slots.from_dict(schedule.slot))


def _goes_on(schedule: Schedule, book: Book, now: dt.datetime) -> bool:
    """A rule that cannot be read is taken to go on: nothing is deleted by mistake."""
    try:
        rule = recurrence.from_dict(schedule.rule)
        coming = recurrence.occurrences(rule, now, now + EVER, book.of(schedule.area_id))
        return next(coming, None) is not None
    except RuleError:
        return True


def _silence(session: Session, over: Collection[Bulletin], now: dt.datetime) -> set[int]:
    """Take all audio from these; what was approved is a draft again: nobody has heard what comes next."""
    ids = [each.id for each in over]
    spoken = BulletinVersion.clip_id.is_not(None)
    query = select(BulletinVersion).where(BulletinVersion.bulletin_id.in_(ids), spoken)
    clips = _unlink(session.scalars(query.options(selectinload(BulletinVersion.cuts))))
    for bulletin in over:
        if BulletinState.APPROVED in (bulletin.state, bulletin.withdrawn_state):
            void_approvals(session, bulletin, now)
            withdrawn = bulletin.state is BulletinState.WITHDRAWN
            setattr(bulletin, "withdrawn_state" if withdrawn else "state", BulletinState.DRAFT)
        events.emit(session, now=now, kind="bulletin", area_id=bulletin.area_id, subject=bulletin.id)
    return clips


def _unlink(versions: Iterable[BulletinVersion]) -> set[int]:
    """Take the audio from these; returns the clips that it was."""
    gone: set[int] = set()
    for version in versions:
        gone |= {version.clip_id} if version.clip_id is not None else set()
        gone |= {cut.clip_id for cut in version.cuts}
        version.clip_id, version.reading, version.render_state = None, "", RenderState.NONE
        version.cuts.clear()
    return gone


def _files(
    session: Session, library: Library, clip_ids: Collection[int], now: dt.datetime
) -> tuple[int, int]:
    """Remove the files of clips that nothing else uses, was heard with lately or will be."""
    least = now - dt.timedelta(days=LEAST_AUDIO_DAYS)
    query = select(Clip).where(
        Clip.id.in_(clip_ids),
        ~exists().where(BulletinVersion.clip_id == Clip.id),
        ~exists().where(VersionCut.clip_id == Clip.id),
        ~exists().where(Sound.clip_id == Clip.id),
        ~_aired(BroadcastClip.clip_id == Clip.id, least),
    )
    files = size = 0
    for clip in session.scalars(query):
        compact = clip.details.get("opus", {})
        library.remove(clip.sha256, CLIP)
        if compact:
            library.remove(compact["sha256"], COMPACT)
        files, size = files + 1, size + clip.size + compact.get("size", 0)
    return files, size


# --- reports ----------------------------------------------------------------


def _reports(session: Session, now: dt.datetime) -> tuple[int, int, bool]:
    reports = broadcasts = 0
    more = False
    for days, areas in days_of(session, AreaPolicy.keep_reports_days).items():
        before = now - dt.timedelta(days=max(days, LEAST_REPORTS_DAYS))
        theirs = select(Loudspeaker.id).where(Loudspeaker.area_id.in_(areas))
        over = select(Broadcast.id).where(Broadcast.expires < before, Broadcast.state.in_(OVER))
        old = select(AsRun.id).where(AsRun.loudspeaker_id.in_(theirs), AsRun.planned_start < before)
        told = select(Delivery.id).where(Delivery.loudspeaker_id.in_(theirs), Delivery.broadcast_id.in_(over))
        empty = over.where(
            Broadcast.area_id.in_(areas),
            ~exists().where(AsRun.broadcast_id == Broadcast.id),
            ~exists().where(Delivery.broadcast_id == Broadcast.id),
        )
        rows = _delete(session, AsRun.id, old)
        orders = _delete(session, Delivery.id, told)
        ids = session.scalars(empty.limit(BATCH)).all()
        _delete(session, BroadcastClip.broadcast_id, ids)
        _delete(session, BroadcastStop.broadcast_id, ids)
        _delete(session, Broadcast.id, ids)
        reports, broadcasts = reports + rows, broadcasts + len(ids)
        more = more or BATCH in (rows, orders, len(ids))
    return reports, broadcasts, more


def _delete(
    session: Session, column: InstrumentedAttribute[int], which: Select[int] | Collection[int]
) -> int:
    ids = session.scalars(which.limit(BATCH)).all() if isinstance(which, Select) else which
    if ids:
        gone = delete(column.class_).where(column.in_(ids))
        session.execute(gone.execution_options(synchronize_session=False))
    return len(ids)
