"""The loudspeaker's clock: UTC for the plan, monotonic time for the sound, and how far to trust it."""

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


class SystemClock:
    """Implements ``ports.Clock``: the kernel's time while a time service steers it, else the server's."""

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
        if self.disciplined or not self.keeper.knows:
            return time.time_ns() // 1_000_000
        return round(self.keeper.utc(self.monotonic()) * 1000)

    def monotonic(self) -> float:
        return time.monotonic()

    def error_ms(self) -> int | None:
        """How far ``utc_ms`` may be from the truth; None when nobody knows."""
        if self.disciplined:
            return math.ceil(int(self._timex.maxerror) / 1000)
        return math.ceil(self.keeper.error(self.monotonic()) * 1000) if self.keeper.knows else None

    def quality(self) -> ClockQuality:
        """Synced while good enough to start together with neighbours; unknown when it cannot be true."""
        if self.utc_ms() < _PLAUSIBLE:
            return ClockQuality.UNKNOWN
        error = self.error_ms()
        if error is not None and error > _HOPELESS_MS:
            return ClockQuality.UNKNOWN
        good = self.disciplined or (error is not None and error <= _GOOD_MS)
        return ClockQuality.SYNCED if good else ClockQuality.HOLDOVER


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
