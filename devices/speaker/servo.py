"""Keeps a sound beside the clock although the card's crystal runs fast or slow: at most 500 ppm, unheard.

100 ppm are 90 ms in a quarter of an hour, and neighbours with different crystals drift apart. The servo
says whether the next block shall take a sample more or fewer than its own length; ``squeezed`` and
``spread`` make the block of them. While a sound is where it should be nothing is touched: its samples
are those of the clip.
"""

from __future__ import annotations

import array

from .ports import RATE, Samples

LIMIT = 500e-6  # of the rate, on average; a semitone is 59,000 ppm
_BEGIN = RATE * 2 // 1000  # samples; below 2 ms the requests of a card tell no error from its jitter
_END = RATE // 2000


class Servo:
    """The correction of one sound."""

    def __init__(self) -> None:
        self._allowance = 0.0  # samples that may be put in or left out by now
        self._correcting = False

    def step(self, frames: int, behind: float) -> int:
        """How many samples the next ``frames`` shall take more than their number: 1, 0 or -1.

        ``behind`` counts the samples by which the sound lags behind the clock.
        """
        self._allowance = min(self._allowance + frames * LIMIT, 2.0)
        self._correcting = abs(behind) > (_END if self._correcting else _BEGIN)
        if not self._correcting or self._allowance < 1:
            return 0
        self._allowance -= 1
        return 1 if behind > 0 else -1


def squeezed(piece: Samples) -> array.array[int]:
    """N + 1 samples in the time of N, by straight lines; ``piece`` has one more, to which the last leads."""
    frames = len(piece) - 2
    pairs = zip(range(frames), piece, piece[1:], strict=False)
    return array.array("h", [a + (b - a) * n // frames for n, a, b in pairs])


def spread(piece: Samples) -> array.array[int]:
    """N - 1 samples in the time of N, by straight lines; ``piece`` has one more, to which the last leads."""
    frames = len(piece)
    pairs = zip(range(frames - 1, 0, -1), piece, piece[1:], strict=False)
    return array.array("h", [piece[0], *(a + (b - a) * n // frames for n, a, b in pairs)])
