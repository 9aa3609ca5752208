"""Templates of weeks on their pages: kept, looked at, tried, applied, undone, thrown away."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from broadcast.models import Person
from broadcast.scheduling import programme
from broadcast.scheduling.intents import Intent
from broadcast.storage.database import Database
from schedules.types import LOCAL, Frequency, Rule

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # services know both

NOW = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)  # Monday 08:00 in Vietnam
TODAY = NOW.astimezone(LOCAL).date()
MONDAY = TODAY + dt.timedelta(days=14 - TODAY.weekday())
LATER = MONDAY + dt.timedelta(days=14)
WEDNESDAY = dt.timedelta(days=2)


@pytest.fixture
def week(database: Database, cast: Any, approved: int) -> str:
    """A week with two meetings; in the later one something stands where the second would go."""

    def once(day: dt.date, hour: int) -> Rule:
        return Rule(Frequency.ONCE, day, (dt.time(hour),))

    rules = {
        "Họp thôn": once(MONDAY + WEDNESDAY, 19),
        "Tiêm chủng": once(MONDAY + WEDNESDAY, 8),
        "Chi bộ": once(LATER + WEDNESDAY, 8),
    }
    with database.transaction() as session:
        lan = session.get_one(Person, cast.lan.id)
        for title, rule in rules.items():
            programme.create_schedule(
                session, lan, Intent(cast.commune, [approved], rule), title=title, now=NOW
            )
    return MONDAY.isoformat()


def keep(person: Any, area: int, week: str, name: str = "Tuần tiêm chủng") -> Any:
    return person.send("/programme/templates", area=area, week=week, name=name)


def test_a_week_is_kept_tried_applied_and_undone(lan: Any, cast: Any, week: str) -> None:
    assert 'href="/programme/templates?' in lan.read(f"/programme/?week={week}")
    answer = keep(lan, cast.commune, week)
    assert answer.status_code == 302
    listed = lan.read(answer.headers["Location"])
    assert "Tuần tiêm chủng" in listed
    assert "2 buổi phát" in listed
    page = lan.read(f"/programme/templates/1?week={LATER.isoformat()}")
    assert page.index("Tiêm chủng</span>") < page.index("Họp thôn</span>")
    tried = lan.send("/programme/templates/1", week=LATER.isoformat()).get_data(as_text=True)
    assert "Xếp được 1 buổi phát" in tried
    assert "trùng với “Chi bộ”" in tried
    later = f"/programme/?week={LATER.isoformat()}"
    assert "Họp thôn" not in lan.read(later)
    done = lan.send("/programme/templates/1", week=LATER.isoformat(), sure="yes")
    shown = lan.read(done.headers["Location"])
    assert "Họp thôn" in shown
    assert "Hoàn tác" in shown
    undo = shown.split('action="/programme/changes/')[1].split("/undo")[0]
    undone = lan.send(f"/programme/changes/{undo}/undo")
    assert "Đã hoàn tác" in lan.read(undone.headers["Location"])
    assert "Họp thôn" not in lan.read(later)


def test_what_cannot_be_kept_says_why_and_a_template_is_thrown_away_and_comes_back(
    lan: Any, binh: Any, mai: Any, cast: Any, week: str
) -> None:
    nothing = keep(lan, cast.commune, (MONDAY + dt.timedelta(days=7)).isoformat())
    assert nothing.status_code == 422
    assert "không có buổi nào để lưu" in nothing.get_data(as_text=True)
    assert keep(lan, cast.commune, week, name=" ").status_code == 422
    assert keep(lan, cast.commune, week).status_code == 302
    again = keep(lan, cast.commune, week)
    assert again.status_code == 409
    assert "đã có rồi" in again.get_data(as_text=True)
    gone = lan.send("/programme/templates/1/delete")
    assert gone.status_code == 302
    assert "Chưa có mẫu nào" in lan.read("/programme/templates")
    lan.read("/programme/templates/1", 404)
    page = lan.read(gone.location)
    assert "Đã xóa mẫu “Tuần tiêm chủng”" in page
    assert "Hoàn tác" in page
    assert "Hoàn tác" not in binh.read(gone.location)
    assert binh.send("/programme/templates/1/restore").status_code == 403
    assert mai.send("/programme/templates/1/restore").status_code == 404
    assert lan.send("/programme/templates/1/restore").status_code == 302
    assert "Tuần tiêm chủng" in lan.read("/programme/templates/1")
    assert lan.send("/programme/templates/1/restore").status_code == 404  # it is there


def test_a_name_that_is_given_again_ends_the_way_back(lan: Any, cast: Any, week: str) -> None:
    keep(lan, cast.commune, week)
    lan.send("/programme/templates/1/delete")
    assert keep(lan, cast.commune, week).status_code == 302
    assert lan.send("/programme/templates/1/restore").status_code == 404
    assert lan.read("/programme/templates").count("Tuần tiêm chủng</a>") == 1


def test_who_only_looks_sees_templates_and_others_do_not(
    lan: Any, binh: Any, mai: Any, cast: Any, week: str
) -> None:
    keep(lan, cast.commune, week)
    assert "Tuần tiêm chủng" in binh.read("/programme/templates")
    assert "Lưu làm mẫu" not in binh.read("/programme/templates")
    assert "Xem trước" not in binh.read("/programme/templates/1")
    assert binh.send("/programme/templates/1", week=week, sure="yes").status_code == 403
    assert keep(binh, cast.commune, week, name="Khác").status_code == 403
    mai.read("/programme/templates/1", 404)
    assert mai.send("/programme/templates/1/delete").status_code == 404
