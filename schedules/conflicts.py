"""What plays at once on the same loudspeakers, and the three ways out: another time, after it, over it."""

from __future__ import annotations

import datetime as dt
import enum
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from . import precedence, windows
from .precedence import Claim, Decision
from .types import Window

DAY = dt.timedelta(days=1)
MINUTE = dt.timedelta(minutes=1)
WITHIN = 14 * DAY
WHOLE_WEEK = frozenset(range(7))


@dataclass(frozen=True, slots=True)
class Booking:
    """Something that sounds in ``[start, end)`` on the loudspeakers ``where``."""

    id: str
    start: dt.datetime
    end: dt.datetime
    where: frozenset[str]
    who: str  # whose it is, as people are told
    klass: str
    level: int  # of the issuing unit, 0 the highest

    @property
    def claim(self) -> Claim:
        return Claim(self.id, self.klass, self.level, self.start)


@dataclass(frozen=True, slots=True)
class Overlap:
    """When and on which loudspeakers a new booking and one that stands sound at once."""

    new: Booking
    old: Booking
    start: dt.datetime
    end: dt.datetime
    where: frozenset[str]


class Part(enum.StrEnum):
    """Which part of a booking is lost."""

    ALL = "all"
    BEGINNING = "beginning"
    MIDDLE = "middle"
    END = "end"


class Say(enum.StrEnum):
    """Who lets a new booking sound over one that stands."""

    RULE = "rule"  # it goes first anyway
    UNIT = "unit"  # the unit of the new one may decide so, and answers for it
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Displaced:
    """A booking that loses a part to a new one."""

    overlap: Overlap
    part: Part
    left_ms: int
    say: Say


def overlaps(new: Iterable[Booking], taken: Iterable[Booking]) -> list[Overlap]:
    """Every overlap, by time."""
    index = _Index(taken)
    found = [overlap for each in new for overlap in index.overlaps(each)]
    return sorted(
        found, key=lambda each: (each.start, each.new.start, each.new.id, each.old.start, each.old.id)
    )


def over(
    new: Iterable[Booking], taken: Iterable[Booking], decisions: Collection[Decision] = ()
) -> list[Displaced]:
    """Who is displaced when the new bookings sound over what stands, by how much, and by whose word."""
    return [_displaced(each, decisions) for each in overlaps(new, taken)]


def _displaced(overlap: Overlap, decisions: Collection[Decision]) -> Displaced:
    old = overlap.old
    left = (overlap.start - old.start) + (old.end - overlap.end)
    return Displaced(
        overlap=overlap,
        part=_part(overlap.start == old.start, overlap.end == old.end),
        left_ms=left // dt.timedelta(milliseconds=1),
        say=_say(overlap.new.claim, old.claim, decisions),
    )


def _say(new: Claim, old: Claim, decisions: Collection[Decision]) -> Say:
    if precedence.preempts(new, old, decisions):
        return Say.RULE
    equals = (new.klass, new.level) == (old.klass, old.level) and new.klass != "emergency"
    return Say.UNIT if equals or precedence.may_decide(new.level, new, old) else Say.NOBODY


def _part(from_the_beginning: bool, to_the_end: bool) -> Part:
    if from_the_beginning:
        return Part.ALL if to_the_end else Part.BEGINNING
    return Part.END if to_the_end else Part.MIDDLE


def after(new: Booking, taken: Iterable[Booking]) -> Booking:
    """The new booking right behind what it overlaps, and behind what it would overlap there."""
    busy = Busy(each for each in taken if each.where & new.where)
    length = new.end - new.start
    start = busy.free_from(new.start, length)
    return replace(new, start=start, end=start + length)


def next_free(
    start: dt.datetime,
    length: dt.timedelta,
    taken: Iterable[Booking] | Busy,
    allowed: Sequence[Window],
    *,
    weekdays: Collection[int] = WHOLE_WEEK,
    within: dt.timedelta = WITHIN,
) -> dt.datetime | None:
    """``start`` itself or else the next whole minute at which hours are long enough and nothing plays.

    ``taken`` is what plays on the loudspeakers concerned. None when there is no such time ``within``.
    """
    return _Search(_busy(taken), tuple(allowed), frozenset(weekdays), length).first(start, start + within)


def next_free_for_all(
    starts: Iterable[dt.datetime],
    length: dt.timedelta,
    taken: Iterable[Booking] | Busy,
    allowed: Sequence[Window],
    *,
    weekdays: Collection[int] = WHOLE_WEEK,
    within: dt.timedelta = DAY,
) -> dt.timedelta | None:
    """The least by which all starts can move so that each is free; None when that is not ``within``."""
    search = _Search(_busy(taken), tuple(allowed), frozenset(weekdays), length)
    shift = dt.timedelta()
    waiting = sorted(starts)
    agreed = 0  # starts in a row for which the shift will do
    while agreed < len(waiting):
        for start in waiting:
            free = search.first(start + shift, start + within)
            if free is None:
                return None
            agreed = agreed + 1 if free == start + shift else 0
            shift = free - start
    return shift


class _Index:
    """Bookings by their start."""

    def __init__(self, taken: Iterable[Booking]) -> None:
        self._taken = sorted(taken, key=lambda each: (each.start, each.id))
        self._starts = [each.start for each in self._taken]
        self._longest = max((each.end - each.start for each in self._taken), default=dt.timedelta())

    def overlaps(self, new: Booking) -> Iterator[Overlap]:
        for old in self._during(new.start, new.end):
            where = old.where & new.where
            if where:
                yield Overlap(new, old, max(new.start, old.start), min(new.end, old.end), where)

    def _during(self, start: dt.datetime, end: dt.datetime) -> Iterator[Booking]:
        first = bisect_right(self._starts, start - self._longest)
        for each in self._taken[first : bisect_left(self._starts, end)]:
            if each.end > start:
                yield each


class Busy:
    """When anything plays at all, whatever it is: a time is looked for by many questions to it."""

    def __init__(self, taken: Iterable[Booking]) -> None:
        self._starts: list[dt.datetime] = []
        self._ends: list[dt.datetime] = []
        for start, end in sorted((each.start, each.end) for each in taken):
            if self._ends and start < self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], end)
            else:
                self._starts.append(start)
                self._ends.append(end)

    def free_from(self, start: dt.datetime, length: dt.timedelta) -> dt.datetime:
        """The first instant from ``start`` on at which nothing plays for ``length``."""
        number = bisect_right(self._ends, start)
        while number < len(self._starts) and self._starts[number] < start + length:
            start = self._ends[number]
            number += 1
        return start


def _busy(taken: Iterable[Booking] | Busy) -> Busy:
    return taken if isinstance(taken, Busy) else Busy(taken)


@dataclass(frozen=True, slots=True)
class _Search:
    """Looks for a time that is allowed and free."""

    busy: Busy
    allowed: tuple[Window, ...]
    weekdays: frozenset[int]
    length: dt.timedelta

    def first(self, start: dt.datetime, limit: dt.datetime) -> dt.datetime | None:
        while start < limit:
            allowed = self._allowed_from(start, limit)
            if allowed is None:
                return None
            free = self.busy.free_from(allowed, self.length)
            if free == allowed:
                return free
            start = _whole_minute(free)
        return None

    def _allowed_from(self, at: dt.datetime, limit: dt.datetime) -> dt.datetime | None:
        found = (self._first_in(window, at, limit) for window in self.allowed)
        return min((each for each in found if each is not None), default=None)

    def _first_in(self, window: Window, at: dt.datetime, limit: dt.datetime) -> dt.datetime | None:
        """The first time in an opening of the window that began on an allowed weekday."""
        while (fit := self._fit(window, at)) is not None and fit < limit:
            day = windows.anchor(window, fit)
            if day is not None and day.weekday() in self.weekdays:
                return fit
            at = windows.closes(window, fit)
        return None

    def _fit(self, window: Window, at: dt.datetime) -> dt.datetime | None:
        if windows.covers(window, at, at + self.length):
            return at
        shut = windows.closes(window, at) if windows.contains(window, at) else at
        opens = windows.next_open(window, shut)
        return opens if windows.covers(window, opens, opens + self.length) else None


def _whole_minute(at: dt.datetime) -> dt.datetime:
    down = at.replace(second=0, microsecond=0)
    return down if down == at else down + MINUTE
