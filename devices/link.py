"""The server's connection to the broker: a thread of its own, plain blocking calls for everybody else."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import json
import logging
import queue
import random
import secrets
import ssl
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from devices.errors import LinkDown, LinkRefused
from devices.link_async import SpeakerLink
from devices.speaker.ports import Message
from devices.topics import Topics

log = logging.getLogger(__name__)
T = TypeVar("T")

_LONGEST_PAUSE = 2.0  # seconds between attempts to connect: once the broker is back nothing may wait for us
_CHUNK = 1_000  # messages handed to paho at once: MQTT numbers at most 65,535 unconfirmed ones
_PROBE_WITHIN = 3.0  # seconds for the broker to hand back our own retained birth


@dataclass(frozen=True, slots=True)
class Inbound:
    """A message as it came from the broker, not verified; ``retained`` was kept for us and is not news."""

    topic: str
    payload: bytes
    received_at: datetime
    retained: bool = False


class ServerLink:
    """Publishes for the server and puts whatever loudspeakers send into ``inbox``; reconnects by itself.

    Nothing is queued while there is no connection: ``publish`` raises, and the caller's outbox keeps
    the message. With each broker account only one process can be connected at a time.
    """

    def __init__(
        self,
        url: str,
        username: str,
        password: str,
        topics: Topics,
        inbox: queue.Queue[Inbound],
        *,
        on_connected: Callable[[], None] | None = None,
        reply: Callable[[Inbound], Message | None] = lambda _: None,
        admits: Callable[[str, int], bool] = lambda _topic, _bytes: True,
        first_pause_s: float = 0.5,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """``on_connected`` is told of every new connection, in the link's thread. Raises LinkRefused.

        A message that ``reply`` answers, in that thread too, is answered at once at QoS 0 and not put into
        the inbox. What ``admits`` does not admit, by its topic and its size, is dropped before that.
        """
        self._topics = topics
        self._inbox = inbox
        self._on_connected = on_connected
        self._reply = reply
        self._admits = admits
        self._first_pause = first_pause_s
        # Clean session: what arrives while the server is away is told again by the loudspeakers' journals.
        self._link = SpeakerLink(
            url,
            username,
            password,
            client_id=f"{username}.{secrets.token_hex(4)}",
            clean_session=True,
            tls=tls,
            take=self._take,
        )
        self._late = False  # one waits for room in the inbox: the others must not overtake it
        self._own_state = topics.server_state
        self._birth = secrets.token_hex(8)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._stopping = threading.Event()
        self._started = threading.Event()
        self._up = threading.Event()
        self._retained = threading.Event()
        self.connections = 0
        self.last_error = ""

    @property
    def connected(self) -> bool:
        """Subscribed and able to publish; false as well when the network thread is dead."""
        return self._up.is_set() and self._thread is not None and self._thread.is_alive()

    @property
    def retains(self) -> bool:
        """Whether the broker has shown that it keeps retained messages; without them nothing is recovered."""
        return self._retained.is_set()

    def start(self) -> None:
        """Begin to connect, and return at once."""
        self._stopping.clear()
        self._started.clear()
        self._thread = threading.Thread(target=self._run, name="server-link", daemon=True)
        self._thread.start()
        self._started.wait()

    def wait_connected(self, timeout_s: float) -> bool:
        return self._up.wait(timeout_s) and self.connected

    def stop(self) -> None:
        """Say good-bye on the server's topic and disconnect."""
        self._stopping.set()
        loop, thread = self._loop, self._thread
        if loop is not None and thread is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended already
                loop.call_soon_threadsafe(self._cancel)
            thread.join()

    def publish(self, topic: str, payload: bytes, retain: bool = False, timeout_s: float = 5.0) -> None:
        """Return when the broker has the message at QoS 1. Raises LinkDown when it may not have it."""
        self._call(self._link.publish(Message(topic, payload, retain)), timeout_s)

    def publish_many(self, messages: Sequence[Message], timeout_s: float = 30.0) -> list[bool]:
        """Publish in order without waiting in between; says of each message whether the broker has it.

        Raises LinkDown when there is no connection at the start.
        """
        return self._call(self._publish_all(messages, timeout_s), timeout_s + 5)

    async def _publish_all(self, messages: Sequence[Message], timeout_s: float) -> list[bool]:
        clock = asyncio.get_running_loop().time
        deadline = clock() + timeout_s
        confirmed: list[bool] = []
        while len(confirmed) < len(messages):
            if confirmed and (clock() >= deadline or not self._link.connected):
                break
            chunk = messages[len(confirmed) : len(confirmed) + _CHUNK]
            sent = [self._link.post(message) for message in chunk]
            await asyncio.wait(sent, timeout=max(0.0, deadline - clock()))
            confirmed += [future.done() and future.exception() is None for future in sent]
        return confirmed + [False] * (len(messages) - len(confirmed))

    def _call(self, work: Coroutine[Any, Any, T], timeout_s: float) -> T:
        loop = self._loop
        if loop is None or not self.connected:
            work.close()
            raise LinkDown(self.last_error or "there is no connection to the broker")
        try:
            future = asyncio.run_coroutine_threadsafe(work, loop)
        except RuntimeError as error:  # stopped in this moment
            work.close()
            raise LinkDown("there is no connection to the broker any more") from error
        try:
            return future.result(timeout_s)
        except (concurrent.futures.TimeoutError, concurrent.futures.CancelledError) as error:
            future.cancel()
            raise LinkDown("the broker does not confirm") from error

    # --- the network thread -------------------------------------------------

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                asyncio.run(self._serve())
            except Exception as error:
                self.last_error = str(error)
                log.exception("the network thread starts again", extra={"action": "link_thread_died"})
                self._stopping.wait(1.0)
            finally:
                self._up.clear()
                self._started.set()

    def _cancel(self) -> None:
        for task in asyncio.all_tasks():
            task.cancel()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._started.set()
        pause = self._first_pause
        try:
            while not self._stopping.is_set():
                began = time.monotonic()
                await self._attempt()
                if time.monotonic() - began > _LONGEST_PAUSE:
                    pause = self._first_pause
                # Jitter, so that several servers do not come back in step after a broker's restart.
                await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311
                pause = min(pause * 2, _LONGEST_PAUSE)
        except asyncio.CancelledError:
            await self._say_goodbye()

    async def _attempt(self) -> None:
        """One connection from its birth to its loss."""
        try:
            await self._link.connect(self._will(), self._topics.server_reads)
            await self._link.publish(self._state(online=True))
            self._announce_up()
            probe = asyncio.create_task(self._probe())
            try:
                await self._pump()
            finally:
                probe.cancel()
        except (LinkDown, LinkRefused) as error:
            self.last_error = str(error)
            log.warning("no connection to the broker: %s", error, extra={"action": "link_down"})
        except Exception as error:
            self.last_error = str(error)
            log.exception("the connection to the broker failed", extra={"action": "link_failed"})
        finally:
            self._up.clear()

    def _announce_up(self) -> None:
        self.connections += 1
        self.last_error = ""
        self._up.set()
        log.info("connected to the broker", extra={"action": "link_up", "connection": self.connections})
        if self._on_connected is None:
            return
        try:
            self._on_connected()
        except Exception:
            log.exception("a listener of the connection failed", extra={"action": "link_listener_failed"})

    def _take(self, message: Message) -> bool:
        """Without a turn of the loop for each; False when the message has to wait for room."""
        if not self._admits(message.topic, len(message.payload)):
            return True
        return not self._late and self._file(message)

    async def _pump(self) -> None:
        """What has to wait: the broker keeps what we do not take."""
        self._late = False
        while True:
            message = await self._link.receive()
            self._late = True
            while not self._file(message):
                await asyncio.sleep(0.02)
            self._late = False

    def _file(self, message: Message) -> bool:
        """False when the inbox is full."""
        if message.topic == self._own_state:
            if message.retain and self._birth.encode() in message.payload:
                self._retained.set()
            return True
        inbound = Inbound(message.topic, message.payload, datetime.now(UTC), message.retain)
        if (reply := self._answer(inbound)) is not None:
            with contextlib.suppress(LinkDown):
                self._link.post(reply, qos=0)
            return True
        try:
            self._inbox.put_nowait(inbound)
        except queue.Full:
            return False
        return True

    def _answer(self, inbound: Inbound) -> Message | None:
        try:
            return self._reply(inbound)
        except Exception:
            log.exception("a question could not be answered", extra={"action": "reply_failed"})
            return None

    async def _probe(self) -> None:
        """Ask for our own retained birth: without such messages nobody who returns is brought up to date."""
        if self._retained.is_set():
            return
        with contextlib.suppress(LinkDown, LinkRefused):
            await self._link.subscribe([self._topics.server_state])
            await asyncio.sleep(_PROBE_WITHIN)
        if not self._retained.is_set():
            log.error(
                "the broker keeps no retained messages: loudspeakers that return learn of changes late",
                extra={"action": "broker_not_retaining"},
            )

    async def _say_goodbye(self) -> None:
        self._up.clear()
        try:
            async with asyncio.timeout(2):
                await self._link.publish(self._state(online=False))
        except (LinkDown, TimeoutError):
            log.info("stopped without a good-bye to the broker", extra={"action": "link_stopped"})
        await self._link.close()

    def _state(self, *, online: bool) -> Message:
        """The server's birth or death; a birth has loudspeakers announce themselves again."""
        body = {"online": online, "birth": self._birth, "connection": self.connections + 1}
        if online:
            body["at"] = int(time.time() * 1000)
        return Message(self._topics.server_state, json.dumps(body).encode(), retain=True)

    def _will(self) -> Message:
        return self._state(online=False)
