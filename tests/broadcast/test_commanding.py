"""Orders are followed from the queue to the effect that was seen, on one loudspeaker and on thousands."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from broadcast.errors import Forbidden, NoLoudspeakers, NotFound, WrongState
from broadcast.models import Bulk, CommandOrder, CommandState, Event, Loudspeaker, OutboxMessage
from broadcast.orders import command_effects, commanding
from broadcast.plans import dispatch
from broadcast.scheduling import urgent
from broadcast.speakers.fleet import Filter
from broadcast.storage.lease import Leadership, acquire
from devices.messages import Action, Command

S = CommandState


def order(stage: Any, action: Action, person: Any = None, **what: Any) -> Bulk:
    with stage.database.transaction() as session:
        return commanding.order(
            session, person or stage.cast.lan, wire=stage.wire, action=action, now=stage.now, **what
        )


def states(stage: Any, bulk: Bulk) -> list[tuple[CommandState, str]]:
    with stage.database.transaction(read_only=True) as session:
        query = select(CommandOrder).where(CommandOrder.bulk_id == bulk.id)
        return [(r.state, r.code) for r in session.scalars(query.order_by(CommandOrder.loudspeaker_id))]


def progress(stage: Any, bulk: Bulk, person: Any = None) -> Any:
    with stage.database.transaction(read_only=True) as session:
        return command_effects.progress(session, person or stage.cast.lan, bulk.id)


def commands(stage: Any) -> list[tuple[str, Command]]:
    return [(topic, message) for topic, message in stage.outbox() if isinstance(message, Command)]


class Broker:
    """Takes everything, as a broker that is there does."""

    connected = True

    def publish_many(self, messages: Any) -> list[bool]:
        return [True for _ in messages]


def flush(stage: Any) -> None:
    with stage.database.transaction() as session:
        token = acquire(session, "air", "test", stage.now, dt.timedelta(hours=1))
    assert token is not None
    leader = Leadership("air", "test", token)
    sender = dispatch.Dispatcher(stage.database, Broker(), stage.wire, 7, lambda: stage.now)  # type: ignore[arg-type]
    while sender.flush(leader):
        pass


def forward(stage: Any, **by: float) -> None:
    stage.now += dt.timedelta(**by)


def test_an_order_goes_from_the_queue_over_the_broker_to_the_loudspeaker_and_is_done(stage: Any) -> None:
    (box,) = stage.loudspeakers(1)
    bulk = order(stage, Action.IDENTIFY, loudspeaker_ids=[1])
    ((topic, command),) = commands(stage)
    assert (topic, command.target) == (stage.wire.topics.cmd(box.device), box.device)
    assert states(stage, bulk) == [(S.QUEUED, "")]
    flush(stage)
    assert states(stage, bulk) == [(S.SENT, "")]
    stage.hear(box.ack(stage.now, command.id, "received"))
    assert states(stage, bulk) == [(S.RECEIVED, "")]
    stage.hear(box.ack(stage.now, command.id, "done"))
    assert states(stage, bulk) == [(S.DONE, "")]
    assert progress(stage, bulk).over


def test_a_last_word_stays_whatever_comes_late_and_in_whatever_order(stage: Any) -> None:
    (box,) = stage.loudspeakers(1)
    bulk = order(stage, Action.REPORT, loudspeaker_ids=[1])
    ((_, command),) = commands(stage)
    forward(stage, minutes=2)
    with stage.database.transaction() as session:
        command_effects.expire(session, stage.now)
    assert states(stage, bulk) == [(S.EXPIRED, "")]
    stage.hear(box.ack(stage.now, command.id, "done"), box.ack(stage.now, command.id, "received"))
    assert states(stage, bulk) == [(S.DONE, "")]
    stage.hear(box.ack(stage.now, command.id, "refused"))
    assert states(stage, bulk) == [(S.DONE, "")]


def test_what_never_left_expires_and_a_refusal_is_told_with_its_code(stage: Any) -> None:
    stage.loudspeakers(2)
    lost = order(stage, Action.FETCH, loudspeaker_ids=[1])
    forward(stage, minutes=2)
    flush(stage)
    assert states(stage, lost) == [(S.EXPIRED, "")]
    refused = order(stage, Action.SELF_TEST, loudspeaker_ids=[2])
    ((_, command),) = commands(stage)
    stage.hear(stage.boxes[1].ack(stage.now, command.id, "failed"))
    assert states(stage, refused) == [(S.FAILED, "")]


def test_a_stranger_s_answer_changes_no_other_s_order(stage: Any) -> None:
    _, other = stage.loudspeakers(2)
    bulk = order(stage, Action.IDENTIFY, loudspeaker_ids=[1])
    ((_, command),) = commands(stage)
    stage.hear(other.ack(stage.now, command.id, "done"))
    assert states(stage, bulk) == [(S.QUEUED, "")]


def test_a_whole_area_gets_one_message_and_each_loudspeaker_its_own_result(stage: Any) -> None:
    boxes = stage.loudspeakers(6)
    bulk = order(stage, Action.SILENCE, stage.cast.dung, chosen=Filter(area_id=stage.cast.commune))
    ((topic, command),) = commands(stage)
    assert topic == stage.wire.topics.group_cmd("H40.10.1")
    assert (bulk.total, bulk.area_id) == (6, stage.cast.commune)
    flush(stage)
    stage.hear(*(box.ack(stage.now, command.id, "done") for box in boxes[:4]))
    stage.hear(boxes[4].ack(stage.now, command.id, "failed"))
    found = progress(stage, bulk, stage.cast.dung)
    assert {state: n for state, n in found.counts.items() if n} == {S.DONE: 4, S.FAILED: 1, S.SENT: 1}
    assert not found.over
    with stage.database.transaction(read_only=True) as session:
        page = command_effects.results(session, stage.cast.dung, bulk.id, state=S.SENT)
        shown = session.scalars(select(Event).where(Event.kind == "command")).all()
    assert [row.loudspeaker.device for row in page.items] == [boxes[5].device]
    assert len(shown) == 4  # ordered, sent, and one for each of two batches of answers


def test_chosen_ones_that_are_all_of_a_village_are_one_message_and_others_are_one_each(stage: Any) -> None:
    stage.loudspeakers(6)
    order(stage, Action.IDENTIFY, loudspeaker_ids=[1, 4])
    assert [topic for topic, _ in commands(stage)] == [stage.wire.topics.group_cmd("H40.10.1.1")]
    stage.clear_outbox()
    order(stage, Action.IDENTIFY, loudspeaker_ids=[1, 2, 4])
    assert len(commands(stage)) == 3
    stage.clear_outbox()
    order(stage, Action.IDENTIFY, chosen=Filter(query="loa-002"))
    assert [command.target for _, command in commands(stage)] == ["loa-002"]


def test_a_volume_is_done_when_the_desired_state_with_it_is_in_force(stage: Any) -> None:
    (box,) = stage.loudspeakers(1)
    stage.plan()
    stage.hear(box.state(stage.now, rev=1))
    bulk = order(stage, Action.VOLUME, loudspeaker_ids=[1], detail={"volume": 40})
    stage.hear(box.state(stage.now, rev=1))
    assert states(stage, bulk) == [(S.QUEUED, "")]
    stage.plan()
    flush(stage)
    assert states(stage, bulk) == [(S.SENT, "")]
    stage.hear(box.state(stage.now, rev=2))
    assert states(stage, bulk) == [(S.DONE, "")]


def test_a_later_volume_takes_the_place_of_the_earlier_also_when_nothing_changes(stage: Any) -> None:
    (box,) = stage.loudspeakers(1)
    stage.plan()
    first = order(stage, Action.VOLUME, loudspeaker_ids=[1], detail={"volume": 40})
    back = order(stage, Action.VOLUME, loudspeaker_ids=[1], detail={"volume": 80})
    assert states(stage, first) == [(S.FAILED, commanding.SUPERSEDED)]
    stage.plan()
    stage.hear(box.state(stage.now, rev=1))
    assert states(stage, back) == [(S.QUEUED, "")]
    stage.hear(box.state(stage.now, rev=2))
    assert states(stage, back) == [(S.DONE, "")]


def test_undo_gives_each_loudspeaker_its_own_volume_back_and_ends_a_silence(stage: Any) -> None:
    stage.loudspeakers(3)
    order(stage, Action.VOLUME, loudspeaker_ids=[1], detail={"volume": 30})
    bulk = order(stage, Action.VOLUME, loudspeaker_ids=[1, 2, 3], detail={"volume": 60})
    order(stage, Action.VOLUME, loudspeaker_ids=[3], detail={"volume": 99})
    with stage.database.transaction() as session:
        undone = commanding.undo(session, stage.cast.lan, bulk.id, wire=stage.wire, now=stage.now)
        volumes = session.scalars(select(Loudspeaker.volume).order_by(Loudspeaker.id)).all()
    assert (volumes, undone.total) == ([30, 80, 99], 2)
    silence = order(stage, Action.SILENCE, stage.cast.dung, chosen=Filter(area_id=stage.cast.commune))
    stage.clear_outbox()
    with stage.database.transaction() as session:
        commanding.undo(session, stage.cast.dung, silence.id, wire=stage.wire, now=stage.now)
    assert [command.action for _, command in commands(stage)] == [Action.RELEASE]
    tone = order(stage, Action.IDENTIFY, loudspeaker_ids=[1])
    with stage.database.transaction() as session, pytest.raises(WrongState):
        commanding.undo(session, stage.cast.lan, tone.id, wire=stage.wire, now=stage.now)


def test_nobody_orders_what_is_not_theirs_and_nothing_of_it_leaves(stage: Any) -> None:
    stage.loudspeakers(2)
    stage.loudspeakers(1, area_id=stage.cast.other_commune)
    with pytest.raises(NotFound):
        order(stage, Action.IDENTIFY, loudspeaker_ids=[1, 3])
    with pytest.raises(NotFound):
        order(stage, Action.IDENTIFY, stage.cast.mai, loudspeaker_ids=[1])
    with pytest.raises(Forbidden):
        order(stage, Action.SILENCE, loudspeaker_ids=[1])
    with pytest.raises(Forbidden):
        order(stage, Action.REBOOT, loudspeaker_ids=[1])
    with pytest.raises(NoLoudspeakers):
        order(stage, Action.REPORT, chosen=Filter(query="không có"))
    assert commands(stage) == []
    bulk = order(stage, Action.REBOOT, stage.cast.admin, loudspeaker_ids=[1])
    with pytest.raises(NotFound):
        progress(stage, bulk, stage.cast.mai)


def test_a_stop_is_followed_on_every_loudspeaker_of_its_area(stage: Any) -> None:
    boxes = stage.loudspeakers(3)
    with stage.database.transaction() as session:
        urgent.stop(
            session, stage.cast.dung, wire=stage.wire, area_id=stage.cast.commune, hold_s=60, now=stage.now
        )
        (bulk,) = command_effects.recent(session, stage.cast.dung).items
    ((_, command),) = commands(stage)
    stage.hear(boxes[0].ack(stage.now, command.id, "done"))
    assert [state for state, _ in states(stage, bulk)] == [S.DONE, S.QUEUED, S.QUEUED]


def test_silence_waits_a_day_for_who_is_away_and_a_tone_a_minute(stage: Any) -> None:
    stage.loudspeakers(1)
    order(stage, Action.SILENCE, stage.cast.dung, loudspeaker_ids=[1])
    order(stage, Action.IDENTIFY, loudspeaker_ids=[1])
    with stage.database.transaction(read_only=True) as session:
        query = (
            select(OutboxMessage.expires_at).where(OutboxMessage.order_id != "").order_by(OutboxMessage.id)
        )
        lives = [expires - stage.now for expires in session.scalars(query) if expires]
    assert lives == [commanding.STANDING_LIFE, commanding.COMMAND_LIFE]
