"""A broker and a file server in memory, for simulations in virtual time where no socket can be waited for."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from devices.errors import FetchMissing, LinkDown
from devices.speaker.ports import Message


class MemoryBroker:
    """Retains and delivers; what loudspeakers publish is also told to ``hear``. Topics hold no wildcards."""

    def __init__(self, hear: Callable[[Message], None] = lambda _: None) -> None:
        self._hear = hear
        self._retained: dict[str, Message] = {}
        self._links: dict[str, set[MemoryLink]] = {}

    def publish(self, message: Message) -> None:
        """An order of the server."""
        if message.retain:
            self._retain(message)
        for link in tuple(self._links.get(message.topic, ())):
            link.deliver(Message(message.topic, message.payload))

    def link(self) -> MemoryLink:
        return MemoryLink(self)

    def take(self, message: Message) -> None:
        """What a loudspeaker says."""
        self._hear(message)

    def add(self, link: MemoryLink, topic: str) -> None:
        self._links.setdefault(topic, set()).add(link)
        if kept := self._retained.get(topic):
            link.deliver(kept)

    def remove(self, link: MemoryLink, topic: str) -> None:
        self._links.get(topic, set()).discard(link)

    def _retain(self, message: Message) -> None:
        if message.payload:
            self._retained[message.topic] = message
        else:
            self._retained.pop(message.topic, None)


class MemoryLink:
    """One connection; implements ``ports.Link``."""

    def __init__(self, broker: MemoryBroker) -> None:
        self._broker = broker
        self._will: Message | None = None
        self._topics: set[str] = set()
        self._inbox: asyncio.Queue[Message | None] = asyncio.Queue()

    async def connect(self, will: Message, topics: Sequence[str]) -> None:
        await self.close()
        self._will, self._inbox = will, asyncio.Queue()
        await self.subscribe(topics)

    async def subscribe(self, topics: Sequence[str]) -> None:
        self._require()
        for topic in topics:
            self._topics.add(topic)
            self._broker.add(self, topic)

    async def unsubscribe(self, topics: Sequence[str]) -> None:
        self._require()
        self._leave(topics)

    async def publish(self, message: Message, *, qos: int = 1) -> None:
        self._require()
        self._broker.take(message)

    async def receive(self) -> Message:
        message = await self._inbox.get()
        if message is None:
            self._inbox.put_nowait(None)
            raise LinkDown("the connection is lost")
        return message

    async def close(self) -> None:
        self._will = None
        self.abort()

    def abort(self) -> None:
        will, self._will = self._will, None
        self._leave(tuple(self._topics))
        self._inbox.put_nowait(None)
        if will is not None:
            self._broker.take(will)

    def deliver(self, message: Message) -> None:
        self._inbox.put_nowait(message)

    def _leave(self, topics: Sequence[str]) -> None:
        for topic in topics:
            self._topics.discard(topic)
            self._broker.remove(self, topic)

    def _require(self) -> None:
        if self._will is None:
            raise LinkDown("there is no connection")


class MemoryFiles:
    """Files by their hash, whatever the address; implements ``ports.Fetcher``."""

    def __init__(self) -> None:
        self._bodies: dict[str, bytes] = {}

    def add(self, body: bytes) -> str:
        """Returns the hash."""
        sha256 = hashlib.sha256(body).hexdigest()
        self._bodies[sha256] = body
        return sha256

    async def fetch(self, url: str, sha256: str, size: int, directory: Path) -> Path:
        """Raises FetchMissing."""
        target = directory / sha256
        if not target.exists():
            if sha256 not in self._bodies:
                raise FetchMissing(url)
            target.write_bytes(self._bodies[sha256])
        return target
