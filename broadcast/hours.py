"""The allowed hours of an area: its own, narrowed by those of every area above it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from schedules import windows
from schedules.types import Window

from .models import Area


def allowed(chain: Iterable[Area]) -> tuple[Window, ...]:
    """The hours that an area and all its ancestors allow; empty when they have none in common."""
    return windows.intersection([_window(area) for area in chain])


def covered(allowed_hours: Iterable[Window], start: dt.datetime, end: dt.datetime) -> bool:
    return any(windows.covers(window, start, end) for window in allowed_hours)


def likely_correction(allowed_hours: Iterable[Window], time: dt.time) -> dt.time | None:
    hits = (windows.likely_correction(window, time) for window in allowed_hours)
    return next((hit for hit in hits if hit is not None), None)


def _window(area: Area) -> Window:
    return Window(dt.time.fromisoformat(area.window_start), dt.time.fromisoformat(area.window_end))
