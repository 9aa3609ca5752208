"""The programme looked at and changed: every kind of rule, single airings, many at once, other views."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from broadcast.models import Person, Schedule
from broadcast.scheduling import feeds, programme
from broadcast.scheduling.intents import Intent
from broadcast.storage.database import Database
from schedules import recurrence
from schedules.types import (
    LAST,
    LOCAL,
    Frequency,
    LeapMonths,
    MonthEnd,
    Move,
    NthWeekday,
    OnHolidays,
    Rule,
)
from web.forms.schedules import read_schedule

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # services know both

NOW = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)  # Monday 08:00 in Vietnam
TODAY = NOW.astimezone(LOCAL).date()
MONDAY = TODAY + dt.timedelta(days=14 - TODAY.weekday())  # far enough that nothing is too near
AT = dt.datetime.combine(MONDAY, dt.time(6))
Add = Callable[..., int]


@pytest.fixture
def add(database: Database, cast: Any, approved: int) -> Add:
    """A schedule of the bulletin of two minutes."""

    def make(rule: Rule, title: str = "Bản tin sáng", area_id: int = 0) -> int:
        with database.transaction() as session:
            lan = session.get_one(Person, cast.lan.id)
            intent = Intent(area_id or cast.commune, [approved], rule)
            return programme.create_schedule(session, lan, intent, title=title, now=NOW).id

    return make


@pytest.fixture
def starts(database: Database) -> Callable[[int], list[str]]:
    """The local starts of a schedule in the week that the tests change."""

    def read(schedule_id: int) -> list[str]:
        begin = dt.datetime.combine(MONDAY, dt.time(), tzinfo=LOCAL)
        with database.transaction(read_only=True) as session:
            schedule = session.get_one(Schedule, schedule_id)
            if schedule.withdrawn_at:
                return []
            rule = recurrence.from_dict(schedule.rule)
        found = recurrence.occurrences(rule, begin, begin + dt.timedelta(days=7))
        return [f"{each.nominal:%a %H:%M}" for each in found]

    return read


def daily(*times: str, until: dt.date | None = None) -> Rule:
    read = tuple(dt.time.fromisoformat(time) for time in times)
    return Rule(Frequency.DAILY, MONDAY, read, until=until)


class Fields(HTMLParser):
    """What a browser without scripts would send of the form of a schedule."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self._select: str | None = None
        self._first: str | None = None
        self._depth = 0  # inside a template nothing is sent
        self.feed(page[page.index("data-schedule-form") : page.index("data-preview=")])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "template":
            self._depth += 1
        elif self._depth:
            return
        elif tag == "select":
            self._select, self._first = values["name"] or "", None
        elif tag == "option" and self._select is not None:
            value = values.get("value") or ""
            self._first = value if self._first is None or "selected" in values else self._first
        elif tag == "input" and values.get("name"):
            ticked = values.get("type") not in ("checkbox", "radio") or "checked" in values
            if ticked:
                self.found.append((values["name"] or "", values.get("value") or ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "template":
            self._depth -= 1
        elif tag == "select" and self._select is not None:
            self.found.append((self._select, self._first or ""))
            self._select = None


EDITED = [
    Rule(Frequency.ONCE, MONDAY, (dt.time(6),)),
    Rule(Frequency.DAILY, MONDAY, (dt.time(5, 30), dt.time(17)), interval=3, on_holidays=OnHolidays.SKIP),
    Rule(Frequency.WEEKLY, MONDAY, (dt.time(6),), frozenset({1, 6}), interval=2),
    Rule(Frequency.WORKDAYS, MONDAY, (dt.time(6),), until=MONDAY + dt.timedelta(days=90)),
    Rule(Frequency.MONTHLY, MONDAY, (dt.time(6),), month_days=(LAST, 1, 31), month_end=MonthEnd.SKIP),
    Rule(
        Frequency.MONTHLY,
        MONDAY,
        (dt.time(6),),
        nth_weekdays=(NthWeekday(-2, 5), NthWeekday(LAST, 4), NthWeekday(1, 0)),
    ),
    Rule(Frequency.YEARLY, MONDAY, (dt.time(6),), months=frozenset({9, 12}), month_days=(2,)),
    Rule(Frequency.LUNAR_MONTHLY, MONDAY, (dt.time(6),), month_days=(LAST, 1, 15, 23)),
    Rule(
        Frequency.LUNAR_YEARLY,
        MONDAY,
        (dt.time(6),),
        months=frozenset({3}),
        month_days=(10,),
        leap_months=LeapMonths.BOTH,
    ),
    Rule(Frequency.DATES, MONDAY, (dt.time(6),), dates=(MONDAY, MONDAY + dt.timedelta(days=5))),
    Rule(
        Frequency.DAILY,
        MONDAY,
        (dt.time(6),),
        skipped_days=(MONDAY + dt.timedelta(days=3),),
        skipped=(AT,),
        moved=(Move(AT + dt.timedelta(days=1), AT + dt.timedelta(days=1, minutes=10)),),
    ),
]


def test_the_form_of_a_schedule_sends_back_the_rule_that_it_shows(
    lan: Any, add: Add, app: Flask, database: Database
) -> None:
    schedule_id = add(daily("06:00"))
    for rule in map(recurrence.validate, EDITED):
        with database.transaction() as session:
            session.get_one(Schedule, schedule_id).rule = recurrence.to_dict(rule)
        page = lan.read(f"/programme/schedules/{schedule_id}/edit")
        with app.test_request_context():
            form = read_schedule(MultiDict(Fields(page).found))
        assert form.errors == {}, rule
        assert form.rule is not None
        assert recurrence.validate(form.rule) == rule


@pytest.mark.parametrize(
    "case",
    [
        ({"frequency": "lunar_monthly", "lunar_day": ["1", "15"]}, "Mùng 1 và ngày rằm âm lịch"),
        ({"frequency": "monthly", "by": "weekday", "nth": "1", "nth_weekday": "0"}, "Thứ Hai đầu tiên"),
        ({"frequency": "monthly", "day": ["15", "-1"]}, "Ngày 15 và ngày cuối"),
        ({"frequency": "workdays"}, "Các ngày làm việc"),
        ({"frequency": "daily", "interval": "2"}, "Cứ 2 ngày một lần"),
        ({"frequency": "dates", "date": [MONDAY.isoformat()]}, f"{MONDAY:%d/%m/%Y}"),
    ],
)
def test_what_a_rule_means_is_told_in_words_with_lunar_dates(
    lan: Any, cast: Any, approved: int, case: tuple[dict[str, Any], str]
) -> None:
    fields, words = case
    answer = lan.get(
        "/programme/preview",
        query_string={
            "title": "Thử",
            "area_id": cast.commune,
            "bulletin_id": approved,
            "starts_on": MONDAY.isoformat(),
            "time": "06:00",
            **fields,
        },
    )
    page = answer.get_data(as_text=True)
    assert words in page
    assert "âm lịch" in page


@pytest.mark.parametrize(
    "case",
    [
        ({"frequency": "lunar_yearly", "month": "3"}, "ít nhất một ngày âm lịch"),
        ({"frequency": "lunar_yearly", "lunar_day": "10"}, "ít nhất một tháng"),
        ({"frequency": "monthly", "day": "32"}, "Ngày trong tháng phải từ 1 đến 31"),
        ({"frequency": "monthly", "day": "mười"}, "cách nhau bằng dấu phẩy"),
        ({"frequency": "monthly", "by": "weekday"}, "thứ mấy trong tháng"),
        ({"frequency": "dates"}, "ít nhất một ngày phát"),
        ({"frequency": "daily", "interval": "0"}, "một số từ 1 trở lên"),
    ],
)
def test_a_rule_that_lacks_something_is_refused_beside_its_field(
    lan: Any, cast: Any, approved: int, case: tuple[dict[str, Any], str]
) -> None:
    fields, words = case
    values = {"title": "Thử", "area_id": cast.commune, "bulletin_id": approved, "time": "06:00"}
    answer = lan.send("/programme/new", starts_on=MONDAY.isoformat(), **values, **fields)
    assert answer.status_code == 422
    assert words in answer.get_data(as_text=True)


@pytest.mark.usefixtures("speakers")
@pytest.mark.parametrize("interval", [1, 4])
def test_what_airs_seldom_is_neither_called_past_nor_refused(
    lan: Any, cast: Any, approved: int, add: Add, interval: int
) -> None:
    gone = TODAY - dt.timedelta(days=1)
    fields: dict[str, Any] = {
        "title": "Ngày truyền thống",
        "area_id": cast.commune,
        "bulletin_id": approved,
        "starts_on": gone.isoformat(),
        "frequency": "yearly",
        "day": gone.day,
        "month": gone.month,
        "interval": interval,
        "time": "06:01",
    }
    assert "đã qua" not in lan.get("/programme/preview", query_string=fields).get_data(as_text=True)
    assert lan.send("/programme/new", accepted="yes", **fields).status_code == 302
    if interval == 1:
        add(daily("06:00"))
        assert "Trùng với “Bản tin sáng”" in lan.get("/programme/preview", query_string=fields).get_data(True)


def test_an_existing_schedule_is_changed_with_the_same_form(
    lan: Any, add: Add, starts: Callable[[int], list[str]], mai: Any
) -> None:
    schedule_id = add(daily("06:00", until=MONDAY + dt.timedelta(days=1)))
    path = f"/programme/schedules/{schedule_id}/edit"
    fields = MultiDict(Fields(lan.read(path)).found)
    fields["time"] = "06:15"
    sent = {name: fields.getlist(name) for name in fields}
    assert lan.send(path, **sent).status_code == 302
    assert starts(schedule_id) == ["Mon 06:15", "Tue 06:15"]
    mai.read(path, status=404)


def test_an_airing_is_moved_told_and_brought_back(
    lan: Any, add: Add, starts: Callable[[int], list[str]]
) -> None:
    schedule_id = add(daily("06:00", until=MONDAY + dt.timedelta(days=1)))
    move = {"schedule_id": schedule_id, "at": AT.isoformat(), "to": f"{MONDAY}T06:20"}
    json_please = {"Accept": "application/json"}
    answer = lan.send("/programme/occurrences/move", headers=json_please, **move)
    assert answer.json["ok"], answer.json
    assert starts(schedule_id) == ["Mon 06:20", "Tue 06:00"]
    assert "Dời buổi phát: Bản tin sáng" in lan.read("/programme/changes")
    assert lan.send(answer.json["undo"], headers=json_please).json["ok"]
    assert starts(schedule_id) == ["Mon 06:00", "Tue 06:00"]


def test_a_doubtful_move_is_asked_about_and_names_what_could_be_done(
    lan: Any, add: Add, starts: Callable[[int], list[str]], speakers: list[int]
) -> None:
    schedule_id = add(daily("06:00", until=MONDAY))
    add(daily("07:00", until=MONDAY), title="Họp dân")
    json_please = {"Accept": "application/json"}
    move = {"schedule_id": schedule_id, "at": AT.isoformat()}
    url = "/programme/occurrences/move"
    clash = lan.send(url, headers=json_please, to=f"{MONDAY}T07:01", **move)
    assert clash.status_code == 409
    assert clash.json["doubts"] == []
    assert "Trùng với “Họp dân”" in clash.json["overlaps"][0]["text"]
    assert "5 cụm loa" in clash.json["overlaps"][0]["text"]
    assert f"{MONDAY}T07:02" in [choice["to"] for choice in clash.json["choices"]]
    night = lan.send(url, headers=json_please, to=f"{MONDAY}T03:15", **move)
    assert f"{MONDAY}T15:15" in [choice["to"] for choice in night.json["choices"]]
    assert starts(schedule_id) == ["Mon 06:00"]
    assert lan.send(url, headers=json_please, to=f"{MONDAY}T07:01", accepted="yes", **move).json["ok"]
    assert starts(schedule_id) == ["Mon 07:01"]


def test_without_scripts_an_airing_is_moved_left_out_and_undone(
    lan: Any, add: Add, starts: Callable[[int], list[str]], mai: Any
) -> None:
    schedule_id = add(daily("06:00", until=MONDAY + dt.timedelta(days=1)))
    page = f"/programme/schedules/{schedule_id}/occurrence?at={AT.isoformat()}"
    assert "Dời riêng buổi này" in lan.read(page)
    one = {"schedule_id": schedule_id, "at": AT.isoformat()}
    asked = lan.send("/programme/occurrences/move", day=MONDAY.isoformat(), time="3h15", **one)
    assert asked.status_code == 409
    assert "ý bạn là 15:15?" in asked.get_data(as_text=True)
    moved = lan.send("/programme/occurrences/move", day=MONDAY.isoformat(), time="6h10", **one)
    assert "Hoàn tác" in lan.read(moved.headers["Location"])
    at = {"schedule_id": schedule_id, "at": f"{MONDAY}T06:10"}
    assert mai.send("/programme/occurrences/skip", **at).status_code == 404
    assert lan.send("/programme/occurrences/skip", **at).status_code == 302
    assert starts(schedule_id) == ["Tue 06:00"]
    lan.read(page.replace("06:00:00", "06:01:00"), status=404)
    assert lan.send("/programme/occurrences/bring-back", **at).status_code == 302
    assert starts(schedule_id) == ["Mon 06:10", "Tue 06:00"]


def test_many_airings_are_moved_or_left_out_as_one_change(
    lan: Any, add: Add, starts: Callable[[int], list[str]]
) -> None:
    first = add(daily("06:00", until=MONDAY + dt.timedelta(days=1)))
    second = add(daily("17:00", until=MONDAY), title="Chiều")
    page = lan.read(f"/programme/several?week={MONDAY.isoformat()}")
    assert page.count('name="airing"') == 3
    chosen = [f"{first} {AT.isoformat()}", f"{second} {MONDAY}T17:00:00"]
    fields = {"days": 1, "minutes": 10, "direction": "later", "week": MONDAY.isoformat()}
    assert lan.send("/programme/several", what="shift", **fields).status_code == 422
    assert lan.send("/programme/several", what="shift", airing=chosen, **fields).status_code == 302
    assert starts(first) == ["Tue 06:00", "Tue 06:10"]
    assert starts(second) == ["Tue 17:10"]
    lan.send("/programme/several", what="skip", airing=[f"{first} {MONDAY + dt.timedelta(days=1)}T06:10:00"])
    assert starts(first) == ["Tue 06:00"]


def test_last_week_is_copied_after_a_look_at_what_collides(
    lan: Any, add: Add, database: Database, speakers: list[int]
) -> None:
    add(Rule(Frequency.ONCE, MONDAY, (dt.time(6),)), title="Tiêm chủng")
    add(Rule(Frequency.ONCE, MONDAY, (dt.time(9),)), title="Họp thôn")
    after = MONDAY + dt.timedelta(days=7)
    add(Rule(Frequency.ONCE, after, (dt.time(9, 1),)), title="Đã có")
    weeks = {"source": MONDAY.isoformat(), "week": after.isoformat()}

    def count() -> int:
        with database.transaction(read_only=True) as session:
            return len(list(session.scalars(select(Schedule))))

    shown = lan.send("/programme/copy", **weeks).get_data(as_text=True)
    assert "Chép được 1 buổi phát" in shown
    assert "trùng với “Đã có”" in shown
    assert count() == 3
    assert lan.send("/programme/copy", sure="yes", **weeks).status_code == 302
    assert count() == 4
    empty = {"source": (MONDAY + dt.timedelta(days=70)).isoformat(), "week": after.isoformat()}
    refused = lan.send("/programme/copy", **empty)
    assert refused.status_code == 422
    assert "không có buổi nào để chép" in refused.get_data(as_text=True)


def test_the_month_shows_lunar_dates_holidays_and_airings(lan: Any, add: Add) -> None:
    add(daily("06:00"))
    page = lan.read("/programme/month?month=2027-02")
    assert "Mùng 1 Tết" in page or "Tết Nguyên Đán" in page
    assert "1/1" in page  # the first of the lunar year
    assert page.count("Bản tin sáng") == 28 + page.count("month__day--other")
    assert "Tháng 2/2027" in page
    lan.read("/programme/month?month=9999-01", status=400)


def test_the_villages_of_a_day_each_show_what_is_heard_there(lan: Any, add: Add, cast: Any) -> None:
    add(daily("06:00"))
    add(daily("17:00"), title="Riêng thôn Đông", area_id=cast.villages[0])
    page = lan.read(f"/programme/day?area={cast.commune}&day={MONDAY.isoformat()}").split("<table")[1]
    assert page.count("Bản tin sáng") == 4  # the commune and its three villages
    assert page.count("Riêng thôn Đông") == 1
    assert "Ngày này không có buổi phát nào" in lan.read("/programme/day?day=2025-12-01")


def test_a_loudspeaker_tells_what_it_will_play_on_a_date(
    lan: Any, add: Add, cast: Any, speakers: list[int], mai: Any
) -> None:
    add(daily("06:00"))
    add(daily("17:00"), title="Riêng thôn Đoài", area_id=cast.villages[1])
    page = lan.read(f"/programme/loudspeakers/{speakers[0]}?day={MONDAY.isoformat()}")
    assert "Bản tin sáng" in page
    assert "Theo lịch, chưa gửi" in page
    assert "Riêng thôn Đoài" not in page
    assert "/programme/loudspeakers/" in lan.read(f"/loudspeakers/{speakers[0]}")
    mai.read(f"/programme/loudspeakers/{speakers[0]}", status=404)


def test_the_programme_is_public_only_behind_a_link_and_until_it_is_revoked(
    lan: Any, add: Add, cast: Any, client: Any, database: Database
) -> None:
    tomorrow = TODAY + dt.timedelta(days=1)
    add(Rule(Frequency.DAILY, tomorrow, (dt.time(6),)))
    with database.transaction() as session:
        person = session.get_one(Person, cast.lan.id)
        feed, token = feeds.create(session, person, cast.commune, name="Trang của xã", now=NOW)
        feed_id = feed.id
    page = client.read(f"/calendar/{token}")
    assert page.count("Bản tin sáng") == 6
    assert "Hôm nay" not in page  # nothing of the inside
    sheet = lan.read(f"/programme/print?week={MONDAY.isoformat()}")
    assert sheet.count("Bản tin sáng") == 7
    assert "tabbar" not in sheet
    client.read("/calendar/doan-mo", status=404)
    lan.send(f"/calendars/links/{feed_id}/revoke")
    client.read(f"/calendar/{token}", status=404)
