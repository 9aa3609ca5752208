"""A recurring event as iCalendar has it: between a rule and RRULE, EXDATE, RDATE and RECURRENCE-ID."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from .types import Move


@dataclass(frozen=True, slots=True)
class Series:
    """Everything in the local time of Vietnam, without a zone; ``rrule`` is the value of the property.

    ``start`` (DTSTART) is the first occurrence. ``exdates`` are left out, ``rdates`` come in addition;
    ``moved`` are occurrences with a RECURRENCE-ID and a start of their own.
    """

    start: dt.datetime
    rrule: str = ""
    exdates: tuple[dt.datetime, ...] = ()
    rdates: tuple[dt.datetime, ...] = ()
    moved: tuple[Move, ...] = ()
