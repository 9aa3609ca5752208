"""The nearest days that are allowed, for a rule whose own days are not."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from broadcast.scheduling import allowed_days
from schedules.types import Frequency, Rule

TODAY = dt.date(2026, 3, 2)  # a Monday
SOME = st.sets(st.integers(0, 6), min_size=1)


@given(SOME, SOME)
def test_the_nearest_days_are_allowed_and_as_many_as_may_be(wished: set[int], allowed: set[int]) -> None:
    rule = Rule(Frequency.WEEKLY, TODAY, (dt.time(17),), weekdays=frozenset(wished))
    found = allowed_days.nearest(rule, allowed)
    assert found is not None
    assert found.weekdays <= allowed
    assert wished & allowed <= found.weekdays
    assert len(found.weekdays) == min(len(wished), len(allowed))
    assert allowed_days.nearest(rule, frozenset()) is None


def test_a_sunday_goes_to_the_day_before_or_after_it_and_a_date_to_the_next_allowed_one() -> None:
    weekly = Rule(Frequency.WEEKLY, TODAY, (dt.time(17),), weekdays=frozenset({0, 6}))
    found = allowed_days.nearest(weekly, {0, 1, 2, 3, 4})
    assert found is not None
    assert found.weekdays == {0, 1}
    once = Rule(Frequency.ONCE, dt.date(2026, 3, 8), (dt.time(17),))
    found = allowed_days.nearest(once, {2})
    assert found is not None
    assert found.starts_on == dt.date(2026, 3, 11)


def test_days_that_are_not_of_the_week_stay_as_they_were_meant() -> None:
    monthly = Rule(Frequency.MONTHLY, TODAY, (dt.time(17),), month_days=(1,))
    every_other = Rule(Frequency.DAILY, TODAY, (dt.time(17),), interval=2)
    assert allowed_days.nearest(monthly, {0}) is None
    assert allowed_days.nearest(every_other, {0}) is None
    assert allowed_days.nearest(every_other, set(range(7))) == every_other
