"""A calendar that comes again: changes nothing, changes what changed, and brings back what was undone."""

from __future__ import annotations

from typing import Any

import pytest

from broadcast.models import Schedule
from broadcast.scheduling import calendar_import, calendar_rows, schedule_changes
from broadcast.scheduling.calendar_import import Applied
from broadcast.scheduling.calendar_rows import Outcome

HEAD = "PRODID:-//Any//Program//EN"
NAMED = f"{HEAD}\r\nX-WR-CALNAME:Lịch xã"


def event(uid: str, *lines: str, time: str = "053000", title: str = "") -> str:
    start = f"DTSTART;TZID=Asia/Ho_Chi_Minh:20260302T{time}"
    said = (f"UID:{uid}", f"SUMMARY:{title or uid}", start, "RRULE:FREQ=DAILY", *lines)
    return "\r\n".join(("BEGIN:VEVENT", *said, "END:VEVENT", ""))


def calendar(*events: str, head: str = NAMED) -> bytes:
    return f"BEGIN:VCALENDAR\r\n{head}\r\n{''.join(events)}END:VCALENDAR\r\n".encode()


def look(stage: Any, data: bytes) -> dict[str, str]:
    with stage.database.transaction(read_only=True) as session:
        found = calendar_rows.preview(session, stage.cast.lan, stage.cast.commune, data, stage.now)
        return {row.title: row.outcome.value for row in found.rows}


def take(stage: Any, data: bytes, bulletin: int) -> Applied:
    with stage.database.transaction() as session:
        rows = calendar_rows.preview(session, stage.cast.lan, stage.cast.commune, data, stage.now).rows
        return calendar_import.apply(
            session,
            stage.cast.lan,
            stage.cast.commune,
            data,
            {row.key: [bulletin] for row in rows if row.outcome is not Outcome.GONE},
            now=stage.now,
            wire=stage.wire,
        )


def undo(stage: Any, change_id: int | None) -> int:
    with stage.database.transaction() as session:
        made = schedule_changes.undo(session, stage.cast.lan, change_id, stage.now, wire=stage.wire)
        return made.id


def times(stage: Any, schedule_id: int) -> list[str]:
    with stage.database.transaction(read_only=True) as session:
        found: list[str] = session.get_one(Schedule, schedule_id).rule["times"]
        return found


def test_the_same_calendar_again_changes_nothing(stage: Any) -> None:
    data, bulletin = calendar(event("a"), event("b", time="170000")), stage.bulletin()
    assert len(take(stage, data, bulletin).made) == 2
    again = take(stage, data, bulletin)
    assert (again.made, again.changed, again.change_id) == ((), (), None)
    assert look(stage, data) == {"a": "same", "b": "same"}


def test_a_change_that_was_undone_can_be_taken_over_again(stage: Any) -> None:
    first, second = calendar(event("a")), calendar(event("a", time="054500"))
    bulletin = stage.bulletin()
    [schedule] = take(stage, first, bulletin).made
    changed = take(stage, second, bulletin)
    assert (changed.changed, times(stage, schedule)) == ((schedule,), ["05:45"])
    undone = undo(stage, changed.change_id)
    assert times(stage, schedule) == ["05:30"]
    assert look(stage, second) == {"a": "changed"}
    undo(stage, undone)
    assert (times(stage, schedule), look(stage, second)) == (["05:45"], {"a": "same"})


def test_a_message_about_one_event_says_nothing_of_the_others(stage: Any) -> None:
    bulletin = stage.bulletin()
    take(stage, calendar(event("a"), event("b", time="170000")), bulletin)
    assert look(stage, calendar(event("a"))) == {"a": "same", "b": "gone"}
    assert look(stage, calendar(event("a"), head=f"METHOD:REQUEST\r\n{NAMED}")) == {"a": "same"}
    called_off = calendar(event("b", time="170000"), head=f"METHOD:CANCEL\r\n{HEAD}")
    with stage.database.transaction(read_only=True) as session:
        rows = calendar_rows.preview(session, stage.cast.lan, stage.cast.commune, called_off, stage.now).rows
    assert [(row.title, row.outcome.value) for row in rows] == [("b", "gone"), ("b", "refused")]


@pytest.mark.parametrize(
    "cut", [b"END:VCALENDAR", b"END:VEVENT\r\nEND:VCALENDAR", b"FREQ=DAILY\r\nEND:VEVENT\r\nEND:VCALENDAR"]
)
def test_of_a_file_that_was_cut_off_nothing_is_gone(stage: Any, cut: bytes) -> None:
    take(stage, calendar(event("a"), event("b", time="170000")), stage.bulletin())
    data = calendar(event("a"))
    assert "gone" not in look(stage, data[: data.rindex(cut)]).values()


def test_two_nameless_files_of_one_program_are_two_calendars(stage: Any) -> None:
    bulletin = stage.bulletin()
    take(stage, calendar(event("a"), event("b", time="110000"), head=HEAD), bulletin)
    assert look(stage, calendar(event("c", time="170000"), head=HEAD)) == {"c": "new"}
    assert look(stage, calendar(event("a"), head=HEAD)) == {"a": "same", "b": "gone"}
