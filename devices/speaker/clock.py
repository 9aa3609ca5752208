"""The loudspeaker's clock: UTC for the plan, monotonic time for the sound, and how far to trust it."""

from __future__ import annotations

import ctypes
import time

from devices.messages import ClockQuality

_PLAUSIBLE = 1_735_689_600_000  # 1 January 2025: a box without a battery clock wakes up long before
_STA_UNSYNC = 0x0040


class SystemClock:
    """Implements ``ports.Clock`` on the kernel's clocks."""

    def utc_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()

    def quality(self) -> ClockQuality:
        """Synced while a time service steers the kernel's clock; unknown when the date cannot be true."""
        if self.utc_ms() < _PLAUSIBLE:
            return ClockQuality.UNKNOWN
        return ClockQuality.SYNCED if _is_disciplined() else ClockQuality.HOLDOVER


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


def _is_disciplined() -> bool:
    """Ask the kernel, without changing anything (modes = 0)."""
    timex = _Timex()
    try:
        answer = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.byref(timex))
    except (OSError, AttributeError):
        return False  # not Linux
    return bool(answer >= 0) and not timex.status & _STA_UNSYNC
