"""The streams of other stations as a simulated loudspeaker receives them: silence that comes, or does not."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from devices.errors import RelayUnreachable
from devices.messages import Relay
from devices.speaker.ports import RATE, Feed, Samples
from devices.speaker.reel import STALLED

from .faults import Fault
from .line import Line

_BYTES = 8_000  # a second, at 64 kbit/s


class VirtualRadio:
    """Every station sends, unless the line is cut or there is the fault ``no_stream``.

    Implements ``ports.Radio``.
    """

    def __init__(self, line: Line, faults: AbstractSet[Fault]) -> None:
        self._line = line
        self._faults = faults

    def feed(self, relay: Relay, networks: Sequence[str]) -> Feed:
        return _VirtualFeed(self)

    def trouble(self) -> str:
        if not self._line.is_up:
            return RelayUnreachable.code
        return STALLED if Fault.NO_STREAM in self._faults else ""


class _VirtualFeed:
    def __init__(self, radio: VirtualRadio) -> None:
        self._radio = radio
        self._taken = 0
        self._is_open = False

    @property
    def trouble(self) -> str:
        return self._radio.trouble()

    @property
    def received(self) -> int:
        return self._taken * _BYTES // RATE

    def open(self) -> None:
        self._is_open = True

    def take(self, count: int) -> Samples:
        if not self._is_open or self.trouble:
            count = 0
        self._taken += count
        return memoryview(bytes(2 * count)).cast("h")

    def pause(self) -> None:
        """It is always live."""

    def close(self) -> None:
        self._is_open = False
