"""The values of the programme: rules in local time, occurrences in UTC."""

from __future__ import annotations

import datetime as dt
import enum
from dataclasses import dataclass
from zoneinfo import ZoneInfo

LOCAL = ZoneInfo("Asia/Ho_Chi_Minh")


class Frequency(enum.StrEnum):
    ONCE = "once"
    DAILY = "daily"
    WEEKLY = "weekly"


@dataclass(frozen=True, slots=True)
class Rule:
    """When something airs, in the local time of Vietnam.

    ``starts_on`` is the date of a ONCE rule and the first valid date of the
    others; ``until`` is the last valid date; ``weekdays`` count from Monday = 0
    and serve WEEKLY only.
    """

    frequency: Frequency
    starts_on: dt.date
    times: tuple[dt.time, ...]
    weekdays: frozenset[int] = frozenset()
    until: dt.date | None = None


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
