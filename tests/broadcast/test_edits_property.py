"""Any sequence of edits and undos leaves on the air exactly what a list of times on paper would say."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from broadcast.models import Schedule
from broadcast.scheduling import occurrences, programme, schedule_changes
from schedules import recurrence
from schedules.types import LOCAL, Frequency, Rule

TODAY = dt.date(2026, 3, 2)  # a Monday; now is 08:00
DAYS = 5
TIMES = ("09:15", "17:00", "17:30")

moments = st.builds(
    lambda day, time: dt.datetime.combine(TODAY + dt.timedelta(days=day), dt.time.fromisoformat(time)),
    st.integers(0, DAYS - 1),
    st.sampled_from(TIMES),
)
actions = ["move", "skip", "shift", "edit", "withdraw", "undo", "undo", "undo older"]
steps = st.lists(st.tuples(st.sampled_from(actions), st.integers(0, 50), moments), min_size=4, max_size=12)

Paper = dict[int, frozenset[dt.datetime]]


def aired(session: Any) -> Paper:
    start = dt.datetime.combine(TODAY, dt.time(), tzinfo=LOCAL)
    found: Paper = {}
    for schedule in session.query(Schedule).order_by(Schedule.id):
        rule = recurrence.from_dict(schedule.rule)
        coming = recurrence.occurrences(rule, start, start + dt.timedelta(days=DAYS + 1))
        on_air = schedule.withdrawn_at is None
        found[schedule.id] = frozenset(each.nominal for each in coming if on_air)
    return found


class Desk:
    """An officer at work beside a sheet of paper with every state of it that there was."""

    def __init__(self, stage: Any, session: Any) -> None:
        self.session = session
        self.lan = stage.cast.lan
        self.options = {"now": stage.now, "wire": stage.wire}
        self.paper = aired(session)
        self.done: list[tuple[int, Paper, Paper]] = []  # a change, what was before it and after it

    def act(self, action: str, which: int, to: dt.datetime) -> None:
        before = dict(self.paper)
        if action.startswith("undo"):
            self._undo(which if action == "undo older" else 0)
            return
        schedule_id = sorted(self.paper)[which % len(self.paper)]
        on_air = sorted(self.paper[schedule_id])
        if not on_air:
            return
        getattr(self, f"_{action}")(schedule_id, on_air[which % len(on_air)], to)
        [change] = schedule_changes.recent(self.session, self.lan, 2, 1)
        if self.paper != before:
            self.done.append((change.id, before, dict(self.paper)))

    def _move(self, schedule_id: int, was: dt.datetime, to: dt.datetime) -> None:
        occurrences.move(self.session, self.lan, schedule_id, was=was, to=to, **self.options)
        self.paper[schedule_id] = self.paper[schedule_id] - {was} | {to}

    def _skip(self, schedule_id: int, was: dt.datetime, _to: dt.datetime) -> None:
        occurrences.skip(self.session, self.lan, schedule_id, at=was, **self.options)
        self.paper[schedule_id] -= {was}

    def _shift(self, _schedule_id: int, was: dt.datetime, _to: dt.datetime) -> None:
        """Everything on one day, of all schedules, a quarter of an hour later."""
        by, day = dt.timedelta(minutes=15), was.date()
        chosen = [(each, at) for each, times in self.paper.items() for at in times if at.date() == day]
        occurrences.shift_many(self.session, self.lan, chosen, by=by, **self.options)
        for each, times in self.paper.items():
            self.paper[each] = frozenset(at + by if at.date() == day else at for at in times)

    def _edit(self, schedule_id: int, _was: dt.datetime, to: dt.datetime) -> None:
        rule = Rule(Frequency.DAILY, TODAY, (to.time(),), until=TODAY + dt.timedelta(days=DAYS - 1))
        programme.change_schedule(self.session, self.lan, schedule_id, rule=rule, **self.options)
        days = (TODAY + dt.timedelta(days=day) for day in range(DAYS))
        self.paper[schedule_id] = frozenset(dt.datetime.combine(day, to.time()) for day in days)

    def _withdraw(self, schedule_id: int, _was: dt.datetime, _to: dt.datetime) -> None:
        programme.withdraw_schedule(
            self.session, self.lan, schedule_id, self.options["now"], wire=self.options["wire"]
        )
        self.paper[schedule_id] = frozenset()

    def _undo(self, back: int) -> None:
        """The last change is undone; an older one only where nothing that came later is in its way."""
        if not self.done:
            return
        change_id, before, after = self.done[-1 - back % len(self.done)]
        touched = {each for each in after if before[each] != after[each]}
        change = self.session.get(schedule_changes.ScheduleChange, change_id)
        if not schedule_changes.can_undo(change):
            return
        assert {each: self.paper[each] for each in touched} == {each: after[each] for each in touched}
        undone = schedule_changes.undo(self.session, self.lan, change_id, **self.options)
        then = dict(self.paper)
        self.paper |= {each: before[each] for each in touched}
        self.done.append((undone.id, then, dict(self.paper)))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_any_edits_and_undos_air_what_stands_on_paper(stage: Any) -> None:
    bulletin = stage.bulletin()
    last = TODAY + dt.timedelta(days=DAYS - 1)
    for time in TIMES[:2]:
        stage.schedule(time, bulletin_ids=[bulletin], until=last)

    @settings(
        max_examples=40,
        deadline=None,
        derandomize=True,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(steps=steps)
    def follow(steps: list[tuple[str, int, dt.datetime]]) -> None:
        with stage.database.transaction() as session:
            desk = Desk(stage, session)
            for action, which, to in steps:
                desk.act(action, which, to)
                assert aired(session) == desk.paper, (action, which, to)
            session.rollback()

    follow()
