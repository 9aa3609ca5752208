"""What units keep no longer is deleted once a day; what is planned, may be aired or is evidence never is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from broadcast import bootstrap, settings
from broadcast.authoring import approval
from broadcast.care import retention
from broadcast.models import (
    Area,
    AreaPolicy,
    AsRun,
    AuditRow,
    Broadcast,
    BroadcastState,
    Bulletin,
    BulletinState,
    Clip,
    Delivery,
    Loudspeaker,
    Sound,
)
from broadcast.storage import audit, lease
from broadcast.storage.lease import Leadership
from broadcast.storage.library import CLIP, Library
from broadcast.units import areas, policies
from broadcast.worker import Worker
from devices.messages import BulletinClass, ItemState
from schedules.slots import Kind
from schedules.types import Frequency

DAY = dt.timedelta(days=1)


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(tmp_path / "library")


def keep(stage: Any, area_id: int | None = None, **values: int) -> None:
    with stage.database.transaction() as session:
        area = area_id or stage.cast.commune
        policies.save(session, stage.cast.admin, area, values=values, now=stage.now)


def spoken(stage: Any, library: Library, **how: Any) -> int:
    """A bulletin whose audio lies in the library."""
    made = int(stage.bulletin(**how))
    with stage.database.transaction(read_only=True) as session:
        clip = session.get_one(Bulletin, made).current.clip
        assert clip is not None
        place = library.root / clip.sha256[:2] / f"{clip.sha256}.mp3"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(b"x" * 6000)
    return made


def run(stage: Any, library: Library, after: dt.timedelta) -> retention.Deleted:
    with stage.database.transaction() as session:
        return retention.run(session, library, stage.now + after)


def files(library: Library) -> int:
    return len(list(library.root.rglob("*.mp3")))


def test_where_nobody_says_how_long_everything_is_kept(stage: Any, library: Library) -> None:
    spoken(stage, library)
    assert run(stage, library, 5000 * DAY) == retention.Deleted()
    assert files(library) == 1


def test_audio_goes_when_its_time_is_over_and_its_bulletin_must_be_approved_anew(
    stage: Any, library: Library
) -> None:
    keep(stage, keep_audio_days=60)
    made = spoken(stage, library)
    assert run(stage, library, 59 * DAY).bulletins == ()
    done = run(stage, library, 61 * DAY)
    assert (done.bulletins, done.files, done.bytes, done.more) == ((made,), 1, 6000, False)
    assert files(library) == 0
    with stage.database.transaction(read_only=True) as session:
        bulletin = session.get_one(Bulletin, made)
        assert (bulletin.state, bulletin.current.clip_id) == (BulletinState.DRAFT, None)
        assert approval.approved_version(session, bulletin) is None
        assert all(decision.voided_at for decision in approval.decisions(session, bulletin))
        assert session.scalar(select(func.count(Clip.id))) == 1  # which bytes were aired is still known
        row = session.scalars(select(AuditRow).where(AuditRow.action == "retention.delete")).one()
        assert (row.detail["bulletins"], row.detail["files"], row.person_id) == ([made], 1, None)
        assert audit.verify(session) is None
    assert run(stage, library, 62 * DAY) == retention.Deleted()


def test_what_a_schedule_still_plays_keeps_its_audio_and_what_it_has_played_does_not(
    stage: Any, library: Library
) -> None:
    keep(stage, keep_audio_days=60)
    daily, once, later = (spoken(stage, library) for _ in range(3))
    stage.schedule("17:00", bulletin_ids=[daily])
    stage.schedule("17:00", bulletin_ids=[once], frequency=Frequency.ONCE)
    in_a_year = stage.now.date() + 400 * DAY
    stage.schedule("17:00", bulletin_ids=[later], frequency=Frequency.ONCE, starts_on=in_a_year)
    stage.plan()
    assert run(stage, library, 59 * DAY).bulletins == ()
    assert run(stage, library, 70 * DAY).bulletins == (once,)


def test_what_was_aired_lately_is_kept_for_whoever_missed_it(stage: Any, library: Library) -> None:
    keep(stage, keep_audio_days=60)
    made = spoken(stage, library)
    schedule = stage.schedule("17:00", bulletin_ids=[made])
    stage.plan()
    with stage.database.transaction() as session:
        last = session.scalars(select(Broadcast).order_by(Broadcast.start.desc())).first()
        assert last is not None
        start, last.start = last.start, stage.now + 40 * DAY
        session.merge(schedule).withdrawn_at = stage.now
    assert start < stage.now + 40 * DAY
    assert run(stage, library, 99 * DAY).bulletins == ()
    assert run(stage, library, 101 * DAY).bulletins == (made,)


FUTURE = dt.timedelta(days=500)


@pytest.mark.parametrize(
    ("klass", "change", "kept"),
    [
        (BulletinClass.ROUTINE, {}, False),
        (BulletinClass.ROUTINE, {"valid_until": FUTURE}, True),
        (BulletinClass.ROUTINE, {"valid_until": DAY}, False),
        (BulletinClass.ROUTINE, {"airing_times": 3, "airing_days": 5}, True),
        (BulletinClass.ROUTINE, {"state": BulletinState.SUBMITTED}, True),
        (BulletinClass.ROUTINE, {"state": BulletinState.DRAFT}, False),
        (BulletinClass.ROUTINE, {"state": BulletinState.WITHDRAWN}, False),
        (BulletinClass.PRIORITY, {}, True),  # flows into the next slot that comes
        (BulletinClass.PRIORITY, {"valid_until": DAY}, False),
        (BulletinClass.EMERGENCY, {}, True),  # prepared for the day on which it is needed
        (BulletinClass.EMERGENCY, {"state": BulletinState.WITHDRAWN}, False),
    ],
)
def test_what_may_still_be_aired_or_waits_for_a_decision_is_kept(
    stage: Any, library: Library, *, klass: BulletinClass, change: dict[str, Any], kept: bool
) -> None:
    keep(stage, keep_audio_days=60)
    made = spoken(stage, library)
    values = {n: stage.now + v if isinstance(v, dt.timedelta) else v for n, v in change.items()}
    with stage.database.transaction() as session:
        session.execute(update(Bulletin).where(Bulletin.id == made).values(klass=klass, **values))
    assert run(stage, library, 200 * DAY).bulletins == (() if kept else (made,))


def test_a_withdrawn_bulletin_comes_back_as_a_draft_when_its_audio_is_gone(
    stage: Any, library: Library
) -> None:
    keep(stage, keep_audio_days=60)
    made = spoken(stage, library)
    with stage.database.transaction() as session:
        approval.withdraw(session, stage.cast.lan, made, wire=stage.wire, now=stage.now)
    run(stage, library, 61 * DAY)
    with stage.database.transaction() as session:
        approval.restore(session, stage.cast.lan, made, now=stage.now + 62 * DAY)
        assert session.get_one(Bulletin, made).state is BulletinState.DRAFT


def test_a_file_that_something_else_uses_stays(stage: Any, library: Library) -> None:
    keep(stage, keep_audio_days=60)
    made = spoken(stage, library)
    with stage.database.transaction() as session:
        clip_id = session.get_one(Bulletin, made).current.clip_id
        tune = Sound(area_id=stage.cast.commune, kind=Kind.TUNE, title="Nhạc hiệu", clip_id=clip_id)
        tune.created_by, tune.created_at = stage.cast.lan.id, stage.now
        session.add(tune)
        sha256 = session.get_one(Clip, clip_id).sha256
    assert run(stage, library, 61 * DAY).files == 0
    assert library.exists(sha256, CLIP)


def test_the_longest_word_from_the_area_up_holds(stage: Any, library: Library) -> None:
    with stage.database.transaction() as session:
        top = areas.ancestors(session, stage.cast.commune)[-1].id
        at = {"updated_at": stage.now, "updated_by": stage.cast.admin.id}
        session.merge(AreaPolicy(area_id=top, keep_audio_days=90, **at))
    keep(stage, keep_audio_days=60)
    made = spoken(stage, library)
    assert run(stage, library, 89 * DAY).bulletins == ()
    assert run(stage, library, 91 * DAY).bulletins == (made,)


@pytest.mark.parametrize(
    "said",
    [[None] * 6, [90, 60, None, 30, 100, None], [None, 60, 70, None, None, 45], [None, None, 60, 80, 40]],
)
def test_days_are_those_of_the_policy(stage: Any, said: list[int | None]) -> None:
    with stage.database.transaction() as session:
        everywhere = session.scalars(select(Area).order_by(Area.id)).all()
        at = {"updated_at": stage.now, "updated_by": stage.cast.admin.id}
        for area, days in zip(everywhere, said, strict=False):
            session.merge(AreaPolicy(area_id=area.id, keep_audio_days=days, **at))
        session.flush()
        found = {
            area_id: days
            for days, ids in retention.days_of(session, AreaPolicy.keep_audio_days).items()
            for area_id in session.scalars(ids)
        }
        for area in everywhere:
            assert policies.of(session, area.id).keep_audio_days == found.get(area.id)


def aired(stage: Any, days_ago: int, area_id: int | None = None) -> None:
    """A closed broadcast with a report of every loudspeaker."""
    at = stage.now - days_ago * DAY
    with stage.database.transaction() as session:
        made = Broadcast(occurrence=f"s.{days_ago}", area_id=area_id or stage.cast.commune, title="Cũ")
        made.klass, made.state, made.duration_ms = BulletinClass.ROUTINE, BroadcastState.CLOSED, 1000
        made.start, made.expires, made.created_at = at, at, at
        session.add(made)
        session.flush()
        for speaker_id in session.scalars(select(Loudspeaker.id)):
            session.add(Delivery(broadcast_id=made.id, loudspeaker_id=speaker_id, updated_at=at))
            report = AsRun(loudspeaker_id=speaker_id, broadcast_id=made.id, occurrence=made.occurrence)
            report.title, report.planned_start, report.planned_ms = "Cũ", at, 1000
            report.result = ItemState.DONE
            session.add(report)


def left(stage: Any) -> tuple[int, int, int]:
    with stage.database.transaction(read_only=True) as session:
        counted = (session.scalar(select(func.count()).select_from(t)) for t in (AsRun, Delivery, Broadcast))
        return tuple(number or 0 for number in counted)  # type: ignore[return-value]


def test_reports_go_when_their_time_is_over_and_are_evidence_until_then(stage: Any, library: Library) -> None:
    stage.loudspeakers(2)
    for days in (100, 401, 700):
        aired(stage, days)
    assert run(stage, library, 0 * DAY) == retention.Deleted()
    keep(stage, keep_reports_days=500)
    assert run(stage, library, 0 * DAY).reports == 2
    assert left(stage) == (4, 4, 2)
    keep(stage, keep_reports_days=400)
    done = run(stage, library, 0 * DAY)
    assert (done.reports, done.broadcasts) == (2, 1)
    assert left(stage) == (2, 2, 1)


def test_a_village_that_keeps_reports_longer_keeps_the_broadcast_too(stage: Any, library: Library) -> None:
    stage.loudspeakers(2)
    aired(stage, 500)
    keep(stage, keep_reports_days=400)
    keep(stage, stage.cast.villages[0], keep_reports_days=900)
    assert run(stage, library, 0 * DAY).reports == 1
    assert left(stage) == (1, 1, 1)


def test_reports_of_less_than_a_year_stay_whatever_a_row_says(stage: Any, library: Library) -> None:
    stage.loudspeakers(1)
    aired(stage, 300)
    with stage.database.transaction() as session:
        own = AreaPolicy(area_id=stage.cast.commune, keep_reports_days=10, keep_audio_days=1)
        own.updated_at, own.updated_by = stage.now, stage.cast.admin.id
        session.add(own)
    spoken(stage, library)
    assert run(stage, library, 29 * DAY) == retention.Deleted()
    assert left(stage) == (1, 1, 1)


@pytest.fixture
def worker(tmp_path: Path, database_url: str, clock: Any) -> Iterator[Worker]:
    """One that nothing ticks but the test."""
    named = {"DATA_DIR": str(tmp_path / "data"), "DATABASE_URL": database_url}
    chosen = settings.load({f"TRUYEN_THANH_{name}": value for name, value in named.items()})
    system = bootstrap.build(chosen, {"air"}, clock=clock)
    assert system.worker is not None
    yield system.worker
    system.database.dispose()


def test_the_leader_deletes_once_a_day(stage: Any, worker: Worker, clock: Any) -> None:
    stage.loudspeakers(1)
    keep(stage, keep_reports_days=400)
    with stage.database.transaction() as session:
        token = lease.acquire(session, "air", "me", stage.now, 30 * DAY)
    assert token is not None
    for days, hours, expected in ((500, 0, 0), (600, 1, 1), (700, 25, 0)):
        aired(stage, days)
        clock.now = stage.now + dt.timedelta(hours=hours)
        assert worker._retain(Leadership("air", "me", token)) is False
        assert left(stage)[0] == expected
