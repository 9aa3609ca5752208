"""Making the programme: who may, what is refused, and what is doubtful before it is saved."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from broadcast.authoring import bulletins
from broadcast.errors import (
    DomainError,
    EmptyTitle,
    Forbidden,
    NotApproved,
    NotFound,
    NothingToPlay,
    RuleInvalid,
    TimeInPast,
    TitleTooLong,
    UnknownArea,
    WrongState,
)
from broadcast.models import BroadcastState
from broadcast.scheduling import programme, urgent
from broadcast.scheduling.intents import Intent
from broadcast.units import areas
from devices.messages import AlertStatus, BulletinClass
from schedules.types import Frequency, Rule

TODAY = dt.date(2026, 3, 2)  # a Monday; now is 08:00


def rule(*times: str, frequency: Frequency = Frequency.DAILY, **fields: Any) -> Rule:
    starts_on = fields.pop("starts_on", TODAY)
    return Rule(frequency, starts_on, tuple(dt.time.fromisoformat(time) for time in times), **fields)


def create(stage: Any, person: Any = None, **changes: Any) -> Any:
    if "bulletin_ids" not in changes:
        changes["bulletin_ids"] = [stage.bulletin()]
    title = changes.pop("title", "Tin sáng")
    intent = Intent(**{"area_id": stage.cast.commune, "rule": rule("17:00"), **changes})
    with stage.database.transaction() as session:
        return programme.create_schedule(
            session, person or stage.cast.lan, intent, title=title, now=stage.now
        )


def doubts(stage: Any, *times: str, **changes: Any) -> dict[str, dict[str, Any]]:
    if "bulletin_ids" not in changes:
        changes["bulletin_ids"] = [stage.bulletin()]
    options = {"area_id": stage.cast.commune, "rule": rule(*times), **changes}
    with stage.database.transaction() as session:
        found = programme.check(session, stage.cast.lan, Intent(**options), stage.now)
    return {each.code: {**each.params, "blocking": each.blocking} for each in found}


def test_a_schedule_is_kept_with_its_rule_in_words(stage: Any) -> None:
    made = create(stage, rule=rule("17:00", "05:30"))
    assert made.rule_text == "Hằng ngày, lúc 05:30 và 17:00, từ 02/03/2026"
    with stage.database.transaction() as session:
        assert [s.id for s in programme.list_schedules(session, stage.cast.lan, stage.cast.commune)] == [
            made.id
        ]
        assert programme.get(session, stage.cast.lan, made.id).title == "Tin sáng"


def test_only_an_editor_of_the_area_makes_the_programme(stage: Any) -> None:
    for person in (stage.cast.mai, stage.cast.binh, stage.cast.dung):
        with pytest.raises(Forbidden):
            create(stage, person, bulletin_ids=[1])
    made = create(stage)
    with stage.database.transaction() as session:
        with pytest.raises(NotFound):
            programme.withdraw_schedule(session, stage.cast.mai, made.id, stage.now, wire=stage.wire)
        with pytest.raises(Forbidden):
            programme.withdraw_schedule(session, stage.cast.binh, made.id, stage.now, wire=stage.wire)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"title": "  "}, EmptyTitle),
        ({"title": "x" * 201}, TitleTooLong),
        ({"bulletin_ids": []}, NothingToPlay),
        ({"bulletin_ids": [999]}, NotFound),
        ({"area_id": 999}, UnknownArea),
        ({"rule": rule()}, RuleInvalid),
        ({"rule": rule("07:00", frequency=Frequency.ONCE)}, TimeInPast),
        ({"rule": rule("07:00", until=TODAY)}, TimeInPast),
    ],
)
def test_what_cannot_be_a_schedule_is_refused(
    stage: Any, changes: dict[str, Any], error: type[DomainError]
) -> None:
    with pytest.raises(error):
        create(stage, **changes)


def test_unapproved_and_emergency_bulletins_never_enter_the_programme(stage: Any) -> None:
    with pytest.raises(NotApproved):
        create(stage, bulletin_ids=[stage.bulletin(approved=False)])
    with stage.database.transaction() as session:
        words = {"text": "Lũ.", "title": "Lũ", "status": AlertStatus.ACTUAL, "now": stage.now}
        alarm = urgent.prepare(session, stage.cast.dung, area_id=stage.cast.commune, **words)
    with pytest.raises(WrongState):
        create(stage, bulletin_ids=[alarm.id])


def test_withdrawing_and_restoring_each_work_once(stage: Any) -> None:
    made = create(stage)
    with stage.database.transaction() as session:
        programme.withdraw_schedule(session, stage.cast.lan, made.id, stage.now, wire=stage.wire)
        with pytest.raises(WrongState):
            programme.withdraw_schedule(session, stage.cast.lan, made.id, stage.now, wire=stage.wire)
        programme.restore_schedule(session, stage.cast.lan, made.id, stage.now)
        with pytest.raises(WrongState):
            programme.restore_schedule(session, stage.cast.lan, made.id, stage.now)


# --- doubts -----------------------------------------------------------------------


def test_nothing_is_doubtful_about_an_ordinary_schedule(stage: Any) -> None:
    assert doubts(stage, "17:00") == {}


def test_a_quarter_past_three_at_night_was_meant_for_the_afternoon(stage: Any) -> None:
    found = doubts(stage, rule=rule("03:15", starts_on=TODAY + dt.timedelta(days=1)))
    assert found == {"outside_hours": {"time": "03:15", "likely": "15:15", "blocking": False}}


def test_the_hours_of_the_areas_above_hold_too(stage: Any) -> None:
    with stage.database.transaction() as session:
        areas.set_window(session, stage.cast.district, start="07:00", end="12:00", now=stage.now)
    assert doubts(stage, "17:00")["outside_hours"]["likely"] is None
    assert doubts(stage, "11:00") == {}


def test_a_broadcast_that_runs_past_the_allowed_hours_is_doubtful(stage: Any) -> None:
    found = doubts(stage, "21:25", bulletin_ids=[stage.bulletin(seconds=600)])
    assert found == {"runs_over": {"time": "21:25", "until": "21:35", "blocking": False}}


def test_an_overlap_names_the_other_schedule(stage: Any) -> None:
    other = create(stage, bulletin_ids=[stage.bulletin(seconds=120)])
    found = doubts(stage, "17:01")
    assert found["overlap"]["schedule_id"] == other.id
    assert found["overlap"]["title"] == "Tin sáng"
    assert found["overlap"]["area"] == "Xã An Hòa"
    assert doubts(stage, "17:02") == {}
    assert doubts(stage, "16:59") == {}
    assert "overlap" in doubts(stage, "16:59", bulletin_ids=[stage.bulletin(seconds=61)])


def test_villages_beside_each_other_do_not_overlap_but_the_commune_does(stage: Any) -> None:
    create(stage, area_id=stage.cast.villages[0])
    assert doubts(stage, "17:00", area_id=stage.cast.villages[1]) == {}
    assert "overlap" in doubts(stage, "17:00", area_id=stage.cast.villages[0])
    assert "overlap" in doubts(stage, "17:00")


def test_a_schedule_does_not_overlap_itself_nor_a_withdrawn_one(stage: Any) -> None:
    made = create(stage)
    assert doubts(stage, "17:00", schedule_id=made.id) == {}
    with stage.database.transaction() as session:
        programme.withdraw_schedule(session, stage.cast.lan, made.id, stage.now, wire=stage.wire)
    assert doubts(stage, "17:00") == {}


def test_a_time_that_has_passed_or_is_too_near_is_told(stage: Any) -> None:
    once = rule("07:00", frequency=Frequency.ONCE)
    assert doubts(stage, rule=once)["in_past"]["blocking"] is True
    assert doubts(stage, "07:00", "17:00")["in_past"]["blocking"] is False
    assert doubts(stage, "08:01")["too_near"]["seconds"] == 60


def test_an_unapproved_bulletin_blocks(stage: Any) -> None:
    bulletin_id = stage.bulletin(approved=False)
    found = doubts(stage, "17:00", bulletin_ids=[bulletin_id])
    assert found == {"unapproved": {"bulletin_id": bulletin_id, "blocking": True}}


def test_a_wrong_rule_is_the_only_doubt_about_itself(stage: Any) -> None:
    assert doubts(stage, rule=rule("17:00", frequency=Frequency.WEEKLY)) == {
        "rule": {"why": "no_weekdays", "blocking": True}
    }


# --- the week ---------------------------------------------------------------------


def test_the_week_shows_what_is_planned_and_what_the_rules_foresee(stage: Any) -> None:
    create(stage)
    with stage.database.transaction() as session:
        before = programme.week(session, stage.cast.lan, stage.cast.commune, TODAY, stage.now)
    stage.loudspeakers(1)
    stage.plan()
    with stage.database.transaction() as session:
        after = programme.week(session, stage.cast.lan, stage.cast.commune, TODAY, stage.now)
        far = programme.week(
            session, stage.cast.lan, stage.cast.commune, TODAY + dt.timedelta(days=21), stage.now
        )
    assert [slot.start for slot in before] == [slot.start for slot in after]
    assert len(after) == len(far) == 7
    assert {slot.broadcast_id is None for slot in before} == {True}
    assert {slot.broadcast_id is None for slot in after} == {False}


def test_a_village_sees_the_communes_programme_and_a_stranger_sees_nothing(stage: Any) -> None:
    create(stage)
    with stage.database.transaction() as session:
        assert len(programme.week(session, stage.cast.lan, stage.cast.villages[0], TODAY, stage.now)) == 7
        with pytest.raises(Forbidden):
            programme.week(session, stage.cast.mai, stage.cast.commune, TODAY, stage.now)


def test_now_and_next(stage: Any) -> None:
    create(stage, rule=rule("08:30", "17:00"))
    stage.loudspeakers(1)
    stage.plan()
    during = stage.now + dt.timedelta(minutes=30, seconds=10)
    with stage.database.transaction() as session:
        playing, coming = programme.now_and_next(session, {stage.cast.commune}, during)
    assert [slot.start.hour for slot in playing] == [1]
    assert coming is not None
    assert coming.start.hour == 10


def test_a_priority_bulletin_makes_its_programme_a_priority(stage: Any) -> None:
    create(stage, bulletin_ids=[stage.bulletin(), stage.bulletin(klass=BulletinClass.PRIORITY)])
    stage.plan()
    assert {b.klass for b in stage.broadcasts()} == {BulletinClass.PRIORITY}
    assert {b.state for b in stage.broadcasts()} == {BroadcastState.PLANNED}


def test_a_bulletin_of_another_commune_is_not_found(stage: Any) -> None:
    with stage.database.transaction() as session:
        words = {"title": "Của xã bên", "text": "Tin.", "now": stage.now}
        foreign = bulletins.create(session, stage.cast.mai, area_id=stage.cast.other_commune, **words)
    with pytest.raises(NotFound):
        create(stage, bulletin_ids=[foreign.id])
