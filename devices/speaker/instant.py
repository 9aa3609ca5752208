"""Both clocks at one instant: a pause between two readings would look like a step of the wall clock."""

from __future__ import annotations

import math

from .ports import Clock

_TOGETHER = 0.05  # seconds; a quarter of what counts as a step
_ATTEMPTS = 5  # a machine so busy that none succeeds gives the best one


def read(clock: Clock) -> tuple[int, int]:
    """UTC and monotonic time, both in ms, read with as little between them as the machine allows."""
    apart, best = math.inf, (0, 0)
    for _ in range(_ATTEMPTS):
        before = clock.monotonic()
        now = clock.utc_ms()
        between = clock.monotonic() - before
        if between < apart:
            apart, best = between, (now, int((before + between / 2) * 1000))
        if apart <= _TOGETHER:
            break
    return best
