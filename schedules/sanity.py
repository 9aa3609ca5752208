"""What is odd about a time before it is saved: codes with their parameters, that the face puts into words."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from . import windows
from .conflicts import Booking
from .types import LOCAL, Window

TIME_TO_FETCH = dt.timedelta(minutes=2)
NEAR = 60  # minutes to either side in which a start is like another
ENOUGH = 20  # starts; of an area that has had fewer nothing is unusual
RARE = 0.01  # of all starts; what is rarer is unusual
_DAY = 24 * 60
_HALF_DAY = 12 * 60
_TOLD = 3  # usual times


@dataclass(frozen=True, slots=True)
class Doubt:
    """One oddity.

    Codes and their params, times as ``HH:MM`` of local time: ``outside_hours`` (time, likely or None) ·
    ``runs_over`` (time, until) · ``unusual`` inside the hours (time, usual, likely or None) ·
    ``in_past`` (start) · ``too_near`` (start, seconds) · ``during_relay`` (id, who, start, end) ·
    ``weekday`` (date, count) · ``session_limit`` (start, number, limit) ·
    ``session_minutes`` (start, minutes, limit).
    """

    code: str
    params: dict[str, Any] = field(default_factory=dict)


class Habit:
    """The histogram of the times of day at which an area's programmes began."""

    def __init__(self, starts: Iterable[dt.datetime]) -> None:
        self._counts = Counter(_minute(start.astimezone(LOCAL).time()) for start in starts)
        self._total = self._counts.total()

    def is_usual(self, time: dt.time) -> bool:
        """Whether something often began about this time; with too little known, nothing is unusual."""
        if self._total < ENOUGH:
            return True
        minute = _minute(time)
        near = sum(self._counts[other % _DAY] for other in range(minute - NEAR, minute + NEAR + 1))
        return near >= RARE * self._total

    def usual(self) -> list[dt.time]:
        """The most frequent times, most of all first."""
        often = sorted(self._counts.items(), key=lambda each: (-each[1], each[0]))
        return [_time(minute) for minute, _ in often[:_TOLD]]

    def likely_correction(self, time: dt.time) -> dt.time | None:
        """The other half of the day, where that is usual and the time itself is not."""
        other = _time(_minute(time) + _HALF_DAY)
        return other if self.is_usual(other) and not self.is_usual(time) else None


def doubts(
    start: dt.datetime,
    length: dt.timedelta,
    *,
    habit: Habit,
    allowed: Sequence[Window],
    relays: Iterable[Booking],
    now: dt.datetime,
    time_to_fetch: dt.timedelta = TIME_TO_FETCH,
) -> list[Doubt]:
    """Everything odd about an airing of ``length`` at ``start``; ``relays`` are those on its loudspeakers."""
    time = start.astimezone(LOCAL).time()
    found = list(_nearness(start, now, time_to_fetch))
    if any(windows.holds(window, time) for window in allowed):
        found += _length(start, start + length, allowed)
        found += _custom(time, allowed, habit)
    else:
        hits = (windows.likely_correction(window, time) for window in allowed)
        likely = next((hit for hit in hits if hit is not None), None)
        found.append(Doubt("outside_hours", {"time": _face(time), "likely": _face(likely)}))
    return [*found, *during(start, start + length, relays)]


def _nearness(start: dt.datetime, now: dt.datetime, time_to_fetch: dt.timedelta) -> Iterator[Doubt]:
    if start < now:
        yield Doubt("in_past", {"start": start})
    elif start - now < time_to_fetch:
        yield Doubt("too_near", {"start": start, "seconds": int((start - now).total_seconds())})


def _length(start: dt.datetime, end: dt.datetime, allowed: Sequence[Window]) -> Iterator[Doubt]:
    if not any(windows.covers(window, start, end) for window in allowed):
        times = (each.astimezone(LOCAL).time() for each in (start, end))
        yield Doubt("runs_over", dict(zip(("time", "until"), map(_face, times), strict=True)))


def _custom(time: dt.time, allowed: Sequence[Window], habit: Habit) -> Iterator[Doubt]:
    if habit.is_usual(time):
        return
    likely = habit.likely_correction(time)
    if likely is not None and not any(windows.holds(window, likely) for window in allowed):
        likely = None
    usual = [_face(each) for each in habit.usual()]
    yield Doubt("unusual", {"time": _face(time), "usual": usual, "likely": _face(likely)})


def during(start: dt.datetime, end: dt.datetime, relays: Iterable[Booking]) -> Iterator[Doubt]:
    """The relays that sound in ``[start, end)``, as they begin."""
    for relay in sorted(relays, key=lambda each: (each.start, each.id)):
        if relay.start < end and start < relay.end:
            params = {"id": relay.id, "who": relay.who, "start": relay.start, "end": relay.end}
            yield Doubt("during_relay", params)


def _minute(time: dt.time) -> int:
    return time.hour * 60 + time.minute


def _time(minute: int) -> dt.time:
    return dt.time(minute % _DAY // 60, minute % 60)


def _face(time: dt.time | None) -> str | None:
    return None if time is None else f"{time:%H:%M}"
