"""Whatever rule is accepted, a week of it costs little: hostile ones are refused before they are read."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

import pytest

from schedules import recurrence
from schedules.errors import RuleError
from schedules.types import LOCAL, Frequency, Move, NthWeekday, OnHolidays, Rule
from schedules.validation import MAX_EXCEPTIONS, MAX_TIMES

LONG_AGO = dt.date(1968, 1, 1)
BEGIN = dt.datetime(2098, 5, 1, tzinfo=LOCAL)
ALL_TIMES = tuple(dt.time(n // 12, n % 12 * 5) for n in range(MAX_TIMES))
MOMENTS = [dt.datetime.combine(LONG_AGO, dt.time()) + dt.timedelta(hours=n) for n in range(MAX_EXCEPTIONS)]
SECONDS = 0.5  # of a processor, for a week of the worst rule; a hundredth of that where nothing else runs

EVERY_NTH = tuple(NthWeekday(nth, day) for nth in (1, 2, 3, 4, 5, -1, -2, -3, -4, -5) for day in range(7))
ALL_DAYS = (*range(1, 31), *range(-30, 0))
PATTERNS: list[tuple[Frequency, dict[str, Any]]] = [
    (Frequency.DAILY, {}),
    (Frequency.DAILY, {"interval": 1000}),
    (Frequency.WEEKLY, {"weekdays": frozenset(range(7)), "interval": 999}),
    (Frequency.MONTHLY, {"month_days": ALL_DAYS}),
    (Frequency.MONTHLY, {"nth_weekdays": EVERY_NTH}),
    (Frequency.YEARLY, {"months": frozenset(range(1, 13)), "nth_weekdays": EVERY_NTH}),
    (Frequency.DATES, {"dates": tuple(LONG_AGO + dt.timedelta(n * 40) for n in range(1000))}),
    (Frequency.WORKDAYS, {}),
    (Frequency.LUNAR_MONTHLY, {"month_days": ALL_DAYS}),
    (Frequency.LUNAR_YEARLY, {"months": frozenset(range(1, 13)), "month_days": ALL_DAYS}),
]


@pytest.mark.parametrize("on_holidays", OnHolidays)
@pytest.mark.parametrize(("frequency", "fields"), PATTERNS)
def test_a_week_of_the_worst_rule_is_cheap_130_years_after_it_began(
    frequency: Frequency, fields: dict[str, Any], on_holidays: OnHolidays
) -> None:
    moves = tuple(Move(moment, moment + dt.timedelta(minutes=7)) for moment in MOMENTS)
    rule = recurrence.validate(
        Rule(frequency, LONG_AGO, ALL_TIMES, on_holidays=on_holidays, moved=moves, **fields)
    )
    list(recurrence.occurrences(rule, BEGIN, BEGIN + dt.timedelta(days=1)))  # loads the holidays of the year
    began = time.process_time()
    found = list(recurrence.occurrences(rule, BEGIN, BEGIN + dt.timedelta(days=7)))
    assert time.process_time() - began < SECONDS
    assert len(found) <= 7 * MAX_TIMES


@pytest.mark.parametrize(
    "hostile",
    [
        {"times": ["05:30"] * 1_000_000},
        {"skipped_days": ["2026-03-02"] * 1_000_000},
        {"skipped": ["2026-03-02T05:30"] * 1_000_000},
        {"moved": [{"was": "2026-03-02T05:30", "to": "2026-03-02T06:30"}] * 1_000_000},
        {"frequency": "dates", "dates": ["2026-03-02"] * 1_000_000},
        {"frequency": "weekly", "weekdays": [0] * 1_000_000},
        {"frequency": "monthly", "month_days": [1] * 1_000_000},
        {"frequency": "monthly", "nth_weekdays": [[1, 0]] * 1_000_000},
        {"interval": 10**9},
        {"interval": 10**400},
    ],
)
def test_what_is_hostile_is_refused_before_it_is_read(hostile: dict[str, Any]) -> None:
    plain = {"frequency": "daily", "starts_on": "2026-03-02", "times": ["05:30"]}
    began = time.process_time()
    with pytest.raises(RuleError):
        recurrence.from_dict(plain | hostile)
    assert time.process_time() - began < SECONDS


def test_a_rule_for_ever_is_cheap_at_the_end_of_time() -> None:
    rule = recurrence.validate(
        Rule(Frequency.DAILY, LONG_AGO, (dt.time(5, 30),), until=dt.date(9999, 12, 31))
    )
    end = dt.datetime(9999, 12, 31, tzinfo=dt.UTC)
    assert len(list(recurrence.occurrences(rule, end - dt.timedelta(days=7), end))) == 7
