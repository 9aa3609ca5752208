"""Keys that end and orders that are not heard show in good time: the story of a certificate that ran out."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from broadcast.care import key_watch, weekly_test
from broadcast.joining import registry
from broadcast.models import Alarm, Bulk, CommandOrder, Loudspeaker
from broadcast.orders import command_effects
from broadcast.signing.keyring import Ring, ServerKey
from broadcast.speakers import alarms
from devices.envelope import SigningKey
from devices.messages import Action, Command

pytestmark = pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)

DAY = dt.timedelta(days=1)
MONDAY = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)
DUE = dt.datetime(2026, 3, 3, 2, 30, tzinfo=dt.UTC)  # Tuesday 09:30 in Vietnam


def ring(ends: dt.datetime) -> Ring:
    return Ring(1, (ServerKey(SigningKey.generate(), ends - 730 * DAY, ends),))


def heard(stage: Any, *boxes: Any, at: dt.datetime) -> None:
    with stage.database.transaction() as session:
        for each in boxes:
            found = session.get_one(Loudspeaker, stage.loudspeaker(each).id)
            found.last_seen, found.online = at, True
            found.activated_at = found.activated_at or at


def expire(stage: Any, box: Any, ends: dt.datetime) -> None:
    with stage.database.transaction() as session:
        session.get_one(Loudspeaker, stage.loudspeaker(box).id).key_expires_at = ends


def watch(stage: Any, now: dt.datetime, server_ends: dt.datetime | None = None) -> int:
    with stage.database.transaction() as session:
        return key_watch.watch(session, ring(server_ends or now + 700 * DAY), now)


def told(stage: Any, kind: str) -> list[tuple[Any, bool]]:
    """The days each alarm spoke of, and whether it is over."""
    with stage.database.transaction(read_only=True) as session:
        rows = session.scalars(select(Alarm).where(Alarm.kind == kind).order_by(Alarm.id))
        return [(row.detail.get("days"), row.well_at is not None) for row in rows]


def test_a_loudspeaker_s_key_that_ends_is_told_at_30_7_and_1_days_once_each(stage: Any) -> None:
    [box] = stage.loudspeakers(1)
    heard(stage, box, at=MONDAY)
    ends = MONDAY + 40 * DAY
    expire(stage, box, ends)
    opened = [watch(stage, ends - left * DAY) for left in range(34, -1, -1)]
    assert sum(opened) == 3
    assert told(stage, "key_expires") == [(30, True), (7, True), (1, False)]
    expire(stage, box, ends + 730 * DAY)
    assert watch(stage, ends) == 0
    assert told(stage, "key_expires") == [(30, True), (7, True), (1, True)]


def test_a_warning_that_was_noted_comes_back_at_the_next_step_and_not_before(stage: Any) -> None:
    [box] = stage.loudspeakers(1)
    heard(stage, box, at=MONDAY)
    expire(stage, box, MONDAY + 20 * DAY)
    watch(stage, MONDAY)
    with stage.database.transaction() as session:
        found = session.scalars(select(Alarm)).one()
        alarms.close(session, session.merge(stage.cast.admin), found.id, MONDAY)
    assert watch(stage, MONDAY + 5 * DAY) == 0
    assert watch(stage, MONDAY + 14 * DAY) == 1


def test_the_server_s_own_key_is_told_to_administrators_and_is_well_once_rotated(stage: Any) -> None:
    for left in (29, 6, 1, 0):
        watch(stage, MONDAY, MONDAY + left * DAY)
    assert [days for days, _ in told(stage, "server_key_expires")] == [30, 7, 1, 1]
    watch(stage, MONDAY, MONDAY + 730 * DAY)
    assert all(over for _, over in told(stage, "server_key_expires"))


def test_nothing_is_told_of_a_box_that_was_never_heard_or_is_out_of_service(stage: Any) -> None:
    never, gone = stage.loudspeakers(2)
    heard(stage, gone, at=MONDAY)
    for each in (never, gone):
        expire(stage, each, MONDAY + DAY)
    with stage.database.transaction() as session:
        found = stage.loudspeaker(gone).id
        registry.retire(session, None, wire=stage.wire, loudspeaker_id=found, now=MONDAY)
    assert watch(stage, MONDAY) == 0


# --- the weekly test --------------------------------------------------------------


def order(stage: Any, now: dt.datetime) -> int:
    with stage.database.transaction() as session:
        return weekly_test.order_if_due(session, stage.wire, now)


def judge(stage: Any, now: dt.datetime) -> int:
    with stage.database.transaction() as session:
        return weekly_test.judge(session, now)


@pytest.mark.parametrize("hours", [0, 1, 30, 167])
def test_the_test_is_due_on_tuesday_morning(hours: int, database_url: str) -> None:
    assert weekly_test.last_due(DUE + hours * DAY / 24) == DUE
    assert weekly_test.last_due(DUE - dt.timedelta(seconds=1)) == DUE - 7 * DAY


def test_one_signed_order_a_week_goes_to_the_whole_tree(stage: Any) -> None:
    boxes = stage.loudspeakers(3)
    heard(stage, *boxes, at=MONDAY)
    assert [order(stage, DUE), order(stage, DUE + DAY), order(stage, DUE + 7 * DAY)] == [1, 0, 1]
    commands = [found for topic, found in stage.outbox() if isinstance(found, Command)]
    assert [(each.action, each.target) for each in commands] == [(Action.SELF_TEST, "H40.10")] * 2
    assert [each.id for each in commands] == ["self-test-2026-03-03", "self-test-2026-03-10"]
    with stage.database.transaction(read_only=True) as session:
        assert session.scalars(select(Bulk.total)).all() == [3, 3]


def test_who_is_there_and_does_not_answer_raises_an_alarm_until_it_does(stage: Any) -> None:
    good, deaf, _ = boxes = stage.loudspeakers(3)  # the third is away
    heard(stage, *boxes, at=MONDAY)
    order(stage, DUE)
    answer = DUE + dt.timedelta(minutes=1)
    stage.hear(good.journal(answer, good.event(answer, "self_test", "")), now=answer)
    assert judge(stage, DUE + dt.timedelta(hours=1)) == 0
    later = DUE + dt.timedelta(hours=3)
    heard(stage, good, deaf, at=later)
    assert [judge(stage, later), judge(stage, later + dt.timedelta(minutes=10))] == [1, 0]
    with stage.database.transaction(read_only=True) as session:
        [alarm] = session.scalars(select(Alarm).where(Alarm.kind == "self_test_missing"))
        assert alarm.loudspeaker_id == stage.loudspeaker(deaf).id
    stage.hear(deaf.journal(later, deaf.event(later, "self_test", "")), now=later)
    judge(stage, later + 2 * DAY)
    assert told(stage, "self_test_missing") == [(None, True)]


def test_without_loudspeakers_nothing_is_ordered(stage: Any) -> None:
    stage.loudspeakers(1)  # entered, never heard
    assert order(stage, DUE) == 0
    assert judge(stage, DUE) == 0


def test_the_weekly_test_is_followed_on_every_loudspeaker_to_its_end(stage: Any) -> None:
    answers, silent, away = stage.loudspeakers(3)
    heard(stage, answers, silent, at=MONDAY)
    order(stage, DUE)
    ((_, command),) = [(t, m) for t, m in stage.outbox() if isinstance(m, Command)]
    stage.hear(answers.ack(DUE, command.id, "received"), now=DUE)
    stage.hear(answers.ack(DUE, command.id, "done"), now=DUE)
    assert followed(stage, command, DUE) == ["done", "queued", "queued"]
    late = DUE + weekly_test.LIFE / 2
    stage.hear(away.ack(late, command.id, "failed"), now=late)
    assert followed(stage, command, DUE + weekly_test.LIFE + DAY) == ["done", "expired", "failed"]


def followed(stage: Any, command: Command, now: dt.datetime) -> list[str]:
    with stage.database.transaction() as session:
        command_effects.expire(session, now)
        bulk = session.scalars(select(Bulk)).one()
        seen = command_effects.progress(session, session.merge(stage.cast.admin), bulk.id)
        assert (seen.total, bulk.total) == (3, 3)
        query = select(CommandOrder).where(CommandOrder.id == command.id, CommandOrder.bulk_id == bulk.id)
        return [each.state.value for each in session.scalars(query.order_by(CommandOrder.loudspeaker_id))]
