"""The real server in virtual time: worker, database and pages, with a broker and ticks that leap with it."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask

from broadcast import bootstrap
from broadcast.bootstrap import System
from broadcast.evidence.time_server import TimeServer
from broadcast.settings import Settings
from broadcast.worker import Worker
from devices.errors import FetchMissing
from devices.link import Inbound
from devices.simulator import VirtualLoop
from devices.simulator.memory import MemoryBroker
from devices.speaker.ports import Message
from devices.topics import Kind
from schedules.clock import Job
from web.app import create_app

SPARSE = 3600.0  # seconds between two rounds of ticks in which nothing has happened
RARE = {"care": 6 * 3600.0, "prune": 24 * 3600.0, "retain": 24 * 3600.0}
SOON = {"ingest": 15.0}  # after what was heard; what was ordered waits a second
SLACK = 1.0  # seconds
FIRST = ("lead", "ingest", "plan", "flush")  # in this order; then whatever else a worker does


class LeapingTicks:
    """The ticks of a worker, in rounds of virtual time: at once where one is kicked, else seldom.

    Every round begins with the lease, which ends between two rounds. Errors end the loop: none is expected.
    """

    def __init__(self, loop: VirtualLoop, sparse: float) -> None:
        self._loop = loop
        self._sparse = sparse
        self._jobs: dict[str, tuple[float, Job]] = {}
        self._due: dict[str, float] = {}
        self._timer: asyncio.TimerHandle | None = None
        self.failure: Exception | None = None
        self.rounds = 0

    def every(self, seconds: float, job: Job, name: str) -> None:
        self._jobs[name] = (RARE.get(name, self._sparse), job)
        self._due[name] = 0.0

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self._jobs)

    def kick(self, name: str) -> None:
        self._due[name] = min(self._due[name], self._loop.time() + SOON.get(name, 1.0))
        self._set()

    def start(self) -> None:
        self._set()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._jobs = {}

    def _set(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        rest = (at for name, at in self._due.items() if name not in ("lead", "flush"))
        self._timer = self._loop.call_at(max(self._loop.time(), min(rest)), self._round)

    def _round(self) -> None:
        self.rounds += 1
        now = self._loop.time()
        for name in (*FIRST, *sorted(self._jobs.keys() - set(FIRST))):
            if name in self._jobs and (name in ("lead", "flush") or self._due[name] <= now):
                seconds, job = self._jobs[name]
                # All that is rare comes at the same time; a timer may ring a little before its own.
                self._due[name] = (now + SLACK) // seconds * seconds + seconds
                try:
                    while job():
                        pass
                except Exception as error:  # noqa: BLE001 - told to whoever waits for the end
                    self.failure = self.failure or error
        self._set()


class LeapingLink:
    """The server's end of a broker in memory; has what the worker asks of a ``ServerLink``."""

    def __init__(self, system: System, loop: VirtualLoop) -> None:
        self._system = system
        self._loop = loop
        self._reply = TimeServer(system.wire, system.clock).reply
        self.broker = MemoryBroker(self._hear)
        self.connected = False
        self.connections = 0
        self.carried = 0  # messages, both ways

    def start(self) -> None:
        self.connected = True
        self.connections += 1
        body = json.dumps({"online": True, "connection": self.connections}).encode()
        self.broker.publish(Message(self._system.topics.server_state, body, retain=True))

    def stop(self) -> None:
        self.connected = False

    def publish_many(self, messages: Sequence[Message], timeout_s: float = 30.0) -> list[bool]:
        for message in messages:
            self.broker.publish(message)
        self.carried += len(messages)
        return [True] * len(messages)

    def _hear(self, message: Message) -> None:
        self.carried += 1
        inbound = Inbound(message.topic, message.payload, self._system.clock())
        if (reply := self._reply(inbound)) is not None:
            self.broker.publish(reply)
            return
        self._system.inbox.queue.put_nowait(inbound)
        if not message.topic.endswith(Kind.TELE):  # health waits for the next round
            self._system.kick("ingest")


class LeapingPages:
    """Plans and audio as the server's own pages give them; implements ``ports.Fetcher``."""

    def __init__(self, app: Flask) -> None:
        self._pages = app.test_client()
        self._known: dict[str, bytes] = {}

    async def fetch(self, url: str, sha256: str, size: int, directory: Path) -> Path:
        """Raises FetchMissing."""
        target = directory / sha256
        if not target.exists():
            if sha256 not in self._known:
                answer = self._pages.get(urlsplit(url).path, buffered=True)
                if answer.status_code != 200 or len(answer.data) != size:
                    raise FetchMissing(url)
                self._known[sha256] = answer.data
            directory.mkdir(parents=True, exist_ok=True)
            target.write_bytes(self._known[sha256])
        return target


class LeapingServer:
    """A built system without a network, whose clock is that of a loop in virtual time."""

    def __init__(self, settings: Settings, loop: VirtualLoop, sparse: float = SPARSE) -> None:
        self._loop = loop
        self.system = bootstrap.build(settings, (), clock=self.now)
        self.system.database.migrate()
        self.link = LeapingLink(self.system, loop)
        self.system.link = self.link  # type: ignore[assignment]
        self.ticks = LeapingTicks(loop, sparse)
        self.system.worker = Worker(self.system, ("air",), ticks=self.ticks)
        self.pages = LeapingPages(create_app(self.system))

    def now(self) -> dt.datetime:
        return dt.datetime.fromtimestamp(self._loop.wall(), dt.UTC)

    def start(self) -> None:
        assert self.system.worker is not None
        self.system.worker.start()

    def stop(self) -> None:
        """Raises what a tick raised."""
        assert self.system.worker is not None
        self.system.worker.stop()
        self.system.synthesiser.close()
        self.system.database.dispose()
        if self.ticks.failure is not None:
            raise self.ticks.failure

    def call_at(self, at: dt.datetime, act: Callable[[], None]) -> None:
        """Have something done at an instant of virtual time; where it fails ``stop`` says so."""

        def guarded() -> None:
            try:
                act()
            except Exception as error:  # noqa: BLE001 - told at the end, as those of ticks are
                self.ticks.failure = self.ticks.failure or error

        self._loop.call_at(at.timestamp() - self._loop.wall() + self._loop.time(), guarded)
