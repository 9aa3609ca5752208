"""The true time as the server's answers tell it: the least doubtful answer counts, and drift is learned.

Offset and delay as in NTP (RFC 5905, section 8): with t1 and t4 of our monotonic clock and t2 and t3 of the
server's, the offset is ((t2 - t1) + (t3 - t4)) / 2 and cannot be wrong by more than half the delay
(t4 - t1) - (t3 - t2), however unevenly the way there and the way back were delayed.
"""

from __future__ import annotations

import enum
from collections import deque
from dataclasses import dataclass

WILD = 100e-6  # seconds a second a cheap crystal may be off before its drift is known
TAME = 5e-6  # and afterwards, for temperature and age
STEEPEST = 500e-6  # no crystal drifts more: such a slope is something else
RESOLUTION = 0.000_5  # seconds; the wire's stamps and our own reading of the clock
SPAN = 600.0  # seconds between two readings from which drift is learned
TOLERANCE = 0.05  # seconds beyond its doubt by which a reading may differ before it is not believed
KEPT = 32
STEADY = 4  # readings that agree with each other, and not with what was known, make a new truth
STEADY_FOR = 60.0  # seconds over which they must come


@dataclass(frozen=True, slots=True)
class Reading:
    """One answer: at the monotonic instant ``at`` UTC was ahead of our clock by ``offset``, in seconds."""

    at: float
    offset: float
    error: float


class Verdict(enum.Enum):
    """What became of a reading."""

    TAKEN = enum.auto()
    DOUBTED = enum.auto()  # it contradicts what is known; one alone changes nothing
    STEPPED = enum.auto()  # several agree: what was known is given up for them


def read(sent: float, received_us: int, sent_us: int, arrived: float) -> Reading | None:
    """Judge one exchange; None when the stamps contradict each other.

    ``sent`` and ``arrived`` are seconds of our monotonic clock, the others microseconds of UTC.
    """
    received, answered = received_us / 1e6, sent_us / 1e6
    delay = (arrived - sent) - (answered - received)
    if answered < received or delay < -RESOLUTION:
        return None
    offset = ((received - sent) + (answered - arrived)) / 2
    return Reading((sent + arrived) / 2, offset, max(0.0, delay) / 2 + RESOLUTION)


class Timekeeper:
    """UTC from a monotonic clock and the readings so far; knows how far it may be wrong."""

    def __init__(self) -> None:
        self._readings: deque[Reading] = deque(maxlen=KEPT)
        self._doubted: list[Reading] = []
        self._rate = 0.0
        self._rate_error = WILD

    @property
    def knows(self) -> bool:
        return bool(self._readings)

    @property
    def drift_ppm(self) -> float | None:
        """How much faster UTC passes than our clock; None while that is not known."""
        return self._rate * 1e6 if self._rate_error < WILD else None

    def take(self, reading: Reading) -> Verdict:
        """Learn from a reading."""
        if not self.knows or self._agrees(reading):
            self._doubted.clear()
            self._keep(reading)
            return Verdict.TAKEN
        self._doubt(reading)
        if not self._is_steady():
            return Verdict.DOUBTED
        self._begin_anew()
        return Verdict.STEPPED

    def utc(self, at: float) -> float:
        """Seconds since the epoch at a monotonic instant; raises LookupError before the first reading."""
        return at + self._offset(at)

    def error(self, at: float) -> float:
        """The most by which ``utc`` may be wrong, in seconds; raises LookupError before the first reading."""
        return self._doubt_of(self._anchor(at), at)

    def _offset(self, at: float) -> float:
        anchor = self._anchor(at)
        return anchor.offset + self._rate * (at - anchor.at)

    def _anchor(self, at: float) -> Reading:
        """The reading that tells most about an instant: precise, or fresh."""
        if not self._readings:
            raise LookupError("no reading yet")
        return min(self._readings, key=lambda each: self._doubt_of(each, at))

    def _doubt_of(self, reading: Reading, at: float) -> float:
        return reading.error + self._rate_error * abs(at - reading.at)

    def _agrees(self, reading: Reading) -> bool:
        apart = abs(reading.offset - self._offset(reading.at))
        return apart <= reading.error + self.error(reading.at) + TOLERANCE

    def _keep(self, reading: Reading) -> None:
        self._readings.append(reading)
        self._learn(reading)

    def _learn(self, newest: Reading) -> None:
        """Take the slope to the old reading that tells it best, if it is better than what is known."""
        old = [each for each in self._readings if newest.at - each.at >= SPAN]
        if not old:
            return
        best = min(old, key=lambda each: (each.error + newest.error) / (newest.at - each.at))
        span = newest.at - best.at
        rate, error = (newest.offset - best.offset) / span, (best.error + newest.error) / span
        if error < WILD and abs(rate) <= STEEPEST and max(error, TAME) <= self._rate_error:
            self._rate, self._rate_error = rate, max(error, TAME)

    def _doubt(self, reading: Reading) -> None:
        """Remember it beside those it agrees with; whoever contradicts those too makes them worthless."""
        if self._doubted:
            last = self._doubted[-1]
            slack = last.error + reading.error + WILD * (reading.at - last.at) + TOLERANCE
            if abs(reading.offset - last.offset) > slack:
                self._doubted.clear()
        self._doubted.append(reading)

    def _is_steady(self) -> bool:
        known = self._doubted
        return len(known) >= STEADY and known[-1].at - known[0].at >= STEADY_FOR

    def _begin_anew(self) -> None:
        self._readings = deque(self._doubted, maxlen=KEPT)
        self._doubted = []
        self._rate, self._rate_error = 0.0, WILD
