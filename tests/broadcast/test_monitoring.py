"""What needs a person: silence, missing proof, late documents, open alarms."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select, update

from broadcast.authoring import bulletins
from broadcast.care import monitoring
from broadcast.errors import NotFound
from broadcast.evidence import closing
from broadcast.evidence.matrix import matrix
from broadcast.evidence.proof import Verdict
from broadcast.models import Alarm, BroadcastState, Loudspeaker
from broadcast.plans import planning
from broadcast.scheduling import programme, urgent
from devices.messages import ClockQuality, Evidence, ItemState
from devices.presence import Presence
from schedules.types import Frequency

MINUTE = dt.timedelta(minutes=1)
TODAY = dt.date(2026, 3, 2)


def on_air(stage: Any, speakers: int = 3) -> Any:
    stage.loudspeakers(speakers)
    stage.schedule("08:30", frequency=Frequency.ONCE)
    stage.plan()
    return stage.broadcasts()[0]


def close(stage: Any, now: dt.datetime) -> int:
    with stage.database.transaction() as session:
        return closing.close_over(session, stage.wire, now)


def today(stage: Any, person: Any, now: dt.datetime | None = None) -> monitoring.Today:
    with stage.database.transaction() as session:
        return monitoring.today(session, person, now or stage.now)


def test_presence_is_computed_from_what_was_last_heard(stage: Any) -> None:
    (box,) = stage.loudspeakers(1)
    assert monitoring.presence(stage.loudspeaker(box), stage.now) is Presence.NEVER
    stage.hear(box.state(stage.now))
    them = stage.loudspeaker(box)
    assert monitoring.presence(them, stage.now + MINUTE) is Presence.ONLINE
    assert monitoring.presence(them, stage.now + 2 * MINUTE) is Presence.LATE
    assert monitoring.presence(them, stage.now + 9 * MINUTE) is Presence.OFFLINE


def test_a_broadcast_is_closed_when_nothing_of_it_can_sound_and_not_before(stage: Any) -> None:
    broadcast = on_air(stage, 1)
    end = broadcast.expires + dt.timedelta(milliseconds=broadcast.duration_ms) + closing.MARGIN
    assert close(stage, end - dt.timedelta(seconds=1)) == 0
    assert close(stage, end) == 1
    assert close(stage, end) == 0
    assert stage.broadcasts()[0].state is BroadcastState.CLOSED


def test_silence_is_missed_and_a_beginning_without_an_end_is_interrupted(stage: Any) -> None:
    broadcast = on_air(stage)
    played, begun, silent = stage.boxes
    stage.hear(played.journal(stage.now, *played.played(broadcast)))
    stage.hear(begun.journal(stage.now, *begun.played(broadcast)[:3]))
    stage.hear(silent.state(stage.now, rev=1))
    close(stage, broadcast.expires + 10 * MINUTE)
    assert [(d.state, d.evidence, d.reason) for d in stage.deliveries()] == [
        (ItemState.DONE, 3, ""),
        (ItemState.INTERRUPTED, 2, "no_report"),
        (ItemState.MISSED, 1, "no_report"),
    ]


def test_a_stopped_broadcast_without_a_word_is_cancelled_unconfirmed_and_stays_out_of_the_plans(
    stage: Any,
) -> None:
    broadcast = on_air(stage, 1)
    stage.now += dt.timedelta(minutes=30, seconds=5)
    with stage.database.transaction() as session:
        urgent.stop(session, stage.cast.dung, wire=stage.wire, broadcast_id=broadcast.id, now=stage.now)
    close(stage, broadcast.expires + 10 * MINUTE)
    assert [(d.state, d.reason) for d in stage.deliveries()] == [(ItemState.CANCELLED, "no_report")]
    assert stage.broadcasts()[0].state is BroadcastState.CANCELLED


def test_one_alarm_when_a_loudspeaker_falls_silent_and_none_when_it_is_back(stage: Any) -> None:
    (box,) = stage.loudspeakers(1)
    stage.hear(box.state(stage.now, clock=ClockQuality.SYNCED))

    def watch(at: dt.datetime) -> int:
        with stage.database.transaction() as session:
            return monitoring.watch(session, at)

    def open_alarms() -> list[str]:
        with stage.database.transaction(read_only=True) as session:
            return [a.kind for a in session.scalars(select(Alarm).where(Alarm.closed_at.is_(None)))]

    assert watch(stage.now + 5 * MINUTE) == 0
    assert watch(stage.now + 11 * MINUTE) == 1
    assert watch(stage.now + 12 * MINUTE) == 0
    assert open_alarms() == ["silent"]
    stage.hear(box.tele(stage.now + 13 * MINUTE))
    watch(stage.now + 14 * MINUTE)
    assert open_alarms() == []


def test_who_is_there_but_has_an_old_revision_for_long_is_found_once_per_patience(stage: Any) -> None:
    on_air(stage, 2)
    one, two = stage.boxes
    stage.hear(one.state(stage.now, rev=1), two.state(stage.now))
    laggards = monitoring.Laggards()

    def find(seconds: float) -> set[str]:
        with stage.database.transaction(read_only=True) as session:
            return laggards.find(session, stage.now + dt.timedelta(seconds=seconds))

    assert [find(0), find(10), find(20), find(25), find(40)] == [
        set(),
        set(),
        {two.device},
        set(),
        {two.device},
    ]
    stage.hear(two.state(stage.now, rev=1))
    assert find(90) == set()


def test_today_shows_what_plays_what_comes_and_what_needs_me(stage: Any) -> None:
    broadcast = on_air(stage)
    stage.schedule("17:00", frequency=Frequency.ONCE, bulletin_ids=[stage.bulletin("Chiều")])
    waiting = stage.bulletin("Chờ duyệt", approved=False)
    with stage.database.transaction() as session:
        bulletins.submit(session, stage.cast.lan, waiting, now=stage.now)
    during = broadcast.start + dt.timedelta(seconds=5)
    stage.hear(stage.boxes[0].state(during), now=during)
    leader, officer, stranger = (
        today(stage, person, during) for person in (stage.cast.binh, stage.cast.lan, stage.cast.mai)
    )
    assert [slot.broadcast_id for slot in leader.playing] == [broadcast.id]
    assert leader.next is not None
    assert leader.next.start.hour == 10
    assert [b.id for b in leader.awaiting] == [waiting]
    assert officer.awaiting == []
    assert (leader.loudspeakers, leader.online, leader.never, leader.silent) == (1, 1, 2, [])
    assert (stranger.loudspeakers, stranger.playing, stranger.awaiting) == (0, [], [])
    with stage.database.transaction() as session:
        bulletins.send_back(session, stage.cast.binh, waiting, version=1, note="Sửa giờ.", now=stage.now)
    assert [b.id for b in today(stage, stage.cast.lan).returned] == [waiting]


def test_a_loudspeaker_that_is_there_but_never_proves_sound_is_shown(stage: Any) -> None:
    broadcast = on_air(stage, 2)
    good, mute = stage.boxes
    stage.hear(good.journal(stage.now, *good.played(broadcast)))
    after = broadcast.expires + 10 * MINUTE
    close(stage, after)
    stage.hear(good.state(after, rev=1), mute.state(after, rev=1), now=after)
    found = today(stage, stage.cast.lan, after).silent
    assert [(each.loudspeaker.device, each.presence, each.unproved) for each in found] == [
        (mute.device, Presence.ONLINE, True)
    ]


def test_what_was_never_heard_is_neither_silent_nor_an_alarm_and_counts_apart(stage: Any) -> None:
    on_air(stage, 2)
    heard, new = stage.boxes
    stage.hear(heard.state(stage.now, rev=1))
    much_later = stage.now + dt.timedelta(days=4)
    with stage.database.transaction() as session:
        asked = update(Loudspeaker).values(asked_at=much_later - dt.timedelta(hours=1))
        session.execute(asked)
        monitoring.watch(session, much_later)
    found = today(stage, stage.cast.lan, much_later)
    assert [each.loudspeaker.device for each in found.silent] == [heard.device]
    assert (found.loudspeakers, found.online, found.never) == (1, 0, 1)
    assert {alarm.loudspeaker_id for alarm in found.alarms} == {1}
    stage.hear(new.state(much_later, rev=1), now=much_later)
    assert today(stage, stage.cast.lan, much_later).never == 0


def test_an_alarm_is_seen_and_closed_only_where_one_looks(stage: Any) -> None:
    (box,) = stage.loudspeakers(1)
    stage.hear(box.journal(stage.now, box.event(stage.now, "replayed")))
    with stage.database.transaction() as session:
        (alarm,) = monitoring.alarms(session, stage.cast.lan)
        assert monitoring.alarms(session, stage.cast.mai) == []
        monitoring.close_alarm(session, stage.cast.lan, alarm.id, stage.now)
        assert monitoring.alarms(session, stage.cast.lan) == []
        with pytest.raises(NotFound):
            monitoring.close_alarm(session, stage.cast.lan, 99, stage.now)


def test_the_matrix_shows_the_strongest_proof_and_counts_honestly(stage: Any) -> None:
    broadcast = on_air(stage)
    one, two, _ = stage.boxes
    stage.hear(one.journal(stage.now, *one.played(broadcast)))
    stage.hear(two.state(stage.now, rev=1))
    close(stage, broadcast.expires + 10 * MINUTE)
    with stage.database.transaction() as session:
        found = matrix(session, stage.cast.lan, stage.cast.commune, TODAY, stage.now)
        village = matrix(session, stage.cast.lan, stage.cast.villages[0], TODAY, stage.now)
    cell = found.cells[(broadcast.id, 1)]
    assert (cell.state, cell.evidence, cell.skew_ms) == (ItemState.DONE, Evidence.RENDERED, 3)
    totals = found.totals
    assert (totals.deliveries, totals.proved, totals.missed) == (3, 1, 2)
    assert found.by_loudspeaker[2].missed == 1
    assert village.totals.deliveries == 1


def test_a_play_that_was_stopped_early_is_not_counted_as_played(stage: Any) -> None:
    broadcast = on_air(stage)
    whole, cut, mute = stage.boxes
    stage.hear(whole.journal(stage.now, *whole.played(broadcast)))
    planned = int(broadcast.start.timestamp() * 1000)
    heard = {"planned": planned, "started": planned + 3, "ended": planned + 9_000, "volume": 80}
    short = cut.event(
        stage.now,
        "partial",
        broadcast.occurrence,
        reason="stopped",
        played_ms=9_000,
        samples=432_000,
        **heard,
    )
    stage.hear(cut.journal(stage.now, short))
    silent = mute.event(
        stage.now, "done", broadcast.occurrence, played_ms=60_000, samples=1, underruns=2, **heard
    )
    stage.hear(mute.journal(stage.now, silent))
    with stage.database.transaction() as session:
        found = matrix(session, stage.cast.lan, stage.cast.commune, TODAY, stage.now)
    totals = found.totals
    assert (totals.proved, totals.partial, totals.missed, totals.cancelled) == (1, 1, 1, 0)
    cell = found.cells[(broadcast.id, 2)]
    assert (cell.proved, cell.verdict, cell.evidence) == (False, Verdict.PARTLY, Evidence.RENDERED)
    assert (cell.played_ms, cell.volume, cell.underruns, cell.reason) == (9_000, 80, 0, "stopped")
    assert cell.ended_at == broadcast.start + dt.timedelta(seconds=9)
    assert found.cells[(broadcast.id, 3)].underruns == 2


def test_a_cell_tells_of_the_restored_order_not_of_the_withdrawn_one(stage: Any) -> None:
    (box,) = stage.loudspeakers(1)
    schedule = stage.schedule("17:00", frequency=Frequency.ONCE)
    stage.plan()
    old = stage.broadcasts()[0].occurrence
    with stage.database.transaction() as session:
        programme.withdraw_schedule(session, stage.cast.lan, schedule.id, stage.now, wire=stage.wire)
    stage.plan()
    stage.hear(box.journal(stage.now, box.event(stage.now, "cancelled", old, reason="withdrawn")))
    with stage.database.transaction() as session:
        programme.restore_schedule(session, stage.cast.lan, schedule.id, stage.now)
    stage.plan()
    (again,) = stage.broadcasts()
    stage.hear(box.journal(stage.now, *box.played(again)))
    with stage.database.transaction() as session:
        found = matrix(session, stage.cast.lan, stage.cast.commune, TODAY, stage.now)
    (cell,) = found.cells.values()
    assert (cell.skew_ms, cell.played_ms, cell.proved) == (3, 60_000, True)


def test_a_day_without_broadcasts_is_an_empty_matrix(stage: Any) -> None:
    on_air(stage)
    with stage.database.transaction() as session:
        found = matrix(session, stage.cast.lan, stage.cast.commune, TODAY - dt.timedelta(days=1), stage.now)
        planning.materialise(session, stage.now, 7)
    assert (found.broadcasts, found.cells) == ([], {})
