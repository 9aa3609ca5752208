"""A week filled from another one: only what does not recur, and what collides is left out and told."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from broadcast.authoring import bulletins
from broadcast.errors import AlreadyExists, EmptyTitle, Forbidden, NotFound, NothingToPlay
from broadcast.models import BroadcastState, ChangeAction
from broadcast.scheduling import programme, schedule_changes, week_templates
from broadcast.scheduling.intents import Intent
from broadcast.scheduling.week import between
from broadcast.slot_errors import TooManySchedules
from broadcast.storage.moments import day_start
from schedules import slots
from schedules.types import LOCAL, Frequency, Rule

TODAY = dt.date(2026, 3, 2)  # a Monday; now is 08:00
NEXT, LATER = TODAY + dt.timedelta(days=7), TODAY + dt.timedelta(days=14)


def do(stage: Any, service: Any, *arguments: Any, person: Any = None, **more: Any) -> Any:
    with stage.database.transaction() as session:
        return service(session, person or stage.cast.lan, *arguments, now=stage.now, **more)


def copy(stage: Any, source: dt.date = TODAY, target: dt.date = NEXT, **more: Any) -> Any:
    return do(stage, week_templates.copy_week, stage.cast.commune, source=source, target=target, **more)


def week(stage: Any, monday: dt.date) -> list[str]:
    start = day_start(monday)
    with stage.database.transaction(read_only=True) as session:
        places = {stage.cast.commune, *stage.cast.villages}
        slots = between(session, places, start, start + dt.timedelta(days=7), stage.now)
    alive = [slot.start.astimezone(LOCAL) for slot in slots if slot.state is not BroadcastState.CANCELLED]
    return [f"{start:%a %H:%M}" for start in alive]


@pytest.fixture
def busy(stage: Any) -> Any:
    """A week with a meeting on Wednesday, three evenings of a campaign in one village, and daily news."""
    bulletin = stage.bulletin()
    once = {"frequency": Frequency.ONCE, "bulletin_ids": [bulletin]}
    stage.schedule("19:00", starts_on=TODAY + dt.timedelta(days=2), **once)
    days = tuple(TODAY + dt.timedelta(days=day) for day in (1, 3, 4))
    stage.schedule(
        "18:00",
        "18:30",
        frequency=Frequency.DATES,
        dates=days,
        bulletin_ids=[bulletin],
        area_id=stage.cast.villages[0],
    )
    stage.schedule("05:30", bulletin_ids=[bulletin], until=TODAY + dt.timedelta(days=6))
    return stage


NAMED = ["Tue 18:00", "Tue 18:30", "Wed 19:00", "Thu 18:00", "Thu 18:30", "Fri 18:00", "Fri 18:30"]


def test_what_does_not_recur_is_copied_as_one_change_with_one_undo(busy: Any) -> None:
    filled = copy(busy)
    assert (filled.airings, filled.left_out) == (7, ())
    assert week(busy, NEXT) == NAMED
    assert filled.change.action is ChangeAction.COPY
    do(busy, schedule_changes.undo, filled.change.id, wire=busy.wire)
    assert week(busy, NEXT) == []


def test_a_week_of_more_than_one_change_can_hold_is_refused_and_not_cut_short(
    busy: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(week_templates, "MOST", 1)
    with pytest.raises(TooManySchedules) as refused:
        copy(busy)
    assert refused.value.params == {"count": 2, "limit": 1}
    assert week(busy, NEXT) == []


def test_what_collides_or_is_past_is_left_out_and_told(busy: Any) -> None:
    copy(busy)
    again = copy(busy)
    assert (again.change, again.airings) == (None, 0)
    assert {(each.why, each.title_there) for each in again.left_out} == {("collides", "Bản tin sáng")}
    assert len(again.left_out) == 7
    busy.schedule("18:00", frequency=Frequency.ONCE, starts_on=LATER + dt.timedelta(days=3))
    some = copy(busy, source=NEXT, target=LATER)
    assert (some.airings, [f"{each.start:%d/%m %H:%M}" for each in some.left_out]) == (6, ["19/03 18:00"])
    past = copy(busy, source=NEXT, target=TODAY - dt.timedelta(days=7))
    assert {each.why for each in past.left_out} == {"past"}


def test_a_bulletin_that_may_not_air_any_more_is_left_out(busy: Any) -> None:
    with busy.database.transaction() as session:
        bulletins.withdraw(session, busy.cast.binh, 1, wire=busy.wire, now=busy.now)
    filled = copy(busy)
    assert filled.change is None
    assert {each.why for each in filled.left_out} == {"not_approved"}


def test_a_template_is_kept_applied_and_thrown_away(busy: Any) -> None:
    saved = do(busy, week_templates.save, busy.cast.commune, name=" Tuần chiến dịch ", monday=TODAY)
    with pytest.raises(AlreadyExists):
        do(busy, week_templates.save, busy.cast.commune, name="Tuần chiến dịch", monday=TODAY)
    with pytest.raises(EmptyTitle):
        do(busy, week_templates.save, busy.cast.commune, name=" ", monday=TODAY)
    filled = do(busy, week_templates.apply, saved.id, monday=LATER)
    assert filled.airings == 7
    assert week(busy, LATER) == NAMED
    with busy.database.transaction() as session:
        [kept] = week_templates.list_(session, busy.cast.lan, busy.cast.commune)
        assert kept.name == "Tuần chiến dịch"
        week_templates.delete(session, busy.cast.lan, kept.id, busy.now)
        assert week_templates.list_(session, busy.cast.lan, busy.cast.commune) == []


def test_only_who_makes_the_programme_copies_and_an_empty_week_has_nothing_to_copy(busy: Any) -> None:
    saved = do(busy, week_templates.save, busy.cast.commune, name="Tuần", monday=TODAY)
    with pytest.raises(Forbidden):
        copy(busy, person=busy.cast.binh)
    with pytest.raises(Forbidden):
        do(busy, week_templates.apply, saved.id, monday=NEXT, person=busy.cast.binh)
    with pytest.raises(NotFound):
        do(busy, week_templates.apply, saved.id, monday=NEXT, person=busy.cast.mai)
    with pytest.raises(NothingToPlay):
        copy(busy, source=LATER)


def test_a_slot_that_fills_itself_stays_one_and_takes_its_time(busy: Any) -> None:
    slot = slots.Slot(1_800_000, (slots.Entry(slots.Kind.FLOW, fixed=False, classes=frozenset({"routine"})),))
    do(
        busy,
        programme.create_schedule,
        Intent(
            busy.cast.commune,
            [],
            Rule(Frequency.ONCE, TODAY + dt.timedelta(days=5), (dt.time(11),)),
            slot=slot,
        ),
        title="Chương trình trưa",
    )
    saved = do(busy, week_templates.save, busy.cast.commune, name="Tuần", monday=TODAY)
    busy.schedule("11:29", frequency=Frequency.ONCE, starts_on=LATER + dt.timedelta(days=5))
    assert do(busy, week_templates.apply, saved.id, monday=NEXT).airings == 8
    [left_out] = do(busy, week_templates.apply, saved.id, monday=LATER).left_out
    assert (left_out.title, left_out.why) == ("Chương trình trưa", "collides")
    with busy.database.transaction(read_only=True) as session:
        found = programme.list_schedules(session, busy.cast.lan, busy.cast.commune)
        filled = [each.slot for each in found if each.title == "Chương trình trưa"]
    assert filled == [slots.to_dict(slot)] * 2
