"""Two clocks are read as if at once, whatever the machine does in between."""

from __future__ import annotations

from itertools import chain, repeat
from typing import Any

import pytest

from devices.speaker import instant

UTC_MS = 1_800_000_000_000


class Busy:
    """Clocks of a machine that does something else for so many seconds after each reading of UTC."""

    def __init__(self, *pauses: float) -> None:
        self._elapsed = 0.0
        self._pauses = chain(pauses, repeat(0.0))

    def utc_ms(self) -> int:
        now = UTC_MS + round(self._elapsed * 1000)
        self._elapsed += next(self._pauses)
        return now

    def monotonic(self) -> float:
        return self._elapsed


@pytest.mark.parametrize(
    ("pauses", "apart_ms"),
    [((), 0), ((0.04,), 20), ((0.9,), 0), ((3.0, 0.9, 0.3), 0), ((0.9, 0.4, 0.9, 0.9, 0.9), 200)],
)
def test_a_pause_between_two_readings_is_no_step(pauses: tuple[float, ...], apart_ms: int) -> None:
    clock: Any = Busy(*pauses)
    now, steady = instant.read(clock)
    assert steady - (now - UTC_MS) == pytest.approx(apart_ms, abs=1)
