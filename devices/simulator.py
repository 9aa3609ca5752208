"""Many loudspeakers in one asyncio loop: the real agent, link and downloads; only the sound is not heard."""

from __future__ import annotations

import asyncio
import logging
import random
import threading
import weakref
from collections.abc import Coroutine, Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from devices.link_async import SpeakerLink
from devices.messages import ClipRef, JournalEvent
from devices.speaker import core
from devices.speaker.agent import Agent
from devices.speaker.assembly import audio_directory, store_path
from devices.speaker.audio import Audio, verify
from devices.speaker.clock import SystemClock
from devices.speaker.decode import decode
from devices.speaker.fetch import Fetcher
from devices.speaker.identity import Identity
from devices.speaker.ports import Loader, Samples, World
from devices.speaker.sink_silent import SilentSink
from devices.speaker.store import SqliteStore

log = logging.getLogger(__name__)

T = TypeVar("T")

_RESTART = 1.0  # seconds until a program that ended by an error is started again
_SPREAD = 0.02  # seconds between two loudspeakers that are switched on together


class SharedAudio(Audio):
    """Decodes a clip once for all who hold it; each still verifies the file it downloaded itself."""

    def __init__(self) -> None:
        super().__init__(decode)
        self._lock = threading.Lock()
        self._decoded: weakref.WeakValueDictionary[tuple[object, ...], Samples]
        self._decoded = weakref.WeakValueDictionary()

    def load(self, directory: Path, clips: Sequence[ClipRef], repeat: int, gap_ms: int) -> Samples:
        """Raises ClipsLost, AudioUnreadable."""
        verify(directory, clips)
        key = (tuple(clip.sha256 for clip in clips), repeat, gap_ms)
        with self._lock:
            samples = self._decoded.get(key)
            if samples is None:
                samples = self._decoded[key] = self.assemble(directory, clips, repeat, gap_ms)
            return samples


class SimulatedSpeaker:
    """One box: can lose and regain its power. ``journal`` is all it ever journaled, confirmed or not."""

    def __init__(
        self, identity: Identity, directory: Path, loader: Loader, *, rate: float, durable: bool
    ) -> None:
        self.identity = identity
        self.journal: list[JournalEvent] = []
        self._data = directory / identity.device
        self._loader = loader
        self._fetcher = Fetcher()
        self._rate = rate
        self._durable = durable
        self._agent: Agent | None = None
        self._running: asyncio.Task[None] | None = None

    @property
    def agent(self) -> Agent | None:
        """The program, None while the power is off."""
        return self._agent

    async def power_on(self) -> None:
        if self._running is None:
            self._running = asyncio.create_task(self._run())

    async def power_off(self) -> None:
        """Cut the power: nothing more is written or said."""
        await self._end(graceful=False)

    async def shut_down(self) -> None:
        await self._end(graceful=True)

    async def _end(self, *, graceful: bool) -> None:
        running, self._running = self._running, None
        agent, self._agent = self._agent, None
        if agent is not None:
            await (agent.stop() if graceful else agent.power_off())
        if running is not None:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    async def _run(self) -> None:
        """What a service manager does: start the program again when it ended by an error."""
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
                return

    def _make_agent(self) -> Agent:
        self._data.mkdir(parents=True, exist_ok=True)
        identity = self.identity
        world = World(
            link=SpeakerLink(identity.broker, identity.device, identity.password),
            fetcher=self._fetcher,
            loader=self._loader,
            sink=SilentSink(self._rate),
            # A simulated power cut spares the machine; a real fsync of each box would stop the loop of all.
            store=SqliteStore(store_path(self._data) if self._durable else ":memory:", fsync=False),
            clock=SystemClock(),
        )
        return Agent(
            identity,
            audio_directory(self._data),
            world,
            rng=random.Random(),  # noqa: S311 - spreads load, keeps no secret
            firmware="simulator",
            on_event=self._note,
        )

    def _note(self, event: core.Event | core.Action) -> None:
        if isinstance(event, core.Append):
            self.journal.append(event.event)


class Fleet:
    """Loudspeakers in the running loop, by device id."""

    def __init__(
        self, identities: Iterable[Identity], directory: Path, *, rate: float = 1.0, durable: bool = True
    ) -> None:
        """``rate`` makes the samples pass faster; without ``durable`` a power cut forgets all."""
        loader = SharedAudio()
        self.speakers = {
            identity.device: SimulatedSpeaker(identity, directory, loader, rate=rate, durable=durable)
            for identity in identities
        }

    async def start(self) -> None:
        for speaker in self.speakers.values():
            await speaker.power_on()
            await asyncio.sleep(_SPREAD / max(1, len(self.speakers) / 50))

    async def stop(self) -> None:
        await asyncio.gather(*(speaker.shut_down() for speaker in self.speakers.values()))

    async def __aenter__(self) -> Fleet:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def heard(self, item_id: str) -> dict[str, JournalEvent]:
        """By device, the last word of each loudspeaker on an item."""
        last: dict[str, JournalEvent] = {}
        for device, speaker in self.speakers.items():
            for event in speaker.journal:
                if event.item == item_id:
                    last[device] = event
        return last


async def simulate(
    identities: Iterable[Identity], directory: Path, *, rate: float = 1.0, durable: bool = True
) -> None:
    """Run simulated loudspeakers until cancelled."""
    async with Fleet(identities, directory, rate=rate, durable=durable):
        await asyncio.Event().wait()


class FleetThread:
    """A fleet in a thread of its own, for programs that have no asyncio loop; a context manager."""

    def __init__(
        self, identities: Iterable[Identity], directory: Path, *, rate: float = 1.0, durable: bool = True
    ) -> None:
        self.fleet = Fleet(identities, directory, rate=rate, durable=durable)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="simulator", daemon=True)

    def start(self) -> None:
        """Switch all on; returns when each program runs, not when it is connected."""
        self._thread.start()
        self._call(self.fleet.start())

    def stop(self) -> None:
        self._call(self.fleet.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def power_off(self, device: str) -> None:
        self._call(self.fleet.speakers[device].power_off())

    def power_on(self, device: str) -> None:
        self._call(self.fleet.speakers[device].power_on())

    def __enter__(self) -> FleetThread:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()
