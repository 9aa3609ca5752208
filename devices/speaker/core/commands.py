"""Commands: obeyed once, in time, and answered with the effect that was observed."""

from __future__ import annotations

from dataclasses import dataclass

from devices.messages import Ack, Action, Command

from . import guard
from .deck import Deck
from .documents import Documents
from .events import Identify, Reply, Report, Sync
from .ledger import TOMBSTONE_KEPT, Ledger
from .memory import Occurrence
from .playing import Playing
from .record import Record
from .states import SOUNDING

_GROUP_SPREAD = 5.0  # seconds
_URGENT_SPREAD = 2.0


@dataclass(slots=True)
class _Pending:
    """A stop whose sound has not ended yet."""

    command: Command
    items: set[str]
    spread_s: float


class Commands:
    """Obeys each command at most once (R2) and remembers the answer."""

    def __init__(
        self,
        device: str,
        *,
        record: Record,
        ledger: Ledger,
        deck: Deck,
        playing: Playing,
        documents: Documents,
    ) -> None:
        self._device = device
        self._record = record
        self._memory = record.memory
        self._ledger = ledger
        self._deck = deck
        self._playing = playing
        self._documents = documents
        self._pending: list[_Pending] = []

    def receive(self, command: Command, now: int, earliest: int) -> None:
        """Obey, or repeat the old answer; ``earliest`` is a time that has surely passed."""
        over = max(now, earliest) > command.expires_at
        known = self._ledger.earlier_answer(command)
        if known is not None:
            if self._ledger.is_one_copy_too_many(command) or over:
                self._record.alarm(now, "replayed", f"command {command.id}")
            if not over:
                self._record.act(Reply(known, self._spread(command)))
        elif over:
            self._record.alarm(now, "stale", f"command {command.id}")
        else:
            self._obey(command, now)

    def settle(self, now: int) -> None:
        """Answer the stops whose sound has ended."""
        for pending in list(self._pending):
            pending.items = {i for i in pending.items if self._is_sounding(i)}
            if not pending.items:
                self._pending.remove(pending)
                self._answer(pending.command, now, "done", "stopped")

    def _obey(self, command: Command, now: int) -> None:
        match command.action:
            case Action.STOP:
                self._stop(command, now)
            case Action.RELEASE:
                self._record.keep("number", "released", command.issued_at)
                self._record.keep("number", "hold", 0)
                self._answer(command, now, "done", "released")
            case Action.VOLUME:
                self._set_volume(command, now)
            case Action.IDENTIFY:
                self._identify(command, now)
            case Action.REPORT:
                self._record.act(Report())
                self._answer(command, now, "done", "")

    def _stop(self, command: Command, now: int) -> None:
        """Silence now, then hold; a release that was issued later has already ended the hold."""
        issued_after_release = command.issued_at > self._memory.number.get("released", 0)
        if command.hold_until > self._playing.held_until and issued_after_release:
            self._record.keep("number", "hold", command.hold_until)
        stopped = self._stop_items(command, now)
        sounding = {o.item.id for o in stopped if o.state in SOUNDING}
        if sounding:
            self._pending.append(_Pending(command, sounding, self._spread(command)))
            self._remember(command, Ack(device=self._device, command=command.id, stage="received", at=now))
        else:
            self._answer(command, now, "done", "stopped" if stopped else "nothing_playing")

    def _stop_items(self, command: Command, now: int) -> list[Occurrence]:
        if not command.items:
            stopped = self._playing.on_air(now)
            for occurrence in stopped:
                self._playing.stop(occurrence, now, "stopped")
            return stopped
        until = max(command.expires_at, now) + TOMBSTONE_KEPT
        buried = [self._documents.bury(item_id, until, now, "stopped") for item_id in command.items]
        return [occurrence for occurrence in buried if occurrence is not None]

    def _set_volume(self, command: Command, now: int) -> None:
        if not 0 <= command.volume <= 100:
            self._answer(command, now, "refused", "volume")
            return
        self._record.keep("number", "volume", command.volume)
        self._answer(command, now, "done", "")

    def _identify(self, command: Command, now: int) -> None:
        policy = self._deck.policy
        if not guard.is_open(policy, now):
            self._answer(command, now, "refused", "outside_hours")
        elif self._deck.sounding is not None:
            self._answer(command, now, "refused", "playing")
        else:
            self._record.act(Identify(min(self._deck.base_volume, policy.max_volume)))
            self._answer(command, now, "done", "")

    def _answer(self, command: Command, now: int, stage: str, code: str) -> None:
        ack = Ack(device=self._device, command=command.id, stage=stage, code=code, at=now)
        self._remember(command, ack)
        self._record.act(Sync(), Reply(ack, self._spread(command)))

    def _remember(self, command: Command, ack: Ack) -> None:
        self._ledger.answer(command, ack)

    def _spread(self, command: Command) -> float:
        if command.target == self._device:
            return 0.0
        return _URGENT_SPREAD if command.action is Action.STOP else _GROUP_SPREAD

    def _is_sounding(self, item_id: str) -> bool:
        occurrence = self._deck.items.get(item_id)
        return occurrence is not None and occurrence.state in SOUNDING
