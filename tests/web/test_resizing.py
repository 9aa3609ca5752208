"""A slot is made longer or shorter in the week; what that would overlap is asked first, and it is undone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from broadcast.models import Person, Schedule
from broadcast.scheduling import programme
from broadcast.scheduling.intents import Intent
from broadcast.storage.database import Database
from schedules.slots import Entry, Kind, Slot
from schedules.types import LOCAL, Frequency, Rule

pytestmark = [
    pytest.mark.parametrize("database_url", ["sqlite"], indirect=True),  # services know both
    pytest.mark.usefixtures("speakers"),
]

NOW = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)  # Monday 08:00 in Vietnam
MONDAY = NOW.astimezone(LOCAL).date() + dt.timedelta(days=14 - NOW.astimezone(LOCAL).weekday())
JSON = {"Accept": "application/json"}
FLOW = Entry(Kind.FLOW, fixed=False, classes=frozenset({"priority", "routine"}))
MINUTE = 60_000


@pytest.fixture
def slot(database: Database, cast: Any, approved: int) -> int:
    """Half an hour at 17:00 with a bulletin of two minutes that is always there; another is at 17:40."""
    entries = (Entry(Kind.BULLETIN, str(approved)), FLOW)
    rule = Rule(Frequency.DAILY, MONDAY, (dt.time(17),), until=MONDAY + dt.timedelta(days=6))
    with database.transaction() as session:
        lan = session.get_one(Person, cast.lan.id)
        half_an_hour = Intent(cast.commune, [], rule, slot=Slot(30 * MINUTE, entries))
        made = programme.create_schedule(session, lan, half_an_hour, title="Chiều", now=NOW)
        late = Intent(cast.commune, [approved], Rule(Frequency.ONCE, MONDAY, (dt.time(17, 40),)))
        programme.create_schedule(session, lan, late, title="Họp dân", now=NOW)
        return made.id


@pytest.fixture
def minutes(database: Database) -> Callable[[int], int]:
    def read(schedule_id: int) -> int:
        with database.transaction(read_only=True) as session:
            stored = session.get_one(Schedule, schedule_id).slot or {}
            return int(stored["length_ms"]) // MINUTE

    return read


def resize(person: Any, schedule_id: int, length: int, **more: Any) -> Any:
    url = f"/programme/schedules/{schedule_id}/length"
    return person.send(url, headers=JSON, minutes=length, **more)


def test_a_slot_is_stretched_told_and_put_back(lan: Any, slot: int, minutes: Callable[[int], int]) -> None:
    page = lan.read(f"/programme/?week={MONDAY}")
    assert f'data-minutes="30" data-resize-url="/programme/schedules/{slot}/length"' in page
    done = resize(lan, slot, 35).json
    assert done["text"] == "“Chiều” nay dài 35 phút, ở mọi buổi."
    assert minutes(slot) == 35
    assert lan.send(done["undo"], headers=JSON).json["ok"]
    assert minutes(slot) == 30


def test_what_a_longer_slot_would_overlap_is_asked_about_and_can_give_way(
    lan: Any, slot: int, minutes: Callable[[int], int]
) -> None:
    asked = resize(lan, slot, 45)
    assert asked.status_code == 409
    [overlap] = asked.json["overlaps"]
    assert "Trùng với “Họp dân”" in overlap["text"]
    assert overlap["over"] == slot + 1
    assert minutes(slot) == 30
    assert resize(lan, slot, 45, over=slot + 1).json["ok"]
    assert minutes(slot) == 45
    assert resize(lan, slot, 50).json["ok"]  # what has given way is in nobody's way


def test_what_overlapped_before_is_not_asked_again_and_shorter_asks_nothing(
    lan: Any, slot: int, minutes: Callable[[int], int]
) -> None:
    assert resize(lan, slot, 45, accepted="yes").json["ok"]
    assert resize(lan, slot, 50).json["ok"]
    assert resize(lan, slot, 10).json["ok"]
    assert minutes(slot) == 10


def test_a_slot_lasts_a_minute_at_least(lan: Any, slot: int, minutes: Callable[[int], int]) -> None:
    for wrong in (0, -5):
        answer = resize(lan, slot, wrong, accepted="yes")
        assert (answer.status_code, minutes(slot)) == (422, 30)
    assert "1 phút" in answer.json["error"]


def test_a_plain_programme_says_why_and_strangers_are_refused(
    lan: Any, binh: Any, mai: Any, slot: int, minutes: Callable[[int], int]
) -> None:
    plain = resize(lan, slot + 1, 30)
    assert plain.status_code == 409
    assert "dài bằng âm thanh" in plain.json["error"]
    assert 'data-minutes="2"' not in lan.read(f"/programme/?week={MONDAY}")
    assert resize(binh, slot, 35).status_code == 403
    assert resize(mai, slot, 35).status_code == 404
    assert minutes(slot) == 30
