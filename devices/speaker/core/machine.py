"""The loudspeaker's core: events in, actions out, no input or output, no clock but the one it is told."""

from __future__ import annotations

from collections.abc import Iterable

from devices.messages import (
    Alerts,
    ClockQuality,
    Command,
    Cursor,
    Desired,
    ItemState,
    Order,
    State,
    TimeResponse,
)
from devices.topics import Kind, Place

from . import events as ev
from .commands import Commands
from .deck import Deck
from .documents import Documents
from .ledger import Ledger
from .memory import Memory
from .playing import Playing
from .record import Record
from .states import BEGUN, FINAL

_CLOCK_TOLERANCE = 5 * 60_000  # ms a clock may be behind what the server has signed
_KEPT = 14 * 24 * 3600 * 1000  # ms; an occurrence that is over is forgotten later than any plan that names it
_IDLE = 60_000
_PRUNE_INTERVAL = 3600_000


class SpeakerCore:
    """One loudspeaker: ``boot`` once, then ``handle`` every event; carry out the actions in order."""

    def __init__(
        self, device: str, boot_id: str, memory: Memory, *, clips: Iterable[str] = (), last_seq: int = 0
    ) -> None:
        self.device = device
        self.boot_id = boot_id
        self._memory = memory
        self._record = Record(memory, last_seq)
        self._ledger = Ledger(self._record)
        self._deck = Deck(self._record, set(clips))
        self._playing = Playing(self._record, self._deck)
        self._documents = Documents(self._record, self._ledger, self._deck, self._playing)
        self._commands = Commands(
            device,
            record=self._record,
            ledger=self._ledger,
            deck=self._deck,
            playing=self._playing,
            documents=self._documents,
        )
        self._clock = ClockQuality.SYNCED
        self._pruned_at = 0

    def boot(self, now: int) -> list[ev.Action]:
        """Take up what was kept: what sounded when the power went is interrupted, what ran out is missed."""
        for damaged in self._memory.damaged:
            self._record.alarm(now, "store_damaged", damaged)
        for occurrence in list(self._memory.item.values()):
            if occurrence.state in BEGUN:
                self._deck.move(occurrence, ItemState.INTERRUPTED, now, "power")
        self._documents.boot(now)
        return self.handle(ev.Tick(), now)

    def handle(self, event: ev.Event, now: int) -> list[ev.Action]:
        """Take in one event at ``now`` (UTC ms of the loudspeaker's clock)."""
        self._take(event, now)
        self._judge_clock(now)
        self._documents.advance(now)
        self._playing.advance(now)
        self._commands.settle(now)
        self._prune(now)
        return self._record.drain()

    def next_due(self, now: int) -> int:
        """When the next Tick must come (UTC ms); earlier ones do no harm."""
        times = [*self._playing.due_times(now), *self._documents.due_times(), now + _IDLE]
        return min(at for at in times if at > now)

    @property
    def groups(self) -> tuple[str, ...]:
        return self._documents.groups

    @property
    def heartbeat_s(self) -> int:
        desired = self._memory.desired.get("")
        return max(1, desired.heartbeat_s) if desired else 60

    @property
    def volume(self) -> int:
        return self._deck.base_volume

    def wanted_clips(self) -> set[str]:
        return self._deck.wanted_clips()

    def state(self, now: int, session: int, firmware: str) -> State:
        """The loudspeaker as it sees itself."""
        sounding = self._deck.sounding
        waiting = self._deck.waiting()
        have = (ItemState.READY, ItemState.ARMED)
        return State(
            device=self.device,
            online=True,
            boot=self.boot_id,
            session=session,
            at=now,
            firmware=firmware,
            playing=sounding.item.id if sounding and sounding.state is ItemState.PLAYING else "",
            clock=self._playing.clock,
            have=self._documents.have,
            held_until=self._playing.held_until,
            ready=sum(o.state in have for o in waiting),
            planned=len(waiting),
        )

    def _take(self, event: ev.Event, now: int) -> None:
        match event:
            case ev.OrderReceived():
                self._receive(event.order, event.place, now)
            case ev.OrderRefused():
                self._record.alarm(now, event.alarm, event.detail)
            case ev.Started():
                self._playing.started(event, now)
            case ev.Finished():
                self._playing.finished(event, now)
            case ev.ClockJudged():
                self._clock = event.quality
            case ev.Tick():
                pass
            case _:
                self._take_file(event, now)

    def _take_file(
        self,
        event: ev.FileEvent,
        now: int,
    ) -> None:
        match event:
            case ev.PlanFetched():
                self._documents.plan_fetched(event.sha256, event.plan, now)
            case ev.PlanFailed():
                self._documents.plan_failed(event.sha256, now)
            case ev.ClipFetched():
                self._deck.clip_came(event.sha256)
            case ev.ClipFailed():
                self._deck.clip_failed(event.sha256, now)
            case ev.ClipEvicted():
                self._deck.clips.discard(event.sha256)
            case ev.Decoded() | ev.DecodeFailed():
                self._decoded(event, now)

    def _receive(self, order: Order, place: Place, now: int) -> None:
        if not self._is_meant(order, place):
            self._record.alarm(now, "wrong_target", f"{type(order).__name__} on {place.kind}/{place.name}")
            return
        match order:
            case Desired():
                self._documents.desired(order, now)
            case Alerts():
                self._documents.alerts(order, now)
            case Command():
                self._commands.receive(order, now, self._earliest())
            case Cursor():
                self._record.act(ev.Confirm(order.boot, order.seq))

    def _is_meant(self, order: Order, place: Place) -> bool:
        """Whether the order names us, or a group of ours, and came on just that topic."""
        match order:
            case Desired(device=device):
                return place == (Kind.DESIRED, device) and device == self.device
            case Cursor(device=device):
                return place == (Kind.CURSOR, device) and device == self.device
            case TimeResponse(device=device):
                return place == (Kind.TIME, device) and device == self.device
            case Alerts(group=group):
                return place == (Kind.ALERTS, group) and group in self.groups
            case Command(target=target):
                if target == self.device:
                    return place == (Kind.CMD, target)
                return place == (Kind.GROUP_CMD, target) and target in self.groups

    def _decoded(self, event: ev.Decoded | ev.DecodeFailed, now: int) -> None:
        occurrence = self._deck.items.get(event.item.id)
        if occurrence is None or occurrence.state is not ItemState.READY or occurrence.item != event.item:
            return
        self._deck.decoding.discard(event.item.id)
        if isinstance(event, ev.Decoded) and event.samples > 0:
            occurrence.total = event.samples
            self._deck.move(occurrence, ItemState.ARMED, now)
        elif isinstance(event, ev.DecodeFailed) and event.lost:
            for sha256 in event.lost:
                self._deck.clip_failed(sha256, now)
            self._deck.move(occurrence, ItemState.PLANNED, now)
        else:
            reason = event.reason if isinstance(event, ev.DecodeFailed) else "empty"
            self._deck.move(occurrence, ItemState.FAILED, now, reason)

    def _earliest(self) -> int:
        """The latest time that the server has signed: it is certainly past."""
        if self._clock is ClockQuality.SYNCED:
            return 0
        signed = [desired.issued_at for desired in self._memory.desired.values()]
        return max(signed + [alerts.issued_at for alerts in self._memory.alerts.values()], default=0)

    def _judge_clock(self, now: int) -> None:
        """A clock that shows a time before a signed one is wrong; by such a clock nothing starts."""
        behind = now < self._earliest() - _CLOCK_TOLERANCE
        quality = ClockQuality.UNKNOWN if behind else self._clock
        if quality is ClockQuality.UNKNOWN and self._playing.clock is not quality:
            self._record.alarm(now, "clock_unknown", "behind signed time" if behind else "not set")
        self._playing.clock = quality

    def _prune(self, now: int) -> None:
        if 0 <= now - self._pruned_at < _PRUNE_INTERVAL:
            return
        self._pruned_at = now
        self._ledger.prune(now)
        listed = self._documents.listed()
        for item_id, occurrence in list(self._memory.item.items()):
            over = occurrence.state in FINAL and occurrence.item.expires + _KEPT < now
            if over and item_id not in listed:
                self._record.drop("item", item_id)
