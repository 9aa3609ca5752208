"""How like a picture of what was heard is to the picture of what was played, and how late it came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .energies import BANDS, PER_SECOND

SECONDS = 10  # of what is heard
MARGIN = 1.0  # seconds of what was played before and after it, in which it is looked for
DEPTH = 50  # steps below a band's loudest (25 dB): what lies deeper is covered by any noise
OWN = 0.15  # seconds; what comes later is a neighbour's horn, from 50 metres on
LIKE = 0.4  # the likeness from which on it is the same sound: another bulletin of the same voice reaches 0.2


@dataclass(frozen=True, slots=True)
class Match:
    """``score`` is the correlation at its best, at most 1; there the sound was ``late``, in seconds."""

    score: float
    late: float

    @property
    def in_time(self) -> bool:
        """Whether it can have come from the own horn."""
        return abs(self.late) <= OWN

    @property
    def proves(self) -> bool:
        """Whether this horn sounded what it was to sound."""
        return self.score >= LIKE and self.in_time


def match(played: bytes, heard: bytes) -> Match:
    """Compare; ``played`` begins MARGIN before ``heard`` and ends as much after it.

    Every band is compared by its ups and downs alone, so that neither the distance nor the
    colour of a horn, a microphone or a valley matters. Raises ValueError for sizes that do not fit.
    """
    shifts = round(MARGIN * PER_SECOND)
    if len(heard) % BANDS or len(played) != len(heard) + 2 * shifts * BANDS or not heard:
        raise ValueError(f"{len(played)} bytes of what was played beside {len(heard)} of what was heard")
    count = len(heard) // BANDS
    heard_bands = [_clipped(heard[band::BANDS]) for band in range(BANDS)]
    played_bands = [_clipped(played[band::BANDS]) for band in range(BANDS)]
    scores = [
        _likeness([band[shift : shift + count] for band in played_bands], heard_bands)
        for shift in range(2 * shifts, -1, -1)
    ]
    best = max(range(len(scores)), key=scores.__getitem__)
    return Match(round(scores[best], 3), round((best - shifts + _between(scores, best)) / PER_SECOND, 3))


def _clipped(band: bytes) -> list[int]:
    floor = max(band) - DEPTH
    return [max(value, floor) for value in band]


def _likeness(played: Sequence[Sequence[int]], heard: Sequence[Sequence[int]]) -> float:
    """The correlation of all bands, each around its own mean; a band in which much happens counts more."""
    common = energy_played = energy_heard = 0.0
    for ours, theirs in zip(played, heard, strict=True):
        mean_ours, mean_theirs = sum(ours) / len(ours), sum(theirs) / len(theirs)
        a = [value - mean_ours for value in ours]
        b = [value - mean_theirs for value in theirs]
        common += sum(x * y for x, y in zip(a, b, strict=True))
        energy_played += sum(x * x for x in a)
        energy_heard += sum(y * y for y in b)
    if not energy_played or not energy_heard:
        return 0.0  # silence is like nothing
    return float(common / (energy_played * energy_heard) ** 0.5)


def _between(scores: Sequence[float], best: int) -> float:
    """The top of the parabola through the best and its neighbours, in steps from the best."""
    if not 0 < best < len(scores) - 1:
        return 0.0
    before, top, after = scores[best - 1 : best + 2]
    bend = before - 2 * top + after
    return (before - after) / (2 * bend) if bend else 0.0
