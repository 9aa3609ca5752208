"""When the amplifier is on: awake before the first sample, off when nothing follows soon."""

from __future__ import annotations

from . import events as ev
from .deck import NEAR, Deck
from .memory import Occurrence
from .playing import Playing
from .record import Record
from .states import SOUNDING

FOLLOWS = NEAR  # a shorter pause is not worth another switching
_TAIL = 1_000  # the output still holds samples when their end is reported
_LEAST_WAKE, _LONGEST_WAKE = 200, NEAR
_TONE = 3_000


class Amplifier:
    """Switches; never makes a start wait."""

    def __init__(self, record: Record, deck: Deck, playing: Playing) -> None:
        self._record = record
        self._deck = deck
        self._playing = playing
        self._on: bool | None = None  # a restarted program does not know
        self._tone_until = 0
        self._sounding = False
        self._silent_since = 0

    def advance(self, now: int) -> None:
        was_sounding, self._sounding = self._sounding, self._deck.sounding is not None
        if was_sounding and not self._sounding:
            self._silent_since = now
        wanted = self._is_needed(now)
        if wanted is not self._on:
            self._on = wanted
            self._record.act(ev.Amplifier(wanted))

    def awake_at(self, now: int) -> int:
        """Wake for a tone; says when it may sound."""
        at = now if self._on else now + self._wake
        self._tone_until = at + _TONE
        return at

    def due_times(self, now: int) -> list[int]:
        soon = [o for o in self._deck.near(now) if o.state in SOUNDING or self._playing.is_prospect(o)]
        starts = [self._playing.first_sample(occurrence) - self._wake for occurrence in soon]
        return [*starts, self._tone_until, self._silent_since + _TAIL]

    @property
    def _wake(self) -> int:
        return max(_LEAST_WAKE, min(self._deck.wake_ms, _LONGEST_WAKE))

    def _is_needed(self, now: int) -> bool:
        if now < self._tone_until:
            return True
        if self._on and now < self._silent_since + _TAIL:
            return True
        horizon = now + (FOLLOWS if self._on else self._wake)
        return any(self._sounds_before(o, horizon, now) for o in self._deck.near(now))

    def _sounds_before(self, occurrence: Occurrence, horizon: int, now: int) -> bool:
        if occurrence.state in SOUNDING:
            return self._playing.first_sample(occurrence) <= horizon
        if not self._playing.is_prospect(occurrence):
            return False
        at = max(now, self._playing.first_sample(occurrence))
        return at <= horizon and self._playing.obstacle(occurrence, at) is None
