"""What is broken on a loudspeaker now, as the codes of its state on the wire."""

from __future__ import annotations

import enum
from collections.abc import Callable


class Fault(enum.StrEnum):
    NO_SOUND_CARD = "no_sound_card"
    STORE_FAILED = "store_failed"
    DISK_FULL = "disk_full"
    AMPLIFIER = "amplifier"
    DEAD_HORN = "dead_horn"
    CLOCK = "clock"


class Faults:
    """The faults that the agent sees; ``changed`` is called when one comes or goes."""

    def __init__(self, changed: Callable[[], None] = lambda: None) -> None:
        self._present: set[str] = set()
        self._changed = changed

    def note(self, fault: Fault, *, present: bool) -> None:
        if present == (fault in self._present):
            return
        (self._present.add if present else self._present.discard)(fault)
        self._changed()

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(sorted(map(str, self._present)))
