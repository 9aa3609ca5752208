"""What has been used of a day: the minutes that sounded, and the sessions that began."""

from __future__ import annotations

from devices.speaker.ports import RATE

from . import guard
from .deck import Deck
from .memory import Occurrence
from .record import Record


class Quota:
    """Keeps the accounts by which the guard refuses; an actual emergency is in none of them."""

    def __init__(self, record: Record, deck: Deck) -> None:
        self._record = record
        self._memory = record.memory
        self._deck = deck

    def refusal(self, occurrence: Occurrence, at: int) -> str | None:
        """Why the guard lets an occurrence not sound at ``at``, or None."""
        policy, begin = self._deck.policy, occurrence.begin
        return guard.refusal(
            policy,
            occurrence.item,
            at=at,
            duration_ms=_rest_ms(occurrence),
            used_ms=self._memory.used.get(guard.local_day(policy, at), 0),
            sessions=self._sessions(begin),
            nominal=begin,
        )

    def begin(self, occurrence: Occurrence, at: int) -> None:
        """Count a start before the first sample, so that a power cut gives no session back."""
        if guard.is_emergency(occurrence.item):
            return
        begin = occurrence.begin
        self._keep_sessions(begin, self._sessions(begin).begin(begin, at + _rest_ms(occurrence)))

    def end(self, occurrence: Occurrence, samples: int, now: int) -> None:
        if guard.is_emergency(occurrence.item):
            return
        played, today = samples * 1000 // RATE, guard.local_day(self._deck.policy, now)
        self._keep_sessions(occurrence.begin, self._sessions(occurrence.begin).end(now, played))
        if samples:
            self._record.keep("used", today, self._memory.used.get(today, 0) + played)
        for kind, days in (("used", self._memory.used), ("sessions", self._memory.sessions)):
            for old in [old for old in days if int(old) < int(today) - 1]:
                self._record.drop(kind, old)

    def _sessions(self, begin: int) -> guard.Sessions:
        """Those of the day of a nominal start."""
        return self._memory.sessions.get(guard.local_day(self._deck.policy, begin), guard.NO_SESSIONS)

    def _keep_sessions(self, begin: int, sessions: guard.Sessions) -> None:
        self._record.keep("sessions", guard.local_day(self._deck.policy, begin), sessions)


def _rest_ms(occurrence: Occurrence) -> int:
    return occurrence.duration_ms - occurrence.position * 1000 // RATE
