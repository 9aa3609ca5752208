"""What a box can say of its own health without asking anybody."""

from __future__ import annotations

import math
import shutil
from dataclasses import dataclass
from pathlib import Path

_THERMAL = Path("/sys/class/thermal/thermal_zone0/temp")
_ROUTES = Path("/proc/net/route")
_KINDS = {"ww": "4g", "pp": "4g", "us": "4g", "et": "ethernet", "en": "ethernet", "wl": "wifi"}


@dataclass(frozen=True, slots=True)
class Sensors:
    """Files in which a box shows what it measures; other programs of the box write them."""

    voltage: Path | None = None  # volts of the supply
    signal: Path | None = None  # dBm of the mobile network
    temperature: Path | None = _THERMAL  # thousandths of a degree, of the processor
    routes: Path = _ROUTES

    def voltage_v(self) -> float | None:
        return _number(self.voltage)

    def signal_dbm(self) -> int | None:
        shown = _number(self.signal)
        return None if shown is None else round(shown)

    def temperature_c(self) -> float | None:
        shown = _number(self.temperature)
        return None if shown is None else shown / 1000

    def network(self) -> str:
        """The kind of network of the default route, by the name of its interface; empty when unknown."""
        try:
            lines = self.routes.read_text().splitlines()[1:]
        except OSError:
            return ""
        routes = (line.split() for line in lines)
        names = [fields[0] for fields in routes if len(fields) > 7 and fields[1] == fields[7] == "00000000"]
        return _KINDS.get(names[0][:2], "") if names else ""


def free_bytes(directory: Path) -> int | None:
    try:
        return shutil.disk_usage(directory).free
    except OSError:
        return None


def total_bytes(directory: Path) -> int | None:
    try:
        return shutil.disk_usage(directory).total
    except OSError:
        return None


def _number(file: Path | None) -> float | None:
    """What a file shows; None where there is no file or no number."""
    try:
        shown = float(file.read_text()) if file is not None else math.nan
    except (OSError, ValueError):
        return None
    return shown if math.isfinite(shown) else None
