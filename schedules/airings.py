"""How bulletins are spread over the coming occurrences of the slots: so many times, evenly, with their gap.

Each occurrence is filled in turn, so a bulletin leaves the days of those that rank before it as they are.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from . import filling
from .slots import Airings, Candidate, Chain, History, Programme, Slot, frame_ms


@dataclass(frozen=True, slots=True)
class Sitting:
    """One dated occurrence of a slot; ``candidates`` are its own ones, None: those of all."""

    start: dt.datetime
    slot: Slot
    candidates: tuple[Candidate, ...] | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """How often a bulletin airs in its days; ``final`` when no later occurrence can change that."""

    id: str
    wanted: int
    done: int
    planned: int
    final: bool

    @property
    def possible(self) -> int:
        return self.done + self.planned

    @property
    def short(self) -> bool:
        return self.final and self.possible < self.wanted


@dataclass(frozen=True, slots=True)
class Spread:
    programmes: tuple[Programme, ...]  # one for each sitting, by time
    reaches: tuple[Reach, ...]  # by id

    @property
    def short(self) -> tuple[Reach, ...]:
        """Bulletins that can no longer be aired as often as wanted."""
        return tuple(each for each in self.reaches if each.short)


def spread(
    sittings: Iterable[Sitting],
    candidates: Iterable[Candidate],
    history: History,
    *,
    horizon: dt.datetime,
    area: Chain = frozenset(),
) -> Spread:
    """Fill all sittings of one area, those until ``horizon``; ``history`` is what aired before them.

    A bulletin is due when its share of the time has passed, or when it could not be aired often enough
    otherwise. Planning again after a part was aired as planned gives the same rest. Raises OverFull.
    """
    coming = sorted(sittings, key=lambda each: each.start)
    spreading = _Spreading(coming, tuple(candidates), history, horizon, area)
    for sitting in coming:
        spreading.air(spreading.fill(sitting))
    return spreading.done()


def spread_below(
    sittings: Iterable[Sitting],
    areas: Mapping[str, Chain],
    above: Mapping[str, str],
    histories: Mapping[str, History],
    *,
    horizon: dt.datetime,
) -> dict[str, Spread]:
    """What areas play that hear the same slots, of sittings with candidates of their own.

    ``areas`` stand in the order of the tree, the highest first, and ``above`` has the next higher one of
    each. One that has nothing to say at a sitting hears what sounds above it. Fixed bulletins yield.
    """
    coming = sorted(sittings, key=lambda each: each.start)
    desks = {
        name: _Spreading(coming, (), histories.get(name, {}), horizon, chain, yielding=True)
        for name, chain in areas.items()
    }
    for sitting in coming:
        filled: dict[str, Programme] = {}
        for name, desk in desks.items():
            programme = desk.fill(sitting)
            if programme.says_nothing and name in above:
                programme = filled[above[name]]
            filled[name] = programme
            desk.air(programme)
    return {name: desk.done() for name, desk in desks.items()}


class _Spreading:
    """The sittings of one area being filled, one after the other."""

    def __init__(
        self,
        coming: Sequence[Sitting],
        candidates: tuple[Candidate, ...],
        history: History,
        horizon: dt.datetime,
        area: Chain,
        *,
        yielding: bool = False,
    ) -> None:
        self._candidates, self._area, self._yielding = candidates, area, yielding
        given = {each.id: each for each in candidates}
        for sitting in coming:
            given.update((each.id, each) for each in sitting.candidates or ())
        self._before = {each: sorted(history.get(each, ())) for each in given}
        self._aired = {each: list(instants) for each, instants in self._before.items()}
        own = (each for each in given.values() if filling.is_for(each, area))
        self._paces = [_Pace(each, each.airings, horizon) for each in own if each.airings is not None]
        self._chances = _Chances(coming)
        self._programmes: list[Programme] = []

    def fill(self, sitting: Sitting) -> Programme:
        waiting = {
            pace.candidate.id
            for pace in self._paces
            if not pace.is_due(sitting.start, self._aired[pace.candidate.id], self._chances)
        }
        return filling.fill(
            sitting.slot,
            sitting.start,
            self._candidates if sitting.candidates is None else sitting.candidates,
            self._aired,
            area=self._area,
            waiting=waiting,
            yielding=self._yielding,
        )

    def air(self, programme: Programme) -> None:
        self._programmes.append(programme)
        for placed in programme.bulletins():
            insort(self._aired[placed.ref], programme.start)

    def done(self) -> Spread:
        reaches = (
            pace.reach(self._before[pace.candidate.id], self._aired[pace.candidate.id])
            for pace in self._paces
        )
        return Spread(tuple(self._programmes), tuple(sorted(reaches, key=lambda each: each.id)))


class _Chances:
    """The starts at which a bulletin may play at all, by its class, its languages and its length."""

    def __init__(self, sittings: Sequence[Sitting]) -> None:
        rooms = {id(each.slot): _rooms(each.slot) for each in sittings}
        offered = {
            id(each.candidates): frozenset(candidate.id for candidate in each.candidates)
            for each in sittings
            if each.candidates is not None
        }
        self._rooms = [
            (each.start, each.slot.languages, rooms[id(each.slot)], offered.get(id(each.candidates)))
            for each in sittings
        ]
        self._languages = {each.slot.languages for each in sittings}
        self._found: dict[str, list[dt.datetime]] = {}

    def of(self, candidate: Candidate) -> list[dt.datetime]:
        if candidate.id not in self._found:
            lengths = {each: candidate.length_ms(candidate.heard(each)) for each in self._languages}
            self._found[candidate.id] = [
                start
                for start, languages, rooms, offered in self._rooms
                if 0 < lengths[languages] <= rooms.get(candidate.klass, -1)
                and (offered is None or candidate.id in offered)
            ]
        return self._found[candidate.id]

    def after(self, start: dt.datetime, candidate: Candidate, gap: dt.timedelta, enough: int) -> int:
        """How often it could air after ``start``, counted up to ``enough``."""
        starts = self.of(candidate)
        place, end = bisect_right(starts, start), bisect_left(starts, candidate.until)
        if not gap:
            return end - place
        count = 0
        while place < end and count < enough:
            count += 1
            place = bisect_left(starts, starts[place] + gap, place + 1)
        return count


def _rooms(slot: Slot) -> dict[str, int]:
    """How much room there is in a slot for bulletins of each class."""
    room = slot.length_ms - frame_ms(slot)
    return {klass: room for entry in slot.entries for klass in entry.classes}


@dataclass(frozen=True, slots=True)
class _Pace:
    """When the next airing of a bulletin is due."""

    candidate: Candidate
    airings: Airings
    horizon: dt.datetime

    def is_due(self, start: dt.datetime, aired: Sequence[dt.datetime], chances: _Chances) -> bool:
        candidate = self.candidate
        counted = self.counted(aired)
        left = self.airings.times - len(counted)
        if left <= 0 or not candidate.valid_from <= start < candidate.until:
            return True  # it will not be played; filling says why
        before = bisect_right(counted, start)
        if before == 0:
            return True
        last = counted[before - 1]
        if start >= last + (candidate.until - last) / (left + 1):
            return True
        known = candidate.until <= self.horizon
        return known and chances.after(start, candidate, self.airings.gap, left) < left

    def counted(self, aired: Sequence[dt.datetime]) -> Sequence[dt.datetime]:
        """Of airings in order, those that count."""
        return aired[bisect_left(aired, self.candidate.valid_from) : bisect_left(aired, self.candidate.until)]

    def reach(self, before: Sequence[dt.datetime], after: Sequence[dt.datetime]) -> Reach:
        done = len(self.counted(before))
        planned = len(self.counted(after)) - done
        final = self.candidate.until <= self.horizon
        return Reach(self.candidate.id, self.airings.times, done, planned, final)
