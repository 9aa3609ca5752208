"""What a simulated loudspeaker measures of itself: nothing that this machine has belongs to it."""

from __future__ import annotations

from devices.speaker.health import Sensors


class SimulatedSensors(Sensors):
    """A box with a mobile network and no other sensor; asks no file, since thousands ask every minute."""

    def voltage_v(self) -> float | None:
        return None

    def signal_dbm(self) -> int | None:
        return None

    def temperature_c(self) -> float | None:
        return None

    def network(self) -> str:
        return "4g"
