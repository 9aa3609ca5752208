"""Two communes become one: nothing is lost, nothing on the air changes, and the new one finds it all."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from broadcast.authoring import bulletins
from broadcast.errors import AlreadyExists, Forbidden, InvalidInput, WrongState
from broadcast.models import AreaKind, Person, Role
from broadcast.scheduling import programme
from broadcast.scheduling.intents import Intent
from broadcast.units import areas, merging, people, policies
from schedules.types import Frequency, Rule


def merge(stage: Any, *ids: int, person: Any = None, code: str = "H40.10.9") -> Any:
    with stage.database.transaction() as session:
        return merging.merge(
            session, person or stage.cast.admin, ids, code=code, name="Xã An Tiến", now=stage.now
        )


@pytest.fixture
def two(stage: Any) -> tuple[int, int]:
    """An administrator of both communes."""
    with stage.database.transaction() as session:
        admin = session.get_one(Person, stage.cast.admin.id)
        people.grant(session, admin, Role.ADMIN, stage.cast.other_commune, now=stage.now)
        areas.set_window(session, stage.cast.other_commune, start="06:00", end="22:00", now=stage.now)
    return stage.cast.commune, stage.cast.other_commune


def test_codes_hours_people_and_programmes_are_kept_and_found_from_the_new_commune(
    stage: Any, two: tuple[int, int]
) -> None:
    stage.loudspeakers(2)
    made = stage.schedule("17:00")
    stage.plan()
    with stage.database.transaction() as session:
        old_hours = {area_id: policies.of(session, area_id).open for area_id in two}
    commune = merge(stage, *two)
    with stage.database.transaction() as session:
        assert (commune.code, commune.kind, commune.level) == ("H40.10.9", AreaKind.COMMUNE, 1)
        assert areas.by_code(session, "H40.10.1").merged_at == stage.now
        assert set(two) < areas.descendants(session, commune.id)
        assert {area_id: policies.of(session, area_id).open for area_id in two} == old_hours
        assert (commune.window_start, commune.window_end) == ("05:00", "22:00")
        for person in (stage.cast.lan, stage.cast.mai):
            found = programme.list_schedules(session, person, commune.id)
            assert [each.id for each in found] == [made.id]
            assert [each.id for each in bulletins.search(session, person).items] == [1]
            week = programme.week(session, person, commune.id, dt.date(2026, 3, 2), stage.now)
            assert len(week) == 7


def test_nothing_that_was_planned_changes_and_what_the_new_commune_plans_is_heard_everywhere(
    stage: Any, two: tuple[int, int]
) -> None:
    stage.loudspeakers(2)
    stage.loudspeakers(1, area_id=two[1])
    stage.schedule("17:00")
    stage.plan()
    planned = [(each.id, each.occurrence, each.start) for each in stage.broadcasts()]
    listening = {(each.broadcast_id, each.loudspeaker_id, each.state) for each in stage.deliveries()}
    commune = merge(stage, *two)
    stage.plan()
    assert [(each.id, each.occurrence, each.start) for each in stage.broadcasts()] == planned
    assert {(each.broadcast_id, each.loudspeaker_id, each.state) for each in stage.deliveries()} == listening
    bulletin = stage.bulletin()
    with stage.database.transaction() as session:
        new = programme.create_schedule(
            session,
            stage.cast.lan,
            Intent(commune.id, [bulletin], Rule(Frequency.ONCE, dt.date(2026, 3, 3), (dt.time(18),))),
            title="Tin xã mới",
            now=stage.now,
        )
    stage.plan()
    [broadcast] = [each for each in stage.broadcasts() if each.schedule_id == new.id]
    assert len(stage.deliveries(broadcast)) == 3


def test_only_who_administers_all_of_them_merges_units_that_are_beside_each_other(
    stage: Any, two: tuple[int, int]
) -> None:
    for person in (stage.cast.lan, stage.cast.dung):
        with pytest.raises(Forbidden):
            merge(stage, *two, person=person)
    for ids in ((two[0],), (two[0], stage.cast.villages[0]), (stage.cast.villages[0], two[1])):
        with pytest.raises(InvalidInput):
            merge(stage, *ids)
    with pytest.raises(AlreadyExists):
        merge(stage, *two, code="H40.10.1")
    merge(stage, *two)
    with pytest.raises(WrongState):
        merge(stage, *two, code="H40.10.8")
