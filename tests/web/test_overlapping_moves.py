"""An airing that is moved onto another: another time, after it, or over it; many at once are named before."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from broadcast.models import Notice, Person, Role, Schedule
from broadcast.scheduling import programme
from broadcast.scheduling.intents import Intent
from broadcast.storage.database import Database
from broadcast.units import people
from schedules import recurrence
from schedules.types import LOCAL, Frequency, Rule

pytestmark = [
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),  # services know both
    pytest.mark.usefixtures("speakers"),
]

NOW = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)  # Monday 08:00 in Vietnam
TODAY = NOW.astimezone(LOCAL).date()
MONDAY = TODAY + dt.timedelta(days=14 - TODAY.weekday())  # far enough that nothing is too near
JSON = {"Accept": "application/json"}
MOVE = "/programme/occurrences/move"
WHOLE = "Cả buổi đó bị bỏ, không chỉ phần trùng."


@pytest.fixture
def add(database: Database, cast: Any, approved: int) -> Callable[..., int]:
    """A schedule of the bulletin of two minutes, in two days; by lan, or by who is named."""

    def make(title: str, time: str, who: Person | None = None, area_id: int = 0) -> int:
        end = MONDAY + dt.timedelta(days=1)
        times = tuple(dt.time.fromisoformat(each) for each in time.split())
        rule = Rule(Frequency.DAILY, MONDAY, times, until=end)
        with database.transaction() as session:
            person = session.get_one(Person, (who or cast.lan).id)
            people.grant(session, person, Role.EDITOR, area_id or cast.commune, now=NOW)
            session.flush()
            made = programme.create_schedule(
                session, person, Intent(area_id or cast.commune, [approved], rule), title=title, now=NOW
            )
            return made.id

    return make


@pytest.fixture
def starts(database: Database) -> Callable[[int], list[str]]:
    def read(schedule_id: int) -> list[str]:
        begin = dt.datetime.combine(MONDAY, dt.time(), tzinfo=LOCAL)
        with database.transaction(read_only=True) as session:
            schedule = session.get_one(Schedule, schedule_id)
            rule = recurrence.from_dict(schedule.rule)
        found = recurrence.occurrences(rule, begin, begin + dt.timedelta(days=7))
        return [] if schedule.withdrawn_at else [f"{each.nominal:%a %H:%M}" for each in found]

    return read


def test_a_drop_onto_another_offers_all_three_ways_and_over_it_displaces_that_one_airing(
    lan: Any, cast: Any, add: Any, starts: Any, database: Database
) -> None:
    there = add("Họp dân", "06:01 07:00", cast.binh)
    mine = add("Bản tin sáng", "06:00")
    wish = {"schedule_id": mine, "at": f"{MONDAY}T06:00:00", "to": f"{MONDAY}T07:01"}
    asked = lan.send(MOVE, headers=JSON, **wish).json
    assert len(asked["choices"]) >= 1
    [over] = asked["overlaps"]
    assert over["over"] == there
    assert over["label"] == f"Phát đè: “Họp dân” nhường buổi này, {cast.binh.name} được báo. {WHOLE}"
    done = lan.send(MOVE, headers=JSON, over=there, **wish).json
    assert done["ok"], done
    assert starts(mine) == ["Mon 07:01", "Tue 06:00"]
    assert starts(there) == ["Mon 06:01", "Tue 06:01", "Tue 07:00"]  # what overlapped already stays
    with database.transaction(read_only=True) as session:
        assert [each.person_id for each in session.scalars(select(Notice))] == [cast.binh.id]
    assert lan.send(done["undo"], headers=JSON).json["ok"]
    assert starts(mine) == ["Mon 06:00", "Tue 06:00"]
    assert starts(there) == ["Mon 06:01", "Mon 07:00", "Tue 06:01", "Tue 07:00"]


def test_what_is_not_ones_own_is_not_offered_to_be_displaced_nor_can_it_be(
    lan: Any, cast: Any, add: Any, starts: Any
) -> None:
    there = add("Tin của huyện", "07:00", cast.dung, cast.district)
    mine = add("Bản tin sáng", "06:00")
    wish = {"schedule_id": mine, "at": f"{MONDAY}T06:00:00", "to": f"{MONDAY}T07:01"}
    [overlap] = lan.send(MOVE, headers=JSON, **wish).json["overlaps"]
    assert (overlap["over"], overlap["label"]) == (0, "")
    assert lan.send(MOVE, headers=JSON, over=there, **wish).status_code == 403
    assert starts(mine) == ["Mon 06:00", "Tue 06:00"]
    assert starts(there) == ["Mon 07:00", "Tue 07:00"]


def test_without_scripts_the_page_asks_the_same(lan: Any, cast: Any, add: Any, starts: Any) -> None:
    there = add("Họp dân", "07:00")
    mine = add("Bản tin sáng", "06:00")
    wish = {"schedule_id": mine, "at": f"{MONDAY}T06:00:00", "day": MONDAY.isoformat(), "time": "7h01"}
    page = lan.send(MOVE, **wish)
    assert page.status_code == 409
    assert f'name="over" value="{there}"' in page.get_data(as_text=True)
    night = lan.send(MOVE, over=there, **{**wish, "time": "3h15"}).get_data(as_text=True)
    assert f'name="over" value="{there}" checked' in night
    assert lan.send(MOVE, over=there, accepted="yes", **wish).status_code == 302
    assert starts(there) == ["Tue 07:00"]


def test_many_that_are_moved_name_what_they_would_overlap_and_ask_again_for_another_choice(
    lan: Any, add: Any, starts: Any
) -> None:
    first = add("Bản tin sáng", "06:00")
    add("Họp dân", "06:10")
    one = f"{first} {MONDAY}T06:00:00"
    fields = {"what": "shift", "days": 0, "minutes": 10, "direction": "later", "week": MONDAY.isoformat()}
    asked = lan.send("/programme/several", airing=[one], **fields)
    page = asked.get_data(as_text=True)
    assert asked.status_code == 409
    assert f"“Bản tin sáng” 06:00, {MONDAY:%d/%m/%Y} dời sang 06:10, {MONDAY:%d/%m/%Y}" in page
    assert f"Trùng với “Họp dân” (Xã An Hòa) lúc 06:10, {MONDAY:%d/%m/%Y}." in page
    assert 'value="fit"' not in page  # nothing else is chosen
    assert 'name="minutes" type="text" value="10"' in page
    assert starts(first) == ["Mon 06:00", "Tue 06:00"]
    mark = page.split('name="accepted" value="')[1].split('"')[0]
    more = {**fields, "accepted": mark}
    wider = [one, f"{first} {MONDAY + dt.timedelta(days=1)}T06:00:00"]
    assert lan.send("/programme/several", airing=wider, **more).status_code == 409
    assert lan.send("/programme/several", airing=[one], **more).status_code == 302
    assert starts(first) == ["Mon 06:10", "Tue 06:00"]


def test_what_moves_away_itself_is_in_nobodys_way(lan: Any, add: Any, starts: Any) -> None:
    first, second = add("Bản tin sáng", "06:00"), add("Họp dân", "06:10")
    both = [f"{first} {MONDAY}T06:00:00", f"{second} {MONDAY}T06:10:00"]
    fields = {"what": "shift", "days": 0, "minutes": 10, "direction": "later", "week": MONDAY.isoformat()}
    assert lan.send("/programme/several", airing=both, **fields).status_code == 302
    assert (starts(first)[0], starts(second)[0]) == ("Mon 06:10", "Mon 06:20")


def test_only_what_fits_is_moved_when_that_is_chosen(lan: Any, add: Any, starts: Any) -> None:
    early, late = add("Bản tin sáng", "06:00"), add("Bản tin tối", "21:20")
    both = [f"{early} {MONDAY}T06:00:00", f"{late} {MONDAY}T21:20:00"]
    fields = {"days": 0, "minutes": 30, "direction": "later", "week": MONDAY.isoformat()}
    asked = lan.send("/programme/several", airing=both, what="shift", **fields)
    page = asked.get_data(as_text=True)
    assert asked.status_code == 409
    assert "21:50 ở ngoài khung giờ được phép" in page
    assert "Chỉ dời 1 buổi vừa" in page
    done = lan.send("/programme/several", airing=both, what="fit", **fields)
    assert done.status_code == 302
    assert "Đã đổi 1 buổi phát. 1 buổi giữ nguyên." in lan.read(done.location)
    assert (starts(early)[0], starts(late)[0]) == ("Mon 06:30", "Mon 21:20")
    nothing = lan.send("/programme/several", airing=both[1:], what="fit", **fields)
    assert nothing.status_code == 409
    assert "Không buổi nào vừa ở giờ mới." in nothing.get_data(as_text=True)
