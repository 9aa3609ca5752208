"""The amplifier of the horn: a line that switches it, and a sensor of what it draws."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

from devices.errors import AmplifierFailed


class AlwaysOn:
    """An amplifier that nobody can switch and that says nothing."""

    def on(self) -> None:
        """It is."""

    def off(self) -> None:
        """It stays on."""

    def load(self) -> float | None:
        return None


@dataclass(frozen=True, slots=True)
class FileAmplifier:
    """``switch`` is the value file of a GPIO line that takes 1 and 0; ``sense`` shows the load in watts."""

    switch: Path | None = None
    sense: Path | None = None

    def on(self) -> None:
        """Raises AmplifierFailed."""
        self._write("1")

    def off(self) -> None:
        """Raises AmplifierFailed."""
        self._write("0")

    def load(self) -> float | None:
        """Watts that flow into the horn; None where nothing measures. Raises AmplifierFailed."""
        if self.sense is None:
            return None
        try:
            watts = float(self.sense.read_text())
        except (OSError, ValueError) as error:
            raise AmplifierFailed(f"{self.sense} shows no load: {error}") from error
        if not math.isfinite(watts):
            raise AmplifierFailed(f"{self.sense} shows no load: {watts}")
        return watts

    def _write(self, level: str) -> None:
        if self.switch is None:
            return
        try:
            self.switch.write_text(level)
        except OSError as error:
            raise AmplifierFailed(f"{self.switch} takes no {level}: {error}") from error
