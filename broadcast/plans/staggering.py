"""Which horns should sound in turn: proposed from where they hang, pure.

Sound needs 292 ms for 100 m (343 m/s), so between two horns that start together everybody but those
in the middle hears every word twice. Horns that both reach the same ears get different turns; those
that hang side by side are one voice and stay together.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

SPEED = 343.0  # metres a second at 20 °C
REACH = 400.0  # metres: further apart no ear hears two horns equally loud
BESIDE = 17.0  # metres: 50 ms, up to which the ear melts two sounds into one (Haas, 1951)
_EARTH = 6_371_000.0  # metres


@dataclass(frozen=True, slots=True)
class Position:
    """Where a horn hangs, in degrees."""

    id: int
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Proposal:
    """The turn of every horn, from 0; ``echo_ms`` is the worst echo if all start together."""

    turns: Mapping[int, int]
    echo_ms: int

    @property
    def count(self) -> int:
        """How many times as long everything takes."""
        return max(self.turns.values(), default=0) + 1


def propose(positions: Iterable[Position]) -> Proposal:
    """As few turns as a greedy colouring finds; the same positions give the same turns."""
    placed = sorted(positions, key=lambda each: each.id)
    near = list(_neighbours(placed))
    voice = _voices(placed, near)
    rivals: dict[int, set[int]] = defaultdict(set)
    for a, b, _ in near:
        if voice[a] != voice[b]:
            rivals[voice[a]].add(voice[b])
            rivals[voice[b]].add(voice[a])
    turn = _coloured(sorted(set(voice.values())), rivals)
    apart = (metres for a, b, metres in near if voice[a] != voice[b])
    worst = max(apart, default=0.0)
    return Proposal({id_: turn[voice[id_]] for id_ in voice}, round(worst / SPEED * 1000))


def distance(a: Position, b: Position) -> float:
    """Metres, flat between neighbours: wrong by less than a thousandth over a few kilometres."""
    north = math.radians(b.latitude - a.latitude)
    east = math.radians(b.longitude - a.longitude) * math.cos(math.radians((a.latitude + b.latitude) / 2))
    return _EARTH * math.hypot(north, east)


def _neighbours(placed: Sequence[Position]) -> Iterator[tuple[int, int, float]]:
    """Every pair within reach, once, and how far apart; only neighbouring squares of a grid are compared."""
    square = math.degrees(REACH / _EARTH)
    grid: dict[tuple[int, int], list[Position]] = defaultdict(list)
    for each in placed:
        shrink = max(0.01, math.cos(math.radians(each.latitude)))
        row, column = math.floor(each.latitude / square), math.floor(each.longitude * shrink / square)
        # A column may be off by one between rows, whose circles differ in length: look one further.
        for other in (o for r in (-1, 0, 1) for c in (-2, -1, 0, 1, 2) for o in grid[row + r, column + c]):
            metres = distance(each, other)
            if metres <= REACH:
                yield other.id, each.id, metres
        grid[row, column].append(each)


def _voices(placed: Sequence[Position], near: Sequence[tuple[int, int, float]]) -> dict[int, int]:
    """By horn, the first of those that hang beside it, directly or through others."""
    first = {each.id: each.id for each in placed}

    def leader(id_: int) -> int:
        while first[id_] != id_:
            id_ = first[id_]
        return id_

    for a, b, metres in near:
        if metres <= BESIDE:
            one, other = sorted((leader(a), leader(b)))
            first[other] = one
    return {id_: leader(id_) for id_ in first}


def _coloured(voices: Sequence[int], rivals: Mapping[int, set[int]]) -> dict[int, int]:
    """The most constrained first (Brélaz, 1979): each takes the lowest turn that no rival has."""
    turn: dict[int, int] = {}
    seen: dict[int, set[int]] = {voice: set() for voice in voices}  # the turns of its rivals
    queue = [(0, -len(rivals.get(voice, ())), voice) for voice in voices]
    heapq.heapify(queue)
    while queue:
        _, _, voice = heapq.heappop(queue)
        if voice in turn:
            continue  # queued again since, with more constraints
        mine = next(number for number in itertools.count() if number not in seen[voice])
        turn[voice] = mine
        for rival in rivals.get(voice, set()) - turn.keys():
            seen[rival].add(mine)
            heapq.heappush(queue, (-len(seen[rival]), -len(rivals[rival]), rival))
    return turn
