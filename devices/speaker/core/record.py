"""The core's way out: every change of memory, every journal event and every action passes here, in order."""

from __future__ import annotations

from typing import Any

from devices.messages import JournalEvent

from .events import Action, Append, Drop, Keep
from .memory import Memory, encode

_ALARM_INTERVAL = 60_000  # ms between two alarms of one kind: a flood must not fill the journal


class Record:
    """Memory with write-through, the gap-free journal, and the actions collected until ``drain``."""

    def __init__(self, memory: Memory, last_seq: int) -> None:
        self.memory = memory
        self._seq = last_seq
        self._actions: list[Action] = []
        self._alarms: dict[str, tuple[int, int]] = {}  # kind -> (last told, withheld since)

    def act(self, *actions: Action) -> None:
        self._actions.extend(actions)

    def drain(self) -> list[Action]:
        actions, self._actions = self._actions, []
        return actions

    def keep(self, kind: str, key: str, value: object) -> None:
        getattr(self.memory, kind)[key] = value
        self.act(Keep(kind, key, encode(value)))

    def drop(self, kind: str, key: str) -> None:
        if getattr(self.memory, kind).pop(key, None) is not None:
            self.act(Drop(kind, key))

    def journal(self, now: int, event: str, **fields: Any) -> None:
        """Add to the journal; ``fields`` are those of JournalEvent."""
        self._seq += 1
        self.act(Append(JournalEvent(seq=self._seq, at=now, event=event, **fields)))

    def alarm(self, now: int, kind: str, detail: str) -> None:
        """Journal what a person must know, at most once a minute for each kind."""
        told, withheld = self._alarms.get(kind, (None, 0))
        if told is not None and 0 <= now - told < _ALARM_INTERVAL:
            self._alarms[kind] = (told, withheld + 1)
            return
        self._alarms[kind] = (now, 0)
        more = f" (+{withheld})" if withheld else ""
        self.journal(now, kind, reason=detail[:200] + more)
