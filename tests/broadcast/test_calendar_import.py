"""Calendars of Google, Outlook and Apple taken over: seen first, chosen row by row, updated, taken back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from broadcast.errors import Forbidden
from broadcast.models import ImportedEvent, Schedule
from broadcast.scheduling import calendar_import, calendar_rows, schedule_changes
from broadcast.scheduling.calendar_import import Applied
from broadcast.scheduling.calendar_rows import Outcome, Preview
from schedules.types import Frequency

FOLDER = Path(__file__).parents[1] / "schedules" / "calendars"


def calendar(name: str) -> bytes:
    return (FOLDER / f"{name}.ics").read_bytes()


def look(stage: Any, data: bytes, person: Any = None, **more: Any) -> Preview:
    with stage.database.transaction() as session:
        who, area = person or stage.cast.lan, stage.cast.commune
        found = calendar_rows.preview(session, who, area, data, stage.now, **more)
        for row in found.rows:
            assert row.bulletin_ids == () or row.schedule is not None
        return found


def take(stage: Any, data: bytes, bulletin_ids: list[int], titles: set[str], **more: Any) -> Applied:
    rows = look(stage, data).rows
    chosen = {
        row.key: bulletin_ids for row in rows if row.title in titles and row.outcome is not Outcome.GONE
    }
    with stage.database.transaction() as session:
        return calendar_import.apply(
            session,
            stage.cast.lan,
            stage.cast.commune,
            data,
            chosen,
            now=stage.now,
            wire=stage.wire,
            **more,
        )


def outcomes(preview: Preview) -> dict[str, str]:
    return {
        f"{row.title} {row.proposal.part if row.proposal else ''}".strip(): row.outcome
        for row in preview.rows
    }


def schedules(stage: Any) -> list[Schedule]:
    with stage.database.transaction(read_only=True) as session:
        return list(
            session.scalars(select(Schedule).where(Schedule.withdrawn_at.is_(None)).order_by(Schedule.id))
        )


@pytest.mark.parametrize(("name", "new", "refused"), [("google", 2, 3), ("outlook", 4, 2), ("apple", 7, 2)])
def test_each_maker_s_calendar_is_previewed_and_nothing_is_written(
    stage: Any, name: str, new: int, refused: int
) -> None:
    preview = look(stage, calendar(name))
    assert (preview.count(Outcome.NEW), preview.count(Outcome.REFUSED)) == (new, refused)
    assert len({row.key for row in preview.rows}) == len(preview.rows)
    assert schedules(stage) == []


def test_what_was_chosen_becomes_schedules_that_are_planned(stage: Any) -> None:
    stage.loudspeakers(3)
    bulletin = stage.bulletin()
    done = take(stage, calendar("google"), [bulletin], {"Bản tin sáng", "Mời họp thôn Đoài, nhà văn hóa"})
    assert (len(done.made), done.changed, done.refused) == (2, (), ())
    morning, _ = schedules(stage)
    assert morning.rule["frequency"] == Frequency.WEEKLY
    stage.plan()
    assert {each.schedule_id for each in stage.broadcasts()} >= {morning.id}
    again = outcomes(look(stage, calendar("google")))
    assert (again["Bản tin sáng 1"], again["Quốc khánh 1"]) == ("same", "refused")


def test_a_second_import_updates_the_same_schedule_and_offers_what_is_gone(stage: Any) -> None:
    first, second = stage.bulletin(), stage.bulletin("Thời tiết")
    data = calendar("google")
    take(stage, data, [first], {"Bản tin sáng", "Mời họp thôn Đoài, nhà văn hóa"})
    before = schedules(stage)
    newer = data.replace(b"20260302T053000", b"20260302T054500").replace(
        b"20260302T060000", b"20260302T061500"
    )
    newer = newer.replace(b"UID:0hq7single@google.com", b"UID:other@google.com")
    preview = look(stage, newer)
    changed = next(row for row in preview.rows if row.outcome is Outcome.CHANGED)
    gone = next(row for row in preview.rows if row.outcome is Outcome.GONE)
    assert (changed.title, changed.bulletin_ids) == ("Bản tin sáng", (first,))
    assert gone.title == "Mời họp thôn Đoài, nhà văn hóa"
    done = take(stage, newer, [second, first], {"Bản tin sáng"}, withdraw=[gone.key])
    assert (done.made, done.changed, done.withdrawn) == ((), (before[0].id,), (before[1].id,))
    [left] = schedules(stage)
    assert (left.id, left.rule["times"]) == (before[0].id, ["05:45"])


def test_one_undo_takes_the_whole_import_back_and_the_events_are_new_again(stage: Any) -> None:
    done = take(stage, calendar("apple"), [stage.bulletin()], {"Tập thể dục", "Tiêm chủng", "Tin thị trường"})
    assert len(done.made) == 3
    with stage.database.transaction() as session:
        schedule_changes.undo(session, stage.cast.lan, done.change_id, stage.now, wire=stage.wire)
    assert schedules(stage) == []
    assert outcomes(look(stage, calendar("apple")))["Tiêm chủng 1"] == "new"
    again = take(stage, calendar("apple"), [stage.bulletin("Khác")], {"Tiêm chủng"})
    assert len(again.made) == 1
    with stage.database.transaction(read_only=True) as session:
        kept = session.scalars(select(ImportedEvent.uid).order_by(ImportedEvent.uid)).all()
    assert kept == ["DATES-1", "FLOATING-1", "FROM-UTC"]


def test_a_row_that_the_programme_refuses_does_not_hold_up_the_others(stage: Any) -> None:
    rows = look(stage, calendar("outlook")).rows
    keys = {row.title: row.key for row in rows if row.outcome is Outcome.NEW}
    draft, approved = stage.bulletin("Chưa duyệt", approved=False), stage.bulletin()
    with stage.database.transaction() as session:
        done = calendar_import.apply(
            session,
            stage.cast.lan,
            stage.cast.commune,
            calendar("outlook"),
            {
                keys["Tin Ủy ban"]: [draft],
                keys["Họp dân phố"]: [approved],
                keys["Chúc mừng phụ nữ"]: [],
            },
            now=stage.now,
            wire=stage.wire,
        )
        assert [(row.title, error.code) for row, error in done.refused] == [
            ("Tin Ủy ban", "not_approved"),
            ("Chúc mừng phụ nữ", "nothing_to_play"),
        ]
        assert [session.get_one(Schedule, id_).title for id_ in done.made] == ["Họp dân phố"]


def test_doubts_of_the_programme_stand_beside_the_event(stage: Any) -> None:
    stage.schedule("05:30", bulletin_ids=[stage.bulletin(seconds=600)])
    data = calendar("google").replace(b"20260314T100000Z", b"20260314T200000Z")
    rows = {row.title: [each.code for each in row.concerns] for row in look(stage, data).rows}
    assert "overlap" in rows["Bản tin sáng"]
    assert "outside_hours" in rows["Mời họp thôn Đoài, nhà văn hóa"]  # 03:00


def test_what_is_over_or_another_calendar_s_is_left_alone(stage: Any) -> None:
    take(stage, calendar("google"), [stage.bulletin()], {"Bản tin sáng"})
    assert look(stage, calendar("apple")).count(Outcome.GONE) == 0
    assert look(stage, b"nothing").rows == ()
    old = calendar("google").replace(b"20260314T", b"20250314T")
    assert outcomes(look(stage, old))["Mời họp thôn Đoài, nhà văn hóa 1"] == "over"


def test_an_officer_of_another_commune_is_refused(stage: Any) -> None:
    with pytest.raises(Forbidden):
        look(stage, calendar("google"), stage.cast.mai)
    with pytest.raises(Forbidden):
        look(stage, calendar("google"), stage.cast.binh)


def test_an_event_called_off_withdraws_what_was_made_of_it_if_she_says_so(stage: Any) -> None:
    data = calendar("google")
    take(stage, data, [stage.bulletin()], {"Bản tin sáng"})
    cut = data.replace(b"STATUS:CONFIRMED\r\nSUMMARY:B", b"STATUS:CANCELLED\r\nSUMMARY:B", 1)
    rows = look(stage, cut).rows
    assert [(row.title, row.outcome.value) for row in rows if row.outcome is Outcome.GONE] == [
        ("Bản tin sáng", "gone")
    ]


def test_a_preview_does_not_look_up_the_doubts_of_ever_so_many_times(stage: Any) -> None:
    often = b"RRULE:FREQ=DAILY;BYHOUR=%s;BYMINUTE=0,20,40" % b",".join(b"%d" % hour for hour in range(24))
    events = (
        b"BEGIN:VEVENT\nUID:%d\nSUMMARY:%d\nDTSTART:20260302T000000\n%s\nEND:VEVENT\n" % (n, n, often)
        for n in range(6)
    )
    rows = look(stage, b"BEGIN:VCALENDAR\n%sEND:VCALENDAR\n" % b"".join(events)).rows
    assert [row.is_checked for row in rows] == [True] * 4 + [False] * 2
    assert all(row.concerns for row in rows[:4])  # at night
