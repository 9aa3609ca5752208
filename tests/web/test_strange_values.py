"""Days at the ends of calendars, numbers that no column holds, no figures: a sentence, never a crash."""

from __future__ import annotations

import base64
import datetime as dt
from typing import Any
from urllib.parse import urlsplit

import pytest

NOW = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)  # Monday 08:00 in Vietnam
LARGE = "9" * 25
DAYS = ("0001-01-01", "9999-12-31", "1968-01-01", "2099-12-31", "2099-11-15", LARGE)
MOMENTS = ("0001-01-01T00:00", "9999-12-31T23:59", "2099-12-31T23:59", "9999-12-31T00:00+14:00")
OF_A_DAY = (
    "/programme/?week=",
    "/programme/several?week=",
    "/programme/copy?week=",
    "/programme/copy?source=",
    "/programme/templates?week=",
    "/programme/new?day=",
    "/programme/day?day=",
    "/programme/print?week=",
    "/as-run/?day=",
    "/as-run/day.csv?day=",
    "/as-run/calendar/?first=",
    "/as-run/calendar/calendar.csv?first=",
    "/export/as-run.csv?first=",
    "/export/as-run.csv?last=",
)
OF_A_NUMBER = (
    "/programme/?area={}",
    "/programme/?changed={}",
    "/programme/schedules/{}",
    "/programme/slots/{}/edit",
    "/programme/slots/new?area={}",
    "/programme/templates?gone={}",
    "/programme/templates/{}",
    "/programme/loudspeakers/{}",
    "/calendars/{}",
    "/calendars/import/?area_id={}",
    "/relays/?gone={}",
    "/sounds/?gone={}",
    "/bulletins/?page={}",
    "/faults/?page={}",
    "/commands/?page={}",
    "/export/as-run.csv?area={}",
)
CALENDAR = b"""BEGIN:VCALENDAR
VERSION:2.0
PRODID:x
BEGIN:VEVENT
UID:a@x
DTSTART:20260401T053000
DTEND:20260401T060000
SUMMARY:Tin
END:VEVENT
END:VCALENDAR
"""


def schedule(lan: Any, cast: Any, approved: int) -> int:
    answer = lan.send(
        "/programme/new",
        title="Bản tin sáng",
        area_id=cast.commune,
        bulletin_id=approved,
        frequency="daily",
        starts_on="2026-03-03",
        time="05:30",
    )
    return int(urlsplit(answer.headers["Location"]).path.rsplit("/", 1)[1])


def status(answer: Any) -> int:
    answer.close()
    return int(answer.status_code)


def crashed(answers: dict[str, int]) -> list[str]:
    return [asked for asked, answer in answers.items() if answer >= 500]


def test_pages_are_shown_for_days_at_the_ends_of_calendars(lan: Any, cast: Any, approved: int) -> None:
    asked = [f"{page}{day}" for page in OF_A_DAY for day in DAYS]
    at = f"/programme/schedules/{schedule(lan, cast, approved)}/occurrence?at="
    asked += [at + each.replace("+", "%2B") for each in MOMENTS]
    assert crashed({path: status(lan.get(path)) for path in asked}) == []


def test_airings_are_not_moved_to_the_ends_of_calendars(lan: Any, cast: Any, approved: int) -> None:
    one, tomorrow = {"schedule_id": schedule(lan, cast, approved)}, "2026-03-03T05:30"
    answers = {}
    for each in MOMENTS:
        forms = {
            "occurrences/move": {**one, "at": tomorrow, "to": each, "accepted": "yes"},
            "occurrences/skip": {**one, "at": each},
            "occurrences/bring-back": {**one, "at": each},
            "several": {"airing": f"{one['schedule_id']} {each}", "days": "366", "what": "move"},
        }
        answers |= {f"{name} {each}": status(lan.send(f"/programme/{name}", **forms[name])) for name in forms}
    for days in (LARGE, f"-{LARGE}", "-999999999", "²"):
        form = {"airing": f"{one['schedule_id']} {tomorrow}", "days": days, "what": "move"}
        answers[f"by {days} days"] = status(lan.send("/programme/several", **form))
    assert crashed(answers) == []


def test_numbers_that_no_column_holds_name_nothing(lan: Any, cast: Any, approved: int) -> None:
    answers = {path.format(LARGE): status(lan.get(path.format(LARGE))) for path in OF_A_NUMBER}
    forms = {
        "/programme/order": {"area": cast.commune, "first": LARGE, "second": LARGE},
        "/programme/occurrences/skip": {"schedule_id": LARGE, "at": "2026-03-03T05:30"},
        "/programme/slots/preview": {"schedule_id": LARGE, "area_id": LARGE},
        f"/programme/schedules/{schedule(lan, cast, approved)}/length": {"minutes": LARGE},
    }
    answers |= {path: status(lan.send(path, **form)) for path, form in forms.items()}
    assert crashed(answers) == []


@pytest.mark.parametrize("named", ["²", LARGE, "x", ":", "-1"])
def test_a_calendar_is_taken_in_whatever_is_named_as_chosen_and_seen(lan: Any, cast: Any, named: str) -> None:
    data = base64.b64encode(CALENDAR).decode()
    chosen = {"bulletin-key": named, "carried": f"other:{named} {named}", "off": named}
    form = {"area_id": cast.commune, "data": data, "seen": f"1 {named}", **chosen}
    assert lan.send("/calendars/import/", **form).status_code == 200
