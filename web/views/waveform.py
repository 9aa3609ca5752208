"""Draws the loudness of a clip as one SVG path, so that the page needs no sound to show it."""

from __future__ import annotations

from collections.abc import Sequence

BARS = 120
STEP = 5  # units between bars
WIDTH = BARS * STEP
HEIGHT = 100


def path(peaks: Sequence[int]) -> str:
    """``M x y v h`` for every bar around the middle line; silence keeps a visible dot."""
    parts = []
    for bar in range(BARS):
        height = max(3, _loudest(peaks, bar) * (HEIGHT - 8) // 100)
        parts.append(f"M{bar * STEP + STEP / 2:g} {(HEIGHT - height) / 2:g}v{height}")
    return "".join(parts)


def _loudest(peaks: Sequence[int], bar: int) -> int:
    first = bar * len(peaks) // BARS
    last = max(first + 1, (bar + 1) * len(peaks) // BARS)
    return max(peaks[first:last], default=0)
