"""Whether a broadcast lies inside the allowed hours, and what a time outside was meant to be."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from schedules import windows
from schedules.types import Window


def covered(allowed_hours: Iterable[Window], start: dt.datetime, end: dt.datetime) -> bool:
    return any(windows.covers(window, start, end) for window in allowed_hours)


def likely_correction(allowed_hours: Iterable[Window], time: dt.time) -> dt.time | None:
    hits = (windows.likely_correction(window, time) for window in allowed_hours)
    return next((hit for hit in hits if hit is not None), None)
