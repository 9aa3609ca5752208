"""What the core keeps over a power cut, as typed facts; the store sees only kinds, keys and bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from devices.messages import Ack, Action, Alerts, Desired, Item, ItemState, Keyset, Plan

from .guard import Sessions


class Occurrence(msgspec.Struct, kw_only=True):
    """One item on this loudspeaker: its definition, its state and what was heard of it."""

    item: Item
    source: str  # PLAN, or the group of an urgent announcement
    repeat: int = 1
    gap_ms: int = 0
    state: ItemState = ItemState.PLANNED
    started: int = 0  # UTC ms of the first sample
    offset: int = 0  # samples already rendered
    total: int = 0  # samples in all, known once decoded
    underruns: int = 0
    volume: int = 0
    preempted_at: int = 0
    live: tuple[tuple[int, int], ...] = ()  # the first sample of each stream, and the first after it
    lost: int = 0  # samples of streams that went by unheard
    gaps: int = 0

    @property
    def position(self) -> int:
        """The sample with which it goes on."""
        return self.offset + self.lost

    @property
    def begin(self) -> int:
        """When it is to start, or may at the earliest."""
        return max(self.item.start, self.item.not_before)

    @property
    def duration_ms(self) -> int:
        return self.item.duration_ms * self.repeat + self.gap_ms * (self.repeat - 1)


FOREVER = 1 << 53  # ms; still exact in every JSON reader
PLAN = ""  # no group has an empty name


class HeldPlan(msgspec.Struct, frozen=True, kw_only=True):
    """The plan in force and the revision of the desired state that ordered it."""

    sha256: str
    plan: Plan


class Remembered(msgspec.Struct, frozen=True, kw_only=True):
    """A command that was obeyed or refused, and the answer it got."""

    ack: Ack
    expires_at: int
    action: Action | None = None
    spread_s: float = 0.0


@dataclass
class Memory:
    """Every kept fact, by kind."""

    desired: dict[str, Desired] = field(default_factory=dict)  # key "": at most one
    plan: dict[str, HeldPlan] = field(default_factory=dict)  # key "": at most one
    alerts: dict[str, Alerts] = field(default_factory=dict)  # by group
    revision: dict[str, tuple[int, int]] = field(default_factory=dict)  # by document
    command: dict[str, Remembered] = field(default_factory=dict)
    tombstone: dict[str, int] = field(default_factory=dict)  # id -> until
    item: dict[str, Occurrence] = field(default_factory=dict)
    number: dict[str, int] = field(default_factory=dict)  # released, silenced, button, volume
    holds: dict[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)  # (issued at, until)
    keyset: dict[str, Keyset] = field(default_factory=dict)  # key "": at most one
    used: dict[str, int] = field(default_factory=dict)  # local day -> ms that sounded
    sessions: dict[str, Sessions] = field(default_factory=dict)  # by local day
    damaged: list[str] = field(default_factory=list)  # facts that could not be read


_TYPES: dict[str, Any] = {
    "desired": Desired,
    "plan": HeldPlan,
    "alerts": Alerts,
    "revision": tuple[int, int],
    "command": Remembered,
    "tombstone": int,
    "item": Occurrence,
    "number": int,
    "holds": tuple[tuple[int, int], ...],
    "keyset": Keyset,
    "used": int,
    "sessions": Sessions,
}


def recall(facts: Mapping[tuple[str, str], bytes]) -> Memory:
    """Rebuild the memory from the store; unknown kinds are left alone.

    A fact that cannot be read is named in ``damaged`` and is not fatal. When it was
    an item's, nobody knows any more whether it has sounded: it never shall again.
    """
    memory = Memory()
    for (kind, key), body in facts.items():
        if kind not in _TYPES:
            continue
        try:
            getattr(memory, kind)[key] = msgspec.json.decode(body, type=_TYPES[kind])
        except (msgspec.DecodeError, UnicodeDecodeError):
            memory.damaged.append(f"{kind}/{key}")
            if kind == "item":
                memory.tombstone[key] = FOREVER
    return memory


def encode(value: object) -> bytes:
    return msgspec.json.encode(value)
