"""Counts what a loudspeaker sends and receives in a month: its SIM card has a limit."""

from __future__ import annotations

import datetime as dt
import functools
from collections.abc import Mapping, Sequence
from pathlib import Path

from devices.messages import GuardPolicy, Relay

from .ports import Clock, Feed, Fetcher, Link, Message, Radio, Samples, Store

_KIND = "traffic"
_PACKET = 90  # bytes around a message: headers of MQTT, TCP and IP, and the answer to it
_CONNECTION = 1_500  # bytes to open one, with the greeting; TLS needs some 4,000 more
_QUARTER_MS = 900_000
_ZONE = dt.timezone(dt.timedelta(minutes=GuardPolicy().utc_offset_minutes))


class Meter:
    """Bytes by local month; what was counted since the last ``keep`` is lost with the power."""

    def __init__(self, store: Store, clock: Clock, facts: Mapping[tuple[str, str], bytes]) -> None:
        self._store = store
        self._clock = clock
        self._used = {month: int(body) for (kind, month), body in facts.items() if _is_count(kind, body)}
        self._kept = dict(self._used)

    @property
    def this_month(self) -> int:
        return self._used.get(self._month(), 0)

    def add(self, count: int) -> None:
        month = self._month()
        self._used[month] = self._used.get(month, 0) + count

    def keep(self) -> None:
        """Write this month down and forget the others. Raises StoreFailed."""
        month = self._month()
        for old in [name for name in self._used if name != month]:
            del self._used[old]
            self._store.drop(_KIND, old)
        if self._used.get(month) != self._kept.get(month):
            self._store.keep(_KIND, month, str(self._used[month]).encode())
            self._kept = dict(self._used)

    def _month(self) -> str:
        return _local_month(self._clock.utc_ms() // _QUARTER_MS)


class MeteredLink:
    """A link that counts what passes; implements ``ports.Link``."""

    def __init__(self, inner: Link, meter: Meter) -> None:
        self._inner = inner
        self._meter = meter
        self.close, self.abort = inner.close, inner.abort

    async def connect(self, will: Message, topics: Sequence[str]) -> None:
        """Raises LinkDown, LinkRefused."""
        self._meter.add(_CONNECTION + len(will.payload) + sum(map(len, topics)))
        await self._inner.connect(will, topics)

    async def subscribe(self, topics: Sequence[str]) -> None:
        """Raises LinkDown, LinkRefused."""
        self._meter.add(_PACKET + sum(map(len, topics)))
        await self._inner.subscribe(topics)

    async def unsubscribe(self, topics: Sequence[str]) -> None:
        """Raises LinkDown."""
        self._meter.add(_PACKET + sum(map(len, topics)))
        await self._inner.unsubscribe(topics)

    async def publish(self, message: Message, *, qos: int = 1) -> None:
        """Raises LinkDown."""
        self._count(message)
        await self._inner.publish(message, qos=qos)

    async def receive(self) -> Message:
        """Raises LinkDown once the connection is lost."""
        message = await self._inner.receive()
        self._count(message)
        return message

    def _count(self, message: Message) -> None:
        self._meter.add(_PACKET + len(message.topic) + len(message.payload))


class MeteredFetcher:
    """A fetcher that counts what it brings, also of a file that it could not complete."""

    def __init__(self, inner: Fetcher, meter: Meter) -> None:
        self._inner = inner
        self._meter = meter

    async def fetch(self, url: str, sha256: str, size: int, directory: Path) -> Path:
        """Raises FetchError."""
        before = _stored(directory, sha256)
        try:
            return await self._inner.fetch(url, sha256, size, directory)
        finally:
            brought = max(0, _stored(directory, sha256) - before)
            if brought:
                self._meter.add(_CONNECTION + _on_the_line(brought))


class MeteredRadio:
    """A radio that counts what its streams brought, once each is closed; implements ``ports.Radio``."""

    def __init__(self, inner: Radio, meter: Meter) -> None:
        self._inner = inner
        self._meter = meter

    def feed(self, relay: Relay, networks: Sequence[str]) -> Feed:
        return _MeteredFeed(self._inner.feed(relay, networks), self._meter)


class _MeteredFeed:
    def __init__(self, inner: Feed, meter: Meter) -> None:
        self._inner = inner
        self._meter = meter
        self._counted = 0
        self.open = inner.open

    @property
    def trouble(self) -> str:
        return self._inner.trouble

    @property
    def received(self) -> int:
        return self._inner.received

    def take(self, count: int) -> Samples:
        return self._inner.take(count)

    def pause(self) -> None:
        self._inner.pause()
        self._count()

    def close(self) -> None:
        self._inner.close()

    def _count(self) -> None:
        """In the agent's thread: every stretch ends with a pause."""
        brought, self._counted = self._inner.received - self._counted, self._inner.received
        if brought > 0:
            self._meter.add(_CONNECTION + _on_the_line(brought))


def _on_the_line(count: int) -> int:
    """With the headers of the packets."""
    return count * 1_500 // 1_448


@functools.lru_cache(maxsize=256)
def _local_month(quarter: int) -> str:
    """Asked for at every message; no month begins in the middle of a quarter of an hour."""
    return dt.datetime.fromtimestamp(quarter * (_QUARTER_MS // 1000), _ZONE).strftime("%Y-%m")


def _stored(directory: Path, sha256: str) -> int:
    """Bytes of a file that are there, whole or in part."""
    for name in (sha256, f"{sha256}.part"):
        try:
            return (directory / name).stat().st_size
        except OSError:
            continue
    return 0


def _is_count(kind: str, body: bytes) -> bool:
    return kind == _KIND and body.isdigit()
