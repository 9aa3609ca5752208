"""What stands beside a date in the programme: its lunar date, and the public holiday if it is one."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from flask_babel import gettext as _

from schedules.errors import RuleError
from schedules.holidays import Calendar
from schedules.lunar import LunarDate, lunar_date

FULL_MOON = 15


@dataclass(frozen=True, slots=True)
class DayNote:
    """``lunar`` is written as people do, day and month; ``marked`` on the first and the fifteenth."""

    lunar: str
    holiday: str
    marked: bool = False

    @property
    def day_alone(self) -> str:
        """For a small square: the month only where it begins."""
        day, _slash, _month = self.lunar.partition("/")
        return self.lunar if day == "1" else day


def note(day: dt.date, calendar: Calendar) -> DayNote:
    holiday = calendar.name(day)
    try:
        found = lunar_date(day)
    except RuleError:  # beyond the tables
        return DayNote("", holiday)
    return DayNote(_written(found), holiday, found.day in (1, FULL_MOON))


def _written(date: LunarDate) -> str:
    written = f"{date.day}/{date.month}"
    return f"{written} {_('nhuận')}" if date.leap else written
