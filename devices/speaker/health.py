"""What a box can say of its own health without asking anybody."""

from __future__ import annotations

import shutil
from pathlib import Path

_THERMAL = Path("/sys/class/thermal/thermal_zone0/temp")


def free_bytes(directory: Path) -> int | None:
    try:
        return shutil.disk_usage(directory).free
    except OSError:
        return None


def temperature_c(sensor: Path = _THERMAL) -> float | None:
    """The temperature of the processor, None where there is no sensor."""
    try:
        return int(sensor.read_text()) / 1000
    except (OSError, ValueError):
        return None
