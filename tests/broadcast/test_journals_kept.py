"""Raw journals are kept as long as the units say: what they proved stays, what went can still be proved."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from broadcast.care import journals, retention
from broadcast.evidence import reconciling
from broadcast.evidence.whys import Why
from broadcast.models import AsRun, AuditRow, JournalRow, Loudspeaker, Person
from broadcast.storage.library import Library
from broadcast.storage.moments import day_start
from broadcast.units import policies
from devices.messages import Cursor

DAY = dt.timedelta(days=1)


def keep(stage: Any, days: int) -> None:
    with stage.database.transaction() as session:
        admin = session.get_one(Person, stage.cast.admin.id)
        values = {"keep_journals_days": days}
        policies.save(session, admin, stage.cast.commune, values=values, now=stage.now)


def prune(stage: Any, after: dt.timedelta) -> journals.Cut:
    with stage.database.transaction() as session:
        return journals.prune(session, stage.now + after)


def rows(stage: Any) -> list[JournalRow]:
    with stage.database.transaction(read_only=True) as session:
        return list(session.scalars(select(JournalRow).order_by(JournalRow.id)))


def cursor(stage: Any) -> int:
    """The last one that waits to leave."""
    return max((order.seq for _, order in stage.outbox() if isinstance(order, Cursor)), default=0)


@pytest.fixture
def aired(stage: Any) -> Any:
    """One box that has played on the first day and reported so."""
    [box] = stage.loudspeakers(1)
    stage.schedule("17:00")
    stage.plan()
    first = stage.broadcasts()[0]
    stage.hear(box.journal(first.start, *box.played(first)), now=first.start + DAY / 24)
    return box


def test_where_nobody_says_how_long_journals_are_kept_for_good(stage: Any, aired: Any) -> None:
    assert prune(stage, 5000 * DAY) == journals.Cut()
    assert len(rows(stage)) == 4


def test_what_is_past_its_time_goes_and_what_it_proved_stays(stage: Any, aired: Any) -> None:
    keep(stage, 90)
    assert prune(stage, 89 * DAY).rows == 0
    cut = prune(stage, 99 * DAY)
    assert (cut.rows, cut.more) == (2, False)
    assert [row.seq for row in rows(stage)] == [1, 4]  # where it begins, and where the cursor stands
    with stage.database.transaction(read_only=True) as session:
        [run] = session.scalars(select(AsRun))
        assert (run.evidence, run.played_ms) == (3, 60_000)


def test_the_next_cursor_goes_on_where_the_last_one_stood(stage: Any, aired: Any) -> None:
    keep(stage, 90)
    prune(stage, 99 * DAY)
    stage.clear_outbox()
    late = stage.now + 100 * DAY
    aired.boot = "b2"
    stage.hear(aired.journal(late, aired.event(late, "boot")), now=late)
    assert cursor(stage) == 5


def test_what_came_before_its_turn_stays_until_the_box_need_not_send_it_again(stage: Any, aired: Any) -> None:
    keep(stage, 90)
    start = stage.now + DAY
    fifth, _lost, seventh = (aired.event(start, "silenced") for _ in range(3))
    for each in (seventh, fifth):
        stage.hear(aired.journal(start, each), now=start)
    assert cursor(stage) == 5
    prune(stage, 200 * DAY)
    assert [row.seq for row in rows(stage)] == [1, 7, 5]


def test_a_copy_proves_itself_by_the_hash_that_is_left(stage: Any, aired: Any) -> None:
    copy = rows(stage)
    keep(stage, 90)
    with stage.database.transaction() as session:
        done = retention.run(session, Library(Path("unused")), stage.now + 99 * DAY)
    with stage.database.transaction(read_only=True) as session:
        left = session.scalar(select(Loudspeaker.journal_sha256))
        told = session.scalars(select(AuditRow).where(AuditRow.action == "retention.delete")).one()
    assert left == journals.fold("", copy[1:3])
    assert (told.detail["journals"], told.detail["journals_sha256"]) == (2, done.journals_sha256)
    copy[1].body = {**copy[1].body, "volume": 1}
    assert left != journals.fold("", copy[1:3])


def test_much_goes_in_parts_and_gives_the_same_hash(
    stage: Any, aired: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = stage.now + DAY
    stage.hear(aired.journal(start, *(aired.event(start, "silenced") for _ in range(6))), now=start)
    copy = [row for row in rows(stage)[1:] if row.seq < 10]
    keep(stage, 90)
    monkeypatch.setattr(journals, "MOST", 3)
    cuts = [prune(stage, 99 * DAY)]
    while cuts[-1].more:
        cuts.append(prune(stage, 99 * DAY))
    assert [cut.rows for cut in cuts] == [3, 3, 2]
    with stage.database.transaction(read_only=True) as session:
        assert session.scalar(select(Loudspeaker.journal_sha256)) == journals.fold("", copy)
        assert session.scalar(select(func.count()).select_from(JournalRow)) == 2


def test_what_only_the_journal_could_explain_is_told_as_kept_no_more(stage: Any, aired: Any) -> None:
    second = stage.broadcasts()[1]
    missed = aired.event(second.start, "missed", second.occurrence, reason="off")
    stage.hear(aired.journal(second.start, missed), now=second.start)

    def why() -> Why | None:
        day = day_start(second.start.date())
        with stage.database.transaction(read_only=True) as session:
            [row] = reconciling.rows(session, stage.cast.lan, stage.cast.commune, day, day + DAY)
        return row.why

    assert why() is Why.UNKNOWN
    keep(stage, 90)
    prune(stage, 99 * DAY)
    assert why() is Why.NOT_KEPT
