"""What the server does after an outage of its own: nothing stale, nothing made up for, nothing told twice."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import func, select

from broadcast.authoring import bulletins
from broadcast.models import OutboxMessage, PlanDocument
from broadcast.scheduling import programme
from devices.envelope import decode_plan
from devices.messages import BulletinClass, Desired, Item

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


def planned(stage: Any, box: Any) -> list[Item]:
    """What waits to leave for a loudspeaker."""
    (desired,) = [o for _, o in stage.outbox() if isinstance(o, Desired) and o.device == box.device]
    with stage.database.transaction(read_only=True) as session:
        return list(decode_plan(session.get_one(PlanDocument, desired.plan.sha256).body).items)


def test_after_ten_minutes_the_slot_of_the_outage_stands_as_it_was_and_nobody_is_told_anew(
    stage: Any,
) -> None:
    """The loudspeakers had it for days; whoever was off itself finds it past and does not begin late."""
    (box,) = stage.loudspeakers(1)
    stage.schedule("17:00")
    stage.plan(stage.now)
    before = planned(stage, box)
    stage.clear_outbox()
    assert stage.plan(stage.now + 9 * HOUR + dt.timedelta(minutes=5)) == 0
    stage.plan(stage.now + 9 * HOUR + dt.timedelta(minutes=6), everyone=True)
    assert planned(stage, box) == before


def test_after_three_hours_a_slot_that_was_never_told_is_not_made_up_for(stage: Any) -> None:
    (box,) = stage.loudspeakers(1)
    stage.plan()
    urgent_to_people = stage.bulletin(klass=BulletinClass.PRIORITY)
    stage.schedule("08:30", "09:00", "17:00", bulletin_ids=[urgent_to_people])
    stage.plan(stage.now + 3 * HOUR)
    today = [each for each in stage.broadcasts() if each.start < stage.now + 16 * HOUR]
    assert [each.start for each in today] == [stage.now + 9 * HOUR]
    assert min(each.start for each in planned(stage, box)) == int(today[0].start.timestamp() * 1000)


@pytest.mark.parametrize("hours", [1 / 6, 3, 48])
def test_what_lost_its_approval_during_an_outage_is_in_no_document_that_leaves_afterwards(
    stage: Any, hours: float
) -> None:
    """A plan with it waited for the broker since before: it is replaced, not followed by a better one."""
    (box,) = stage.loudspeakers(1)
    stale, good = stage.bulletin("Cũ"), stage.bulletin("Mới")
    stage.schedule("17:00", bulletin_ids=[stale])
    stage.schedule("18:00", bulletin_ids=[good])
    stage.plan()
    assert len(planned(stage, box)) == 16
    with stage.database.transaction() as session:
        bulletins.edit(session, stage.cast.lan, stale, expected_version=1, text="Đính chính.", now=stage.now)
    stage.plan(stage.now + hours * HOUR)
    coming = int((stage.now + hours * HOUR).timestamp() * 1000)
    assert {e.start // 1000 % 86400 for e in planned(stage, box) if e.start > coming} == {11 * 3600}
    with stage.database.transaction(read_only=True) as session:
        assert session.scalar(select(func.count()).select_from(OutboxMessage)) == 1


def test_after_two_days_the_days_between_are_not_made_up_for_and_the_next_seven_are_there(stage: Any) -> None:
    (box,) = stage.loudspeakers(1)
    stage.schedule("08:30", "17:00")
    stage.plan()
    late = stage.schedule("12:00")  # saved just before the server died
    stage.plan(stage.now + 2 * DAY)
    noons = [each.start for each in stage.broadcasts() if each.schedule_id == late.id]
    assert (noons[0], len(noons)) == (stage.now + 2 * DAY + 4 * HOUR, 8)
    starts = {each.start // 1000 for each in planned(stage, box)}
    assert min(starts) == int((stage.now + DAY + HOUR / 2).timestamp())  # yesterday's, to be told as missed
    assert max(starts) == int((stage.now + 9 * DAY + 9 * HOUR).timestamp())


def test_a_withdrawal_during_an_outage_is_followed_before_anything_else(stage: Any) -> None:
    (box,) = stage.loudspeakers(1)
    schedule = stage.schedule("17:00")
    stage.plan()
    with stage.database.transaction() as session:
        programme.withdraw_schedule(session, stage.cast.lan, schedule.id, stage.now, wire=stage.wire)
    stage.plan(stage.now + 3 * HOUR, everyone=True)
    assert planned(stage, box) == []
