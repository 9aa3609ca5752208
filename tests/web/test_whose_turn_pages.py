"""A priority programme from above meets the commune's own: both are shown, the commune decides by name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, update

from broadcast.models import Area, AreaClosure, Bulletin, OrderDecision, Person, Role
from broadcast.scheduling import meetings, programme
from broadcast.scheduling.intents import Intent
from broadcast.storage.database import Database
from broadcast.units import people
from devices.messages import BulletinClass
from schedules.types import LOCAL, Frequency, Rule

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # services know both

NOW = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)  # Monday 08:00 in Vietnam
TODAY = NOW.astimezone(LOCAL).date()
DAY = TODAY + dt.timedelta(days=3)
COMMUNE, ABOVE = "Xã An Hòa", "Huyện Yên Bình"
Put = Callable[..., int]


@pytest.fixture
def above(database: Database, cast: Any) -> int:
    """The unit above the commune."""
    query = select(Area.parent_id).where(Area.id == cast.commune)
    with database.transaction(read_only=True) as session:
        return int(session.scalars(query).one() or 0)


@pytest.fixture
def put(database: Database, cast: Any, approved: int, above: int) -> Put:
    """A schedule of the bulletin of two minutes, made by somebody who may everywhere."""

    def make(title: str, area_id: int, time: str, *, daily: bool = False, bulletin_id: int = 0) -> int:
        rule = Rule(Frequency.DAILY if daily else Frequency.ONCE, DAY, (dt.time.fromisoformat(time),))
        with database.transaction() as session:
            admin = session.get_one(Person, cast.admin.id)
            people.grant(session, admin, Role.EDITOR, above, now=NOW)
            session.flush()
            made = programme.create_schedule(
                session, admin, Intent(area_id, [bulletin_id or approved], rule), title=title, now=NOW
            )
            return made.id

    return make


@pytest.fixture
def priority(database: Database, approved: int) -> None:
    with database.transaction() as session:
        session.execute(update(Bulletin).values(klass=BulletinClass.PRIORITY))


@pytest.fixture
def both(put: Put, cast: Any, above: int, priority: None) -> tuple[int, int]:
    return put("Tin của tỉnh", above, "17:00"), put("Tin của xã", cast.commune, "17:01", daily=True)


def decide(person: Any, area: int, first: int, second: int) -> Any:
    return person.send("/programme/order", area=area, first=first, second=second)


def test_the_commune_sees_both_decides_and_changes_its_mind(
    lan: Any, cast: Any, both: tuple[int, int], database: Database
) -> None:
    upper, own = both
    week, day = f"/programme/?week={DAY}", f"/programme/day?area={cast.commune}&day={DAY}"
    for path in (week, day):
        shown = lan.read(path)
        assert "1 chương trình ưu tiên từ trên trùng chương trình ở đây" in shown
        assert "Chưa xếp thứ tự" in shown
    page = lan.read(f"/programme/order?area={cast.commune}")
    assert page.index("Tin của tỉnh</a>") < page.index("Tin của xã</a>")
    assert "phần trùng bị ngắt" in page
    assert "17:00 “Tin của tỉnh”, rồi 17:02 “Tin của xã”." in page  # what each choice would play
    assert "17:01 “Tin của xã”, rồi 17:03 “Tin của tỉnh”." in page

    assert decide(lan, cast.commune, own, upper).status_code == 302
    page = lan.read(f"/programme/order?area={cast.commune}")
    assert page.index("Tin của xã</a>") < page.index("Tin của tỉnh</a>")
    assert f"{cast.lan.name} quyết định lúc" in page
    for path in (week, day):
        shown = lan.read(path)
        assert "Phát trước" in shown
        assert "Phát sau" in shown
        assert f"lẽ ra 17:00, nhường “Tin của xã” ({COMMUNE})" in shown
        assert "Chưa xếp thứ tự" not in shown
    assert 'data-top="1023"' in lan.read(week)  # 17:03

    decide(lan, cast.commune, upper, own)
    shown = lan.read(week)
    assert f"lẽ ra 17:01, nhường “Tin của tỉnh” ({ABOVE})" in shown
    assert 'data-top="1022"' in shown
    assert f'data-at="{DAY}T17:01:00"' in shown  # it is moved by the name that its schedule gives it
    said = lan.read(f"/programme/order?area={cast.commune}").split("said-title")[2]
    assert said.index("“Tin của tỉnh” phát trước") < said.index("“Tin của xã” phát trước")
    with database.transaction(read_only=True) as session:
        assert [each.person_id for each in session.scalars(select(OrderDecision))] == [cast.lan.id] * 2


def test_only_an_editor_of_the_unit_decides_and_others_look(
    lan: Any, binh: Any, mai: Any, cast: Any, both: tuple[int, int]
) -> None:
    upper, own = both
    assert "phát trước</button>" not in binh.read("/programme/order")
    assert "Tin của tỉnh" in binh.read("/programme/order")
    assert decide(binh, cast.commune, own, upper).status_code == 403
    assert "Tin của xã" not in mai.read("/programme/order")
    assert decide(mai, cast.commune, own, upper).status_code == 403
    assert decide(lan, cast.commune, own, 999).status_code == 404


def test_what_is_routine_or_does_not_overlap_is_nobodys_to_decide(
    lan: Any, put: Put, cast: Any, above: int
) -> None:
    first = put("Tin của tỉnh", above, "17:00")
    second = put("Tin của xã", cast.commune, "17:01")
    assert "Không có gì phải chọn" in lan.read("/programme/order")
    assert decide(lan, cast.commune, second, first).status_code == 409


def test_airings_that_meet_are_found_by_day_and_counted_once(
    database: Database, cast: Any, put: Put, above: int, priority: None
) -> None:
    put("Tin của tỉnh", above, "17:00", daily=True)
    put("Tin của xã", cast.commune, "17:01", daily=True)
    put("Tin tối", cast.commune, "19:00", daily=True)
    start = dt.datetime.combine(DAY, dt.time(), tzinfo=LOCAL)
    with database.transaction(read_only=True) as session:
        lan = session.get_one(Person, cast.lan.id)
        [found] = meetings.find(session, lan, cast.commune, start, start + dt.timedelta(days=2))
        assert [(f"{each.own:%d}", each.above) for each in found.airings] == [
            (f"{at:%d}", at) for at in (each.above for each in found.airings)
        ]
        assert len(found.airings) == 2
        [village, *_] = cast.villages
        assert meetings.find(session, lan, village, start, start + dt.timedelta(days=2)) == []
        assert session.get(AreaClosure, (above, village)) is not None
