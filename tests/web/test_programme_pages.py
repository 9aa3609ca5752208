"""The programme's pages: a schedule is made with its doubts told first, shown, withdrawn and restored."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from broadcast.authoring import bulletins
from broadcast.models import Bulletin, Person, Schedule
from broadcast.storage.database import Database
from broadcast.units import policies
from schedules.types import LOCAL

NOW = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)  # Monday 08:00 in Vietnam
TOMORROW = NOW.astimezone(LOCAL).date() + dt.timedelta(days=1)


def form(area: int, bulletin: int, /, **changes: Any) -> dict[str, Any]:
    return {
        "title": "Bản tin sáng",
        "area_id": area,
        "bulletin_id": bulletin,
        "frequency": "daily",
        "starts_on": TOMORROW.isoformat(),
        "time": "05:30",
        **changes,
    }


def schedules(database: Database) -> list[Schedule]:
    with database.transaction(read_only=True) as session:
        return list(session.scalars(select(Schedule)))


def test_an_empty_week_says_what_to_do_next(lan: Any) -> None:
    page = lan.read("/programme/")
    assert "Tuần này chưa có buổi phát nào" in page
    assert "/programme/new" in page


def test_a_new_schedule_fills_the_week_and_the_table(lan: Any, cast: Any, approved: int) -> None:
    answer = lan.send("/programme/new", **form(cast.commune, approved))
    assert answer.status_code == 302
    assert "Hằng ngày, lúc 05:30" in lan.read(answer.headers["Location"])
    week = lan.read(f"/programme/?week={TOMORROW.isoformat()}")
    assert "Bản tin sáng" in week
    assert "05:30" in week
    assert "Đang chạy" in lan.read("/programme/schedules")


def test_a_slip_of_the_hour_is_told_before_saving_and_corrected_with_one_tap(
    lan: Any, cast: Any, approved: int, database: Database
) -> None:
    slip = form(cast.commune, approved, time="03:15")
    asked = lan.send("/programme/new", **slip)
    page = asked.get_data(as_text=True)
    assert asked.status_code == 422
    assert "03:15 – ý bạn là 15:15?" in page
    assert schedules(database) == []
    corrected = lan.send("/programme/new", **slip, correct="03:15>15:15").get_data(as_text=True)
    assert 'value="15:15"' in corrected
    assert "ý bạn là" not in corrected
    assert lan.send("/programme/new", **form(cast.commune, approved, time="15:15")).status_code == 302
    assert [each.rule["times"] for each in schedules(database)] == [["15:15"]]


def test_days_that_are_not_allowed_are_answered_by_the_nearest_that_are_with_one_tap(
    lan: Any, cast: Any, approved: int, database: Database
) -> None:
    assert lan.send("/programme/new", **form(cast.commune, approved)).status_code == 302
    with database.transaction() as session:
        values = {"weekdays": [1, 2, 3, 4, 5]}
        policies.save(session, cast.admin, cast.commune, values=values, now=NOW)
    page = lan.send("/programme/new", **form(cast.commune, approved)).get_data(as_text=True)
    assert "Vào ngày được phép gần nhất: Thứ Hai đến thứ Sáu hằng tuần, lúc 05:32" in page
    [value] = re.findall(r'name="correct" value="(05:30&gt;05:32@[^"]*)"', page)
    taken = lan.send("/programme/new", **form(cast.commune, approved), correct=html.unescape(value))
    corrected = taken.get_data(as_text=True)
    assert 'value="05:32"' in corrected
    assert "Thứ Hai đến thứ Sáu hằng tuần, lúc 05:32" in corrected
    assert "Vào ngày được phép" not in corrected
    for nonsense in ("05:30>noon@0", "05:30>05:32@x", "05:30>05:32@9"):
        assert lan.send("/programme/new", **form(cast.commune, approved), correct=nonsense).status_code == 422


def test_a_warned_schedule_is_saved_only_when_the_person_insists(
    lan: Any, cast: Any, approved: int, database: Database
) -> None:
    odd = form(cast.commune, approved, time="23:00")
    assert lan.send("/programme/new", **odd).status_code == 422
    assert lan.send("/programme/new", **odd, accepted="yes").status_code == 302
    assert len(schedules(database)) == 1


def test_the_preview_lists_the_coming_times_in_words(lan: Any, cast: Any, approved: int) -> None:
    query = "&".join(f"{name}={value}" for name, value in form(cast.commune, approved).items())
    page = lan.read(f"/programme/preview?{query}")
    assert "Hằng ngày, lúc 05:30" in page
    assert page.count("<strong>05:30</strong>") == 6


@pytest.mark.parametrize(
    "case",
    [
        ({"bulletin_id": ""}, "ít nhất một bản tin"),
        ({"time": ""}, "ít nhất một giờ phát"),
        ({"frequency": "weekly"}, "ít nhất một ngày trong tuần"),
        ({"starts_on": "31/02/2026"}, "Ngày không đúng"),
        ({"until": "2020-01-01"}, "Ngày kết thúc đứng trước ngày bắt đầu"),
        ({"frequency": "once", "starts_on": "2020-01-01", "accepted": "yes"}, "đã qua"),
    ],
)
def test_what_cannot_be_scheduled_is_refused_in_a_sentence(
    lan: Any, cast: Any, approved: int, database: Database, case: tuple[dict[str, str], str]
) -> None:
    change, sentence = case
    answer = lan.send("/programme/new", **form(cast.commune, approved, **change))
    assert answer.status_code == 422
    assert sentence in answer.get_data(as_text=True)
    assert schedules(database) == []


def test_an_unapproved_bulletin_is_neither_offered_nor_scheduled(
    lan: Any, cast: Any, approved: int, database: Database
) -> None:
    with database.transaction() as session:
        author = session.get_one(Person, cast.lan.id)
        bulletins.edit(session, author, approved, expected_version=1, text="Bảy giờ sáng mai.", now=NOW)
    assert "Chưa có bản tin nào đã duyệt" in lan.read("/programme/new")
    answer = lan.send("/programme/new", **form(cast.commune, approved, accepted="yes"))
    assert answer.status_code == 422
    assert schedules(database) == []


def test_an_officer_of_another_commune_can_neither_make_nor_withdraw(
    cast: Any, approved: int, database: Database, lan: Any, client_of: Callable[[Person], Any]
) -> None:
    mai = client_of(cast.mai)
    assert mai.send("/programme/new", **form(cast.commune, approved)).status_code == 403
    lan.send("/programme/new", **form(cast.commune, approved))
    schedule_id = schedules(database)[0].id
    mai.read(f"/programme/schedules/{schedule_id}", status=404)
    assert mai.send(f"/programme/schedules/{schedule_id}/withdraw").status_code in (403, 404)
    assert schedules(database)[0].withdrawn_at is None
    assert "Bản tin sáng" not in mai.read(f"/programme/?week={TOMORROW.isoformat()}&area={cast.commune}")


def test_a_withdrawn_schedule_leaves_the_week_and_comes_back_with_one_tap(
    lan: Any, cast: Any, approved: int, database: Database
) -> None:
    lan.send("/programme/new", **form(cast.commune, approved))
    address = f"/programme/schedules/{schedules(database)[0].id}"
    assert "Hoàn tác gỡ" in lan.read(lan.send(f"{address}/withdraw").headers["Location"])
    assert "Bản tin sáng" not in lan.read(f"/programme/?week={TOMORROW.isoformat()}")
    lan.send(f"{address}/restore")
    assert "Bản tin sáng" in lan.read(f"/programme/?week={TOMORROW.isoformat()}")


def test_a_schedule_says_which_of_its_bulletins_will_be_left_out(
    lan: Any, cast: Any, approved: int, database: Database, system: Any
) -> None:
    lan.send("/programme/new", **form(cast.commune, approved))
    with database.transaction() as session:
        lan_now = session.get_one(Person, cast.lan.id)
        bulletins.withdraw(session, lan_now, approved, wire=system.wire, now=NOW)
        assert session.get_one(Bulletin, approved).withdrawn_state is not None
    assert "bị bỏ qua khi phát" in lan.read(f"/programme/schedules/{schedules(database)[0].id}")


def test_a_line_more_is_had_without_scripts(lan: Any, cast: Any, approved: int) -> None:
    answer = lan.send("/programme/new", time=["05:30", "17:00"], more="time", frequency="daily")
    assert answer.get_data(as_text=True).count('name="time"') == 4  # two, one more, and the template
