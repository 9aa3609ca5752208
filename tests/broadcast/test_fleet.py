"""The fleet as people look at it: one word for each loudspeaker, found and counted without loading them."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import event, insert, select, update

from broadcast.models import Loudspeaker, UsageMonth
from broadcast.speakers import fleet
from broadcast.speakers.conditions import BY_WEIGHT, Conditions, Status, month
from devices.messages import ClockQuality

MINUTE = dt.timedelta(minutes=1)


def put(stage: Any, box: Any, **values: Any) -> None:
    with stage.database.transaction() as session:
        session.execute(update(Loudspeaker).where(Loudspeaker.device == box.device).values(**values))


def name(stage: Any, box: Any, **values: str) -> None:
    """As the pages do, by the row itself."""
    with stage.database.transaction() as session:
        row = session.scalars(select(Loudspeaker).where(Loudspeaker.device == box.device)).one()
        for field, value in values.items():
            setattr(row, field, value)


def healthy(stage: Any, count: int = 1) -> list[Any]:
    boxes = stage.loudspeakers(count)
    stage.hear(*(box.state(stage.now, clock=ClockQuality.SYNCED, firmware="2.1") for box in boxes))
    return boxes


def search(stage: Any, person: Any = None, at: dt.datetime | None = None, **wanted: Any) -> Any:
    with stage.database.transaction(read_only=True) as session:
        return fleet.search(session, person or stage.cast.lan, now=at or stage.now, **wanted)


def counts(stage: Any, person: Any = None, at: dt.datetime | None = None, **wanted: Any) -> dict[Status, int]:
    with stage.database.transaction(read_only=True) as session:
        found = fleet.counts(session, person or stage.cast.lan, now=at or stage.now, **wanted)
    return {status: count for status, count in found.items() if count}


def names(page: Any) -> list[str]:
    return [row.device for row in page.items]


CASES: list[tuple[Status, dict[str, Any], float]] = [
    (Status.ONLINE, {}, 0.5),
    (Status.LATE, {}, 2),
    (Status.OFFLINE, {}, 9),
    (Status.OFFLINE, {"online": False}, 0),
    (Status.NEVER, {"activated_at": None, "last_seen": None, "online": False}, 0),
    (Status.SILENCED, {"silenced": "local"}, 0),
    (Status.CLOCK_UNKNOWN, {"clock": "unknown"}, 0),
    (Status.RETIRED, {"retired_at": dt.datetime(2026, 3, 1, tzinfo=dt.UTC)}, 0),
    (Status.REFUSING, {"refused_at": dt.datetime(2026, 3, 2, tzinfo=dt.UTC)}, 0),
    (Status.ONLINE, {"refused_at": dt.datetime(2026, 2, 27, tzinfo=dt.UTC)}, 0),
    (Status.SILENT, {"asked_at": dt.datetime(2026, 3, 1, tzinfo=dt.UTC)}, 0),
    (
        Status.ONLINE,
        {
            "asked_at": dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC),
            "proved_at": dt.datetime(2026, 3, 1, tzinfo=dt.UTC),
        },
        0,
    ),
    (Status.ONLINE, {"asked_at": dt.datetime(2026, 2, 1, tzinfo=dt.UTC)}, 0),
]


def test_evidence_decides_the_one_word_and_the_list_and_the_row_agree(stage: Any) -> None:
    boxes = healthy(stage, len(CASES))
    for box, (_, values, _) in zip(boxes, CASES, strict=True):
        if values:
            put(stage, box, **values)
    for box, (status, _, minutes) in zip(boxes, CASES, strict=True):
        at = stage.now + minutes * MINUTE
        (row,) = search(
            stage, at=at, query=box.device, status=status if status is Status.RETIRED else None
        ).items
        with stage.database.transaction() as session:
            own = fleet.status_of(session, session.get_one(Loudspeaker, row.id), at)
        assert (row.status, row.statuses) == (status, own)


def test_where_several_hold_the_weightiest_is_told_first_and_all_are_there(stage: Any) -> None:
    (box,) = healthy(stage)
    put(stage, box, silenced="central", clock="unknown")
    (row,) = search(stage, at=stage.now + 2 * MINUTE).items
    assert row.statuses == (Status.SILENCED, Status.CLOCK_UNKNOWN, Status.LATE)


def test_the_limit_of_a_sim_shows_from_four_fifths_on_and_only_for_this_month(stage: Any) -> None:
    box, other = healthy(stage, 2)
    put(stage, box, data_limit_mb=100)
    put(stage, other, data_limit_mb=100)
    with stage.database.transaction() as session:
        rows = [
            (1, month(stage.now), 80_000_000),
            (2, "2026-02", 500_000_000),
            (2, month(stage.now), 79_000_000),
        ]
        session.execute(
            insert(UsageMonth), [{"loudspeaker_id": i, "month": m, "bytes": b} for i, m, b in rows]
        )
    assert counts(stage) == {Status.DATA_LIMIT: 1, Status.ONLINE: 1}
    (row,) = search(stage, status=Status.DATA_LIMIT).items
    assert (row.device, row.used_bytes, row.data_limit_mb) == (box.device, 80_000_000, 100)
    assert names(search(stage, sort="-data")) == [box.device, other.device]


def test_counts_are_of_the_same_loudspeakers_as_the_lists(stage: Any) -> None:
    boxes = healthy(stage, 6)
    stage.loudspeakers(2)
    put(stage, boxes[0], maker="Vega", silenced="local")
    put(stage, boxes[1], maker="Vega", serial="SN-77")
    assert counts(stage) == {Status.NEVER: 2, Status.SILENCED: 1, Status.ONLINE: 5}
    for status, count in counts(stage).items():
        assert search(stage, status=status).total == count
    assert counts(stage, maker="Vega") == {Status.SILENCED: 1, Status.ONLINE: 1}
    village = stage.cast.villages[0]
    assert sum(counts(stage, area_id=village).values()) == search(stage, area_id=village).total == 3


def test_words_are_looked_for_in_name_device_and_serial_and_all_must_be_there(stage: Any) -> None:
    boxes = healthy(stage, 3)
    name(stage, boxes[2], serial="SN-77", name="Nhà văn hóa 100%")
    assert names(search(stage, query="sn-77")) == [boxes[2].device]
    assert names(search(stage, query="nhà 100%")) == [boxes[2].device]
    assert names(search(stage, query="nhà sân")) == []
    assert names(search(stage, query="loa 002")) == [boxes[1].device]


@pytest.mark.parametrize(
    "typed", ["loa thon dong", "Loa thôn Đông", "LOA THÔN ĐÔNG", "dong", "tho\u0302n \u0111o\u0302ng"]
)
def test_a_name_is_found_with_accents_and_without(stage: Any, typed: str) -> None:
    boxes = healthy(stage, 2)
    name(stage, boxes[0], name="Loa thôn Đông")
    assert names(search(stage, query=typed)) == [boxes[0].device]
    name(stage, boxes[0], name="Loa thôn Tây", note="Chìa khóa ở nhà bác Đông")
    assert names(search(stage, query="dong")) == [boxes[0].device], "the note is looked through too"
    name(stage, boxes[0], note="")
    assert names(search(stage, query=typed)) == []


def test_many_that_are_entered_at_once_are_found_without_accents_too(stage: Any) -> None:
    (box,) = healthy(stage)
    with stage.database.transaction() as session:
        known = {
            "area_id": stage.cast.villages[0],
            "public_key": "",
            "broker_hash": "",
            "created_at": stage.now,
        }
        rows = [{"device": f"d{number}", "name": f"Đầu cầu {number}", **known} for number in range(3)]
        session.execute(insert(Loudspeaker), rows)
    assert names(search(stage, query="dau cau 2")) == ["d2"]
    assert box.device not in names(search(stage, query="cau"))


def test_lists_sort_both_ways_and_pages_hold_together(stage: Any) -> None:
    boxes = healthy(stage, 5)
    put(stage, boxes[3], last_seen=None)
    put(stage, boxes[1], last_seen=stage.now + MINUTE)
    everyone = [search(stage, page=page, per_page=2, sort="name") for page in (1, 2, 3)]
    assert [len(page.items) for page in everyone] == [2, 2, 1]
    assert [name for page in everyone for name in names(page)] == [box.device for box in boxes]
    assert names(search(stage, sort="-seen"))[0] == boxes[1].device
    assert names(search(stage, sort="-seen"))[-1] == boxes[3].device
    assert search(stage, page=99, per_page=2).page == 3


@pytest.mark.parametrize("sort", fleet.SORTS)
def test_every_order_is_the_same_whatever_page_is_asked_for(stage: Any, sort: str) -> None:
    boxes = healthy(stage, 4)
    whole = names(search(stage, sort=sort))
    assert sorted(whole) == sorted(box.device for box in boxes)
    assert [names(search(stage, sort=sort, page=n, per_page=1))[0] for n in (1, 2, 3, 4)] == whole


def test_nobody_sees_or_counts_the_loudspeakers_of_another_commune(stage: Any) -> None:
    healthy(stage, 2)
    assert search(stage, stage.cast.mai).total == 0
    assert counts(stage, stage.cast.mai) == {}
    assert search(stage, stage.cast.mai, area_id=stage.cast.commune).total == 0
    assert search(stage, stage.cast.dung).total == 2


def test_the_choices_of_the_filters_are_what_is_in_service(stage: Any) -> None:
    boxes = healthy(stage, 2)
    put(stage, boxes[0], maker="Vega")
    with stage.database.transaction(read_only=True) as session:
        assert fleet.choices(session, stage.cast.lan) == (["Vega"], ["2.1"])
        assert fleet.choices(session, stage.cast.mai) == ([], [])


def test_every_status_but_online_has_its_weight_and_its_condition(now: dt.datetime) -> None:
    assert set(BY_WEIGHT) == set(Conditions(now).holding) == set(Status) - {Status.ONLINE}


def test_ten_thousand_loudspeakers_are_paged_by_the_database(stage: Any) -> None:
    """Two queries and as many rows as the page shows; one for all the counts."""
    many = [
        {
            "device": f"d{n:05}",
            "name": f"Cụm loa {n}",
            "area_id": stage.cast.villages[n % 3],
            "public_key": "",
            "broker_hash": "",
            "created_at": stage.now,
            "activated_at": stage.now if n % 10 else None,
            "last_seen": stage.now - dt.timedelta(seconds=n % 300) if n % 10 else None,
            "online": bool(n % 10),
            "report": {},
        }
        for n in range(10_000)
    ]
    with stage.database.transaction() as session:
        session.execute(insert(Loudspeaker), many)
    statements: list[str] = []

    def executed(_: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if statement.startswith("SELECT"):
            statements.append(statement)

    event.listen(stage.database.engine, "after_cursor_execute", executed)
    try:
        page = search(stage, query="cụm", status=Status.NEVER, page=7)
        assert (page.total, len(page.items), len(statements)) == (1000, 50, 2)
        assert "LIMIT" in statements[1]
        assert counts(stage) == Counter(
            Status.NEVER
            if n % 10 == 0
            else Status.OFFLINE
            if n % 300 > 195
            else Status.LATE
            if n % 300 > 75
            else Status.ONLINE
            for n in range(10_000)
        )
        assert len(statements) == 3
    finally:
        event.remove(stage.database.engine, "after_cursor_execute", executed)
