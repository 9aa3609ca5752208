"""The loudspeaker's clock: UTC for the plan, monotonic time for the sound, and how far to trust it.

A time service is believed for as long as it does not contradict what the server has signed: anybody on
the way can answer in its place, and nobody can in the server's.
"""

from __future__ import annotations

import ctypes
import math
import time

from devices.messages import ClockQuality

from .timekeeping import Timekeeper

_PLAUSIBLE = 1_735_689_600_000  # 1 January 2025: a box without a battery clock wakes up long before
_STA_UNSYNC = 0x0040
_LOOK_AGAIN = 10.0  # seconds
_GOOD_MS = 100  # neighbours that start further apart are heard twice
_HOPELESS_MS = 300_000  # a clock that may be off by minutes starts nothing
_MARGIN_MS = 5_000  # beyond all doubt on both sides: a server may itself be off by a little


class SystemClock:
    """Implements ``ports.Clock``: the kernel's time while a time service steers it, else the server's.

    ``disciplined`` and what begins with ``_steered`` tell of the time service.
    """

    def __init__(self) -> None:
        self.keeper = Timekeeper()
        self._looked: float | None = None
        self._timex = _Timex()

    @property
    def disciplined(self) -> bool:
        """Whether a time service steers the kernel's clock; asked every few seconds."""
        now = self.monotonic()
        if self._looked is None or now - self._looked > _LOOK_AGAIN:
            self._looked, self._timex = now, _ask_kernel()
        return not self._timex.status & _STA_UNSYNC

    def utc_ms(self) -> int:
        if not self.keeper.knows or (self.disciplined and not self.doubt_ms()):
            return self._steered_ms()
        return round(self.keeper.utc(self.monotonic()) * 1000)

    def doubt_ms(self) -> int:
        """How far the steered clock is ahead of the signed time, where both cannot be right; else 0."""
        if not self.disciplined or not self.keeper.knows:
            return 0
        at = self.monotonic()
        ahead = self._steered_ms() - self.keeper.utc(at) * 1000
        bound = self._steered_error_ms() + self.keeper.error(at) * 1000 + _MARGIN_MS
        return round(ahead) if abs(ahead) > bound else 0

    def monotonic(self) -> float:
        return time.monotonic()

    def error_ms(self) -> int | None:
        """How far ``utc_ms`` may be from the truth; None when nobody knows."""
        if self.disciplined and not self.doubt_ms():
            return self._steered_error_ms()
        return math.ceil(self.keeper.error(self.monotonic()) * 1000) if self.keeper.knows else None

    def quality(self) -> ClockQuality:
        """Synced while good enough to start together with neighbours; unknown when it cannot be true."""
        if self.utc_ms() < _PLAUSIBLE:
            return ClockQuality.UNKNOWN
        error = self.error_ms()
        if error is not None and error > _HOPELESS_MS:
            return ClockQuality.UNKNOWN
        good = self.disciplined or (error is not None and error <= _GOOD_MS)
        good = good and not self.doubt_ms()
        return ClockQuality.SYNCED if good else ClockQuality.HOLDOVER

    def _steered_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def _steered_error_ms(self) -> int:
        return math.ceil(int(self._timex.maxerror) / 1000)


class _Timex(ctypes.Structure):
    """The head of Linux's struct timex; the padding is larger than the rest of it."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


def _ask_kernel() -> _Timex:
    """Look without changing anything (modes = 0); where there is no such call, nothing steers the clock."""
    timex = _Timex()
    try:
        answer = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))
    except (OSError, AttributeError):
        answer = -1  # not Linux
    if answer < 0:
        timex.status = _STA_UNSYNC
    return timex
