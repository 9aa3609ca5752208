"""What the box notices of its own sound, for the server to judge: current in the horn, a microphone."""

from __future__ import annotations

from .deck import Deck
from .events import Electrical, Heard, SensorEvent, UnorderedSound
from .playing import Playing
from .record import Record
from .states import WAITING

_ECHO = 15_000  # ms after the last sample; a microphone tells of ten seconds at once
_CHANGES = 8  # of the current during one item: a loose contact must not fill the journal


class Sensing:
    """Journals what sensors tell; it proves nothing by itself."""

    def __init__(self, record: Record, deck: Deck, playing: Playing) -> None:
        self._record = record
        self._deck = deck
        self._playing = playing
        self._load: dict[str, list[bool]] = {}  # what was journaled of the present item
        self.is_horn_dead = False

    def take(self, event: SensorEvent, now: int) -> None:
        match event:
            case Electrical():
                self._electrical(event, now)
            case Heard() if self._has_begun(event.item_id):
                self._record.journal(
                    now, "heard", item=event.item_id, offset_ms=event.offset_ms, energies=event.energies
                )
            case UnorderedSound() if not self._playing.sounded_since(now - _ECHO):
                self._record.alarm(now, "unordered_sound", f"{event.level_db:.0f} dB")

    def _electrical(self, event: Electrical, now: int) -> None:
        if not self._has_begun(event.item_id):
            return
        self.is_horn_dead = not event.ok
        if event.item_id not in self._load:
            self._load = {event.item_id: []}
        told = self._load[event.item_id]
        if len(told) < _CHANGES and told[-1:] != [event.ok]:
            told.append(event.ok)
            self._record.journal(
                now, "electrical", item=event.item_id, reason="load" if event.ok else "no_load"
            )

    def _has_begun(self, item_id: str) -> bool:
        occurrence = self._deck.items.get(item_id)
        return occurrence is not None and occurrence.state not in WAITING and occurrence.started > 0
