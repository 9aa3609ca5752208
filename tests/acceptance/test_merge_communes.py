"""Two communes become one: codes, history, programmes and proof are kept, and nothing falls silent."""

from __future__ import annotations

import datetime as dt

import pytest

from broadcast import console
from broadcast.demo_texts import CODE as ONE
from broadcast.evidence import matrix
from broadcast.models import AreaKind, Role
from broadcast.scheduling import programme
from broadcast.scheduling.intents import Intent
from broadcast.units import areas, merging, people, policies
from devices.messages import ItemState
from schedules.types import LOCAL, Frequency, Rule

TWO, NEW = "H99.25", "H99.30"
EVENING = dt.time(19)
BEFORE, AFTER = dt.time(19, 10), dt.time(19, 30)


@pytest.fixture
def evening(make_station, sqlite_url):
    """A commune with two loudspeakers, the one beside it with one, and a programme of each."""
    station = make_station(sqlite_url, loudspeakers=2)
    tomorrow = station.now().astimezone(LOCAL).date() + dt.timedelta(days=1)  # a clock never goes back
    station.leap(dt.datetime.combine(tomorrow, EVENING, tzinfo=LOCAL))
    with station.database.transaction() as session:
        now, binh = station.now(), station.person(session, station.cast.binh_id)
        names = {"code": TWO, "name": "Xã Tân Tiến", "kind": AreaKind.COMMUNE}
        other = areas.create(session, parent_id=None, now=now, window_end="22:00", **names).id
        mai = people.create_person(session, username="mai", name="Phạm Ngọc Mai", now=now)
        for person, role in ((binh, Role.ADMIN), (binh, Role.EDITOR), (mai, Role.EDITOR)):
            people.grant(session, person, role, other, now=now)
        device = station.register(session, "loa-901", "Loa Tân Tiến", other)
    station.identities.append(device)
    station.serve_here()
    station.start_fleet()
    station.day = station.now().astimezone(LOCAL).date()
    station.bulletin = station.approved_bulletin("Lịch họp", "Mời bà con đến họp thôn.")
    rule = Rule(Frequency.ONCE, station.day, (BEFORE, AFTER))
    station.programmes = [put_on_air(station, area_id, rule) for area_id in (station.cast.commune_id, other)]
    station.bring_into_every_store(2)
    return station


def put_on_air(station, area_id, rule):
    with station.database.transaction() as session:
        binh = station.person(session, station.cast.binh_id)
        people.grant(session, binh, Role.EDITOR, area_id, now=station.now())
        made = programme.create_schedule(
            session, binh, Intent(area_id, [station.bulletin], rule), title="Tin chiều", now=station.now()
        ).id
    station.hurry("plan")
    return made


def merge(station):
    with station.database.transaction() as session:
        binh = station.person(session, station.cast.binh_id)
        old = [areas.by_code(session, code).id for code in (ONE, TWO)]
        hours = {area_id: policies.of(session, area_id).open for area_id in old}
        made = merging.merge(session, binh, old, code=NEW, name="Xã An Tiến", now=station.now()).id
        assert {area_id: policies.of(session, area_id).open for area_id in old} == hours
    station.hurry("plan")
    return made


def wait_heard(station, schedule_id, time):
    """Until every loudspeaker of a programme has said its last word; returns what they said."""
    [due] = [each for each in station.broadcasts(schedule_id) if each.start.astimezone(LOCAL).time() == time]
    station.wait_over(due.id)
    return [each.state for each in station.deliveries(due.id)]


def leap_before(station, time):
    start = dt.datetime.combine(station.day, time, tzinfo=LOCAL)
    station.leap(start - dt.timedelta(seconds=4))


def test_the_programmes_of_both_go_on_and_the_new_commune_finds_all_that_was(evening):
    leap_before(evening, BEFORE)
    heard = [wait_heard(evening, each, BEFORE) for each in evening.programmes]
    assert heard == [[ItemState.DONE] * 2, [ItemState.DONE]]
    occurrences = [[each.occurrence for each in evening.broadcasts(each_)] for each_ in evening.programmes]

    new = merge(evening)

    leap_before(evening, AFTER)
    heard = [wait_heard(evening, each, AFTER) for each in evening.programmes]
    assert heard == [[ItemState.DONE] * 2, [ItemState.DONE]]
    assert occurrences == [
        [each.occurrence for each in evening.broadcasts(each_)] for each_ in evening.programmes
    ]
    with evening.database.transaction() as session:
        assert {areas.by_code(session, code).parent_id for code in (ONE, TWO)} == {new}
        for username in ("mai", "lan"):
            person = console.person(session, username)
            found = programme.list_schedules(session, person, new)
            assert [each.id for each in found] == evening.programmes
            played = matrix.matrix(session, person, new, evening.day, evening.now())
            assert (len(played.loudspeakers), played.totals.proved) == (3, 6)


def test_what_the_new_commune_puts_on_the_air_is_heard_in_both(evening):
    new = merge(evening)
    later = Rule(Frequency.ONCE, evening.day, (dt.time(19, 45),))
    made = put_on_air(evening, new, later)
    evening.bring_into_every_store(3)
    leap_before(evening, later.times[0])
    assert wait_heard(evening, made, later.times[0]) == [ItemState.DONE] * 3
