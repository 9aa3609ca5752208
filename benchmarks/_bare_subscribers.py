"""As many bare MQTT subscribers as there are loudspeakers: how long one document takes to the last of them.

The baseline of ``benchmarks.speaker``, with a broker of its own. The process of the subscribers is told
``{"connect": N, "within": S}`` and ``{"hear": N, "within": S}``, and answers each with one line.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from typing import Any

from benchmarks import _raw_mqtt as mqtt
from benchmarks import fanout
from benchmarks._bounded import Child, Late, Limit, children
from benchmarks.fanout import PASSWORD, TOPICS
from devices.broker import Broker
from devices.link import ServerLink
from devices.speaker.ports import Message

ROUNDS = 3
AT_ONCE = 200  # greetings on their way
CONNECTING_S = 60.0
HEARING_S = 15.0


def publish_to_last_ms(documents: dict[int, bytes], limit: Limit) -> dict[int, float | None]:
    """Milliseconds for each number of subscribers and its document; None where the time was not enough."""
    with fanout.running_broker("auto", sorted(documents)) as broker, fanout.server_link(broker) as link:
        return {size: _of_size(broker, link, size, body, limit) for size, body in documents.items()}


def _of_size(broker: Broker, link: ServerLink, size: int, body: bytes, limit: Limit) -> float | None:
    group = f"all-{size}"
    topic = TOPICS.group_cmd(group)
    with children("benchmarks._bare_subscribers", [(broker.url, group)]) as (child,):
        try:
            connecting = limit.within(CONNECTING_S)
            child.tell(connect=size, within=connecting.left_s)
            if child.answer(connecting.later(5))["connected"] < size:
                return None
            return statistics.median(
                _round(child, link, Message(topic, body), size, limit) for _ in range(ROUNDS)
            )
        except Late:
            return None


def _round(child: Child, link: ServerLink, message: Message, size: int, limit: Limit) -> float:
    """Raises Late."""
    hearing = limit.within(HEARING_S)
    child.tell(hear=size, within=hearing.left_s)
    child.answer(hearing)  # it listens
    began = time.monotonic()
    link.publish(message.topic, message.payload)
    heard = child.answer(hearing.later(5))
    if heard["count"] < size:
        raise Late("a bare subscriber")
    return round((float(heard["last"]) - began) * 1000, 1)


class Crowd:
    """The subscribers in their process."""

    def __init__(self, url: str, group: str) -> None:
        host, _, port = url.removeprefix("mqtt://").rpartition(":")
        self._address = host, int(port)
        self._group = group
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._ready = 0
        self._heard = 0
        self._last = 0.0

    async def connect(self, count: int, within: float) -> None:
        tasks = [asyncio.create_task(self._join(f"{self._group}.{number}")) for number in range(count)]
        _, late = await asyncio.wait(tasks, timeout=within)
        for task in late:
            task.cancel()
        say(connected=self._ready)

    async def hear(self, count: int, within: float) -> None:
        self._heard, limit = 0, time.monotonic() + within
        say(listening=True)
        while self._heard < count and time.monotonic() < limit:
            await asyncio.sleep(0.01)
        say(count=self._heard, last=self._last)

    async def _join(self, name: str) -> None:
        loop = asyncio.get_running_loop()
        greeted, granted = loop.create_future(), loop.create_future()

        def on_packet(first: int, body: bytes) -> None:
            kind = first >> 4
            if kind == mqtt.PUBLISH:
                self._heard += 1
                self._last = time.monotonic()
            elif kind in (mqtt.CONNACK, mqtt.SUBACK):
                (greeted if kind == mqtt.CONNACK else granted).set_result(body)

        async with self._turns:
            _, client = await loop.create_connection(
                lambda: mqtt.Client(on_packet, lambda: None), *self._address
            )
            client.send(mqtt.connect(name, PASSWORD, (TOPICS.state(name), b""), clean=True))
            await greeted
            client.send(mqtt.subscribe([TOPICS.group_cmd(self._group)]))
            await granted
        self._ready += 1


async def serve(url: str, group: str) -> None:
    crowd, loop = Crowd(url, group), asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        match json.loads(line):
            case {"connect": int(count), "within": within}:
                await crowd.connect(count, within)
            case {"hear": int(count), "within": within}:
                await crowd.hear(count, within)


def say(**values: Any) -> None:
    sys.stdout.write(json.dumps(values) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], sys.argv[2]))
