"""The loudspeaker's talk with the server: birth and last will, orders in, acks, journal and health out."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path

import msgspec

from devices.envelope import encode_report, seal
from devices.errors import LinkDown, LinkRefused, Malformed
from devices.messages import Ack, Journal, State, Telemetry
from devices.topics import Kind, Topics

from .core import SpeakerCore
from .faults import Faults
from .health import total_bytes
from .identity import Identity
from .ports import JournalEntry, Message, World
from .time_exchange import TimeExchange
from .traffic import Meter

log = logging.getLogger(__name__)

_SETTLE = 0.3  # seconds for the retained orders to come in before the journal goes out (R8)
_DEBOUNCE = 0.1  # gathers events of one moment into one message
_BATCH = 10  # journal events in a message: about 4 KB
_UNCONFIRMED = 30.0  # seconds without a cursor after which the journal is sent again; doubles
_LONGEST_UNCONFIRMED = 900.0  # a server that is away for hours must not cost the box its data volume
_BIRTH_SPREAD = 5.0  # after the server's own birth, so that not all loudspeakers answer at once
_LAST_WORDS = 5.0  # seconds
_FIRST_PAUSE = 1.0  # between attempts to connect; doubles
_LONGEST_PAUSE = 60.0


@dataclass(frozen=True, slots=True)
class Told:
    """What the box tells of itself beside the state of its core."""

    directory: Path  # of the audio
    faults: Faults
    meter: Meter


class Session:
    """One connection after the other; what must reach the server waits in the store or here until it has."""

    def __init__(
        self,
        identity: Identity,
        world: World,
        core: SpeakerCore,
        *,
        told: Told,
        receive: Callable[[Message], None],
        rng: random.Random,
        firmware: str,
    ) -> None:
        self._device = identity.device
        self._key = identity.key
        self._topics = Topics(identity.tenant)
        self._world = world
        self._core = core
        self._rng = rng
        self._firmware = firmware
        self._box = told
        self._receive = receive
        self._count = 0
        self._born_at = world.clock.monotonic()
        self._groups: tuple[str, ...] = ()
        self._acks: list[Ack] = []
        self._sent_seq = 0
        self._told: tuple[object, ...] = ()
        self._pace = core.heartbeat_s
        self._news = asyncio.Event()
        self._changed = asyncio.Event()
        self._report = asyncio.Event()
        self._confirmed_at = 0.0
        self._patience = _UNCONFIRMED
        self._announcement: asyncio.TimerHandle | None = None
        self.connected = asyncio.Event()
        self.time = TimeExchange(self._device, world.clock, rng)

    async def run(self) -> None:
        """Connect, talk, and connect again with growing, jittered pauses."""
        pause = _FIRST_PAUSE
        while True:
            try:
                await self._connect()
                pause = _FIRST_PAUSE
                await self._talk()
            except (LinkDown, LinkRefused) as error:
                log.info("No connection: %s", error, extra={"action": error.code, "device": self._device})
            finally:
                self.connected.clear()
                self._world.link.abort()
            await asyncio.sleep(self._rng.uniform(pause / 2, pause))
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def say_last_words(self) -> None:
        """Tell what broke, on a connection of its own: the talk is over, and the last will knows nothing."""
        self._count += 1
        with contextlib.suppress(LinkDown, LinkRefused, TimeoutError):
            async with asyncio.timeout(_LAST_WORDS):
                await self._world.link.connect(self._offline(), ())
                await self._world.link.publish(self._offline())
                await self._world.link.close()

    async def say_goodbye(self) -> None:
        """Report offline ourselves, since a clean goodbye sends no last will."""
        try:
            if self.connected.is_set():
                await self._world.link.publish(self._offline())
        except LinkDown:
            pass
        finally:
            await self._world.link.close()

    async def answer(self, ack: Ack, spread_s: float) -> None:
        """Send an ack after a while drawn by lot, or later when there is no connection."""
        await asyncio.sleep(self._rng.uniform(0, spread_s))
        self._acks.append(ack)
        self._news.set()

    def flush_soon(self) -> None:
        self._news.set()

    def note_confirmed(self) -> None:
        self._patience = _UNCONFIRMED
        self._confirmed_at = self._world.clock.monotonic()

    def note_change(self) -> None:
        """Publish the state if it says something new; called after every event."""
        if self._core.heartbeat_s != self._pace:
            self._pace = self._core.heartbeat_s
            self._report.set()
        if self._essence() != self._told:
            self._changed.set()

    def report_now(self) -> None:
        self._told = ()
        self._changed.set()
        self._report.set()

    async def resubscribe(self, groups: tuple[str, ...]) -> None:
        """Follow a change of groups while connected; a new connection subscribes to all anyway."""
        if not self.connected.is_set():
            return
        old = set(self._topics.device_reads(self._device, self._groups))
        new = set(self._topics.device_reads(self._device, groups))
        self._groups = groups
        try:
            if new - old:
                await self._world.link.subscribe(sorted(new - old))
            if old - new:
                await self._world.link.unsubscribe(sorted(old - new))
        except (LinkDown, LinkRefused):
            self._world.link.abort()  # the next connection subscribes from the beginning

    # --- one connection ----------------------------------------------------------

    async def _connect(self) -> None:
        self._count += 1
        self._groups = self._core.groups
        await self._world.link.connect(self._offline(), self._topics.device_reads(self._device, self._groups))
        self._sent_seq = 0
        self._told = ()
        self._changed.set()
        self._news.set()
        self.connected.set()

    async def _talk(self) -> None:
        """Read, report and flush side by side until the connection is lost."""
        if self._core.groups != self._groups:
            await self.resubscribe(self._core.groups)
        loops = [asyncio.create_task(work()) for work in self._works]
        try:
            done, _ = await asyncio.wait(loops, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in loops:
                task.cancel()
            await asyncio.gather(*loops, return_exceptions=True)

    @property
    def _works(self) -> tuple[Callable[[], Coroutine[None, None, None]], ...]:
        return self._read, self._tell, self._beat, self._flush, self._ask_time

    async def _ask_time(self) -> None:
        await self.time.run(self._send_question)

    async def _send_question(self, body: bytes) -> None:
        await self._world.link.publish(Message(self._topics.time_req(self._device), body), qos=0)

    async def _read(self) -> None:
        while True:
            message = await self._world.link.receive()
            if self._is_of_server(message.topic):
                if not message.retain:
                    self._announce_soon()
            else:
                self._receive(message)

    async def _tell(self) -> None:
        """Publish the retained state on every change; what it claims must survive a power cut."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            essence = self._essence()
            if essence == self._told:
                continue
            self._world.store.sync()
            await self._world.link.publish(self._state_message(self.state()))
            self._told = essence
            await asyncio.sleep(_DEBOUNCE)

    async def _beat(self) -> None:
        """Telemetry at the pace the server wishes, its phase drawn by lot; at once when asked."""
        pause = self._rng.uniform(0.2, 1.0) * self._pace
        while True:
            timer = asyncio.get_running_loop().call_later(pause, self._report.set)
            try:
                await self._report.wait()
            finally:
                timer.cancel()
            self._report.clear()
            message = Message(self._topics.tele(self._device), encode_report(self._telemetry()))
            await self._world.link.publish(message, qos=0)
            pause = float(self._pace)

    async def _flush(self) -> None:
        """Send acks, then the journal in order; what stays unconfirmed is sent again."""
        await asyncio.sleep(_SETTLE)
        while True:
            self._news.clear()
            while self._acks:
                await self._send_ack(self._acks[0])
                self._acks.pop(0)
            while entries := self._world.store.pending(_BATCH, after=self._sent_seq):
                await self._send_journal(entries)
            try:
                async with asyncio.timeout(self._patience):
                    await self._news.wait()
                await asyncio.sleep(_DEBOUNCE)
            except TimeoutError:
                self._send_again_if_unconfirmed()

    async def _send_ack(self, ack: Ack) -> None:
        await self._world.link.publish(Message(self._topics.ack(self._device), seal(ack, self._key)))

    async def _send_journal(self, entries: list[JournalEntry]) -> None:
        """Events of several boots go in messages of their own."""
        for boot, of_boot in itertools.groupby(entries, key=lambda entry: entry.boot):
            events = tuple(entry.event for entry in of_boot)
            journal = Journal(device=self._device, boot=boot, events=events)
            await self._world.link.publish(Message(self._topics.evt(self._device), seal(journal, self._key)))
            self._sent_seq = events[-1].seq

    def _send_again_if_unconfirmed(self) -> None:
        if self._world.clock.monotonic() - self._confirmed_at > self._patience:
            self._sent_seq = 0
            self._patience = min(2 * self._patience, _LONGEST_UNCONFIRMED)

    def _announce_soon(self) -> None:
        """Once, however often the unsigned message comes: a stranger must not make us repeat ourselves."""
        if self._announcement is None:
            pause = self._rng.uniform(0, _BIRTH_SPREAD)
            self._announcement = asyncio.get_running_loop().call_later(pause, self._announce_again)

    def _announce_again(self) -> None:
        """The server was born: it may have missed what we said."""
        self._announcement = None
        self._patience = _UNCONFIRMED
        self._told = ()
        self._sent_seq = 0
        self._changed.set()
        self._news.set()

    def _is_of_server(self, topic: str) -> bool:
        try:
            return self._topics.parse(topic).kind is Kind.SERVER_STATE
        except Malformed:
            return False

    # --- what we say ---------------------------------------------------------------

    def state(self) -> State:
        """The loudspeaker as it tells the server."""
        now = self._world.clock.utc_ms()
        known = self._core.state(now, self._count, self._firmware, self._box.faults.codes)
        return msgspec.structs.replace(known, capabilities=self._capabilities)

    @property
    def _capabilities(self) -> tuple[str, ...]:
        return ("relay",) if self._world.radio else ()

    def _essence(self) -> tuple[object, ...]:
        """What is worth telling at once; the rest of the state travels with it."""
        state = self.state()
        ready = state.ready == state.planned
        holds = (state.held_until, state.silenced)
        return (state.playing, state.clock, state.have, holds, ready, state.faults)

    def _offline(self) -> Message:
        state = State(
            device=self._device,
            online=False,
            boot=self._core.boot_id,
            session=self._count,
            faults=self._box.faults.codes,
            capabilities=self._capabilities,
        )
        return self._state_message(state)

    def _state_message(self, state: State) -> Message:
        return Message(self._topics.state(self._device), encode_report(state), retain=True)

    def _telemetry(self) -> Telemetry:
        sensors = self._world.sensors
        return Telemetry(
            device=self._device,
            boot=self._core.boot_id,
            at=self._world.clock.utc_ms(),
            uptime_s=round(self._world.clock.monotonic() - self._born_at),
            temperature_c=sensors.temperature_c(),
            free_bytes=self._world.free(self._box.directory),
            volume=self._core.volume,
            signal_dbm=sensors.signal_dbm(),
            voltage_v=sensors.voltage_v(),
            total_bytes=total_bytes(self._box.directory),
            data_bytes=self._box.meter.this_month,
            network=sensors.network(),
        )
