"""Exports and uptime speak of units as they were: of one that was merged, and of where a loudspeaker hung."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import update

from broadcast.care import uptime
from broadcast.joining import registry
from broadcast.models import Loudspeaker, Person, Role, UptimeDay
from broadcast.speakers import faults, fleet_export
from broadcast.speakers.faults import FaultKind
from broadcast.units import merging, people

DAY = dt.timedelta(days=1)
FIRST = dt.date(2026, 3, 2)


@pytest.fixture
def both(stage: Any) -> Any:
    """One person looks after both communes; a box in each has played once, and was there for three days."""
    with stage.database.transaction() as session:
        admin = session.get_one(Person, stage.cast.admin.id)
        people.grant(session, admin, Role.ADMIN, stage.cast.district, now=stage.now)
    boxes = [*stage.loudspeakers(1), *stage.loudspeakers(1, area_id=stage.cast.other_commune)]
    made = stage.bulletin()
    for area_id in (stage.cast.commune, stage.cast.other_commune):
        with stage.database.transaction() as session:
            people.grant(
                session, session.get_one(Person, stage.cast.lan.id), Role.EDITOR, area_id, now=stage.now
            )
        stage.schedule("17:00", bulletin_ids=[made], area_id=area_id)
    stage.plan()
    for broadcast in stage.broadcasts()[:2]:
        box = boxes[broadcast.area_id == stage.cast.other_commune]
        stage.hear(box.journal(broadcast.start, *box.played(broadcast)), now=broadcast.start)
    with stage.database.transaction() as session:
        session.execute(update(Loudspeaker).values(activated_at=stage.now))
        for number in (1, 2):
            session.add_all(
                UptimeDay(loudspeaker_id=number, day=FIRST + n * DAY, online_s=86400, late_s=0, offline_s=0)
                for n in range(3)
            )
    return stage


def merge(stage: Any) -> Any:
    with stage.database.transaction() as session:
        admin = session.get_one(Person, stage.cast.admin.id)
        old = (stage.cast.commune, stage.cast.other_commune)
        return merging.merge(
            session, admin, old, code="H40.10.9", name="Xã An Tiến", now=stage.now + 1.5 * DAY
        )


def as_run(stage: Any, person: Any = None, **more: Any) -> list[tuple[Any, ...]]:
    with stage.database.transaction(read_only=True) as session:
        who = session.get_one(Person, (person or stage.cast.admin).id)
        found = fleet_export.as_run_rows(session, who, first=FIRST, last=FIRST + 9 * DAY, **more)
        named = [dict(zip(fleet_export.AS_RUN_COLUMNS, row, strict=True)) for row in found]
    return [(row["device"], row["area"], row["merged_at"]) for row in named]


def test_each_commune_has_its_days_until_the_merger_and_the_new_one_those_after(both: Any) -> None:
    made = merge(both)
    with both.database.transaction(read_only=True) as session:
        admin = session.get_one(Person, both.cast.admin.id)
        shares = uptime.per_commune(session, admin, first=FIRST, last=FIRST + 2 * DAY)
        makers = uptime.per_maker(session, admin, first=FIRST, last=FIRST + 2 * DAY)
    told = {
        each.name: (each.online_s // 86400, each.loudspeakers, each.plays, each.merged_at) for each in shares
    }
    assert told == {
        "Xã An Hòa": (1, 1, 1, both.now + 1.5 * DAY),
        "Xã Tân Tiến": (1, 1, 1, both.now + 1.5 * DAY),
        made.name: (4, 2, 0, None),
    }
    assert [each.online_s // 86400 for each in makers] == [6]  # and nothing is counted twice


def test_days_and_plays_count_where_the_loudspeaker_hung_then(both: Any) -> None:
    moves = ((1.5, both.cast.other_commune), (1.55, both.cast.commune), (1.6, both.cast.other_commune))
    for days, area_id in moves:
        with both.database.transaction() as session:
            registry.move(session, None, loudspeaker_id=1, area_id=area_id, now=both.now + days * DAY)

    def told(who: Any) -> dict[str, tuple[int, int, int]]:
        with both.database.transaction(read_only=True) as session:
            shares = uptime.per_commune(session, who, first=FIRST, last=FIRST + 2 * DAY)
        return {each.name: (each.online_s // 86400, each.loudspeakers, each.plays) for each in shares}

    here, there = {"Xã An Hòa": (1, 1, 1)}, {"Xã Tân Tiến": (5, 2, 1)}
    assert told(both.cast.admin) == here | there
    assert told(both.cast.binh) == here  # of the first commune only
    assert told(both.cast.mai) == there


def test_the_log_names_the_place_of_then(both: Any) -> None:
    merge(both)
    with both.database.transaction() as session:
        registry.move(
            session, None, loudspeaker_id=1, area_id=both.cast.other_commune, now=both.now + 3 * DAY
        )
    assert sorted(as_run(both)) == [("loa-001", "Thôn Đông", None), ("loa-002", "Xã Tân Tiến", None)]
    assert as_run(both, area_id=both.cast.villages[0]) == [("loa-001", "Thôn Đông", None)]
    assert as_run(both, area_id=both.cast.other_commune) == [("loa-002", "Xã Tân Tiến", None)]


def test_a_ticket_names_the_unit_with_its_merger_from_then_on(both: Any) -> None:
    with both.database.transaction() as session:
        admin = session.get_one(Person, both.cast.admin.id)
        for opened, closed in ((0, 1), (0, 2), (0, None)):
            more = {"kind": FaultKind.HORN, "now": both.now + opened * DAY}
            fault = faults.open_(session, admin, loudspeaker_id=2, **more)
            if closed is not None:
                faults.close(session, admin, fault.id, resolution="Đã thay", now=both.now + closed * DAY)
    merge(both)
    with both.database.transaction(read_only=True) as session:
        who, later = session.get_one(Person, both.cast.admin.id), both.now + 5 * DAY
        rows = list(fleet_export.fault_rows(session, who, open_only=False, now=later))
    merged_at = both.now + 1.5 * DAY
    assert [(row[3], row[-1]) for row in rows] == [
        ("Xã Tân Tiến", merged_at),
        ("Xã Tân Tiến", merged_at),
        ("Xã Tân Tiến", None),
    ]
