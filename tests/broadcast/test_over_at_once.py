"""Over it, while somebody else changes what gives way: neither change is lost."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from broadcast.models import Schedule
from broadcast.scheduling import occurrences, programme
from broadcast.scheduling.intents import Intent
from schedules import recurrence
from schedules.types import Frequency, Rule

TODAY = dt.date(2026, 3, 2)  # a Monday; now is 08:00
FIVE = dt.time(17)


def on(day: int) -> dt.datetime:
    return dt.datetime.combine(TODAY + dt.timedelta(days=day), FIVE)


def create(stage: Any, bulletin: int, rule: Rule, **more: Any) -> int:
    intent = Intent(stage.cast.commune, (bulletin,), rule)
    said = {"title": "Tin", "now": stage.now, "wire": stage.wire}
    with stage.database.transaction() as session:
        return programme.create_schedule(session, stage.cast.lan, intent, **said, **more).id


@contextmanager
def told_of_a_lock(stage: Any) -> Iterator[threading.Event]:
    """Set when another thread asks for a row that this one may hold. SQLite has no such locks."""
    asks, us = threading.Event(), threading.get_ident()

    def hear(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if threading.get_ident() != us and "FROM schedule" in statement and "FOR UPDATE" in statement:
            asks.set()

    event.listen(stage.database.engine, "before_cursor_execute", hear)
    yield asks
    event.remove(stage.database.engine, "before_cursor_execute", hear)


def test_what_another_officer_left_out_meanwhile_stays_left_out(stage: Any) -> None:
    bulletin = stage.bulletin()
    theirs = create(stage, bulletin, Rule(Frequency.DAILY, TODAY, (FIVE,)))
    single = Rule(Frequency.ONCE, TODAY + dt.timedelta(days=2), (FIVE,))
    over_it = threading.Thread(target=create, args=(stage, bulletin, single), kwargs={"over": [theirs]})
    with told_of_a_lock(stage) as asks:
        with stage.database.transaction() as session:
            said = {"now": stage.now, "wire": stage.wire}
            occurrences.skip(session, stage.cast.lan, theirs, at=on(4), **said)
            over_it.start()
            asks.wait(30 if stage.database.kind == "postgresql" else 0)
        over_it.join(60)
    with stage.database.transaction(read_only=True) as session:
        rule = recurrence.from_dict(session.get_one(Schedule, theirs).rule)
    assert rule.skipped == (on(2), on(4))
