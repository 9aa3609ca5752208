"""One occurrence that a calendar calls off: named, left out on its day, and brought back by one undo."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from broadcast.models import Schedule
from broadcast.scheduling import calendar_import, calendar_rows, occurrences, schedule_changes
from broadcast.scheduling.calendar_import import Applied
from broadcast.scheduling.calendar_rows import Outcome, Row
from schedules import exceptions, recurrence

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # services know both

NAMED = "PRODID:-//Any//Program//EN\r\nX-WR-CALNAME:Lịch xã"
DAILY = ("DTSTART;TZID=Asia/Ho_Chi_Minh:20260302T053000", "RRULE:FREQ=DAILY")


def event(*lines: str, uid: str = "a", title: str = "Bản tin sáng") -> str:
    return "\r\n".join(("BEGIN:VEVENT", f"UID:{uid}", f"SUMMARY:{title}", *lines, "END:VEVENT", ""))


def calendar(*events: str, head: str = NAMED) -> bytes:
    return f"BEGIN:VCALENDAR\r\n{head}\r\n{''.join(events)}END:VCALENDAR\r\n".encode()


def message(*which: str, uid: str = "a") -> bytes:
    """That these occurrences are called off, as programs send it."""
    events = (
        event(f"RECURRENCE-ID{each}", f"DTSTART{each}", uid=uid, title="Canceled: Bản tin") for each in which
    )
    return calendar(*events, head=f"METHOD:CANCEL\r\n{NAMED}")


def rows(stage: Any, data: bytes) -> list[Row]:
    with stage.database.transaction(read_only=True) as session:
        found = calendar_rows.preview(session, stage.cast.lan, stage.cast.commune, data, stage.now)
        return list(found.rows)


def outcomes(stage: Any, data: bytes) -> list[str]:
    return [row.outcome.value for row in rows(stage, data)]


def take(stage: Any, data: bytes) -> Applied:
    found = rows(stage, data)
    with stage.database.transaction() as session:
        return calendar_import.apply(
            session,
            stage.cast.lan,
            stage.cast.commune,
            data,
            {row.key: [1] for row in found if row.outcome in (Outcome.NEW, Outcome.CHANGED)},
            now=stage.now,
            wire=stage.wire,
            withdraw=[row.key for row in found if row.outcome is Outcome.CALLED_OFF],
        )


def airs(stage: Any, *days: int, at: str = "05:30", schedule_id: int = 1) -> list[bool]:
    with stage.database.transaction(read_only=True) as session:
        rule = recurrence.from_dict(session.get_one(Schedule, schedule_id).rule)
    return [exceptions.airs(rule, occurrence(day, at)) for day in days]


def occurrence(day: int, at: str) -> dt.datetime:
    return dt.datetime.combine(dt.date(2026, 3, day), dt.time.fromisoformat(at))


@pytest.fixture
def daily(stage: Any) -> Any:
    stage.bulletin(seconds=60)
    assert take(stage, calendar(event(*DAILY))).made == (1,)
    return stage


@pytest.mark.parametrize(
    "which",
    [
        ";TZID=Asia/Ho_Chi_Minh:20260310T053000",
        ":20260309T223000Z",
        ";VALUE=DATE:20260310",
        ":20260310T000000",
    ],
)
def test_it_is_left_out_on_its_day_and_one_undo_brings_it_back(daily: Any, which: str) -> None:
    [row] = rows(daily, message(which))
    assert (row.outcome, row.title, row.called_off) == (
        Outcome.CALLED_OFF,
        "Bản tin sáng",
        (occurrence(10, "05:30"),),
    )
    assert airs(daily, 10) == [True]  # a preview writes nothing
    done = take(daily, message(which))
    assert (done.called_off, done.refused) == ((1,), ())
    assert airs(daily, 9, 10, 11) == [True, False, True]
    assert outcomes(daily, message(which)) == ["same"]
    with daily.database.transaction() as session:
        schedule_changes.undo(session, daily.cast.lan, done.change_id, daily.now, wire=daily.wire)
    assert airs(daily, 9, 10, 11) == [True, True, True]
    assert outcomes(daily, message(which)) == ["called_off"]


def test_several_of_one_series_are_one_change_and_one_undo(daily: Any) -> None:
    data = message(*(f";TZID=Asia/Ho_Chi_Minh:202603{day}T053000" for day in (10, 11, 12)))
    done = take(daily, data)
    assert airs(daily, 9, 10, 11, 12, 13) == [True, False, False, False, True]
    with daily.database.transaction() as session:
        schedule_changes.undo(session, daily.cast.lan, done.change_id, daily.now, wire=daily.wire)
    assert all(airs(daily, 10, 11, 12))


def test_nothing_is_called_off_that_nobody_agreed_to(daily: Any) -> None:
    with daily.database.transaction() as session:
        done = calendar_import.apply(
            session,
            daily.cast.lan,
            daily.cast.commune,
            message(";VALUE=DATE:20260310"),
            {},
            now=daily.now,
            wire=daily.wire,
        )
    assert (done.called_off, done.change_id, airs(daily, 10)) == ((), None, [True])


def test_what_was_moved_here_is_called_off_where_it_is_now(daily: Any) -> None:
    with daily.database.transaction() as session:
        was, to = occurrence(10, "05:30"), occurrence(10, "06:15")
        occurrences.move(session, daily.cast.lan, 1, was=was, to=to, now=daily.now, wire=daily.wire)
    assert take(daily, message(";TZID=Asia/Ho_Chi_Minh:20260310T053000")).called_off == (1,)
    assert airs(daily, 10, at="06:15") == [False]
    assert airs(daily, 11) == [True]


def test_what_is_over_unknown_or_withdrawn_is_not_offered(daily: Any) -> None:
    today = message(";TZID=Asia/Ho_Chi_Minh:20260302T053000")  # now is 08:00
    assert outcomes(daily, today) == ["over"]
    assert outcomes(daily, message(";TZID=Asia/Ho_Chi_Minh:20260310T054500")) == ["refused"]
    assert outcomes(daily, message(";VALUE=DATE:20260310", uid="b")) == ["refused"]
    assert outcomes(daily, message(":2026031")) == ["refused"]
    onward = message(";RANGE=THISANDFUTURE;TZID=Asia/Ho_Chi_Minh:20260310T053000")
    assert [
        row.proposal and row.proposal.refusal and row.proposal.refusal.code for row in rows(daily, onward)
    ] == ["this_and_future"]
    cut = message(";VALUE=DATE:20260310").removesuffix(b"END:VEVENT\r\nEND:VCALENDAR\r\n")
    assert outcomes(daily, cut) == ["refused"]
    assert all(airs(daily, *range(9, 13)))


def test_a_whole_calendar_that_has_only_the_call_off_also_offers_what_is_gone(daily: Any) -> None:
    data = calendar(
        event("STATUS:CANCELLED", "RECURRENCE-ID;VALUE=DATE:20260310", "DTSTART;VALUE=DATE:20260310")
    )
    found = rows(daily, data)
    assert [row.outcome.value for row in found] == ["called_off", "gone"]
    with daily.database.transaction() as session:
        done = calendar_import.apply(
            session,
            daily.cast.lan,
            daily.cast.commune,
            data,
            {},
            now=daily.now,
            wire=daily.wire,
            withdraw=[row.key for row in found],
        )
    assert done.withdrawn == (1,)  # which says all
    assert [(row.outcome.value, error.code) for row, error in done.refused] == [("called_off", "wrong_state")]


def test_the_whole_calendar_with_the_call_off_in_it_says_the_same(daily: Any) -> None:
    take(daily, message(";VALUE=DATE:20260310"))
    off = ("STATUS:CANCELLED", "RECURRENCE-ID;TZID=Asia/Ho_Chi_Minh:20260310T053000")
    data = calendar(event(*DAILY), event(*off, "DTSTART;TZID=Asia/Ho_Chi_Minh:20260310T053000"))
    assert take(daily, data).changed == (1,)
    assert airs(daily, 9, 10, 11) == [True, False, True]
    assert outcomes(daily, data) == ["same"]
