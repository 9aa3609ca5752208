"""Commands: obeyed once, in time, and answered with the effect that was observed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from devices.messages import Ack, Action, Command

from .deck import Deck
from .documents import Documents
from .events import Reply, Report, Sync
from .holds import Holds
from .ledger import TOMBSTONE_KEPT, Ledger
from .memory import Occurrence
from .playing import Playing
from .record import Record
from .states import SOUNDING
from .upkeep import Upkeep

_GROUP_SPREAD = 5.0  # seconds
_URGENT_SPREAD = 2.0
_STANDING = (Action.STOP, Action.SILENCE, Action.RELEASE)  # what a box that was away must still learn
_URGENT = (Action.STOP, Action.SILENCE)

# What became of a command that was under way when the power went; a start anew is all that REBOOT wants.
_AFTER_POWER = {
    Action.STOP: ("done", "stopped"),
    Action.SILENCE: ("done", "silenced"),
    Action.REBOOT: ("done", "rebooted"),
}


@dataclass(slots=True)
class _Pending:
    """A stop whose sound has not ended yet."""

    command: Command
    items: set[str]
    code: str


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
        holds: Holds,
        upkeep: Upkeep,
    ) -> None:
        self._device = device
        self._record = record
        self._memory = record.memory
        self._ledger = ledger
        self._deck = deck
        self._playing = playing
        self._documents = documents
        self._holds = holds
        self._upkeep = upkeep
        self._pending: list[_Pending] = []

    def boot(self, now: int) -> None:
        """Answer what was under way when the power went."""
        for command_id, known in list(self._memory.command.items()):
            if known.ack.stage == "received":
                stage, code = _AFTER_POWER.get(known.action or Action.STOP, ("failed", "power"))
                ack = Ack(device=self._device, command=command_id, stage=stage, code=code, at=now)
                self._ledger.answer_late(known, ack)
                self._record.act(Sync(), Reply(ack, known.spread_s))

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

    def stand(self, commands: Iterable[Command], now: int, earliest: int) -> None:
        """Obey what the desired state carries because it was not answered: its messages may be lost.

        Copies are no alarm here: a document repeats an order until it has seen the answer.
        """
        for command in commands:
            known = self._ledger.earlier_answer(command)
            if command.target != self._device:
                self._record.alarm(now, "wrong_target", f"command {command.id} in desired")
            elif known is not None:
                self._record.act(Reply(known, self._spread(command)))
            elif command.action in _STANDING and max(now, earliest) <= command.expires_at:
                self._obey(command, now)

    def settle(self, now: int) -> None:
        """Answer the stops whose sound has ended, and the upkeep that is over."""
        for pending in list(self._pending):
            pending.items = {i for i in pending.items if self._is_sounding(i)}
            if not pending.items:
                self._pending.remove(pending)
                self._answer(pending.command, now, "done", pending.code)
        for command, stage, code in self._upkeep.settle(now):
            self._answer(command, now, stage, code)

    def _obey(self, command: Command, now: int) -> None:
        match command.action:
            case Action.STOP:
                self._holds.hold(command.hold_until, command.issued_at)
                self._end(command, self._stop_items(command, now), now, "stopped", "nothing_playing")
            case Action.SILENCE:
                self._silence(command, now)
            case Action.RELEASE:
                self._holds.release(command.issued_at)
                self._answer(command, now, "done", "released")
            case Action.VOLUME:
                self._set_volume(command, now)
            case Action.REPORT:
                self._record.act(Report())
                self._answer(command, now, "done", "")
            case _:
                self._keep_up(command, now)

    def _silence(self, command: Command, now: int) -> None:
        """Nothing sounds from here on, whatever it is; a release that was issued later has undone this."""
        if self._holds.is_released(command.issued_at):
            self._answer(command, now, "done", "released")
            return
        self._holds.silence(command.hold_until, command.issued_at)
        sounding = [o for o in self._deck.alive() if o.state in SOUNDING]
        for occurrence in sounding:
            self._playing.stop(occurrence, now, "silenced")
        self._end(command, sounding, now, "silenced", "silenced")

    def _end(self, command: Command, ended: list[Occurrence], now: int, code: str, idle: str) -> None:
        """Answer when nothing of this sounds any more."""
        sounding = {o.item.id for o in ended if o.state in SOUNDING}
        if sounding:
            self._pending.append(_Pending(command, sounding, code))
            self._remember(command, self._ack(command, now, "received"))
        else:
            self._answer(command, now, "done", code if ended else idle)

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

    def _keep_up(self, command: Command, now: int) -> None:
        """Begin what takes a while, say so, and answer when it is over."""
        if refused := self._upkeep.refusal(command, now):
            self._answer(command, now, "refused", refused)
            return
        self._answer(command, now, "received", "")
        self._upkeep.begin(command, now)

    def _answer(self, command: Command, now: int, stage: str, code: str) -> None:
        ack = self._ack(command, now, stage, code)
        self._remember(command, ack)
        self._record.act(Sync(), Reply(ack, self._spread(command)))

    def _ack(self, command: Command, now: int, stage: str, code: str = "") -> Ack:
        return Ack(device=self._device, command=command.id, stage=stage, code=code, at=now)

    def _remember(self, command: Command, ack: Ack) -> None:
        self._ledger.answer(command, ack, self._spread(command))

    def _spread(self, command: Command) -> float:
        if command.target == self._device:
            return 0.0
        return _URGENT_SPREAD if command.action in _URGENT else _GROUP_SPREAD

    def _is_sounding(self, item_id: str) -> bool:
        occurrence = self._deck.items.get(item_id)
        return occurrence is not None and occurrence.state in SOUNDING
