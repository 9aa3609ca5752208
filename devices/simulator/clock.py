"""The clock of a simulated loudspeaker: a crystal that drifts, steered by a time service or by nothing."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from devices.speaker.clock import SystemClock

from .profile import Traits


@dataclass(frozen=True, slots=True)
class Truth:
    """The time that is right: UTC and the loop's, in seconds."""

    wall: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic


class Crystal:
    """Counts seconds a little too fast or too slow."""

    def __init__(self, truth: Truth, drift_ppm: float) -> None:
        self._rate = 1 + drift_ppm * 1e-6
        self._began = truth.monotonic()

    def shown(self, instant: float) -> float:
        """What it shows at an instant of the loop."""
        return self._began + (instant - self._began) * self._rate

    def true(self, shown: float) -> float:
        """The instant of the loop at which it shows this."""
        return self._began + (shown - self._began) / self._rate


class SimulatedClock(SystemClock):
    """While a time service steers it only ``offset_ms`` is wrong; without one the crystal counts on."""

    def __init__(self, truth: Truth, traits: Traits, has_network: Callable[[], bool]) -> None:
        super().__init__()
        self.crystal = Crystal(truth, traits.drift_ppm)
        self.wrong = False
        self.lie_ms = 0.0  # of the time service
        self._truth = truth
        self._traits = traits
        self._has_service = traits.time_service
        self._has_network = has_network
        self._set_at = self.monotonic()
        self._set_to = truth.wall() + traits.offset_ms / 1000

    @property
    def disciplined(self) -> bool:
        return self._has_service and self._has_network()

    def monotonic(self) -> float:
        return self.crystal.shown(self._truth.monotonic())

    def utc_ms(self) -> int:
        wrong = round(self._traits.wrong_ms) if self.wrong else 0
        return round(self._utc() * 1000) + wrong

    def error_ms(self) -> int | None:
        if self.disciplined and not self.doubt_ms():
            return self._steered_error_ms()
        return math.ceil(self.keeper.error(self.monotonic()) * 1000) if self.keeper.knows else None

    def doubt_ms(self) -> int:
        return super().doubt_ms() if self.lie_ms else 0

    def _steered_ms(self) -> int:
        return round(self._truth.wall() * 1000 + self._traits.offset_ms + self.lie_ms)

    def _steered_error_ms(self) -> int:
        return math.ceil(abs(self._traits.offset_ms)) + 1

    def _utc(self) -> float:
        monotonic = self.monotonic()
        if self._has_service and self._has_network() and not self.doubt_ms():
            self._set_at, self._set_to = monotonic, self._steered_ms() / 1000
            return self._set_to
        if self.keeper.knows:
            return self.keeper.utc(monotonic)
        return self._set_to + monotonic - self._set_at
