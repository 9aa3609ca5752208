"""What a loudspeaker should know and obey, written anew from the rules alone: the judge of the random runs.

Nothing of the core is used here. Hours are sets of minutes, holds are a list, and documents are taken
as R1 to R3 say, so that a slip in the core cannot hide in its own judge.
"""

from __future__ import annotations

import copy
import functools
from dataclasses import dataclass, field

from devices.messages import (
    Action,
    Alerts,
    AlertStatus,
    BulletinClass,
    ClockQuality,
    Command,
    Desired,
    GuardPolicy,
    Item,
    Keyset,
    Plan,
)

DEVICE, GROUP = "loa-1", "xa"
MINUTE = 60_000
DAY_MINUTES = 24 * 60
FACES = {f"{n // 60:02}:{n % 60:02}": n for n in range(DAY_MINUTES + 1)}  # up to 24:00
FOREVER = 1 << 53


def is_emergency(item: Item) -> bool:
    return (item.klass, item.status) == (BulletinClass.EMERGENCY, AlertStatus.ACTUAL)


def begin_of(item: Item) -> int:
    return max(item.start, item.not_before)


@functools.cache
def minutes_of(start: str, end: str) -> frozenset[int] | None:
    """The minutes of the day from ``start`` on, walked one by one; None when the hours cannot be read."""
    first, last = FACES.get(start), FACES.get(end)
    if first is None or last is None:
        return None
    found, minute = {first % DAY_MINUTES}, (first + 1) % DAY_MINUTES
    while minute != last % DAY_MINUTES:
        found.add(minute)
        minute = (minute + 1) % DAY_MINUTES
    return frozenset(found)


@functools.lru_cache(maxsize=65_536)
def _row(policy: GuardPolicy, minute: int) -> tuple[bool, int]:
    is_open = any(minute in (minutes_of(w.start, w.end) or ()) for w in policy.windows)
    for hours in policy.quiet:
        quiet = minutes_of(hours.start, hours.end)
        is_open = is_open and quiet is not None and minute not in quiet
    loudest = policy.max_volume
    for cap in policy.volumes:
        held = minutes_of(cap.start, cap.end)
        loudest = min(loudest, cap.percent) if held is None or minute in held else loudest
    if minute >= 21 * 60 or minute < 6 * 60:
        loudest = min(loudest, policy.night_volume)
    return is_open, max(0, loudest)


def row(policy: GuardPolicy, wall: int) -> tuple[bool, int]:
    """Whether the local minute of ``wall`` is open, and the loudest that is allowed in it."""
    return _row(policy, (wall // MINUTE + policy.utc_offset_minutes) % DAY_MINUTES)


@dataclass
class Model:
    """The facts that count; ``sync`` makes them safe, ``cut`` goes back to the safe ones."""

    desired: Desired | None = None
    revs: dict[str, tuple[int, int]] = field(default_factory=dict)
    plan: dict[str, Item] = field(default_factory=dict)
    alerts: dict[str, Item] = field(default_factory=dict)
    issued: int = 0
    buried: frozenset[str] = frozenset()
    commands: frozenset[str] = frozenset()
    holds: tuple[tuple[Action, int, int], ...] = ()
    released: int = 0
    button: bool = False
    keyset: Keyset | None = None
    volume: int = 0
    begun: dict[str, Item] = field(default_factory=dict)

    def copy(self) -> Model:
        twin = copy.copy(self)
        twin.revs, twin.plan, twin.alerts = dict(self.revs), dict(self.plan), dict(self.alerts)
        twin.begun = dict(self.begun)
        return twin

    # --- what comes in ---

    def take(self, order: object, wall: int, quality: ClockQuality) -> bool:
        """Take an order whose seal and topic are good; whether it was new."""
        groups = self.desired.groups if self.desired else ()
        match order:
            case Alerts() if order.group not in groups:
                return False
            case Command() if order.target not in (*groups, DEVICE):
                return False
            case Desired():
                return self._desired(order, wall, quality)
            case Alerts():
                if self._is_new(f"alerts:{order.group}", order.epoch, order.rev):
                    self.alerts = {a.item.id: a.item for a in order.alerts}
                    self.buried |= {stone.id for stone in order.cancelled}
                    self.issued = max(self.issued, order.issued_at)
                    return True
            case Command():
                return self._command(order, wall, quality)
        return False

    def _is_new(self, name: str, epoch: int, rev: int) -> bool:
        if (epoch, rev) <= self.revs.get(name, (0, 0)):
            return False
        self.revs[name] = (epoch, rev)
        return True

    def _desired(self, order: Desired, wall: int, quality: ClockQuality) -> bool:
        if not self._is_new("desired", order.epoch, order.rev):
            return False
        if self.desired is None or self.desired.volume != order.volume:
            self.volume = order.volume
        self.desired = order
        self.issued = max(self.issued, order.issued_at)
        new, old = order.keyset, self.keyset
        newer = new is not None and (old is None or new.version > old.version)
        if new and newer and any(self.reckon(wall, quality) < known.not_after for known in new.keys):
            self.keyset = new
        return True

    def plan_came(self, sha256: str, plan: Plan) -> None:
        if self.desired and self.desired.plan and self.desired.plan.sha256 == sha256:
            outside = [
                item
                for item in self.plan.values()
                if not plan.start <= item.start < plan.end and item.expires >= plan.start
            ]
            self.plan = {item.id: item for item in (*outside, *plan.items)}

    def _command(self, order: Command, wall: int, quality: ClockQuality) -> bool:
        signed = 0 if quality is ClockQuality.SYNCED else self.issued
        if order.id in self.commands or max(wall, signed) > order.expires_at:
            return False
        self.commands |= {order.id}
        match order.action:
            case Action.STOP:
                self.buried |= set(order.items)
                self.holds += ((order.action, order.issued_at, order.hold_until),)
            case Action.SILENCE:
                self.holds += ((order.action, order.issued_at, order.hold_until or FOREVER),)
            case Action.RELEASE:
                self.released = max(self.released, order.issued_at)
            case Action.VOLUME if 0 <= order.volume <= 100:
                self.volume = order.volume
        return True

    # --- what follows from it ---

    def reckon(self, wall: int, quality: ClockQuality) -> int:
        if quality is ClockQuality.UNKNOWN:
            return self.issued
        return wall if quality is ClockQuality.SYNCED else max(wall, self.issued)

    def trusted(self, first: tuple[str, ...], wall: int, quality: ClockQuality) -> tuple[str, ...]:
        if self.keyset is None:
            return first
        now = self.reckon(wall, quality)
        return tuple(known.key for known in self.keyset.keys if now < known.not_after)

    def _until(self, action: Action) -> int:
        holds = [until for kind, issued, until in self.holds if kind is action and issued > self.released]
        return max(holds, default=0)

    def is_silenced(self, wall: int) -> bool:
        return self.button or wall < self._until(Action.SILENCE)

    def is_held(self, wall: int) -> bool:
        return wall < self._until(Action.STOP)

    @property
    def policy(self) -> GuardPolicy:
        return self.desired.policy if self.desired else GuardPolicy()

    def find(self, name: str) -> Item | None:
        return self.plan.get(name) or self.alerts.get(name)

    def wrong_start(self, item: Item, wall: int, slack: int) -> str:
        """Why the first sample of an item may not sound at ``wall``, or an empty string."""
        if wall < begin_of(item) - slack:
            return "R4: before its time"
        if wall > item.expires + slack:
            return "R4: after its time"
        return "R3: it was cancelled" if item.id in self.buried else ""

    def wrong_sound(self, item: Item, wall: int, volume: int) -> str:
        """Why an item may not sound at ``wall`` with this volume, or an empty string."""
        if self.is_silenced(wall):
            return "silence: a sound under it"
        is_open, loudest = row(self.policy, wall)
        if not is_open and not is_emergency(item):
            return "guard: outside the hours"
        cap = self.policy.max_volume if is_emergency(item) else loudest
        return "" if volume == min(round(self.volume * item.volume / 100), cap) else "volume: not as ordered"
