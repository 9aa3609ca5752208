"""One simulated loudspeaker: the real program in a world that can be broken and mended."""

from __future__ import annotations

import asyncio
import functools
import logging
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from devices.acoustics.room import Room
from devices.link_async import SpeakerLink
from devices.messages import JournalEvent
from devices.speaker import core
from devices.speaker.agent import Agent
from devices.speaker.assembly import audio_directory, store_path
from devices.speaker.fetch import Fetcher
from devices.speaker.identity import Identity
from devices.speaker.ports import Fetcher as FetcherPort
from devices.speaker.ports import Link, Loader, Microphone, Store, World
from devices.speaker.store import SqliteStore

from .clock import SimulatedClock, Truth
from .faults import Fault
from .health import SimulatedSensors
from .hearing import RoomMicrophone
from .line import Line, LineFetcher, LineLink
from .profile import Traits
from .radio import VirtualRadio
from .sharing import SharedReading
from .sound import SharedAudio, SoundChain
from .store import Medium, MemoryStore, Shelf
from .stream import StreamSink
from .thief import Thief

log = logging.getLogger(__name__)

_RESTART = 1.0  # seconds until a program that ended by an error is started again


def over_mqtt(identity: Identity) -> Link:
    return SpeakerLink(identity.broker, identity.device, identity.password)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all loudspeakers of a fleet have in common."""

    directory: Path
    rng: random.Random
    glance_s: float = 60.0  # between two looks at the clock and the disk: nobody changes them unseen
    rate: float = 1.0  # samples pass so much faster
    durable: bool = True  # stores in files, else in memory
    truth: Truth = field(default_factory=Truth)
    make_link: Callable[[Identity], Link] = over_mqtt
    # A simulated power cut spares the machine, whose disk would be busy with nothing else.
    fetcher: FetcherPort = field(default_factory=functools.partial(Fetcher, fsync=False))
    loader: Loader = field(default_factory=SharedAudio)
    reading: SharedReading = field(default_factory=SharedReading)
    shelf: Shelf = field(default_factory=Shelf)
    media: dict[str, Medium] = field(default_factory=dict)  # what is on the disk of each, without files


class SimulatedSpeaker:
    """One box: can lose and regain its power. ``journal`` is all it ever journaled, confirmed or not."""

    def __init__(self, identity: Identity, surroundings: Surroundings, traits: Traits) -> None:
        self.identity = identity
        self.journal: list[JournalEvent] = []
        self.faults: set[Fault] = set()
        self.line = Line(traits, surroundings.rng)
        self.clock = SimulatedClock(surroundings.truth, traits, lambda: self.line.is_up)
        self.has_plan = False  # whether it was ever told what to play
        self._traits = traits
        self._around = surroundings
        self._data = surroundings.directory / identity.device
        self._disk = LineFetcher(surroundings.fetcher, self.line, traits.storage_bytes)
        self._medium = surroundings.media.setdefault(identity.device, Medium())
        self.chain: SoundChain | None = None  # None before its power was ever on
        self._agent: Agent | None = None
        self._running: asyncio.Task[None] | None = None
        self._thief: asyncio.Task[None] | None = None

    @property
    def agent(self) -> Agent | None:
        """The program, None while the power is off."""
        return self._agent

    @property
    def is_connected(self) -> bool:
        return self._agent is not None and self._agent.session.connected.is_set()

    async def begin(self) -> None:
        """Hang it on its pole: with the faults and the network of its profile."""
        self.line.follow_plan()
        for fault in self._traits.faults:
            await self.break_(fault)
        if Fault.NO_POWER not in self.faults:
            await self.power_on()

    async def power_on(self) -> None:
        if self._running is None:
            self._running = asyncio.create_task(self._run())

    async def power_off(self) -> None:
        """Cut the power: nothing more is written or said."""
        await self._end(graceful=False)

    async def shut_down(self) -> None:
        self.line.forget_plan()
        self._expel_thief()
        await self._end(graceful=True)

    def press_button(self) -> None:
        """Silence it by hand, or let it sound again; nothing happens without power."""
        if self._agent is not None:
            self._agent.button.toggle()

    async def break_(self, fault: Fault) -> None:
        """Harmless when it is broken so already."""
        self.faults.add(fault)
        if fault is Fault.NO_POWER:
            await self.power_off()
        else:
            self._apply(fault)

    async def mend(self, fault: Fault) -> None:
        """Harmless when it is well."""
        self.faults.discard(fault)
        if fault is Fault.NO_POWER:
            await self.power_on()
        else:
            self._apply(fault)

    def _apply(self, fault: Fault) -> None:
        broken = fault in self.faults
        match fault:
            case Fault.NO_NETWORK:
                (self.line.cut if broken else self.line.mend)(fault)
            case Fault.SLOW_LINK:
                self.line.set_slow(broken)
            case Fault.FULL_DISK:
                self._disk.full = broken
            case Fault.WRONG_CLOCK:
                self.clock.wrong = broken
                if self._agent is not None:
                    self._agent.post(core.Tick())
            case Fault.STOLEN_CREDENTIAL:
                self._expel_thief()
                if broken:
                    thief = Thief(self.identity, self._around.make_link(self.identity), self.clock.utc_ms)
                    self._thief = asyncio.create_task(thief.run())

    def _expel_thief(self) -> None:
        if self._thief is not None:
            self._thief.cancel()
            self._thief = None

    async def _end(self, *, graceful: bool) -> None:
        running, self._running = self._running, None
        agent, self._agent = self._agent, None
        if agent is not None:
            await (agent.stop() if graceful else agent.power_off())
        if running is not None:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    async def _run(self) -> None:
        """What a service manager does: start the program again when it failed or was told to begin anew."""
        while True:
            try:
                self._agent = agent = self._make_agent()
                await agent.run()
            except Exception:
                log.exception(
                    "A simulated loudspeaker failed and starts again",
                    extra={"action": "simulated_restart", "device": self.identity.device},
                )
                if self._agent is not None:
                    await self._agent.power_off()
                await asyncio.sleep(_RESTART)
            else:
                if not agent.restart_wanted:
                    return

    def _make_agent(self) -> Agent:
        self._data.mkdir(parents=True, exist_ok=True)
        around = self._around
        stream = StreamSink(around.rate)
        chain = SoundChain(stream, self.clock.crystal, self.faults, has_sensor=self._traits.load_sensor)
        self.chain = chain
        world = World(
            link=LineLink(around.make_link(self.identity), self.line),
            fetcher=self._disk,
            loader=around.loader,
            sink=chain,
            store=self._store(),
            clock=self.clock,
            open_order=around.reading.open_order,
            read_plan=around.reading.read_plan,
            glance_s=around.glance_s,
            amplifier=chain,
            microphone=self._microphone(chain),
            listen_every_s=self._traits.listen_every_s,
            sensors=SimulatedSensors(),
            free=self._disk.free,
            radio=VirtualRadio(self.line, self.faults),
        )
        return Agent(
            self.identity,
            audio_directory(self._data),
            world,
            rng=around.rng,
            firmware="simulator",
            on_event=self._note,
        )

    def _microphone(self, chain: SoundChain) -> Microphone | None:
        if not self._traits.microphone:
            return None
        room = Room(noise_db=self._traits.noise_db)
        return RoomMicrophone(chain, self.clock, self.faults, room, self._around.rng)

    def _store(self) -> Store:
        # A real fsync of each box would stop the loop of all.
        if self._around.durable:
            return SqliteStore(store_path(self._data), fsync=False)
        return MemoryStore(self._medium, self._around.shelf)

    def _note(self, event: core.Event | core.Action) -> None:
        if isinstance(event, core.Append):
            self.journal.append(event.event)
        elif isinstance(event, core.PlanFetched):
            self.has_plan = True
