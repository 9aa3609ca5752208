"""A hold, a silence and their end also reach who was off: in the desired state, until it has answered."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from broadcast.models import Bulk, CommandOrder, CommandState, Loudspeaker
from broadcast.orders import command_effects, command_followup, commanding, standing, stopping
from broadcast.plans.planning import publish_plans
from devices.messages import Action, Command, Desired

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
S = CommandState
MINUTE, DAY = dt.timedelta(minutes=1), dt.timedelta(days=1)


def plan(stage: Any, after: dt.timedelta = MINUTE) -> dict[str, tuple[Command, ...]]:
    """What the newest desired states carry, by device."""
    stage.now += after
    with stage.database.transaction() as session:
        command_effects.expire(session, stage.now)
        stage.carried = standing.mark(session, stage.now, getattr(stage, "carried", {}))
        told = set(session.scalars(select(Loudspeaker.id).where(Loudspeaker.desired_sha256 == "")))
        publish_plans(session, stage.wire, stage.now, 7, only=told)
    found = {each.device: each.orders for _, each in stage.outbox() if isinstance(each, Desired)}
    return {device: orders for device, orders in found.items() if orders}


def order(stage: Any, action: Action, person: Any = None, **what: Any) -> Bulk:
    with stage.database.transaction() as session:
        return commanding.order(
            session, person or stage.cast.dung, wire=stage.wire, action=action, now=stage.now, **what
        )


def states(stage: Any) -> list[tuple[Action, CommandState]]:
    with stage.database.transaction(read_only=True) as session:
        query = select(CommandOrder).order_by(CommandOrder.created_at, CommandOrder.loudspeaker_id)
        return [(each.action, each.state) for each in session.scalars(query)]


def test_a_release_is_told_to_a_box_that_was_off_until_it_answers(stage: Any) -> None:
    here, away = stage.loudspeakers(2)
    with stage.database.transaction() as session:
        area = stage.cast.commune
        stopping.stop(session, stage.cast.dung, wire=stage.wire, area_id=area, hold_s=7200, now=stage.now)
    ((_, stop),) = [(t, m) for t, m in stage.outbox() if isinstance(m, Command)]
    for box in (here, away):
        stage.hear(box.ack(stage.now, stop.id, "done"))
    with stage.database.transaction() as session:
        stopping.release(session, stage.cast.dung, wire=stage.wire, area_id=area, now=stage.now)
    release = next(m for _, m in stage.outbox() if isinstance(m, Command) and m.action is Action.RELEASE)
    stage.hear(here.ack(stage.now, release.id, "done"))
    told = plan(stage)
    assert list(told) == [away.device]
    (carried,) = told[away.device]
    assert (carried.id, carried.action, carried.target) == (release.id, Action.RELEASE, away.device)
    assert carried.issued_at == release.issued_at
    assert carried.expires_at > release.expires_at
    stage.hear(away.ack(stage.now, release.id, "done"))
    assert plan(stage) == {}
    assert {state for _, state in states(stage)} == {S.DONE}


@pytest.mark.parametrize(
    ("action", "detail", "lasts"),
    [
        (Action.SILENCE, {}, standing.LIFE),
        (Action.SILENCE, {"hold_s": 3600}, dt.timedelta(hours=1)),
        (Action.RELEASE, {}, standing.LIFE),
        (Action.STOP, {"hold_s": 3600}, dt.timedelta(hours=1)),
    ],
)
def test_an_order_to_a_box_that_is_off_waits_and_has_an_end(
    stage: Any, action: Action, detail: dict[str, int], lasts: dt.timedelta
) -> None:
    (away,) = stage.loudspeakers(1)
    order(stage, action, detail=detail, loudspeaker_ids=[1])
    ((_, sent),) = [(t, m) for t, m in stage.outbox() if isinstance(m, Command)]
    with stage.database.transaction() as session:  # its message could not leave in its life
        command_effects.note_expired(session, [sent.id], stage.now + MINUTE)
    assert plan(stage, lasts - MINUTE)[away.device] == (
        Command(
            id=sent.id,
            target=away.device,
            issued_at=sent.issued_at,
            expires_at=sent.issued_at + round(lasts.total_seconds() * 1000),
            action=action,
            hold_until=sent.hold_until,
        ),
    )
    assert states(stage) == [(action, S.QUEUED)]
    assert plan(stage, 2 * MINUTE) == {}
    assert states(stage) == [(action, S.EXPIRED)]
    stage.hear(away.ack(stage.now, sent.id, "done"))
    assert states(stage) == [(action, S.DONE)]


def test_whoever_is_there_answers_before_a_document_would_carry_it(stage: Any) -> None:
    stage.loudspeakers(2)
    order(stage, Action.SILENCE, loudspeaker_ids=[1, 2])
    assert plan(stage, standing.GRACE / 2) == {}
    assert len(plan(stage, standing.GRACE)) == 2


def test_what_is_only_for_this_moment_is_not_carried(stage: Any) -> None:
    stage.loudspeakers(1)
    order(stage, Action.STOP, loudspeaker_ids=[1])
    order(stage, Action.IDENTIFY, stage.cast.lan, loudspeaker_ids=[1])
    assert plan(stage, dt.timedelta(seconds=30)) == {}
    assert plan(stage, DAY) == {}
    assert {state for _, state in states(stage)} == {S.EXPIRED}


def test_what_was_called_back_is_carried_no_more(stage: Any) -> None:
    stage.loudspeakers(1)
    bulk = order(stage, Action.SILENCE, loudspeaker_ids=[1])
    with stage.database.transaction() as session:
        assert command_followup.cancel(session, stage.cast.dung, bulk.id, now=stage.now) == 1
    assert plan(stage) == {}


def test_a_document_carries_no_more_than_the_newest_few(stage: Any) -> None:
    (box,) = stage.loudspeakers(1)
    for _ in range(12):
        order(stage, Action.SILENCE, detail={"hold_s": 3600}, loudspeaker_ids=[1])
        stage.now += dt.timedelta(seconds=1)
    carried = plan(stage)[box.device]
    assert len(carried) == standing.AT_MOST
    assert [each.issued_at for each in carried] == sorted(each.issued_at for each in carried)
