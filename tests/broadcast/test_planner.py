"""What changed is planned and nothing else, what nobody told of is found, and a death loses nothing."""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import delete, event, func, select, update

from broadcast.joining import registry
from broadcast.models import (
    Broadcast,
    BroadcastState,
    Delivery,
    Event,
    Loudspeaker,
    PlanDocument,
    PlanMark,
    Schedule,
)
from broadcast.orders import commanding, stopping
from broadcast.plans.planner import NOTHING, STEPS, Planner
from broadcast.storage import events
from broadcast.storage.database import Database
from broadcast.units import areas, policies
from devices.envelope import decode_plan
from devices.messages import Desired, Item, ItemState
from schedules import recurrence
from schedules.types import Frequency, Rule

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
CANARY = "nobody may look at me"


class PowerCutError(Exception):
    """The process ends here."""


def revisions(stage: Any) -> list[int]:
    return [stage.loudspeaker(box).desired_rev for box in stage.boxes]


def planned(stage: Any, box: Any) -> list[Item]:
    """What waits to leave for a loudspeaker."""
    (desired,) = [o for _, o in stage.outbox() if isinstance(o, Desired) and o.device == box.device]
    with stage.database.transaction(read_only=True) as session:
        return list(decode_plan(session.get_one(PlanDocument, desired.plan.sha256).body).items)


def put_out_canaries(stage: Any) -> None:
    """Whoever is looked at gets a new revision now, changed or not."""
    with stage.database.transaction() as session:
        session.execute(update(Loudspeaker).values(desired_sha256=CANARY))


def edit(session: Any, schedule_id: int, *times: str, now: dt.datetime) -> None:
    """As a use case that changes a rule."""
    rule = Rule(Frequency.DAILY, now.date(), tuple(dt.time.fromisoformat(each) for each in times))
    changed = update(Schedule).where(Schedule.id == schedule_id)
    session.execute(changed.values(rule=recurrence.to_dict(rule)))
    events.emit(session, now=now, kind="schedule", subject=schedule_id)


def change_policy(session: Any, stage: Any) -> None:
    values = {"max_volume": 60}
    policies.save(session, stage.cast.admin, stage.cast.villages[1], values=values, now=stage.now)


def change_village_rule(session: Any, stage: Any) -> None:
    edit(session, 2, "19:00", now=stage.now)


def change_volume(session: Any, stage: Any) -> None:
    registry.set_volume(session, stage.cast.lan, 2, 33, stage.now)


def change_volumes(session: Any, stage: Any) -> None:
    """An order to many has one event, for the order."""
    commanding.set_volume(session, stage.cast.lan, volume=33, loudspeaker_ids=[2, 5], now=stage.now)


def move_one(session: Any, stage: Any) -> None:
    area_id = stage.cast.villages[2]
    registry.move(session, None, loudspeaker_id=2, area_id=area_id, now=stage.now)


def move_area(session: Any, stage: Any) -> None:
    village, parent = stage.cast.villages[1], stage.cast.other_commune
    areas.move(session, village, parent_id=parent, now=stage.now)


def stop_one(session: Any, stage: Any) -> None:
    mine = select(Broadcast.id).where(Broadcast.schedule_id == 2).order_by(Broadcast.start)
    first = session.scalars(mine).first()
    stopping.stop(session, stage.cast.dung, wire=stage.wire, broadcast_id=first, now=stage.now)


def be_seen(session: Any, stage: Any) -> None:
    events.emit(session, now=stage.now, kind="loudspeaker", subject=2, seen=True)


@pytest.mark.parametrize(
    ("change", "touched"),
    [
        (change_policy, [1, 4]),
        (change_village_rule, [1, 4]),
        (stop_one, [1, 4]),
        (move_area, [1, 4]),
        (change_volume, [1]),
        (change_volumes, [1, 4]),
        (move_one, [1]),
        (be_seen, []),
    ],
)
def test_only_what_a_change_touches_is_planned_again(
    stage: Any, change: Callable[[Any, Any], None], touched: list[int]
) -> None:
    """Of six loudspeakers the second and the fifth hang in the second village."""
    stage.loudspeakers(6)
    stage.schedule("17:00")
    stage.schedule("18:00", area_id=stage.cast.villages[1])
    stage.plan()
    put_out_canaries(stage)
    with stage.database.transaction() as session:
        change(session, stage)
    stage.plan()
    assert revisions(stage) == [2 if number in touched else 1 for number in range(6)]


def test_a_schedule_that_nobody_touched_is_not_expanded_again(stage: Any) -> None:
    stage.loudspeakers(1)
    first, second = stage.schedule("17:00"), stage.schedule("18:00")
    stage.plan()
    with stage.database.transaction() as session:
        session.execute(delete(Delivery))
        session.execute(update(Broadcast).values(title="so"))
        edit(session, second.id, "19:00", now=stage.now)
    stage.plan()
    titles = {(each.schedule_id, each.title) for each in stage.broadcasts() if each.start.hour != 11}
    assert titles == {(first.id, "so"), (second.id, "Bản tin sáng")}


def test_a_quiet_tick_writes_nothing(stage: Any) -> None:
    stage.loudspeakers(2)
    stage.schedule("17:00")
    stage.plan()
    stage.plan()
    written: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.split(maxsplit=1)[0] in ("INSERT", "UPDATE", "DELETE"):
            written.append(statement)

    event.listen(stage.database.engine, "before_cursor_execute", note)
    stage.plan(stage.now + HOUR)
    event.remove(stage.database.engine, "before_cursor_execute", note)
    assert written == []


def test_an_edited_rule_really_leaves_its_old_time_and_comes_to_the_new_one(stage: Any) -> None:
    (box,) = stage.loudspeakers(1)
    schedule = stage.schedule("17:00")
    stage.plan()
    with stage.database.transaction() as session:
        edit(session, schedule.id, "18:15", now=stage.now)
    assert stage.plan() == 1
    assert {each.start // 1000 % 86400 for each in planned(stage, box)} == {(18 - 7) * 3600 + 15 * 60}
    old = [each for each in stage.broadcasts() if each.start.minute == 0]
    assert {each.state for each in old} == {BroadcastState.CANCELLED}
    with stage.database.transaction() as session:
        edit(session, schedule.id, "17:00", now=stage.now)
    stage.plan()
    assert {each.id[-2:] for each in planned(stage, box)} == {"+1"}  # a new order: the old one is cancelled


def test_after_an_area_has_moved_its_loudspeakers_have_to_play_what_sounds_there(stage: Any) -> None:
    box, _, _ = stage.loudspeakers(3)
    stage.schedule("17:00")
    stage.schedule("18:00", area_id=stage.cast.villages[0])
    stage.plan()
    with stage.database.transaction() as session:
        areas.move(session, stage.cast.villages[0], parent_id=stage.cast.other_commune, now=stage.now)
    assert stage.plan() == 1
    assert {each.start // 1000 % 86400 for each in planned(stage, box)} == {(18 - 7) * 3600}
    mine = [each for each in stage.deliveries() if each.loudspeaker_id == 1]
    gone = {each.reason for each in mine if each.state is ItemState.CANCELLED}
    assert (len(mine), gone) == (16, {"moved"})
    with stage.database.transaction() as session:
        areas.move(session, stage.cast.villages[0], parent_id=stage.cast.commune, now=stage.now)
    stage.plan()
    assert {each.state for each in stage.deliveries()} == {ItemState.PLANNED}


@pytest.mark.parametrize("step", STEPS)
def test_a_planner_that_dies_after_any_step_is_followed_by_one_that_does_all_of_it_once(
    stage: Any, step: str
) -> None:
    (box,) = stage.loudspeakers(1)
    stage.schedule("17:00")
    stage.plan()
    stage.schedule("18:00")

    def checkpoint(name: str) -> None:
        if name == step:
            raise PowerCutError

    with pytest.raises(PowerCutError), stage.database.transaction() as session:
        Planner(session, stage.wire, stage.now, 7, checkpoint).plan()
    assert revisions(stage) == [1]
    assert stage.plan() == 1
    assert (stage.plan(), revisions(stage)) == (0, [2])
    assert len(planned(stage, box)) == len(stage.deliveries()) == 16


def test_planners_that_work_at_once_give_every_loudspeaker_one_revision(
    stage: Any, database_url: str
) -> None:
    stage.loudspeakers(3)
    stage.schedule("17:00")
    stage.plan()
    stage.schedule("18:00")
    barrier = threading.Barrier(3)

    def work() -> None:
        own = Database(database_url)
        barrier.wait()
        with own.transaction() as session:
            Planner(session, stage.wire, stage.now, 7).plan()
        own.dispose()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert revisions(stage) == [2, 2, 2]
    assert len(stage.broadcasts()) == 16


def test_what_no_event_has_told_of_is_found_logged_and_mended(
    stage: Any, caplog: pytest.LogCaptureFixture
) -> None:
    (box, _) = stage.loudspeakers(2)
    stage.schedule("17:00")
    stage.plan()
    with stage.database.transaction() as session:
        session.execute(update(Schedule).values(title="Không ai báo"))
        session.execute(delete(Delivery).where(Delivery.loudspeaker_id == 2))
    assert stage.plan() == 0
    with stage.database.transaction(read_only=True) as session:
        suspects = Planner(session, stage.wire, stage.now, 7).inspect()
    assert (suspects.schedules, suspects.loudspeakers) == ({1}, {2})
    with caplog.at_level(logging.ERROR):
        assert stage.plan(suspects=suspects) == 2
    assert [record.action for record in caplog.records] == ["plan_drift"]  # type: ignore[attr-defined]
    assert {each.title for each in planned(stage, box)} == {"Không ai báo"}
    assert len(stage.deliveries()) == 16
    with stage.database.transaction(read_only=True) as session:
        assert Planner(session, stage.wire, stage.now, 7).inspect() == NOTHING


def test_suspects_that_an_event_explains_meanwhile_are_no_drift(
    stage: Any, caplog: pytest.LogCaptureFixture
) -> None:
    stage.loudspeakers(1)
    schedule = stage.schedule("17:00")
    stage.plan()
    with stage.database.transaction() as session:
        edit(session, schedule.id, "19:00", now=stage.now)
    with stage.database.transaction(read_only=True) as session:
        suspects = Planner(session, stage.wire, stage.now, 7).inspect()
    assert suspects.schedules == {schedule.id}
    with caplog.at_level(logging.ERROR):
        assert stage.plan(suspects=suspects) == 1
    assert caplog.records == []


@pytest.mark.parametrize("lost", ["mark", "log"])
def test_without_a_place_in_the_log_everything_is_planned(
    stage: Any, lost: str, caplog: pytest.LogCaptureFixture
) -> None:
    (box,) = stage.loudspeakers(1)
    stage.schedule("17:00")
    stage.plan()
    stage.schedule("18:00")
    later = stage.now + 3 * DAY
    with stage.database.transaction() as session:
        session.execute(delete(Event))
        if lost == "mark":
            session.execute(delete(PlanMark))
    stage.clear_outbox()
    with caplog.at_level(logging.ERROR):
        assert stage.plan(stage.now if lost == "mark" else later) == 1
    assert {each.start // 1000 % 86400 for each in planned(stage, box)} >= {10 * 3600, 11 * 3600}
    assert caplog.records == []


def test_a_new_day_expands_that_day_only(stage: Any) -> None:
    stage.loudspeakers(1)
    stage.schedule("17:00")
    stage.plan()
    with stage.database.transaction() as session:
        session.execute(delete(Delivery))
        session.execute(update(Broadcast).values(title="so"))
    stage.plan(stage.now + DAY)
    titles = [each.title for each in stage.broadcasts()]
    assert titles == ["so"] * 8 + ["Bản tin sáng"]
    assert len(stage.deliveries()) == 1


def test_plans_of_days_long_past_are_forgotten(stage: Any) -> None:
    stage.loudspeakers(1)
    stage.schedule("17:00")
    for days in range(5):
        stage.plan(stage.now + days * DAY)
    with stage.database.transaction(read_only=True) as session:
        assert session.scalar(select(func.count()).select_from(PlanDocument)) == 2


def test_schedules_of_an_area_that_moved_are_looked_at_again(stage: Any) -> None:
    """What hangs elsewhere may heed other holidays."""
    stage.loudspeakers(3)
    stage.schedule("17:00")
    theirs = stage.schedule("18:00", area_id=stage.cast.villages[0])
    stage.plan()
    with stage.database.transaction() as session:
        session.execute(update(Schedule).values(title="khác"))
        areas.move(session, stage.cast.villages[0], parent_id=stage.cast.other_commune, now=stage.now)
    stage.plan()
    assert {each.schedule_id for each in stage.broadcasts() if each.title == "khác"} == {theirs.id}
