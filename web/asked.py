"""What an address or a form may name: days that the calendars know, and numbers that a column holds.

Given as ``type`` to ``request.args.get`` and its like; what they refuse counts as not given.
"""

from __future__ import annotations

import datetime as dt

from schedules.lunar import FIRST_DAY, LAST_DAY

AROUND = dt.timedelta(days=45)  # so that the month around a day is one that can be shown
LARGEST = 2**31 - 1  # what a column of integer numbers holds


def calendar_day(text: str) -> dt.date:
    """Raises ValueError."""
    return known(dt.date.fromisoformat(text))


def known(day: dt.date) -> dt.date:
    """Raises ValueError for a day outside of what the calendars reckon with."""
    date = day.date() if isinstance(day, dt.datetime) else day
    if not FIRST_DAY + AROUND <= date <= LAST_DAY - AROUND:
        raise ValueError(day)
    return day


def integer(text: str) -> int:
    """Raises ValueError."""
    number = int(text)
    if abs(number) > LARGEST:
        raise ValueError(text)
    return number
