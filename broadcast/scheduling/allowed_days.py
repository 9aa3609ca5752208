"""The nearest days on which a schedule may air, where units do not allow the days that its rule names."""

from __future__ import annotations

import datetime as dt
from collections.abc import Set
from dataclasses import replace

from schedules.types import Frequency, Rule

WEEK = frozenset(range(7))


def nearest(rule: Rule, allowed: Set[int]) -> Rule | None:
    """The rule on allowed weekdays (0 is Monday); None where that would be a rule of another kind.

    A day that is not allowed goes to the nearest one that is and that the rule has not, every day becomes
    all that are allowed, a single date the next one.
    """
    if not allowed:
        return None
    match rule.frequency:
        case Frequency.ONCE:
            days = (rule.starts_on + dt.timedelta(days=count) for count in range(7))
            return replace(rule, starts_on=next(day for day in days if day.weekday() in allowed))
        case Frequency.DAILY if allowed >= WEEK:
            return rule
        case Frequency.DAILY if rule.interval == 1:
            return replace(rule, frequency=Frequency.WEEKLY, weekdays=frozenset(allowed))
        case Frequency.WEEKLY:
            return replace(rule, weekdays=_moved(rule.weekdays, allowed))
    return None


def _moved(weekdays: frozenset[int], allowed: Set[int]) -> frozenset[int]:
    found = weekdays & allowed
    for day in sorted(weekdays - allowed):
        free = sorted(allowed - found, key=lambda each: min((each - day) % 7, (day - each) % 7))
        found |= {*free[:1]}
    return found
