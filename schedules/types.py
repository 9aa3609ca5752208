"""The values of the programme: rules in local time, occurrences in UTC."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass
from zoneinfo import ZoneInfo

LOCAL = ZoneInfo("Asia/Ho_Chi_Minh")

LAST = -1  # the last day of a month, the last such weekday of a month


class Frequency(enum.StrEnum):
    """What kind of days a rule names; the fields of ``Rule`` that serve it stand in brackets."""

    ONCE = "once"
    DAILY = "daily"  # interval
    WEEKLY = "weekly"  # interval, weekdays, week_start
    MONTHLY = "monthly"  # interval, month_days or nth_weekdays, month_end
    YEARLY = "yearly"  # interval, months with month_days or nth_weekdays, month_end
    DATES = "dates"  # dates
    WORKDAYS = "workdays"  # what the calendar of holidays calls a working day
    LUNAR_MONTHLY = "lunar_monthly"  # month_days, month_end; leap months are months like any other
    LUNAR_YEARLY = "lunar_yearly"  # months with month_days, month_end, leap_months


class MonthEnd(enum.StrEnum):
    """What day 31 means in a month of 30 days."""

    LAST_DAY = "last_day"  # as people mean it
    SKIP = "skip"  # as RRULE has it


class LeapMonths(enum.StrEnum):
    """Which of two lunar months of one number a yearly date means.

    By custom a yearly anniversary is kept in the first of the two, since no other year has the second
    (so answers the Buddhist newspaper Giác Ngộ, 12 April 2023, and the State's day of the Hùng kings does).
    """

    FIRST = "first"
    SECOND = "second"  # in a year without it, the only one
    BOTH = "both"


class OnHolidays(enum.StrEnum):
    """What a rule does on public holidays."""

    KEEP = "keep"
    SKIP = "skip"
    ONLY = "only"  # and nothing on other days
    NEXT_WORKING_DAY = "next_working_day"


@dataclass(frozen=True, slots=True, order=True)
class NthWeekday:
    """The first (1) to fifth (5) such weekday of a month, or counted from its end (-1 is the last)."""

    nth: int
    weekday: int


@dataclass(frozen=True, slots=True, order=True)
class Move:
    """One occurrence that airs at another local time instead."""

    was: dt.datetime
    to: dt.datetime


@dataclass(frozen=True, slots=True)
class Rule:
    """When something airs, in the local time of Vietnam.

    ``starts_on`` is the date of a ONCE rule, and of the others the first valid date, from which intervals
    count; ``until`` is the last valid date. Weekdays count from Monday = 0. Days of a month may count from
    its end: -1 is the last. The exceptions name local dates and times at which the rule would air, after
    holidays were heeded; what is left out cannot be moved, and what was moved stays where it was put.
    """

    frequency: Frequency
    starts_on: dt.date
    times: tuple[dt.time, ...]
    weekdays: frozenset[int] = frozenset()
    until: dt.date | None = None
    interval: int = 1
    month_days: tuple[int, ...] = ()
    nth_weekdays: tuple[NthWeekday, ...] = ()
    months: frozenset[int] = frozenset()
    dates: tuple[dt.date, ...] = ()
    week_start: int = 0  # matters for every second week and beyond
    month_end: MonthEnd = MonthEnd.LAST_DAY
    leap_months: LeapMonths = LeapMonths.FIRST
    on_holidays: OnHolidays = OnHolidays.KEEP
    skipped_days: tuple[dt.date, ...] = ()
    skipped: tuple[dt.datetime, ...] = ()
    moved: tuple[Move, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class Occurrence:
    """One dated start of a rule."""

    start: dt.datetime  # aware, UTC
    nominal: dt.datetime  # the same instant as naive local wall time, stable in ids


@dataclass(frozen=True, slots=True)
class Window:
    """A daily window of local time; over midnight when ``end`` is not after ``start``."""

    start: dt.time
    end: dt.time
