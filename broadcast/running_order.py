"""What one airing plays, in order, for everybody or by area, and until when it may still begin."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from devices.messages import BulletinClass

from .moments import later
from .repertoire import Piece, duration_ms, klass

GRACE = {
    BulletinClass.ROUTINE: dt.timedelta(minutes=5),
    BulletinClass.PRIORITY: dt.timedelta(minutes=60),
}
"""How long an airing may wait, for what plays before it or for a server or a link that is away."""

AT_ONCE = dt.timedelta(seconds=1)  # an airing that may not wait at all still needs a moment to begin


class Cue(NamedTuple):
    """One clip, or so much of a station; ``area_id`` None: for all who hear no variant of their own."""

    clip_id: int | None
    bulletin_id: int | None = None
    area_id: int | None = None
    station_id: int | None = None
    length_ms: int | None = None


@dataclass(frozen=True, slots=True)
class RunningOrder:
    """The cues of an airing, those for all first; ``duration_ms`` is that of the longest variant.

    ``latest`` is the last moment to begin at which nothing of it is stale before it has been heard.
    """

    cues: tuple[Cue, ...]
    klass: BulletinClass
    duration_ms: int
    latest: dt.datetime | None = None

    @property
    def partial(self) -> bool:
        """Whether only those hear it who have a variant of their own."""
        return all(cue.area_id is not None for cue in self.cues)

    def expires(self, start: dt.datetime) -> dt.datetime:
        """When it is too late to begin."""
        end = start + GRACE[self.klass]
        return end if self.latest is None else max(min(end, self.latest), start + AT_ONCE)


def of_list(pieces: Sequence[Piece]) -> RunningOrder:
    """Bulletins one after the other, as they stand in a list."""
    ends, length = [], 0
    for piece in pieces:
        length += piece.duration_ms
        ends.append((piece, length))
    cues = tuple(Cue(piece.clip_id, piece.bulletin_id) for piece in pieces)
    return RunningOrder(cues, klass(pieces), duration_ms(pieces), latest(ends))


def of_list_at(pieces: Sequence[Piece], start: dt.datetime) -> RunningOrder | None:
    """Those of a list that hold at one start, to their last word; None when none does."""
    held: list[Piece] = []
    length = 0
    for piece in pieces:
        ends = length + piece.duration_ms
        if piece.validity is None or piece.validity.covers(start, ends):
            held.append(piece)
            length = ends
    return of_list(held) if held else None


def latest(ends: Iterable[tuple[Piece, int]]) -> dt.datetime | None:
    """When to begin at the latest, of pieces whose last words are heard so many milliseconds later."""
    return min(
        (
            later(piece.validity.valid_until, -end)
            for piece, end in ends
            if piece.validity is not None and piece.validity.valid_until is not None
        ),
        default=None,
    )
