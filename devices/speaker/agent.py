"""The loudspeaker's program: drives the core with the real connection, downloads, sound, store and time."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import itertools
import logging
import random
import secrets
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path

from devices.envelope import KeySet
from devices.errors import OrderRejected, StoreFailed
from devices.messages import TimeResponse
from devices.topics import Topics

from . import core as c
from . import instant
from .button import Button
from .cache import Cache
from .faults import Fault, Faults
from .hands import Hands
from .identity import Identity
from .ports import JournalEntry, Message, World
from .session import Session, Told
from .traffic import Meter, MeteredFetcher, MeteredLink, MeteredRadio

_key_set = functools.lru_cache(KeySet)  # many loudspeakers of one process trust the same
log = logging.getLogger(__name__)

_COMMIT_WITHIN = 0.5  # seconds; what must not be lost is synced at once by the core
_IDLE = 60.0  # between two thoughts of a core for which nothing is due
_SLOW_CHORES = 60.0
_KEEP_TRAFFIC = 10  # chores between two writes of what was sent and received: flash wears out


class Agent:
    """One loudspeaker in an asyncio loop.

    An error of the store or of the core ends ``run``: without a journal nothing may
    sound. Whoever runs the agent starts a new one, which takes up what was journaled.
    """

    def __init__(
        self,
        identity: Identity,
        directory: Path,
        world: World,
        *,
        rng: random.Random,
        firmware: str = "",
        on_event: Callable[[c.Event | c.Action], None] = lambda _: None,
    ) -> None:
        """``directory`` holds the downloaded audio; ``on_event`` sees what the core sees and does."""
        self.identity = identity
        facts = world.store.facts()
        self._meter = Meter(world.store, world.clock, facts)
        self._world = world = dataclasses.replace(
            world,
            link=MeteredLink(world.link, self._meter),
            fetcher=MeteredFetcher(world.fetcher, self._meter),
            radio=MeteredRadio(world.radio, self._meter) if world.radio else None,
        )
        self._rng = rng
        self._on_event = on_event
        self._topics = Topics(identity.tenant)
        cache = Cache(directory, self._wanted_clips, world.free)
        self.boot_id = secrets.token_hex(8)
        self._core = c.SpeakerCore(
            identity.device,
            self.boot_id,
            c.recall(facts),
            clips=cache.clips(),
            last_seq=world.store.last_seq(),
            server_keys=identity.server_keys,
            clock=world.clock.quality(),
            idle_ms=round(1000 * max(_IDLE, world.glance_s)),
        )
        self._faults = Faults(self._note_change)
        self._hands = Hands(world, cache, self._faults, post=self.post, spawn=self._spawn, rng=rng)
        self.button = Button(self._is_silenced_here, self.post)
        self.session = Session(
            identity,
            world,
            self._core,
            told=Told(directory, self._faults, self._meter),
            receive=self._receive,
            rng=rng,
            firmware=firmware,
        )
        self._events: deque[c.Event] = deque()
        self._draining = self._ending = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._woken = asyncio.Event()
        self._over: asyncio.Future[None] | None = None
        self._commit: asyncio.TimerHandle | None = None
        self._clock_verdict: object = None
        self.restart_wanted = False  # an order to start the box anew ended ``run``

    async def run(self) -> None:
        """Run until ``stop`` or ``power_off``; raises StoreFailed."""
        self._over = asyncio.get_running_loop().create_future()
        try:
            self._perform(self._core.boot(*self._clocks()))
            for work in (self._tick, self._chores, self.session.run, self._follow_button, self._hands.listen):
                self._spawn(self._forever(work))
            await self._over
        except StoreFailed:
            self._faults.note(Fault.STORE_FAILED, present=True)
            await self._end_tasks()
            await self.session.say_last_words()
            raise
        finally:
            await self._end_tasks()

    async def stop(self) -> None:
        """End gracefully: fade out, say goodbye, write."""
        self._ending = True
        await self._hands.close()
        await self.session.say_goodbye()
        await self._end_tasks()
        try:
            self._meter.keep()
            self._world.store.close()
        finally:
            self._finish(None)

    async def power_off(self) -> None:
        """End as by a power cut: nothing more is written or said, and the broker sends the last will."""
        self._ending = True
        self._world.link.abort()
        self._world.store.abandon()
        await self._end_tasks()
        await self._hands.close()
        self._finish(None)

    @property
    def key_expires(self) -> int:
        """When our own key ends (UTC ms); 0: it does not, or nobody has said."""
        return self._core.key_expires

    @property
    def trusted(self) -> tuple[str, ...]:
        """The server's keys (base64) whose signature counts now."""
        return self._core.trusted(self._now())

    @property
    def is_playing(self) -> bool:
        return bool(self._core.state(self._now(), 0, "").playing)

    def post(self, event: c.Event) -> None:
        """Give an event to the core and carry out what it wants; events raised on the way follow in order."""
        self._events.append(event)
        if self._draining or self._ending:
            return
        self._draining = True
        try:
            while self._events:
                event = self._events.popleft()
                self._on_event(event)
                self._perform(self._core.handle(event, *self._clocks()))
        except Exception as error:
            # An order half carried out must not go on: the next boot takes up what the journal says.
            log.exception("The loudspeaker must restart", extra={"action": "agent_failed", **self._ids})
            self._finish(error)
        finally:
            self._draining = False
        self._woken.set()
        self.session.note_change()

    # --- what the core wants -------------------------------------------------

    def _perform(self, actions: list[c.Action]) -> None:
        for action in actions:
            self._on_event(action)
            if not (self._write(action) or self._hands.act(action)):
                self._go_out(action)

    def _write(self, action: c.Action) -> bool:
        store = self._world.store
        match action:
            case c.Keep():
                store.keep(action.kind, action.key, action.body)
            case c.Drop():
                store.drop(action.kind, action.key)
            case c.Append():
                store.append(JournalEntry(self.boot_id, action.event))
                self.session.flush_soon()
            case c.Confirm():
                if store.confirm(action.boot, action.seq):
                    self.session.note_confirmed()
            case c.Sync():
                store.sync()
                return True
            case _:
                return False
        self._commit_soon()
        return True

    def _go_out(self, action: c.Action) -> None:
        match action:
            case c.Reply():
                self._spawn(self.session.answer(action.ack, action.spread_s))
            case c.Subscribe():
                self._spawn(self.session.resubscribe(action.groups))
            case c.Report():
                self.session.report_now()
            case c.Reboot():
                self._spawn(self._restart())

    # --- what comes in ---------------------------------------------------------

    def _receive(self, message: Message) -> None:
        """Open what the broker brought; nothing unsigned reaches further than an alarm."""
        try:
            place = self._topics.parse(message.topic)
            order = self._world.open_order(message.payload, _key_set(self._core.trusted(self._now())))
        except OrderRejected as error:
            self.post(c.OrderRefused(error.code, f"{message.topic}: {error}"))
        else:
            if isinstance(order, TimeResponse):
                self.session.time.answer(order)
                self._judge_clock()
            self.post(c.OrderReceived(order, place))

    # --- the loops ---------------------------------------------------------------

    async def _tick(self) -> None:
        """Wake the core when something is due; look at the wall clock now and then."""
        loop = asyncio.get_running_loop()
        while True:
            self._woken.clear()
            now = self._now()
            due = self._core.next_due(now)
            wait = min(max(0.0, (due - now) / 1000), self._world.glance_s)
            timer = loop.call_later(wait, self._woken.set)
            try:
                await self._woken.wait()
            finally:
                timer.cancel()
            if self._now() >= due or self._core.is_stepped(*self._clocks()):
                self.post(c.Tick())

    async def _chores(self) -> None:
        for count in itertools.count():
            self._judge_clock()
            self._hands.look(self._now())
            if count % _KEEP_TRAFFIC == _KEEP_TRAFFIC - 1:
                self._meter.keep()
                self._commit_soon()
            await asyncio.sleep(max(_SLOW_CHORES, self._world.glance_s))

    def _judge_clock(self) -> None:
        clock = self._world.clock
        doubt_ms = round(clock.doubt_ms(), -3)  # its noise is no news
        verdict = c.ClockJudged(clock.quality(), clock.error_ms(), doubt_ms)
        if verdict != self._clock_verdict:
            self._clock_verdict = verdict
            self.post(verdict)

    async def _follow_button(self) -> None:
        if self._world.silence_file is None:
            await asyncio.Event().wait()
        else:
            await self.button.follow(self._world.silence_file)

    async def _restart(self) -> None:
        self.restart_wanted = True
        await self.stop()

    def _is_silenced_here(self) -> bool:
        return self._core.state(self._now(), 0, "").silenced == "local"

    async def _forever(self, work: Callable[[], Awaitable[None]]) -> None:
        """A loop that fails is logged and begun anew; without a store nothing goes on."""
        while True:
            try:
                await work()
            except StoreFailed as error:
                self._finish(error)
            except Exception:
                log.exception("A loop failed and begins anew", extra={"action": "loop_failed", **self._ids})
            await asyncio.sleep(self._rng.uniform(0.5, 2.0))

    # --- housekeeping --------------------------------------------------------------

    def _now(self) -> int:
        return self._world.clock.utc_ms()

    def _clocks(self) -> tuple[int, int]:
        return instant.read(self._world.clock)

    def _wanted_clips(self) -> set[str]:
        return self._core.wanted_clips()

    def _note_change(self) -> None:
        self.session.note_change()

    @property
    def _ids(self) -> dict[str, str]:
        return {"device": self.identity.device, "boot": self.boot_id}

    def _commit_soon(self) -> None:
        if self._commit is None:
            self._commit = asyncio.get_running_loop().call_later(_COMMIT_WITHIN, self._commit_now)

    def _commit_now(self) -> None:
        self._commit = None
        try:
            self._world.store.sync()
        except StoreFailed as error:
            self._finish(error)

    def _spawn(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._task_done)

    def _task_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("A step broke", exc_info=error, extra={"action": "step_broke", **self._ids})

    async def _end_tasks(self) -> None:
        if self._commit is not None:
            self._commit.cancel()
            self._commit = None
        mine = asyncio.current_task()
        tasks = [task for task in self._tasks if task is not mine]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _finish(self, error: BaseException | None) -> None:
        self._ending = True
        if self._over is None or self._over.done():
            return
        if error is None:
            self._over.set_result(None)
        else:
            self._over.set_exception(error)
