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
from .amplifier import Amplifier
from .clockwatch import ClockWatch
from .commands import Commands
from .deck import Deck
from .documents import Documents
from .holds import Holds
from .keys import Keys
from .ledger import Ledger
from .memory import Memory
from .playing import Playing
from .record import Record
from .sensing import Sensing
from .states import BEGUN, FINAL
from .swaps import Swaps
from .upkeep import Upkeep

_KEPT = 14 * 24 * 3600 * 1000  # ms; an occurrence that is over is forgotten later than any plan that names it
_IDLE = 60_000
_PRUNE_INTERVAL = 3600_000


class SpeakerCore:
    """One loudspeaker: ``boot`` once, then ``handle`` every event; carry out the actions in order."""

    def __init__(
        self,
        device: str,
        boot_id: str,
        memory: Memory,
        *,
        clips: Iterable[str] = (),
        last_seq: int = 0,
        server_keys: tuple[str, ...] = (),
        clock: ClockQuality = ClockQuality.SYNCED,
        idle_ms: int = _IDLE,
    ) -> None:
        """``clips`` are verified on disk; ``server_keys`` (base64) count until the server sends a set.

        ``clock`` is how far the wall clock may be trusted at the boot. After ``idle_ms`` without
        anything due a Tick comes all the same.
        """
        self.device = device
        self.boot_id = boot_id
        self._memory = memory
        self._record = Record(memory, last_seq)
        self._clock = ClockWatch(self._record, clock)
        self._keys = Keys(self._record, server_keys)
        self._holds = Holds(self._record)
        self._ledger = Ledger(self._record)
        self._deck = Deck(self._record, set(clips))
        self._playing = Playing(self._record, self._deck, self._holds, self._clock)
        self._amplifier = Amplifier(self._record, self._deck, self._playing)
        self._swaps = Swaps(self._record)
        self._sensing = Sensing(self._record, self._deck, self._playing)
        self._documents = Documents(self._record, self._ledger, self._deck, self._playing, self._keys)
        self._upkeep = Upkeep(
            self._record,
            deck=self._deck,
            playing=self._playing,
            documents=self._documents,
            holds=self._holds,
            amplifier=self._amplifier,
        )
        self._commands = Commands(
            device,
            record=self._record,
            ledger=self._ledger,
            deck=self._deck,
            playing=self._playing,
            documents=self._documents,
            holds=self._holds,
            upkeep=self._upkeep,
        )
        self._idle = idle_ms
        self._pruned_at = 0

    def boot(self, now: int, steady: int | None = None) -> list[ev.Action]:
        """Take up what was kept: what sounded when the power went is interrupted, what ran out is missed."""
        for damaged in self._memory.damaged:
            self._record.alarm(now, "store_damaged", damaged)
        for occurrence in list(self._memory.item.values()):
            if occurrence.state in BEGUN:
                self._deck.move(occurrence, ItemState.INTERRUPTED, now, "power")
        self._playing.note_sound(now)
        self._commands.boot(now)
        self._documents.boot(now)
        return self.handle(ev.Tick(), now, steady)

    def handle(self, event: ev.Event, now: int, steady: int | None = None) -> list[ev.Action]:
        """Take in one event at ``now`` (UTC ms of the loudspeaker's clock).

        ``steady`` is the time (ms) of a clock that nobody sets; by it the core sees that the
        wall clock was. Without it, it trusts that the wall clock never jumps.
        """
        if steady is not None and (by := self._clock.observe(now, steady)):
            self._playing.clock_stepped(by, now)
        self._take(event, now)
        self._clock.judge(now)
        self._documents.advance(now)
        self._holds.advance(now)
        self._amplifier.advance(now)
        self._playing.advance(now)
        self._commands.settle(now)
        self._prune(now)
        return self._record.drain()

    def is_stepped(self, now: int, steady: int) -> bool:
        """Whether the wall clock was set since the last event: then a Tick is due at once."""
        return self._clock.is_stepped(now, steady)

    def next_due(self, now: int) -> int:
        """When the next Tick must come (UTC ms); earlier ones do no harm."""
        times = [now + self._idle, *self._playing.due_times(now), *self._amplifier.due_times(now)]
        times += [*self._documents.due_times(), *self._upkeep.due_times()]
        return min(at for at in times if at > now)

    def trusted(self, now: int) -> tuple[str, ...]:
        """The server's public keys (base64) whose signature counts now; none once all have ended."""
        return self._keys.trusted(self._clock.reckon(now))

    @property
    def groups(self) -> tuple[str, ...]:
        return self._documents.groups

    @property
    def heartbeat_s(self) -> int:
        desired = self._memory.desired.get("")
        return max(1, desired.heartbeat_s) if desired else 60

    @property
    def key_expires(self) -> int:
        """When the loudspeaker's own key ends (UTC ms); 0: it does not, or nobody has said."""
        desired = self._memory.desired.get("")
        return desired.key_expires if desired else 0

    @property
    def volume(self) -> int:
        return self._deck.base_volume

    def wanted_clips(self) -> set[str]:
        return self._deck.wanted_clips()

    def state(self, now: int, session: int, firmware: str, faults: Iterable[str] = ()) -> State:
        """The loudspeaker as it sees itself; ``faults`` are those that the core cannot know."""
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
            clock=self._clock.quality,
            have=self._documents.have,
            held_until=self._holds.held_until,
            ready=sum(o.state in have for o in waiting),
            planned=len(waiting),
            silenced=self._holds.silenced,
            faults=tuple(sorted({*faults, *self._faults()})),
            clock_error_ms=self._clock.error_ms,
        )

    def _faults(self) -> list[str]:
        found = {
            "clock": self._clock.quality is ClockQuality.UNKNOWN,
            "clock_doubtful": bool(self._clock.doubt_ms),
            "dead_horn": self._sensing.is_horn_dead,
        }
        return [code for code, holds in found.items() if holds]

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
                self._clock.judged(event, now)
            case ev.SilencePressed():
                self._holds.press(on=event.on, now=now)
            case ev.SelfTested():
                self._upkeep.tested(event, now)
            case ev.Electrical() | ev.Heard() | ev.UnorderedSound():
                self._sensing.take(event, now)
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
            case ev.ContentSwapped():
                self._swaps.noticed(event.sha256, now)
            case ev.PlanFetched():
                self._swaps.came(event.sha256, now)
                self._documents.plan_fetched(event.sha256, event.plan, now)
            case ev.PlanFailed():
                self._documents.plan_failed(event.sha256, now)
            case ev.ClipFetched():
                self._swaps.came(event.sha256, now)
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
                if self._documents.desired(order, now, self._clock.reckon(now)):
                    self._commands.stand(order.orders, now, self._clock.earliest())
            case Alerts():
                self._documents.alerts(order, now)
            case Command():
                self._commands.receive(order, now, self._clock.earliest())
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
            occurrence.total, occurrence.live = event.samples, event.live
            self._deck.move(occurrence, ItemState.ARMED, now)
        elif isinstance(event, ev.DecodeFailed) and event.lost:
            for sha256 in event.lost:
                self._deck.clip_failed(sha256, now)
            self._deck.move(occurrence, ItemState.PLANNED, now)
        else:
            reason = event.reason if isinstance(event, ev.DecodeFailed) else "empty"
            self._deck.move(occurrence, ItemState.FAILED, now, reason)

    def _prune(self, now: int) -> None:
        if 0 <= now - self._pruned_at < _PRUNE_INTERVAL:
            return
        self._pruned_at = now
        self._ledger.prune(now)
        self._swaps.forget(self._deck.wanted_clips() | self._documents.wanted_plan(), now)
        listed = self._documents.listed()
        for item_id, occurrence in list(self._memory.item.items()):
            over = occurrence.state in FINAL and occurrence.item.expires + _KEPT < now
            if over and item_id not in listed:
                self._record.drop("item", item_id)
