"""Tickets from discovery to repair, the hours each loudspeaker was there, and both as tables."""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from broadcast.care import uptime
from broadcast.errors import EmptyTitle, Forbidden, NotFound, WrongState
from broadcast.models import AuditRow, Delivery, Loudspeaker, UptimeDay
from broadcast.speakers import alarms, faults, fleet_export
from broadcast.speakers.faults import FaultKind
from broadcast.speakers.fleet import Filter
from devices.messages import ItemState
from schedules.types import Frequency

MINUTE = dt.timedelta(minutes=1)
DAY = dt.timedelta(days=1)
TODAY = dt.date(2026, 3, 2)


def open_fault(stage: Any, person: Any = None, loudspeaker_id: int = 1, note: str = "Loa rè") -> Any:
    with stage.database.transaction() as session:
        return faults.open_(
            session,
            person or stage.cast.lan,
            loudspeaker_id=loudspeaker_id,
            kind=FaultKind.POOR_SOUND,
            note=note,
            now=stage.now,
        )


def close_fault(stage: Any, fault_id: int, resolution: str, at: dt.datetime) -> Any:
    with stage.database.transaction() as session:
        return faults.close(session, stage.cast.lan, fault_id, resolution=resolution, now=at)


def tickets(stage: Any, person: Any = None, **wanted: Any) -> list[int]:
    with stage.database.transaction(read_only=True) as session:
        return [each.id for each in faults.list_(session, person or stage.cast.lan, **wanted).items]


def test_a_ticket_has_an_age_and_ends_with_what_was_done(stage: Any) -> None:
    stage.loudspeakers(2)
    first = open_fault(stage)
    assert faults.age(first, stage.now + 3 * DAY) == 3 * DAY
    with pytest.raises(EmptyTitle):
        close_fault(stage, first.id, "  ", stage.now + DAY)
    closed = close_fault(stage, first.id, "Thay củ loa", stage.now + DAY)
    assert (closed.resolution, faults.age(closed, stage.now + 9 * DAY)) == ("Thay củ loa", DAY)
    with pytest.raises(WrongState):
        close_fault(stage, first.id, "lần nữa", stage.now + DAY)
    with stage.database.transaction(read_only=True) as session:
        written = session.scalars(
            select(AuditRow.action).where(AuditRow.action.startswith("fault.")).order_by(AuditRow.id)
        ).all()
    assert written == ["fault.open", "fault.close"]


def test_the_oldest_open_ticket_comes_first_and_each_loudspeaker_keeps_its_history(stage: Any) -> None:
    stage.loudspeakers(2)
    old, newer, other = open_fault(stage), open_fault(stage), open_fault(stage, loudspeaker_id=2)
    close_fault(stage, old.id, "xong", stage.now + DAY)
    assert tickets(stage) == [newer.id, other.id]
    assert tickets(stage, open_only=False) == [newer.id, other.id, old.id]
    assert tickets(stage, open_only=False, loudspeaker_id=1) == [newer.id, old.id]
    with stage.database.transaction(read_only=True) as session:
        assert faults.count_open(session, stage.cast.lan) == 2
        assert faults.count_open(session, stage.cast.mai) == 0


def test_an_alarm_becomes_one_ticket_however_often_it_is_asked(stage: Any) -> None:
    stage.loudspeakers(1)
    with stage.database.transaction() as session:
        them = session.get_one(Loudspeaker, 1)
        alarm = alarms.raise_alarm(session, kind="dead_horn", now=stage.now, loudspeaker=them)
        made = [faults.open_from_alarm(session, stage.cast.lan, alarm.id, now=stage.now).id for _ in range(2)]
        nobody = alarms.raise_alarm(session, kind="unknown_device", now=stage.now, device="x")
        with pytest.raises(NotFound):
            faults.open_from_alarm(session, stage.cast.admin, nobody.id, now=stage.now)
    assert made[0] == made[1]


def test_who_only_looks_opens_nothing_and_who_may_not_look_sees_nothing(stage: Any) -> None:
    stage.loudspeakers(1)
    with pytest.raises(Forbidden):
        open_fault(stage, stage.cast.binh)
    with pytest.raises(NotFound):
        open_fault(stage, stage.cast.mai)
    open_fault(stage, stage.cast.admin)
    assert tickets(stage, stage.cast.mai) == []
    assert len(tickets(stage, stage.cast.binh)) == 1


def tick(stage: Any, since: dt.datetime, now: dt.datetime) -> None:
    with stage.database.transaction() as session:
        uptime.tick(session, since, now)


def days(stage: Any, loudspeaker_id: int = 1) -> list[tuple[str, int, int, int]]:
    with stage.database.transaction(read_only=True) as session:
        query = select(UptimeDay).where(UptimeDay.loudspeaker_id == loudspeaker_id).order_by(UptimeDay.day)
        return [(f"{d.day:%m-%d}", d.online_s, d.late_s, d.offline_s) for d in session.scalars(query)]


def test_the_minutes_of_a_day_are_counted_as_what_the_loudspeaker_was(stage: Any) -> None:
    one, _ = stage.loudspeakers(2)
    stage.hear(one.state(stage.now))
    for minute in range(6):
        tick(stage, stage.now + minute * MINUTE, stage.now + (minute + 1) * MINUTE)
    assert days(stage) == [("03-02", 60, 120, 180)]
    assert days(stage, 2) == []  # never heard: it cannot be missed


def test_a_tick_over_midnight_counts_for_both_days_and_a_long_gap_for_none(stage: Any) -> None:
    (one,) = stage.loudspeakers(1)
    midnight = dt.datetime(2026, 3, 2, 17, tzinfo=dt.UTC)
    stage.hear(one.state(midnight), now=midnight)
    tick(stage, midnight - dt.timedelta(seconds=20), midnight + dt.timedelta(seconds=40))
    assert days(stage) == [("03-02", 20, 0, 0), ("03-03", 40, 0, 0)]
    tick(stage, midnight + MINUTE, midnight + 30 * MINUTE)
    tick(stage, midnight + MINUTE, midnight)
    assert len(days(stage)) == 2


def test_uptime_and_silence_are_told_for_each_commune_and_maker_the_worst_first(stage: Any) -> None:
    good, mute = stage.loudspeakers(2)
    stage.schedule("08:30", frequency=Frequency.ONCE)
    stage.plan()
    (broadcast,) = stage.broadcasts()
    with stage.database.transaction() as session:
        session.execute(update(Loudspeaker).where(Loudspeaker.id == 2).values(maker="Vega"))
    stage.hear(good.state(stage.now), mute.state(stage.now))
    stage.hear(good.journal(stage.now, *good.played(broadcast)))
    refused = mute.event(stage.now, "refused", broadcast.occurrence, reason="window")
    stage.hear(mute.journal(stage.now, refused))
    tick(stage, stage.now, stage.now + MINUTE)
    stage.hear(mute.state(stage.now, online=False))
    tick(stage, stage.now + MINUTE, stage.now + 2 * MINUTE)
    span = {"first": TODAY, "last": TODAY}
    with stage.database.transaction(read_only=True) as session:
        (commune,) = uptime.per_commune(session, stage.cast.dung, **span)
        makers = uptime.per_maker(session, stage.cast.lan, **span)
        assert uptime.per_maker(session, stage.cast.mai, **span) == []
    assert (commune.area_id, commune.loudspeakers, commune.uptime) == (stage.cast.commune, 2, 0.75)
    assert (commune.plays, commune.silence) == (2, 0.5)
    assert [(m.name, m.uptime, m.silence) for m in makers] == [("Vega", 0.5, 1.0), ("", 1.0, 0.0)]


def test_a_loudspeaker_that_never_reports_is_silence_and_not_nothing(stage: Any) -> None:
    good, gone = stage.loudspeakers(2)
    stage.schedule("08:30", frequency=Frequency.ONCE)
    stage.plan()
    (broadcast,) = stage.broadcasts()
    stage.hear(good.state(stage.now), gone.state(stage.now))
    stage.hear(good.journal(stage.now, *good.played(broadcast)))
    tick(stage, stage.now, stage.now + MINUTE)
    span = {"first": TODAY, "last": TODAY}

    def told() -> tuple[int, float | None]:
        with stage.database.transaction(read_only=True) as session:
            (commune,) = uptime.per_commune(session, stage.cast.dung, **span)
            return commune.plays, commune.silence

    assert told() == (1, 0.0)  # the other may still play
    with stage.database.transaction() as session:
        late = update(Delivery).where(Delivery.loudspeaker_id == 2)
        session.execute(late.values(state=ItemState.MISSED, reason="no_report"))
    assert told() == (2, 0.5)
    with stage.database.transaction() as session:
        session.execute(late.values(state=ItemState.CANCELLED))
    assert told() == (1, 0.0)


def exported(stage: Any, person: Any = None) -> list[list[str]]:
    with stage.database.transaction(read_only=True) as session:
        rows = fleet_export.fleet_rows(session, person or stage.cast.lan, Filter(), now=stage.now)
        text = "".join(fleet_export.csv(fleet_export.FLEET_COLUMNS, rows))
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:])))


def test_the_export_is_the_whole_fleet_and_no_cell_of_it_is_a_formula(stage: Any) -> None:
    boxes = stage.loudspeakers(3)
    stage.hear(boxes[1].state(stage.now, clock="synced", firmware="-cmd"))
    with stage.database.transaction() as session:
        evil = '=HYPERLINK("http://x.vn","bấm")'
        session.execute(update(Loudspeaker).where(Loudspeaker.id == 2).values(name=evil, longitude=-105.5))
    heading, *rows = exported(stage)
    assert heading == list(fleet_export.FLEET_COLUMNS)
    row = dict(zip(heading, next(r for r in rows if r[0] == boxes[1].device), strict=True))
    assert len(rows) == 3
    assert (row["name"], row["firmware"], row["longitude"]) == (f"'{evil}", "'-cmd", "-105.5")
    assert (row["status"], row["last_seen"]) == ("online", "2026-03-02 08:00:00")
    assert exported(stage, stage.cast.mai) == [heading]


def test_the_as_run_log_is_a_workbook_without_formulas(stage: Any, tmp_path: Path) -> None:
    (box,) = stage.loudspeakers(1)
    stage.schedule("08:30", frequency=Frequency.ONCE, bulletin_ids=[stage.bulletin("=1+1")])
    stage.plan()
    (broadcast,) = stage.broadcasts()
    stage.hear(box.journal(stage.now, *box.played(broadcast)))
    with stage.database.transaction() as session:
        session.execute(update(Loudspeaker).values(name="@SUM(A1)"))
    with stage.database.transaction(read_only=True) as session:
        rows = list(fleet_export.as_run_rows(session, stage.cast.lan, first=TODAY, last=TODAY))
        none = list(fleet_export.as_run_rows(session, stage.cast.lan, first=TODAY + DAY, last=TODAY + DAY))
    assert (len(rows), none) == (1, [])
    found = dict(zip(fleet_export.AS_RUN_COLUMNS, rows[0], strict=True))
    assert (found["played_s"], found["result"], found["evidence"]) == (60.0, "done", 3)
    with fleet_export.xlsx(fleet_export.AS_RUN_COLUMNS, rows, tmp_path) as file:
        sheet = zipfile.ZipFile(file).read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "'@SUM(A1)" in sheet.replace("&apos;", "'")
