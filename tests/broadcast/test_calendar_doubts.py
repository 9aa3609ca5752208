"""What is doubtful about events is asked with what they really play, and of each other."""

from __future__ import annotations

from typing import Any

import pytest

from broadcast.models import Schedule
from broadcast.scheduling import calendar_import, calendar_rows
from broadcast.scheduling.calendar_import import Applied
from broadcast.scheduling.calendar_rows import Outcome
from broadcast.units import policies

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # services know both


def calendar(*times: str) -> bytes:
    events = "".join(
        f"BEGIN:VEVENT\nUID:{number}\nSUMMARY:Tin {time}\nDTSTART;TZID=Asia/Ho_Chi_Minh:20260309T{time}00\n"
        f"RRULE:FREQ=WEEKLY\nEND:VEVENT\n"
        for number, time in enumerate(times)
    )
    return f"BEGIN:VCALENDAR\nX-WR-CALNAME:Lịch xã\n{events}END:VCALENDAR\n".encode()


def apply(stage: Any, data: bytes, bulletin: int) -> Applied:
    with stage.database.transaction() as session:
        person, area = stage.cast.lan, stage.cast.commune
        found = calendar_rows.preview(session, person, area, data, stage.now)
        told = {each.code for row in found.rows for each in row.concerns}
        assert not told & {"overlap", "session_minutes", "runs_over", "too_near"}  # of no length
        keys = [row.key for row in found.rows if row.outcome is Outcome.NEW]
        wanted = {key: [bulletin] for key in keys}
        return calendar_import.apply(session, person, area, data, wanted, now=stage.now, wire=stage.wire)


def doubts(done: Applied) -> dict[str, set[str]]:
    return {row.title: {each.code for each in row.concerns} for row in done.doubtful}


def test_what_the_bulletin_is_too_long_for_is_told_once_it_is_chosen(stage: Any) -> None:
    with stage.database.transaction() as session:
        values = {"minutes_a_session": 15}
        policies.save(session, stage.cast.admin, stage.cast.commune, values=values, now=stage.now)
    stage.schedule("17:10", bulletin_ids=[stage.bulletin("Tin chiều", seconds=60)])
    short, long = stage.bulletin(seconds=60), stage.bulletin("Dài", seconds=1200)
    with stage.database.transaction() as session:
        assert doubts(apply_in(session, stage, calendar("1700"), short)) == {}
        session.rollback()
    assert doubts(apply(stage, calendar("1700"), long)) == {"Tin 1700": {"overlap", "session_minutes"}}


def apply_in(session: Any, stage: Any, data: bytes, bulletin: int) -> Applied:
    person, area = stage.cast.lan, stage.cast.commune
    rows = calendar_rows.unchecked(session, person, area, data, stage.now).rows
    wanted = {row.key: [bulletin] for row in rows}
    return calendar_import.apply(session, person, area, data, wanted, now=stage.now, wire=stage.wire)


def test_events_of_one_file_are_held_against_each_other(stage: Any) -> None:
    done = apply(stage, calendar("1700", "1705"), stage.bulletin(seconds=600))
    assert len(done.made) == 2
    assert doubts(done) == {"Tin 1705": {"overlap"}}
    [overlap] = done.doubtful[0].concerns
    assert overlap.params["title"] == "Tin 1700"


def test_more_than_one_import_takes_is_told_and_stays_to_be_done(
    stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calendar_import, "MOST_TAKEN", 2)
    data, bulletin = calendar("0600", "1100", "1700"), stage.bulletin(seconds=60)
    done = apply(stage, data, bulletin)
    assert (len(done.made), [row.title for row in done.left]) == (2, ["Tin 1700"])
    rest = apply(stage, data, bulletin)
    assert (len(rest.made), rest.left) == (1, ())


def test_what_nobody_could_look_up_is_a_doubt_too(stage: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calendar_rows, "MOST_CHECKED", 1)
    done = apply(stage, calendar("0600", "1100"), stage.bulletin(seconds=60))
    assert [(row.title, row.is_checked) for row in done.doubtful] == [("Tin 1100", False)]


def test_pages_have_every_row_once_and_each_is_looked_at_on_its_own(
    stage: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calendar_rows, "PAGE", 2)
    data = calendar("0200", "0210", "0220", "0230", "0240")
    seen = []
    with stage.database.transaction(read_only=True) as session:
        for page in range(1, 4):
            found = calendar_rows.preview(
                session, stage.cast.lan, stage.cast.commune, data, stage.now, page=page
            )
            assert (found.page, found.pages) == (page, 3)
            assert all(row.concerns and row.is_checked for row in found.shown)  # at night
            seen += [row.key for row in found.shown]
        assert seen == [row.key for row in found.rows]
        far = calendar_rows.preview(session, stage.cast.lan, stage.cast.commune, data, stage.now, page=99)
        assert far.page == 3
        assert session.query(Schedule).count() == 0
