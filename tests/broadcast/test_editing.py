"""Editing the programme: what is moved or left out leaves the plans and the air, and an undo returns it."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from broadcast.errors import Forbidden, NotFound, NothingToPlay, RuleInvalid, TimeInPast, WrongState
from broadcast.models import BroadcastState, ChangeAction, HolidayKind, PlanDocument, Schedule, ScheduleChange
from broadcast.scheduling import occurrences, programme, schedule_changes
from broadcast.units import holiday_book
from devices.envelope import decode_plan
from devices.messages import Action, Command
from schedules import recurrence
from schedules.types import LOCAL, Frequency, OnHolidays, Rule

TODAY = dt.date(2026, 3, 2)  # a Monday; now is 08:00


def at(day: int, time: str) -> dt.datetime:
    return dt.datetime.combine(TODAY + dt.timedelta(days=day), dt.time.fromisoformat(time))


def instant(day: int, time: str) -> dt.datetime:
    return at(day, time).replace(tzinfo=LOCAL)


def daily(*times: str) -> Rule:
    return Rule(Frequency.DAILY, TODAY, tuple(dt.time.fromisoformat(time) for time in times))


def planned(stage: Any, now: dt.datetime | None = None) -> list[str]:
    """The local starts that stand in the plan of the first loudspeaker, after a planning."""
    stage.plan(now)
    [desired] = [
        order for topic, order in stage.outbox() if topic == stage.wire.topics.desired(stage.boxes[0].device)
    ]
    with stage.database.transaction(read_only=True) as session:
        document = session.scalar(select(PlanDocument).where(PlanDocument.sha256 == desired.plan.sha256))
        plan = decode_plan(document.body)
    starts = (dt.datetime.fromtimestamp(item.start / 1000, LOCAL) for item in plan.items)
    return [f"{start:%d %H:%M}" for start in starts]


def do(
    stage: Any, service: Any, *arguments: Any, person: Any = None, now: dt.datetime | None = None, **more: Any
) -> Any:
    with stage.database.transaction() as session:
        who = person or stage.cast.lan
        return service(session, who, *arguments, now=now or stage.now, wire=stage.wire, **more)


def undo(stage: Any, change: Any, **more: Any) -> Any:
    return do(stage, schedule_changes.undo, change.id, **more)


def rule_of(stage: Any, schedule_id: int) -> Rule:
    with stage.database.transaction(read_only=True) as session:
        return recurrence.from_dict(session.get_one(Schedule, schedule_id).rule)


def stops(stage: Any) -> list[str]:
    orders = (order for _, order in stage.outbox() if isinstance(order, Command))
    return [item for order in orders if order.action is Action.STOP for item in order.items]


# --- what loudspeakers are told ---------------------------------------------------


def test_an_edited_programme_leaves_the_plans_and_its_undo_returns(stage: Any) -> None:
    stage.loudspeakers(1)
    made = stage.schedule("17:00", until=TODAY + dt.timedelta(days=2))
    assert planned(stage) == ["02 17:00", "03 17:00", "04 17:00"]
    do(stage, programme.change_schedule, made.id, rule=daily("11:00"))
    assert planned(stage)[:2] == ["02 11:00", "03 11:00"]
    with stage.database.transaction() as session:
        [change] = schedule_changes.recent(session, stage.cast.lan, stage.cast.commune, 1)
    assert change.action is ChangeAction.CHANGE
    undone = undo(stage, change)
    assert planned(stage) == ["02 17:00", "03 17:00", "04 17:00"]
    undo(stage, undone)
    assert planned(stage)[:2] == ["02 11:00", "03 11:00"]


def test_one_airing_is_moved_left_out_and_brought_back(stage: Any) -> None:
    stage.loudspeakers(1)
    made = stage.schedule("17:00", until=TODAY + dt.timedelta(days=2))
    planned(stage)
    do(stage, occurrences.move, made.id, was=at(1, "17:00"), to=at(1, "19:15"))
    assert planned(stage) == ["02 17:00", "03 19:15", "04 17:00"]
    do(stage, occurrences.move, made.id, was=at(1, "19:15"), to=at(0, "10:00"))
    assert planned(stage) == ["02 10:00", "02 17:00", "04 17:00"]
    do(stage, occurrences.skip, made.id, at=at(2, "17:00"))
    assert planned(stage) == ["02 10:00", "02 17:00"]
    do(stage, occurrences.bring_back, made.id, at=at(2, "17:00"))
    assert planned(stage) == ["02 10:00", "02 17:00", "04 17:00"]


def test_many_airings_move_as_one_change_and_come_back_with_one_undo(stage: Any) -> None:
    stage.loudspeakers(1)
    one = stage.schedule("17:00", until=TODAY + dt.timedelta(days=1))
    other = stage.schedule("18:00", until=TODAY)
    before = planned(stage)
    chosen = [(one.id, at(0, "17:00")), (one.id, at(1, "17:00")), (other.id, at(0, "18:00"))]
    change = do(stage, occurrences.shift_many, chosen, by=dt.timedelta(hours=1))
    assert planned(stage) == ["02 18:00", "02 19:00", "03 18:00"]
    undo(stage, change)
    assert planned(stage) == before
    again = do(stage, occurrences.skip_many, chosen)
    assert planned(stage) == []
    undo(stage, again)
    assert planned(stage) == before


@pytest.mark.parametrize("how", ["moved", "left out", "edited", "elsewhere", "undone"])
def test_what_plays_and_is_taken_away_is_stopped(stage: Any, how: str) -> None:
    stage.loudspeakers(1)
    made = stage.schedule("08:30", "17:00")
    stage.plan()
    [playing] = [each for each in stage.broadcasts() if each.start == instant(0, "08:30")]
    during = playing.start + dt.timedelta(seconds=20)
    match how:
        case "moved":
            do(stage, occurrences.move, made.id, was=at(0, "08:30"), to=at(0, "09:30"), now=during)
        case "left out":
            do(stage, occurrences.skip, made.id, at=at(0, "08:30"), now=during)
        case "edited":
            do(stage, programme.change_schedule, made.id, rule=daily("17:00"), now=during)
        case "elsewhere":
            village = stage.cast.villages[2]
            do(stage, programme.change_schedule, made.id, area_id=village, now=during)
        case _:
            with stage.database.transaction() as session:
                [change] = schedule_changes.recent(session, stage.cast.lan, stage.cast.commune, 1)
            undo(stage, change, now=during)
    assert stops(stage) == [playing.occurrence]
    states = {each.start: each.state for each in stage.broadcasts()}
    assert states[playing.start] is BroadcastState.CANCELLED


def test_a_bulletin_that_is_taken_out_falls_silent_and_a_new_title_stops_nothing(stage: Any) -> None:
    stage.loudspeakers(1)
    kept, wrong = stage.bulletin("Đúng"), stage.bulletin("Sai")
    made = stage.schedule("08:30", bulletin_ids=[kept, wrong])
    stage.plan()
    during = instant(0, "08:30") + dt.timedelta(seconds=20)
    do(stage, programme.change_schedule, made.id, title="Tên mới", now=during)
    assert stops(stage) == []
    do(stage, programme.change_schedule, made.id, bulletin_ids=[kept], now=during)
    assert len(stops(stage)) == 1


# --- undo -------------------------------------------------------------------------


def test_a_change_on_which_another_stands_is_not_undone_until_that_one_is(stage: Any) -> None:
    made = stage.schedule("17:00")
    first = do(stage, occurrences.skip, made.id, at=at(1, "17:00"))
    second = do(stage, occurrences.skip, made.id, at=at(2, "17:00"))
    with pytest.raises(WrongState) as refused:
        undo(stage, first)
    assert refused.value.params["state"] == "changed"
    undo(stage, second)
    undo(stage, first)
    assert rule_of(stage, made.id).skipped == ()
    with pytest.raises(WrongState) as refused:
        undo(stage, first)
    assert refused.value.params["state"] == "undone"


def test_an_undo_is_undone_and_the_change_can_be_undone_again(stage: Any) -> None:
    made = stage.schedule("17:00")
    change = do(stage, occurrences.skip, made.id, at=at(1, "17:00"))
    back = undo(stage, change)
    forth = undo(stage, back)
    assert rule_of(stage, made.id).skipped == (at(1, "17:00"),)
    again = undo(stage, change)
    assert rule_of(stage, made.id).skipped == ()
    marks = {}
    with stage.database.transaction(read_only=True) as session:
        for row in session.scalars(select(ScheduleChange)):
            marks[row.id] = (row.undoes, row.undone_by)
    assert marks[change.id][1] == again.id
    assert marks[forth.id] == (back.id, None)


def test_the_undo_of_what_was_new_takes_it_off_the_air_and_back(stage: Any) -> None:
    made = stage.schedule("17:00")
    with stage.database.transaction() as session:
        [change] = schedule_changes.recent(session, stage.cast.lan, stage.cast.commune, 1)
    assert change.action is ChangeAction.CREATE
    undone = undo(stage, change)
    with stage.database.transaction(read_only=True) as session:
        assert session.get_one(Schedule, made.id).withdrawn_at == stage.now
    undo(stage, undone)
    with stage.database.transaction(read_only=True) as session:
        assert session.get_one(Schedule, made.id).withdrawn_at is None


# --- refusals ---------------------------------------------------------------------


def test_only_who_makes_the_programme_there_edits_it(stage: Any) -> None:
    made = stage.schedule("17:00")
    change = do(stage, occurrences.skip, made.id, at=at(1, "17:00"))
    for person, error in ((stage.cast.mai, NotFound), (stage.cast.binh, Forbidden)):
        with pytest.raises(error):
            do(stage, occurrences.skip, made.id, at=at(2, "17:00"), person=person)
        with pytest.raises(error):
            do(stage, programme.change_schedule, made.id, title="Khác", person=person)
        with pytest.raises(error):
            undo(stage, change, person=person)
    with pytest.raises(Forbidden):
        do(stage, programme.change_schedule, made.id, area_id=stage.cast.other_commune)
    with stage.database.transaction() as session, pytest.raises(Forbidden):
        schedule_changes.recent(session, stage.cast.mai, stage.cast.commune)


def test_what_cannot_be_is_refused_and_changes_nothing(stage: Any) -> None:
    made = stage.schedule("17:00")
    hour = dt.timedelta(hours=1)
    for service, options, error in (
        (occurrences.move, {"was": at(1, "16:00"), "to": at(1, "18:00")}, NotFound),
        (occurrences.move, {"was": at(1, "17:00"), "to": at(0, "07:59")}, TimeInPast),
        (occurrences.skip, {"at": at(-1, "17:00")}, TimeInPast),
        (occurrences.skip, {"at": at(1, "16:00")}, NotFound),
        (occurrences.bring_back, {"at": at(1, "17:00")}, NotFound),
        (programme.change_schedule, {"rule": daily()}, RuleInvalid),
    ):
        with pytest.raises(error):
            do(stage, service, made.id, **options)
    good, bad = (made.id, at(1, "17:00")), (made.id, at(1, "16:00"))
    with pytest.raises(NotFound):
        do(stage, occurrences.shift_many, [good, bad], by=hour)
    with pytest.raises(NothingToPlay):
        do(stage, occurrences.skip_many, [])
    assert rule_of(stage, made.id) == daily("17:00")


def test_a_withdrawn_schedule_is_restored_before_it_is_changed(stage: Any) -> None:
    made = stage.schedule("17:00")
    with stage.database.transaction() as session:
        programme.withdraw_schedule(session, stage.cast.lan, made.id, stage.now, wire=stage.wire)
    for service, options in (
        (programme.change_schedule, {"title": "Khác"}),
        (occurrences.skip, {"at": at(1, "17:00")}),
    ):
        with pytest.raises(WrongState):
            do(stage, service, made.id, **options)


def test_an_airing_on_a_day_that_the_commune_made_a_holiday_is_moved_and_left_out(stage: Any) -> None:
    """The rule airs on holidays only, and Wednesday is one in this commune alone."""
    day = TODAY + dt.timedelta(days=2)
    with stage.database.transaction() as session:
        options = {"kind": HolidayKind.OFF, "name": "Hội làng", "now": stage.now}
        holiday_book.put(session, stage.cast.admin, stage.cast.commune, day, **options)
    made = stage.schedule("17:00", on_holidays=OnHolidays.ONLY)
    do(stage, occurrences.move, made.id, was=at(2, "17:00"), to=at(2, "18:00"))
    stage.plan()
    assert instant(2, "18:00") in [each.start for each in stage.broadcasts()]
    do(stage, occurrences.skip, made.id, at=at(2, "18:00"))
    with pytest.raises(NotFound):
        do(stage, occurrences.skip, made.id, at=at(1, "17:00"))
