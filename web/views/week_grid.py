"""Lays the slots of a week out: a column a day, a row for every hour in which something airs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from broadcast.programme import Slot
from schedules.types import LOCAL


@dataclass(frozen=True, slots=True)
class Day:
    date: dt.date
    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One hour of the day with the slots of Monday to Sunday."""

    hour: int
    cells: tuple[tuple[Slot, ...], ...]


@dataclass(frozen=True, slots=True)
class WeekGrid:
    monday: dt.date
    days: tuple[Day, ...]
    rows: tuple[Row, ...]


def lay_out(slots: Iterable[Slot], monday: dt.date) -> WeekGrid:
    dates = [monday + dt.timedelta(days=number) for number in range(7)]
    placed: dict[tuple[dt.date, int], list[Slot]] = {}
    for slot in slots:
        start = slot.start.astimezone(LOCAL)
        placed.setdefault((start.date(), start.hour), []).append(slot)
    hours = sorted({hour for _date, hour in placed})
    return WeekGrid(
        monday=monday,
        days=tuple(
            Day(date, tuple(slot for hour in hours for slot in placed.get((date, hour), ())))
            for date in dates
        ),
        rows=tuple(Row(hour, tuple(tuple(placed.get((date, hour), ())) for date in dates)) for hour in hours),
    )


def monday_of(date: dt.date) -> dt.date:
    return date - dt.timedelta(days=date.weekday())
