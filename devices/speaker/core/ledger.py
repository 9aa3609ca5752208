"""What was ordered before: revisions grow (R1), commands act once (R2), cancels outlive their orders (R3)."""

from __future__ import annotations

import enum

import msgspec

from devices.messages import Ack, Command

from .memory import Remembered
from .record import Record

_DAY = 24 * 3600 * 1000
_COMMAND_KEPT = 7 * _DAY  # after its expiry, which alone refuses it later
TOMBSTONE_KEPT = 14 * _DAY  # twice the length of a plan
COPIES = 2  # a lost receipt may give a second copy; a third one is somebody else's


class Revision(enum.Enum):
    NEW = enum.auto()
    SAME = enum.auto()
    OLD = enum.auto()


class Ledger:
    """Decides whether an order is new."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._memory = record.memory
        self._copies: dict[str, int] = {}

    def compare(self, document: str, epoch: int, rev: int) -> Revision:
        held = self._memory.revision.get(document, (0, 0))
        if (epoch, rev) == held:
            return Revision.SAME
        return Revision.NEW if (epoch, rev) > held else Revision.OLD

    def accept(self, document: str, epoch: int, rev: int) -> None:
        self._record.keep("revision", document, (epoch, rev))

    def earlier_answer(self, command: Command) -> Ack | None:
        """The ack of a command that was seen before."""
        known = self._memory.command.get(command.id)
        return known.ack if known else None

    def is_one_copy_too_many(self, command: Command) -> bool:
        """Count one more arrival of a known command."""
        copies = self._copies.get(command.id, 1) + 1
        self._copies[command.id] = copies
        return copies > COPIES

    def answer(self, command: Command, ack: Ack, spread_s: float) -> None:
        known = Remembered(ack=ack, expires_at=command.expires_at, action=command.action, spread_s=spread_s)
        self._record.keep("command", command.id, known)

    def answer_late(self, known: Remembered, ack: Ack) -> None:
        """Replace the answer of a command that was under way when the power went."""
        self._record.keep("command", ack.command, msgspec.structs.replace(known, ack=ack))

    def bury(self, item_id: str, until: int) -> None:
        """Leave a tombstone, also for an item nobody here has heard of."""
        if until > self._memory.tombstone.get(item_id, 0):
            self._record.keep("tombstone", item_id, until)

    def is_buried(self, item_id: str) -> bool:
        return item_id in self._memory.tombstone

    def prune(self, now: int) -> None:
        """Forget what cannot matter any more."""
        for item_id, until in list(self._memory.tombstone.items()):
            if until < now:
                self._record.drop("tombstone", item_id)
        for command_id, known in list(self._memory.command.items()):
            if known.expires_at + _COMMAND_KEPT < now:
                self._record.drop("command", command_id)
                self._copies.pop(command_id, None)
