"""Allowed hours of a day: whether an instant is inside, when they open, and what was likely meant."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from .types import LOCAL, Window

_HALF_DAY = 12  # hours
_DAY = 24 * 60  # minutes


def contains(window: Window, at: dt.datetime) -> bool:
    """Whether the aware instant ``at`` lies in the half-open window of local time."""
    return holds(window, at.astimezone(LOCAL).time())


def holds(window: Window, time: dt.time) -> bool:
    """Whether a local wall time lies in the half-open window."""
    if window.start < window.end:
        return window.start <= time < window.end
    return time >= window.start or time < window.end


def covers(window: Window, start: dt.datetime, end: dt.datetime) -> bool:
    """Whether all of ``[start, end)`` lies in one opening of the window; a whole-day one never closes."""
    if window.start == window.end:
        return True
    return contains(window, start) and end <= closes(window, start)


def closes(window: Window, at: dt.datetime) -> dt.datetime:
    """The end, in UTC, of the opening that contains ``at``."""
    return _next(window.end, at, strictly=True)


def opening(window: Window, day: dt.date) -> tuple[dt.datetime, dt.datetime]:
    """From when to when, in UTC, the window is open that opens on ``day``; it may close on the day after."""
    start = dt.datetime.combine(day, window.start, tzinfo=LOCAL)
    closing = day if window.end > window.start else day + dt.timedelta(days=1)
    end = dt.datetime.combine(closing, window.end, tzinfo=LOCAL)
    return start.astimezone(dt.UTC), end.astimezone(dt.UTC)


def anchor(window: Window, at: dt.datetime) -> dt.date | None:
    """The day on which the opening began that holds the aware instant ``at``, if there is one.

    02:00 on Saturday lies in Friday's night: weekdays and holidays of a window mean the day it opens on.
    """
    local = at.astimezone(LOCAL)
    if not holds(window, local.time()):
        return None
    over_midnight = window.end <= window.start and local.time() < window.start
    return local.date() - dt.timedelta(days=over_midnight)


def next_open(window: Window, at: dt.datetime) -> dt.datetime:
    """``at`` itself when the window is open, else the next instant at which it opens, in UTC."""
    if contains(window, at):
        return at.astimezone(dt.UTC)
    return _next(window.start, at, strictly=False)


def _next(time: dt.time, at: dt.datetime, *, strictly: bool) -> dt.datetime:
    local = at.astimezone(LOCAL)
    candidate = dt.datetime.combine(local.date(), time, tzinfo=LOCAL)
    if candidate < local or (strictly and candidate == local):
        candidate = dt.datetime.combine(local.date() + dt.timedelta(days=1), time, tzinfo=LOCAL)
    return candidate.astimezone(dt.UTC)


def likely_correction(window: Window, time: dt.time) -> dt.time | None:
    """What a time outside the window was probably meant to be: the other half of the day, if that is allowed.

    A relay set to 03:15 instead of 15:15 once woke a village.
    """
    if holds(window, time):
        return None
    other = time.replace(hour=(time.hour + _HALF_DAY) % 24)
    return other if holds(window, other) else None


def open_hours(groups: Sequence[Sequence[Window]], closed: Sequence[Window] = ()) -> tuple[Window, ...]:
    """The hours in which some window of every group is open and nothing of ``closed`` holds, to the minute.

    A single window of equal ends is the whole day; empty when there is no such hour.
    """
    open_minutes = [_is_open(_time(minute), groups, closed) for minute in range(_DAY)]
    if all(open_minutes):
        return (Window(dt.time(), dt.time()),)
    starts = [m for m in range(_DAY) if open_minutes[m] and not open_minutes[m - 1]]
    return tuple(Window(_time(start), _time(_end_of(open_minutes, start))) for start in starts)


def _is_open(time: dt.time, groups: Sequence[Sequence[Window]], closed: Sequence[Window]) -> bool:
    if any(holds(window, time) for window in closed):
        return False
    return all(any(holds(window, time) for window in group) for group in groups)


def _end_of(open_minutes: Sequence[bool], start: int) -> int:
    return next(m for m in range(start, start + _DAY) if not open_minutes[m % _DAY])


def _time(minute: int) -> dt.time:
    return dt.time(minute % _DAY // 60, minute % 60)
