"""How far the wall clock can be trusted: its judged quality, what the server has signed, and its jumps."""

from __future__ import annotations

from devices.messages import ClockQuality

from .events import ClockJudged
from .record import Record

_BEHIND = 5 * 60_000  # ms a clock may be behind what the server has signed
_STEP = 200  # ms; less is slewing, or a pause between reading the two clocks


class ClockWatch:
    """Compares the wall clock with signed times and with a clock that nobody sets."""

    def __init__(self, record: Record, quality: ClockQuality) -> None:
        self._record = record
        self._memory = record.memory
        self._judged = quality
        self._origin: int | None = None  # wall clock less steady clock
        self.quality = quality
        self.error_ms: int | None = None
        self.doubt_ms = 0

    def judged(self, event: ClockJudged, now: int) -> None:
        if event.doubt_ms and not self.doubt_ms:
            self._record.alarm(now, "clock_doubtful", f"{event.doubt_ms:+d} ms")
        self._judged, self.error_ms, self.doubt_ms = event.quality, event.error_ms, event.doubt_ms

    def is_stepped(self, now: int, steady: int) -> bool:
        """Whether the wall clock was set since it was last observed."""
        return self._origin is not None and abs(now - steady - self._origin) > _STEP

    def observe(self, now: int, steady: int) -> int:
        """Say by how much (ms) the wall clock was set since the last time; 0 when it was not."""
        stepped = self.is_stepped(now, steady)
        by = now - steady - self._origin if stepped and self._origin is not None else 0
        self._origin = now - steady
        if by:
            self._record.alarm(now, "clock_stepped", f"{by:+d} ms")
        return by

    def earliest(self) -> int:
        """A time that is certainly past, whatever a clock that is not synchronised shows."""
        return 0 if self._judged is ClockQuality.SYNCED else self._signed()

    def reckon(self, now: int) -> int:
        """The best guess of the time: a clock that is known to be wrong, or that nobody vouches for, ends
        no key. One that is ahead by years would else refuse even the answer that sets it right."""
        vouched = self.error_ms is not None or self.quality is ClockQuality.SYNCED
        if self.quality is ClockQuality.UNKNOWN or not vouched:
            return self._signed()
        return max(now, self.earliest())

    def judge(self, now: int) -> None:
        """A clock that shows a time before a signed one is wrong; by such a clock nothing starts."""
        behind = now < self.earliest() - _BEHIND
        quality = ClockQuality.UNKNOWN if behind else self._judged
        if quality is ClockQuality.UNKNOWN and self.quality is not quality:
            self._record.alarm(now, "clock_unknown", "behind signed time" if behind else "not set")
        self.quality = quality

    def _signed(self) -> int:
        """The latest time that the server has signed."""
        signed = [desired.issued_at for desired in self._memory.desired.values()]
        return max(signed + [alerts.issued_at for alerts in self._memory.alerts.values()], default=0)
