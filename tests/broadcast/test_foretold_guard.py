"""A loudspeaker's day as foretold names what its own guard will refuse, by the code that it would report."""

from __future__ import annotations

import datetime as dt
from typing import Any

from broadcast.scheduling import foretold
from broadcast.units import policies

TUESDAY = dt.date(2026, 3, 3)


def refused(stage: Any, day: dt.date = TUESDAY, **limits: Any) -> dict[str, str]:
    with stage.database.transaction() as session:
        person, commune = stage.cast.admin, stage.cast.commune
        policies.save(session, person, commune, values=limits, now=stage.now)
    stage.plan()
    with stage.database.transaction(read_only=True) as session:
        told = foretold.of_day(session, stage.cast.lan, 1, day=day, now=stage.now, days=7, wire=stage.wire)
        return {f"{each.start + dt.timedelta(hours=7):%H:%M}": each.refused for each in told.playing}


def test_the_guard_s_own_decisions_are_told_beforehand(stage: Any) -> None:
    stage.loudspeakers(1)
    minute = stage.bulletin(seconds=60)
    stage.schedule("04:00", "05:30", "05:35", "11:00", "17:00", bulletin_ids=[minute])
    nothing = {"05:30": "", "05:35": "", "11:00": "", "17:00": ""}
    assert refused(stage) == {"04:00": "outside_hours", **nothing}
    expected = {"04:00": "outside_hours", **nothing, "17:00": "session_limit"}
    assert refused(stage, sessions_a_day=2) == expected
    assert set(refused(stage, weekdays=[1]).values()) == {"outside_hours", "weekday"}


def test_minutes_of_the_day_and_of_the_session_are_told_too(stage: Any) -> None:
    stage.loudspeakers(1)
    stage.schedule("05:30", "05:41", "17:00", bulletin_ids=[stage.bulletin(seconds=600)])
    found = refused(stage, minutes_a_session=15)
    assert found == {"05:30": "", "05:41": "session_minutes", "17:00": ""}
    found = refused(stage, minutes_a_session=None, minutes_a_day=20)
    assert found == {"05:30": "", "05:41": "", "17:00": "daily_limit"}
