"""What one loudspeaker plays of all that wants it: preempted, resumed or dropped by rule."""

from __future__ import annotations

import datetime as dt
import enum
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass

from . import precedence
from .precedence import Claim, Decision

LEAST_REST = dt.timedelta(seconds=5)  # what is worth resuming
RESUME_LIMIT = dt.timedelta(minutes=30)  # nobody remembers what was cut off longer ago


class Ending(enum.StrEnum):
    DONE = "done"
    PREEMPTED = "preempted"  # and goes on later
    DROPPED = "dropped"  # cut for good
    WAITED = "waited"  # never begun: what was before it took too long


@dataclass(frozen=True, slots=True)
class Airing:
    """An announcement of a known length; it may begin late, but not after ``latest``."""

    claim: Claim
    length: dt.timedelta
    latest: dt.datetime


@dataclass(frozen=True, slots=True)
class Stretch:
    """From when to when an announcement sounds, and how that ends; without length when it never sounds."""

    id: str
    start: dt.datetime
    end: dt.datetime
    ending: Ending


def play(airings: Collection[Airing], decisions: Collection[Decision] = ()) -> list[Stretch]:
    """Every stretch of sound in order of time; ids are unique.

    What is due first by rank and decision plays. A higher rank cuts it; the cut one goes on when at least
    ``LEAST_REST`` is left and its turn comes within ``RESUME_LIMIT``, and before what is new in its rank.
    """
    loudspeaker = _Loudspeaker(airings, decisions)
    loudspeaker.run()
    return sorted(loudspeaker.played, key=lambda stretch: (stretch.start, stretch.end, stretch.id))


@dataclass(slots=True)
class _Piece:
    claim: Claim
    rest: dt.timedelta
    latest: dt.datetime
    cut_at: dt.datetime | None = None

    def is_too_late(self, now: dt.datetime) -> bool:
        if self.cut_at is None:
            return now > self.latest
        return now - self.cut_at > RESUME_LIMIT


class _Loudspeaker:
    """Plays one piece after the other until nothing is left."""

    def __init__(self, airings: Collection[Airing], decisions: Collection[Decision]) -> None:
        pieces = [_Piece(each.claim, each.length, each.latest) for each in airings]
        self._coming = deque(sorted(pieces, key=lambda p: (p.claim.start, precedence.key(p.claim))))
        self._decisions = decisions
        self._due: list[_Piece] = []
        self.played: list[Stretch] = []

    def run(self) -> None:
        now = dt.datetime.min.replace(tzinfo=dt.UTC)
        while self._coming or self._due:
            if not self._due:
                now = max(now, self._coming[0].claim.start)
            while self._coming and self._coming[0].claim.start <= now:
                self._due.append(self._coming.popleft())
            self._give_up(now)
            if self._due:
                now = self._play(self._first(), now)

    def _give_up(self, now: dt.datetime) -> None:
        """What may no longer begin or go on leaves the queue."""
        for piece in [piece for piece in self._due if piece.is_too_late(now)]:
            self._due.remove(piece)
            ending = Ending.WAITED if piece.cut_at is None else Ending.DROPPED
            self.played.append(Stretch(piece.claim.id, now, now, ending))

    def _first(self) -> _Piece:
        """By rank, decision and start: what was begun goes on before what is new in its rank."""
        order = precedence.in_order((piece.claim for piece in self._due), self._decisions)
        return next(piece for piece in self._due if piece.claim == order[0])

    def _play(self, piece: _Piece, now: dt.datetime) -> dt.datetime:
        """Let it sound until it ends or is cut; returns when that is."""
        self._due.remove(piece)
        end = now + piece.rest
        cut = self._cut(piece.claim, end)
        if cut is None:
            self.played.append(Stretch(piece.claim.id, now, end, Ending.DONE))
            return end
        piece.rest, piece.cut_at = end - cut, cut
        goes_on = piece.rest >= LEAST_REST
        if goes_on:
            self._due.append(piece)
        self.played.append(Stretch(piece.claim.id, now, cut, Ending.PREEMPTED if goes_on else Ending.DROPPED))
        return cut

    def _cut(self, playing: Claim, end: dt.datetime) -> dt.datetime | None:
        for piece in self._coming:
            if piece.claim.start >= end:
                return None
            if precedence.preempts(piece.claim, playing, self._decisions):
                return piece.claim.start
        return None
