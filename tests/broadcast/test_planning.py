"""Rules become broadcasts and plans; what changes really changes, what does not stays as it is."""

from __future__ import annotations

import datetime as dt
import hashlib
import threading
from typing import Any

import pytest
from sqlalchemy import func, select

from broadcast.authoring import bulletins
from broadcast.joining import registry
from broadcast.models import Broadcast, BroadcastClip, BroadcastState, Bulletin, PlanDocument
from broadcast.plans import planning
from broadcast.plans.documents import publish_plans
from broadcast.scheduling import programme
from broadcast.storage.database import Database
from devices.envelope import decode_plan
from devices.messages import Action, BulletinClass, Desired, Evidence, ItemState, Plan
from schedules.types import Frequency

DAY = dt.timedelta(days=1)


def plans(stage: Any) -> dict[str, tuple[Desired, Plan]]:
    """What each loudspeaker is about to be told, with its plan fetched and verified by hash."""
    found = {}
    with stage.database.transaction(read_only=True) as session:
        for _, order in stage.outbox():
            if isinstance(order, Desired):
                assert order.plan is not None
                body = session.get_one(PlanDocument, order.plan.sha256).body
                assert hashlib.sha256(body).hexdigest() == order.plan.sha256
                assert len(body) == order.plan.size
                found[order.device] = order, decode_plan(body)
    return found


def test_a_daily_schedule_gives_one_broadcast_a_day_with_its_audio_and_loudspeakers(stage: Any) -> None:
    stage.loudspeakers(3)
    schedule = stage.schedule("17:00")
    stage.plan()
    found = stage.broadcasts()
    assert len(found) == 8  # today's and those of seven more days
    assert found[0].occurrence == f"s{schedule.id}.20260302T170000"
    assert found[0].start == dt.datetime(2026, 3, 2, 10, tzinfo=dt.UTC)
    assert found[0].duration_ms == 60_000
    assert len(stage.deliveries(found[0])) == 3


def test_planning_again_adds_nothing_and_tells_nobody(stage: Any) -> None:
    stage.loudspeakers(2)
    stage.schedule("17:00")
    assert stage.plan() == 2
    stage.clear_outbox()
    assert stage.plan() == 0
    assert stage.plan(stage.now + dt.timedelta(hours=3)) == 0
    assert stage.outbox() == []
    assert len(stage.broadcasts()) == 8


def test_a_new_day_brings_a_new_slot_and_one_new_revision(stage: Any) -> None:
    (box,) = stage.loudspeakers(1)
    stage.schedule("17:00")
    stage.plan()
    assert stage.plan(stage.now + DAY) == 1
    assert len(stage.broadcasts()) == 9
    assert stage.loudspeaker(box).desired_rev == 2


def test_two_processes_that_plan_at_once_make_every_slot_once(stage: Any, database_url: str) -> None:
    stage.loudspeakers(3)
    stage.schedule("17:00", "18:00", "19:00")
    barrier = threading.Barrier(4)

    def work() -> None:
        own = Database(database_url)
        barrier.wait()
        with own.transaction() as session:
            planning.materialise(session, stage.now, 7)
            publish_plans(session, stage.wire, stage.now, 7)
        own.dispose()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = stage.broadcasts()
    assert len(found) == len({(b.schedule_id, b.start) for b in found}) == 24
    assert len(stage.deliveries()) == 72
    with stage.database.transaction(read_only=True) as session:
        assert session.scalar(select(func.count()).select_from(BroadcastClip)) == 24
    assert {stage.loudspeaker(box).desired_rev for box in stage.boxes} == {1}


def test_loudspeakers_with_the_same_programme_share_one_plan(stage: Any) -> None:
    stage.loudspeakers(6)
    stage.schedule("17:00")
    stage.plan()
    told = plans(stage)
    assert len(told) == 6
    assert len({desired.plan.sha256 for desired, _ in told.values()}) == 1


def test_a_plan_says_what_to_play_where_to_fetch_it_and_within_which_hours(stage: Any) -> None:
    (box,) = stage.loudspeakers(1)
    stage.schedule("17:00", bulletin_ids=[stage.bulletin(klass=BulletinClass.PRIORITY, seconds=30)])
    stage.plan()
    desired, plan = plans(stage)[box.device]
    assert desired.groups == ("H40.10.1.1", "H40.10.1", "H40.10")
    assert [(w.start, w.end) for w in desired.policy.windows] == [("05:00", "21:30")]
    item = plan.items[0]
    assert item.klass is BulletinClass.PRIORITY
    assert item.clips[0].url == f"http://127.0.0.1:8080/media/{item.clips[0].sha256}.mp3"
    assert item.not_before == item.start < item.expires


def test_a_village_gets_its_own_programme_beside_the_communes(stage: Any) -> None:
    east, west = stage.loudspeakers(2)
    stage.schedule("17:00")
    stage.schedule("18:00", area_id=stage.cast.villages[0])
    stage.plan()
    told = plans(stage)
    assert len(told[east.device][1].items) == 16
    assert len(told[west.device][1].items) == 8


def test_a_new_loudspeaker_gets_coming_broadcasts_and_none_of_before(stage: Any) -> None:
    stage.loudspeakers(1)
    stage.schedule("08:30", "17:00")
    stage.plan()
    stage.now += dt.timedelta(hours=3)  # 11:00
    with stage.database.transaction() as session:
        place = {"device": "loa-moi", "name": "Loa mới", "area_id": stage.cast.villages[0]}
        registry.add(session, None, wire=stage.wire, now=stage.now, **place)
    stage.clear_outbox()
    stage.plan()
    _, plan = plans(stage)["loa-moi"]
    first = dt.datetime.fromtimestamp(plan.items[0].start / 1000, dt.UTC)
    assert first == dt.datetime(2026, 3, 2, 10, tzinfo=dt.UTC)
    assert len(stage.deliveries(stage.broadcasts()[0])) == 1
    assert len(stage.deliveries(stage.broadcasts()[1])) == 2


def test_a_loudspeaker_entered_while_a_broadcast_plays_is_not_counted_for_it(stage: Any) -> None:
    stage.loudspeakers(1)
    stage.schedule("08:30", frequency=Frequency.ONCE)
    stage.plan()
    stage.now += dt.timedelta(minutes=30, seconds=10)
    with stage.database.transaction() as session:
        place = {"device": "loa-moi", "name": "Loa mới", "area_id": stage.cast.villages[0]}
        registry.add(session, None, wire=stage.wire, now=stage.now, **place)
    stage.plan()
    assert len(stage.deliveries()) == 1


def test_what_is_past_stays_in_the_plan_for_a_day(stage: Any) -> None:
    (box,) = stage.loudspeakers(1)
    stage.schedule("17:00", frequency=Frequency.ONCE)
    stage.plan()
    later = stage.now + dt.timedelta(hours=20)
    stage.plan(later)
    assert len(plans(stage)[box.device][1].items) == 1
    stage.clear_outbox()
    stage.plan(stage.now + dt.timedelta(days=2, hours=12))
    assert plans(stage)[box.device][1].items == ()


def test_a_withdrawn_schedule_leaves_the_plans_and_a_restored_one_comes_back_as_a_new_order(
    stage: Any,
) -> None:
    (box,) = stage.loudspeakers(1)
    schedule = stage.schedule("17:00")
    stage.plan()
    first = plans(stage)[box.device][1].items[0].id
    with stage.database.transaction() as session:
        programme.withdraw_schedule(session, stage.cast.lan, schedule.id, stage.now, wire=stage.wire)
    assert stage.plan() == 1
    assert plans(stage)[box.device][1].items == ()
    assert {b.state for b in stage.broadcasts()} == {BroadcastState.CANCELLED}
    with stage.database.transaction() as session:
        programme.restore_schedule(session, stage.cast.lan, schedule.id, stage.now)
    assert stage.plan() == 1
    again = plans(stage)[box.device][1].items
    assert len(again) == 8
    assert again[0].id == f"{first}+1"
    assert {d.state for d in stage.deliveries()} == {ItemState.PLANNED}


def test_what_was_never_told_is_cancelled_at_once_and_what_was_told_waits_for_the_loudspeaker(
    stage: Any,
) -> None:
    told, _ = stage.loudspeakers(2)
    schedule = stage.schedule("17:00", frequency=Frequency.ONCE)
    stage.plan()
    stage.hear(told.state(stage.now, rev=1))
    with stage.database.transaction() as session:
        programme.withdraw_schedule(session, stage.cast.lan, schedule.id, stage.now, wire=stage.wire)
    stage.plan()
    assert [d.state for d in stage.deliveries()] == [ItemState.PLANNED, ItemState.CANCELLED]
    stage.hear(told.state(stage.now, rev=2))
    assert [d.state for d in stage.deliveries()] == [ItemState.CANCELLED, ItemState.CANCELLED]


def test_what_was_proved_of_a_withdrawn_order_proves_nothing_of_the_restored_one(stage: Any) -> None:
    (box,) = stage.loudspeakers(1)
    schedule = stage.schedule("17:00", frequency=Frequency.ONCE)
    stage.plan()
    stage.hear(box.state(stage.now, rev=1))
    with stage.database.transaction() as session:
        programme.withdraw_schedule(session, stage.cast.lan, schedule.id, stage.now, wire=stage.wire)
    stage.plan()
    with stage.database.transaction() as session:
        programme.restore_schedule(session, stage.cast.lan, schedule.id, stage.now)
    stage.plan()
    (delivery,) = stage.deliveries()
    assert (delivery.state, delivery.evidence) == (ItemState.PLANNED, None)
    stage.hear(box.state(stage.now, rev=3))
    assert stage.deliveries()[0].evidence == Evidence.ACKNOWLEDGED


@pytest.mark.parametrize(
    ("deed", "seconds"), [("schedule", 10), ("bulletin", 10), ("schedule", -3), ("bulletin", -3)]
)
def test_what_is_withdrawn_while_it_plays_or_is_about_to_really_stops(
    stage: Any, deed: str, seconds: int
) -> None:
    (box,) = stage.loudspeakers(1)
    bulletin_id, other = stage.bulletin(), stage.bulletin("Tin khác")
    schedule = stage.schedule("17:00", bulletin_ids=[bulletin_id])
    stage.schedule("17:00", bulletin_ids=[other], frequency=Frequency.ONCE)
    stage.plan()
    stage.clear_outbox()
    playing = next(each for each in stage.broadcasts() if each.schedule_id == schedule.id)
    during = playing.start + dt.timedelta(seconds=seconds)
    with stage.database.transaction() as session:
        if deed == "schedule":
            programme.withdraw_schedule(session, stage.cast.lan, schedule.id, during, wire=stage.wire)
        else:
            bulletins.withdraw(session, stage.cast.binh, bulletin_id, now=during, wire=stage.wire)
    ((topic, order),) = stage.outbox()
    assert (topic, order.action, order.items) == (
        stage.wire.topics.group_cmd("H40.10.1"),
        Action.STOP,
        (playing.occurrence,),
    )
    stage.plan(playing.start + dt.timedelta(seconds=15))
    states = {each.schedule_id: each.state for each in stage.broadcasts() if each.start == playing.start}
    assert states == {schedule.id: BroadcastState.CANCELLED, schedule.id + 1: BroadcastState.PLANNED}
    # A loudspeaker that missed the command finds it gone from its plan.
    left = plans(stage)[box.device][1].items
    at_five = [item.id for item in left if item.start == int(playing.start.timestamp() * 1000)]
    assert at_five == [f"s{schedule.id + 1}.20260302T170000"]


def test_a_withdrawal_stops_nothing_that_has_not_begun_or_is_over(stage: Any) -> None:
    stage.loudspeakers(1)
    schedule = stage.schedule("17:00", "18:00")
    stage.plan()
    stage.clear_outbox()
    between = dt.datetime(2026, 3, 2, 10, 30, tzinfo=dt.UTC)
    with stage.database.transaction() as session:
        programme.withdraw_schedule(session, stage.cast.lan, schedule.id, between, wire=stage.wire)
    assert stage.outbox() == []
    assert {each.stopped_at for each in stage.broadcasts()} == {None}


@pytest.mark.parametrize("deed", ["edit", "withdraw"])
def test_an_edited_or_withdrawn_bulletin_really_leaves_the_plans(stage: Any, deed: str) -> None:
    (box,) = stage.loudspeakers(1)
    kept, gone = stage.bulletin("Giữ lại"), stage.bulletin("Bỏ đi", seconds=20)
    stage.schedule("17:00", bulletin_ids=[kept, gone])
    stage.schedule("18:00", bulletin_ids=[gone])
    stage.plan()
    assert len(plans(stage)[box.device][1].items) == 16
    with stage.database.transaction() as session:
        if deed == "edit":
            text = "Nội dung khác hẳn."
            bulletins.edit(session, stage.cast.lan, gone, expected_version=1, text=text, now=stage.now)
        else:
            bulletins.withdraw(session, stage.cast.lan, gone, now=stage.now, wire=stage.wire)
    assert stage.plan() == 1
    items = plans(stage)[box.device][1].items
    assert [len(item.clips) for item in items] == [1] * 8
    assert {item.duration_ms for item in items} == {60_000}


def test_new_audio_of_a_bulletin_approved_again_replaces_the_old(stage: Any) -> None:
    (box,) = stage.loudspeakers(1)
    bulletin_id = stage.bulletin()
    stage.schedule("17:00", bulletin_ids=[bulletin_id])
    stage.plan()
    before = plans(stage)[box.device][1].items[0]
    with stage.database.transaction() as session:
        words = {"text": "Lịch tiêm chủng đổi sang thứ Năm."}
        bulletins.edit(session, stage.cast.lan, bulletin_id, expected_version=1, now=stage.now, **words)
    stage.plan()
    stage.approve(bulletin_id, seconds=42)
    stage.plan()
    after = plans(stage)[box.device][1].items[0]
    assert after.clips[0].sha256 != before.clips[0].sha256
    assert after.duration_ms == 42_000


def test_a_broadcast_that_has_begun_keeps_its_audio(stage: Any) -> None:
    stage.loudspeakers(1)
    bulletin_id = stage.bulletin()
    stage.schedule("17:00", bulletin_ids=[bulletin_id], frequency=Frequency.ONCE)
    stage.plan()
    with stage.database.transaction() as session:
        bulletins.withdraw(session, stage.cast.lan, bulletin_id, now=stage.now, wire=stage.wire)
    stage.plan(dt.datetime(2026, 3, 2, 10, 0, 10, tzinfo=dt.UTC))
    assert stage.broadcasts()[0].state is BroadcastState.PLANNED


def test_what_a_person_stopped_stays_stopped(stage: Any) -> None:
    stage.loudspeakers(1)
    stage.schedule("17:00", frequency=Frequency.ONCE)
    stage.plan()
    with stage.database.transaction() as session:
        broadcast = session.scalars(select(Broadcast)).one()
        broadcast.state, broadcast.stopped_at = BroadcastState.CANCELLED, stage.now
    stage.plan()
    assert stage.broadcasts()[0].state is BroadcastState.CANCELLED


def test_a_changed_volume_is_a_new_revision_for_that_loudspeaker_alone(stage: Any) -> None:
    stage.loudspeakers(2)
    stage.schedule("17:00")
    stage.plan()
    with stage.database.transaction() as session:
        registry.set_volume(session, stage.cast.lan, 1, 40, stage.now)
    assert stage.plan() == 1
    assert [stage.loudspeaker(box).desired_rev for box in stage.boxes] == [2, 1]


def test_a_lost_document_is_published_again_with_its_old_revision(stage: Any) -> None:
    one, two = stage.loudspeakers(2)
    stage.schedule("17:00")
    stage.plan()
    stage.clear_outbox()
    stage.plan(again={one.device})
    assert [order.rev for _, order in stage.outbox()] == [1]
    stage.plan(everyone=True)
    assert len(stage.outbox()) == 2
    assert stage.loudspeaker(two).desired_rev == 1


def test_only_the_newest_document_waits_in_the_outbox(stage: Any) -> None:
    (box,) = stage.loudspeakers(1)
    for hour in (17, 18, 19):
        stage.schedule(f"{hour}:00")
        stage.plan()
    assert [
        order.rev for topic, order in stage.outbox() if topic == stage.wire.topics.desired(box.device)
    ] == [3]


def test_an_unapproved_bulletin_makes_no_broadcast(stage: Any) -> None:
    bulletin_id = stage.bulletin()
    stage.schedule("17:00", bulletin_ids=[bulletin_id])
    with stage.database.transaction() as session:
        bulletins.withdraw(session, stage.cast.lan, bulletin_id, now=stage.now, wire=stage.wire)
    stage.plan()
    assert stage.broadcasts() == []
    with stage.database.transaction(read_only=True) as session:
        assert session.get_one(Bulletin, bulletin_id) is not None
