"""Instants between the three forms in use: aware datetimes, milliseconds on the wire, local days."""

from __future__ import annotations

import datetime as dt

from schedules.types import LOCAL

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MILLISECOND = dt.timedelta(milliseconds=1)


def to_ms(at: dt.datetime) -> int:
    return (at - EPOCH) // MILLISECOND


def from_ms(ms: int) -> dt.datetime:
    """Raises OverflowError outside the years a datetime can hold."""
    return EPOCH + dt.timedelta(milliseconds=ms)


def local_midnight(at: dt.datetime) -> dt.datetime:
    """The start, in UTC, of the local day that contains ``at``."""
    return day_start(at.astimezone(LOCAL).date())


def day_start(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tzinfo=LOCAL).astimezone(dt.UTC)


def later(at: dt.datetime, ms: int) -> dt.datetime:
    return at + dt.timedelta(milliseconds=ms)
