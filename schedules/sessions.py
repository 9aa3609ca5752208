"""Sessions of a day: what sounds close together is one, as loudspeakers count, and what is one too many."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from .sanity import Doubt
from .types import LOCAL

GAP = dt.timedelta(minutes=10)  # what begins no later after a sound belongs to the same session
NONE = dt.timedelta()


@dataclass(frozen=True, slots=True, order=True)
class Airing:
    """Something that sounds; ``asked`` is what is about to be saved, the rest is there already."""

    start: dt.datetime
    end: dt.datetime
    asked: bool = False


@dataclass(frozen=True, slots=True)
class Session:
    """``number`` counts from 1 within its local day, that of its first airing."""

    number: int
    airings: tuple[Airing, ...]

    @property
    def start(self) -> dt.datetime:
        return self.airings[0].start

    @property
    def day(self) -> dt.date:
        return self.start.astimezone(LOCAL).date()

    @property
    def asked(self) -> bool:
        return any(airing.asked for airing in self.airings)

    @property
    def sounding(self) -> dt.timedelta:
        return sum((airing.end - airing.start for airing in self.airings), NONE)


def of(airings: Iterable[Airing]) -> Iterator[Session]:
    """The sessions of each local day, in order; none goes on over midnight."""
    for _, those in groupby(sorted(airings), key=lambda each: each.start.astimezone(LOCAL).date()):
        yield from _of_day(list(those))


def doubts(airings: Iterable[Airing], *, most: int | None, longest: dt.timedelta | None) -> list[Doubt]:
    """What the loudspeakers would refuse of these, the first of each kind.

    ``session_limit`` (start and number of the session that is one too many, limit) · ``session_minutes``
    (start, minutes, limit): only sessions with something that is asked, or that it pushes over the limit.
    """
    found = list(of(airings))
    asking = {each.day for each in found if each.asked}
    over = (each for each in found if most is not None and each.number > most and each.day in asking)
    long = (each for each in found if longest is not None and each.asked and each.sounding > longest)
    told = []
    if (first := next(over, None)) is not None:
        told.append(Doubt("session_limit", {"start": first.start, "number": first.number, "limit": most}))
    if (first := next(long, None)) is not None and longest is not None:
        params = {"start": first.start, "minutes": _minutes(first.sounding), "limit": _minutes(longest)}
        told.append(Doubt("session_minutes", params))
    return told


def off_days(starts: Iterable[dt.datetime], weekdays: Sequence[int]) -> list[Doubt]:
    """Starts on days that are not allowed: ``weekday`` (date, count)."""
    days = sorted({start.astimezone(LOCAL).date() for start in starts})
    off = [day for day in days if day.isoweekday() not in weekdays]
    return [Doubt("weekday", {"date": off[0], "count": len(off)})] if off else []


def _of_day(airings: Sequence[Airing]) -> Iterator[Session]:
    number, together, until = 1, [airings[0]], airings[0].end
    for airing in airings[1:]:
        if airing.start > until + GAP:
            yield Session(number, tuple(together))
            number, together, until = number + 1, [], airing.end
        together.append(airing)
        until = max(until, airing.end)
    yield Session(number, tuple(together))


def _minutes(length: dt.timedelta) -> int:
    """Begun minutes count."""
    return -(-length // dt.timedelta(minutes=1))
