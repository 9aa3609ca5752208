"""Lays the slots of days out: as a time grid with overlaps side by side, and as a table of hours."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from broadcast.models import BroadcastState
from broadcast.scheduling.programme import Slot
from schedules.holidays import Calendar
from schedules.types import LOCAL
from web.views.day_notes import DayNote, note

EARLIEST, LATEST = 5, 21  # hours that are shown even when nothing airs
SHORTEST = 40  # minutes of height that a block needs to be read
DAY = 24 * 60


@dataclass(frozen=True, slots=True)
class Block:
    """A slot in the grid; ``lane`` is its place among ``lanes`` that overlap it."""

    slot: Slot
    at: dt.datetime  # the name of the airing
    top: int  # minutes from midnight
    length: int  # minutes, as drawn
    lane: int
    lanes: int
    movable: bool


@dataclass(frozen=True, slots=True)
class Day:
    date: dt.date
    note: DayNote
    slots: tuple[Slot, ...]
    blocks: tuple[Block, ...]


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
    first_hour: int
    last_hour: int  # the end of the grid

    @property
    def hours(self) -> range:
        return range(self.first_hour, self.last_hour)


def lay_out(
    slots: Iterable[Slot], monday: dt.date, movable: Callable[[Slot], bool], calendar: Calendar
) -> WeekGrid:
    dates = [monday + dt.timedelta(days=number) for number in range(7)]
    placed: dict[dt.date, list[Slot]] = {date: [] for date in dates}
    for slot in slots:
        placed.setdefault(local(slot).date(), []).append(slot)
    days = tuple(
        Day(date, note(date, calendar), tuple(placed[date]), blocks(placed[date], movable)) for date in dates
    )
    starts = [local(slot).hour for date in dates for slot in placed[date]]
    ends = [-(-(block.top + block.length) // 60) for day in days for block in day.blocks]
    return WeekGrid(
        monday=monday,
        days=days,
        rows=_rows(days),
        first_hour=min([EARLIEST, *starts]),
        last_hour=max([LATEST, *ends]),
    )


def blocks(slots: Sequence[Slot], movable: Callable[[Slot], bool]) -> tuple[Block, ...]:
    """The slots of one day, each in the first lane that is free; those that touch share the width."""
    found: list[Block] = []
    group: list[tuple[Slot, int, int, int]] = []  # slot, top, length, lane
    ends: list[int] = []  # of each lane
    for slot in sorted(slots, key=lambda each: (each.start, each.end, each.title)):
        top, length = _span(slot)
        if group and top >= max(ends):
            found += _closed(group, len(ends), movable)
            group, ends = [], []
        lane = next((number for number, end in enumerate(ends) if end <= top), len(ends))
        ends[lane : lane + 1] = [top + length]
        group.append((slot, top, length, lane))
    return (*found, *_closed(group, len(ends), movable))


def local(slot: Slot) -> dt.datetime:
    """The start as people hear it."""
    return slot.start.astimezone(LOCAL).replace(tzinfo=None)


def name(slot: Slot) -> dt.datetime:
    """What names the airing: the local time at which its schedule has it, whenever it really begins."""
    return slot.scheduled.astimezone(LOCAL).replace(tzinfo=None)


def monday_of(date: dt.date) -> dt.date:
    return date - dt.timedelta(days=date.weekday())


def is_coming(slot: Slot, now: dt.datetime) -> bool:
    """Whether it is an airing of a schedule that can still be moved or left out."""
    is_of_schedule = slot.schedule_id is not None and slot.state is not BroadcastState.CANCELLED
    return is_of_schedule and slot.scheduled > now


def _span(slot: Slot) -> tuple[int, int]:
    """Where it begins and how tall it is, within its day."""
    start = local(slot)
    top = start.hour * 60 + start.minute
    minutes = -(-(slot.end - slot.start) // dt.timedelta(minutes=1))
    length = max(minutes, SHORTEST)
    return min(top, DAY - SHORTEST), min(length, DAY - min(top, DAY - SHORTEST))


def _closed(
    group: list[tuple[Slot, int, int, int]], lanes: int, movable: Callable[[Slot], bool]
) -> list[Block]:
    return [
        Block(slot, name(slot), top, length, lane, lanes, movable(slot)) for slot, top, length, lane in group
    ]


def _rows(days: Sequence[Day]) -> tuple[Row, ...]:
    hours = sorted({local(slot).hour for day in days for slot in day.slots})
    return tuple(
        Row(hour, tuple(tuple(slot for slot in day.slots if local(slot).hour == hour) for day in days))
        for hour in hours
    )
