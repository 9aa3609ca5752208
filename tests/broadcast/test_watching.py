"""One alarm when something breaks and one word when it is well again; an area that falls silent is one."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import select, update

from broadcast.care import monitoring
from broadcast.models import Alarm, Event, Loudspeaker, UsageMonth
from broadcast.speakers import alarms, usage
from devices.envelope import encode_report
from devices.link import Inbound
from devices.messages import ClockQuality, Telemetry

MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)


def heard(stage: Any, count: int, **where: Any) -> list[Any]:
    boxes = stage.loudspeakers(count, **where)
    stage.hear(*(box.state(stage.now, clock=ClockQuality.SYNCED) for box in boxes))
    return boxes


def say(stage: Any, box: Any, after: dt.timedelta, **fields: Any) -> None:
    at = stage.now + after
    stage.hear(box.state(at, **{"clock": ClockQuality.SYNCED, **fields}), now=at)


def watch(stage: Any, after: dt.timedelta, heartbeat: dt.timedelta = MINUTE) -> int:
    with stage.database.transaction() as session:
        return monitoring.watch(session, stage.now + after, heartbeat)


def open_ones(stage: Any) -> list[tuple[str, int | None]]:
    with stage.database.transaction(read_only=True) as session:
        query = select(Alarm).where(Alarm.closed_at.is_(None)).order_by(Alarm.kind, Alarm.id)
        found = [(each.kind, each.loudspeaker_id) for each in session.scalars(query)]
    return sorted(found, key=str)


def news(stage: Any) -> list[tuple[str, str]]:
    """What somebody who is not looking is told."""
    with stage.database.transaction(read_only=True) as session:
        query = select(Event).where(Event.kind == "alarm").order_by(Event.id)
        told = [(each.data["alarm"], each.data["change"]) for each in session.scalars(query)]
    return [each for each in told if each[1] in (alarms.Change.OPENED, alarms.Change.WELL)]


def put(stage: Any, loudspeaker_id: int, **values: Any) -> None:
    with stage.database.transaction() as session:
        session.execute(update(Loudspeaker).where(Loudspeaker.id == loudspeaker_id).values(**values))


def test_what_lasts_is_told_once_and_once_when_it_is_well(stage: Any) -> None:
    (box,) = heard(stage, 1)
    say(stage, box, MINUTE, faults=("dead_horn",))
    assert [watch(stage, n * MINUTE) for n in (1, 2, 3)] == [1, 0, 0]
    assert open_ones(stage) == [("dead_horn", 1)]
    say(stage, box, 4 * MINUTE)
    watch(stage, 4 * MINUTE)
    watch(stage, 5 * MINUTE)
    assert news(stage) == [("dead_horn", "opened"), ("dead_horn", "well")]


def test_between_two_rare_signs_of_life_nobody_is_told_of_a_silence(stage: Any) -> None:
    """A box on a dear SIM speaks once an hour, and its last will still tells at once that it is gone."""
    boxes = heard(stage, 4)
    assert [watch(stage, n * MINUTE, heartbeat=HOUR) for n in (11, 59, 170)] == [0, 0, 0]
    say(stage, boxes[0], 55 * MINUTE, online=False)
    assert watch(stage, 60 * MINUTE, heartbeat=HOUR) == 1
    assert [kind for kind, _ in open_ones(stage)] == ["silent"]
    watch(stage, 182 * MINUTE, heartbeat=HOUR)
    assert [kind for kind, _ in open_ones(stage)] == ["area_outage"]


def test_a_village_that_loses_its_power_is_one_alarm_also_where_signs_of_life_are_rare(stage: Any) -> None:
    for box in heard(stage, 3, area_id=stage.cast.villages[0]):
        say(stage, box, 50 * MINUTE, online=False)
    assert watch(stage, 50 * MINUTE, heartbeat=HOUR) == 1
    assert [kind for kind, _ in open_ones(stage)] == ["area_outage"]


def test_what_a_person_took_note_of_does_not_come_back_before_it_was_well(stage: Any) -> None:
    (box,) = heard(stage, 1)
    watch(stage, 11 * MINUTE)
    with stage.database.transaction() as session:
        (alarm,) = monitoring.alarms(session, stage.cast.lan)
        monitoring.close_alarm(session, stage.cast.lan, alarm.id, stage.now + 12 * MINUTE)
    assert watch(stage, 13 * MINUTE) == 0
    say(stage, box, 14 * MINUTE)
    watch(stage, 14 * MINUTE)
    assert news(stage) == [("silent", "opened"), ("silent", "well")]
    assert watch(stage, 30 * MINUTE) == 1


def test_nothing_is_told_of_a_loudspeaker_that_was_never_heard_or_is_retired(stage: Any) -> None:
    heard(stage, 1)
    stage.loudspeakers(1)
    put(stage, 1, retired_at=stage.now)
    assert watch(stage, DAY) == 0


def test_each_condition_that_lasts_has_its_own_kind(stage: Any) -> None:
    boxes = heard(stage, 6)
    put(stage, 1, clock="unknown", clock_at=stage.now)
    put(stage, 2, silenced="local", silenced_at=stage.now - 25 * HOUR)
    put(stage, 3, asked_at=stage.now - HOUR)
    for each, used in ((4, 85_000_000), (5, 100_000_000)):
        put(stage, each, data_limit_mb=100)
        with stage.database.transaction() as session:
            session.add(UsageMonth(loudspeaker_id=each, month="2026-03", bytes=used))
    say(stage, boxes[5], MINUTE, faults=("store_failed", "disk_full"))
    assert watch(stage, 9 * MINUTE) == 7
    put(stage, 1, clock_at=stage.now - 2 * MINUTE)
    assert watch(stage, 9 * MINUTE) == 1
    assert open_ones(stage) == [
        ("clock_unknown", 1),
        ("data_near", 4),
        ("data_near", 5),
        ("data_over", 5),
        ("disk_full", 6),
        ("silenced_long", 2),
        ("store_failed", 6),
        ("unproved", 3),
    ]


def test_an_area_that_falls_silent_at_once_is_one_alarm_and_one_when_it_is_back(stage: Any) -> None:
    boxes = heard(stage, 9)  # three in each of three villages
    east = [box for number, box in enumerate(boxes) if number % 3 == 0]
    rest = [box for box in boxes if box not in east]
    for minute in (4, 8, 12):
        for box in rest:
            say(stage, box, minute * MINUTE)
        watch(stage, minute * MINUTE)
    assert open_ones(stage) == [("area_outage", None)]
    for box in (*rest, *east[:2]):
        say(stage, box, 15 * MINUTE)
    watch(stage, 15 * MINUTE)
    watch(stage, 16 * MINUTE)
    assert open_ones(stage) == [("silent", 1 + boxes.index(east[2]))]
    assert news(stage) == [("area_outage", "opened"), ("area_outage", "well"), ("silent", "opened")]


def test_the_widest_area_that_fell_silent_tells_it_and_what_was_told_before_gives_way(stage: Any) -> None:
    boxes = heard(stage, 9)
    for box in boxes[1:]:
        say(stage, box, 5 * MINUTE)
    watch(stage, 11 * MINUTE)
    assert open_ones(stage) == [("area_outage", None)]
    with stage.database.transaction(read_only=True) as session:
        (alarm,) = session.scalars(select(Alarm).where(Alarm.closed_at.is_(None)))
    assert alarm.area_id == stage.cast.district
    assert watch(stage, 20 * MINUTE) == 0


def test_few_or_long_silent_loudspeakers_are_told_one_by_one(stage: Any) -> None:
    heard(stage, 2)
    assert watch(stage, 11 * MINUTE) == 2
    boxes = heard(stage, 4, area_id=stage.cast.other_commune)
    put(stage, 3, last_seen=stage.now - DAY)
    put(stage, 4, last_seen=stage.now - 2 * DAY)
    say(stage, boxes[2], 10 * MINUTE)
    say(stage, boxes[3], 10 * MINUTE)
    watch(stage, 11 * MINUTE)
    assert [kind for kind, _ in open_ones(stage)] == ["silent"] * 4


def test_what_was_noticed_once_is_over_when_it_does_not_come_again_for_a_day(stage: Any) -> None:
    (box,) = heard(stage, 1)
    stage.hear(box.journal(stage.now, box.event(stage.now, "unordered_sound")))
    assert open_ones(stage) == [("unordered_sound", 1)]
    say(stage, box, 23 * HOUR)
    watch(stage, 23 * HOUR)
    assert ("unordered_sound", 1) in open_ones(stage)
    say(stage, box, 25 * HOUR)
    watch(stage, 25 * HOUR)
    assert open_ones(stage) == []


def telemetry(box: Any, at: dt.datetime, data_bytes: int) -> Inbound:
    said = Telemetry(
        device=box.device, boot=box.boot, at=int(at.timestamp() * 1000), uptime_s=1, data_bytes=data_bytes
    )
    return Inbound(box.topics.tele(box.device), encode_report(said), at)


def test_data_is_added_up_by_the_month_over_restarts_of_the_count(stage: Any) -> None:
    (box,) = heard(stage, 1)
    last = dt.datetime(2026, 3, 31, 16, 59, tzinfo=dt.UTC)  # a minute before April in Vietnam
    for at, said in (
        (stage.now, 1_000),
        (stage.now + HOUR, 5_000),
        (stage.now + HOUR, 5_000),
        (stage.now, 1_000),  # late: told already
        (stage.now + DAY, 300),  # its store began anew
        (last, 1_000),
        (last + 2 * MINUTE, 400),
    ):
        stage.hear(telemetry(box, at, said), now=at)
    with stage.database.transaction(read_only=True) as session:
        months = [(each.month, each.bytes) for each in usage.of_loudspeaker(session, 1)]
    assert months == [("2026-04", 400), ("2026-03", 6_000)]
