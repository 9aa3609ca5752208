"""An order is read back, sent again where it failed, and called back as long as it has not left."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select, update

from broadcast.errors import Forbidden, NotFound, WrongState
from broadcast.models import Bulk, CommandOrder, CommandState, Loudspeaker, OutboxMessage
from broadcast.orders import command_effects, command_followup, commanding
from broadcast.speakers import fleet_map
from broadcast.speakers.conditions import Status
from broadcast.speakers.fleet import Filter
from devices.messages import Action, ClockQuality

S = CommandState


def order(stage: Any, action: Action, **what: Any) -> Bulk:
    with stage.database.transaction() as session:
        return commanding.order(
            session, stage.cast.lan, wire=stage.wire, action=action, now=stage.now, **what
        )


def set_to(stage: Any, bulk: Bulk, *states: tuple[CommandState, str]) -> None:
    with stage.database.transaction() as session:
        query = select(CommandOrder).where(CommandOrder.bulk_id == bulk.id)
        for each, (state, code) in zip(
            session.scalars(query.order_by(CommandOrder.loudspeaker_id)), states, strict=True
        ):
            each.state, each.code = state, code


def states(stage: Any, bulk: Bulk) -> list[tuple[CommandState, str]]:
    with stage.database.transaction(read_only=True) as session:
        query = select(CommandOrder).where(CommandOrder.bulk_id == bulk.id)
        return [(r.state, r.code) for r in session.scalars(query.order_by(CommandOrder.loudspeaker_id))]


def again(stage: Any, bulk: Bulk, person: Any = None) -> Bulk:
    with stage.database.transaction() as session:
        who = person or stage.cast.lan
        return command_followup.again(session, who, bulk.id, wire=stage.wire, now=stage.now)


def cancel(stage: Any, bulk: Bulk, person: Any = None) -> int:
    with stage.database.transaction() as session:
        return command_followup.cancel(session, person or stage.cast.lan, bulk.id, now=stage.now)


def test_a_message_to_a_whole_area_is_called_back_as_one(stage: Any) -> None:
    stage.loudspeakers(3)
    bulk = order(stage, Action.REPORT, chosen=Filter(area_id=stage.cast.commune))
    assert len(stage.outbox()) == 1
    assert cancel(stage, bulk) == 3
    assert stage.outbox() == []
    assert states(stage, bulk) == [(S.FAILED, command_followup.CANCELLED)] * 3
    assert cancel(stage, bulk) == 0


def test_what_the_dispatcher_has_taken_goes_its_way(stage: Any) -> None:
    stage.loudspeakers(2)
    bulk = order(stage, Action.REPORT, loudspeaker_ids=[1])
    with stage.database.transaction() as session:
        session.execute(update(OutboxMessage).values(claimed_by="sender"))
    assert cancel(stage, bulk) == 0
    assert states(stage, bulk) == [(S.QUEUED, "")]
    with pytest.raises(NotFound):
        cancel(stage, bulk, stage.cast.mai)


def test_only_who_failed_or_gave_no_answer_is_asked_again(stage: Any) -> None:
    stage.loudspeakers(5)
    bulk = order(stage, Action.REPORT, loudspeaker_ids=[1, 2, 3, 4, 5])
    set_to(
        stage,
        bulk,
        (S.DONE, ""),
        (S.FAILED, "power"),
        (S.EXPIRED, ""),
        (S.FAILED, command_followup.CANCELLED),
        (S.SENT, ""),
    )
    made = again(stage, bulk)
    assert (made.total, made.detail["retry_of"]) == (2, bulk.id)
    set_to(stage, made, (S.DONE, ""), (S.DONE, ""))
    with pytest.raises(WrongState):
        again(stage, made)


def test_everybody_follows_an_order_as_far_as_they_see_the_loudspeakers(stage: Any) -> None:
    stage.loudspeakers(3)
    bulk = order(stage, Action.REPORT, loudspeaker_ids=[1, 2, 3])
    with stage.database.transaction() as session:
        moved = update(Loudspeaker).where(Loudspeaker.id == 3)
        session.execute(moved.values(area_id=stage.cast.other_commune))

    def seen(person: Any) -> tuple[int, list[int]]:
        with stage.database.transaction(read_only=True) as session:
            assert bulk.id in [each.id for each in command_effects.recent(session, person).items]
            rows = command_effects.results(session, person, bulk.id).items
            total = command_effects.progress(session, person, bulk.id).total
            return total, sorted(each.loudspeaker_id for each in rows)

    assert seen(stage.cast.binh) == (2, [1, 2])  # who did not order it, of the same commune
    assert seen(stage.cast.mai) == (1, [3])
    assert seen(stage.cast.dung) == (3, [1, 2, 3])  # of the district


def test_what_is_read_back_is_what_would_be_ordered(stage: Any) -> None:
    stage.loudspeakers(4)
    with stage.database.transaction() as session:
        session.execute(update(Loudspeaker).where(Loudspeaker.id == 1).values(playing="s1.1"))
        chosen = Filter(area_id=stage.cast.commune)
        seen = command_followup.review(session, stage.cast.lan, Action.REPORT, chosen=chosen, now=stage.now)
        assert (seen.total, seen.away, seen.playing, len(seen.names)) == (4, 4, 1, 4)
        assert sum(count for _, count in seen.places) == 4
        with pytest.raises(Forbidden):
            command_followup.review(session, stage.cast.lan, Action.REBOOT, chosen=chosen, now=stage.now)
        with pytest.raises(NotFound):
            command_followup.review(
                session, stage.cast.mai, Action.REPORT, loudspeaker_ids=[1], now=stage.now
            )


def test_every_loudspeaker_with_a_place_is_in_one_spot_of_the_map_and_a_closer_look_parts_them(
    stage: Any,
) -> None:
    stage.loudspeakers(6)
    with stage.database.transaction() as session:
        for number, longitude in enumerate((105.001, 105.004, 105.5, 105.75, 106.0), start=1):
            where = {"latitude": 21.0, "longitude": longitude}
            session.execute(update(Loudspeaker).where(Loudspeaker.id == number).values(**where))
        session.execute(update(Loudspeaker).where(Loudspeaker.id == 6).values(latitude=None, longitude=None))

    def look(box: fleet_map.Box | None = None) -> fleet_map.Overview:
        with stage.database.transaction(read_only=True) as session:
            return fleet_map.overview(session, stage.cast.lan, Filter(), box=box, now=stage.now)

    far = look()
    assert (far.placed, far.unplaced) == (5, 1)
    assert sorted(each.count for each in far.spots) == [1, 1, 1, 2]
    widest = max(far.spots, key=lambda each: each.count)
    near = look(widest.box)
    assert near.placed == widest.count
    assert {each.count for each in near.spots} == {1}


def test_a_heap_on_the_map_is_as_the_worst_in_it_and_what_never_connected_hides_nothing(stage: Any) -> None:
    lost, new, well = stage.loudspeakers(3)
    stage.hear(*(box.state(stage.now, clock=ClockQuality.SYNCED) for box in (lost, well)))

    def look(*which: Any) -> list[Status]:
        with stage.database.transaction() as session:
            session.execute(update(Loudspeaker).values(latitude=None, longitude=None))
            there = update(Loudspeaker).where(Loudspeaker.device.in_([each.device for each in which]))
            session.execute(there.values(latitude=21.0, longitude=105.0))
            found = fleet_map.overview(session, stage.cast.lan, Filter(), now=stage.now)
            return [each.status for each in found.spots]

    with stage.database.transaction() as session:
        session.execute(update(Loudspeaker).where(Loudspeaker.device == lost.device).values(online=False))
    assert look(lost, new, well) == [Status.OFFLINE]
    assert look(new, well) == [Status.ONLINE]
    assert look(new) == [Status.NEVER]
