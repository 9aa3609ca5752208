"""The other processes of the ingest measurement: a feeder, a bare paho consumer, a crowd that reconnects.

Each is given one JSON object and tells what it saw in lines of JSON.
"""

from __future__ import annotations

import asyncio
import base64
import json
import random
import resource
import sys
import time
from pathlib import Path
from typing import Any

from paho.mqtt.client import Client as Paho
from paho.mqtt.client import MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from benchmarks import _raw_mqtt as mqtt
from devices.envelope import KeySet, open_report

WINDOW = 2_000  # unconfirmed messages of the feeder
JITTER_S = 1.0  # in which a crowd comes back; real loudspeakers take longer
# As a loudspeaker's program does: without a cursor for so long it tells its journal again, and when it
# hears that the server has come back, after a while drawn by lot up to this.
RESEND_S = 30.0
BIRTH_SPREAD_S = 5.0


def tell(**values: Any) -> None:
    print(json.dumps(values), flush=True)


async def feed(broker: tuple[str, int], name: str, password: str, path: str) -> None:
    """Publish every prepared message at QoS 1 as fast as the broker confirms."""
    rows = [line.split(b"\t", 1) for line in Path(path).read_bytes().splitlines()]
    loop = asyncio.get_running_loop()
    ready, confirmed, room = loop.create_future(), 0, asyncio.Event()

    def heard(first: int, _: bytes) -> None:
        nonlocal confirmed
        kind = first >> 4
        if kind == mqtt.CONNACK:
            ready.set_result(None)
        elif kind == mqtt.PUBACK:
            confirmed += 1
            room.set()

    _, client = await loop.create_connection(lambda: mqtt.Client(heard, lambda: None), *broker)
    client.send(mqtt.connect(name, password, ("ttcs/1/bench/srv/none", b""), clean=True))
    await ready
    sys.stdin.readline()
    began = time.time()
    for sent, (topic, payload) in enumerate(rows):
        while sent - confirmed >= WINDOW:
            room.clear()
            await room.wait()
        client.send(mqtt.publish(topic.decode(), payload, sent % 65_000 + 1))
        if sent % 50 == 0:
            await asyncio.sleep(0)
    while confirmed < len(rows):
        room.clear()
        await room.wait()
    tell(began=began, confirmed=time.time())


def consume(
    broker: tuple[str, int],
    name: str,
    password: str,
    *,
    topics: list[str],
    count: int,
    keys: dict[str, str],
) -> None:
    """paho as it comes: its own thread, a callback that counts and nothing else.

    With ``keys`` of devices it verifies their journals, which no server is spared.
    """
    seen = 0
    owners = {name: KeySet([key]) for name, key in keys.items()}
    first = cpu = 0.0
    client = Paho(CallbackAPIVersion.VERSION2, client_id=f"{name}.bare")
    client.username_pw_set(name, password)

    def counted(_client: object, _userdata: object, message: MQTTMessage) -> None:
        nonlocal seen, first, cpu
        if owners and message.topic.endswith("/evt"):
            open_report(message.payload, owners[message.topic.rsplit("/", 2)[1]])
        if not seen:
            first, cpu = time.time(), time.process_time()
        seen += 1
        if seen == count:
            tell(took=time.time() - first, cpu=time.process_time() - cpu)
            client.disconnect()

    client.on_message = counted
    client.on_subscribe = lambda *_: tell(ready=True)
    client.on_connect = lambda *_: client.subscribe([(topic, 1) for topic in topics])
    client.connect(*broker)
    client.loop_forever()


class Device:
    """A loudspeaker as far as the wire goes: says that it is there and tells its journal until confirmed."""

    def __init__(self, crowd: Crowd, name: str, row: dict[str, Any]) -> None:
        self._crowd = crowd
        self._name = name
        self._row = row
        self._session = 0
        self._client: mqtt.Client | None = None
        self._again: asyncio.TimerHandle | None = None
        self._soon: asyncio.TimerHandle | None = None
        self.online = False
        self.confirmed = 0  # the journal, up to here

    @property
    def settled(self) -> bool:
        return self.online and self.confirmed >= self._row["last"]

    async def live(self) -> None:
        while True:
            self._lost = asyncio.get_running_loop().create_future()
            try:
                await self._connect()
                await self._lost
            except OSError:
                pass
            self.online = False
            await asyncio.sleep(random.uniform(0.0, JITTER_S))

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        made = lambda: mqtt.Client(self._heard, self._lose)  # noqa: E731 - a factory of one line
        _, self._client = await loop.create_connection(made, *self._crowd.broker)
        will = (self._row["state"], self._state(online=False))
        self._client.send(mqtt.connect(self._name, self._crowd.password, will, clean=False))

    def _lose(self) -> None:
        if not self._lost.done():
            self._lost.set_result(None)

    def _heard(self, first: int, body: bytes) -> None:
        assert self._client is not None
        kind = first >> 4
        if kind == mqtt.CONNACK:
            if body[1]:
                self._crowd.refused += 1
                self._client.close()
                return
            self._session += 1
            self._client.send(mqtt.subscribe(self._row["reads"]))
            self._tell()
        elif kind == mqtt.PUBACK:
            self.online = True
        elif kind == mqtt.PUBLISH and b"/cursor" in body[:80]:
            self._crowd.cursors += 1
            self.confirmed = _seq(body)
        elif kind == mqtt.PUBLISH and b"/srv/state" in body[:80] and not first & 1:  # not a retained one
            self._hear_of_birth()

    def _hear_of_birth(self) -> None:
        if self._soon is None:
            pause = random.uniform(0, BIRTH_SPREAD_S)
            self._soon = asyncio.get_running_loop().call_later(pause, self._tell_of_birth)

    def _tell_of_birth(self) -> None:
        self._soon = None
        self._tell()

    def _tell(self) -> None:
        """State and journal; at least once: again until the server has confirmed it."""
        if self._client is None:
            return
        self._client.send(mqtt.publish(self._row["state"], self._state(online=True), 1, retain=True))
        if self._again is not None:
            self._again.cancel()
        if not self._crowd.telling or self.settled:
            return
        for number, payload in enumerate(self._row["journals"], start=2):
            self._client.send(mqtt.publish(self._row["evt"], payload.encode(), number))
        self._again = asyncio.get_running_loop().call_later(RESEND_S, self._tell)

    def _state(self, *, online: bool) -> bytes:
        values = {"type": "state", "device": self._name, "online": online, "boot": "b", "clock": "synced"}
        session = self._session if online else self._session + 1
        return json.dumps({**values, "session": session, "at": int(time.time() * 1000)}).encode()


class Crowd:
    """All devices of one process."""

    def __init__(self, broker: tuple[str, int], password: str, path: str) -> None:
        self.broker, self.password = broker, password
        self.refused = self.cursors = 0
        self.telling = False
        rows = json.loads(Path(path).read_text())
        self.devices = [Device(self, name, row) for name, row in rows.items()]

    async def run(self) -> None:
        living = [asyncio.create_task(device.live()) for device in self.devices]
        await self._until(lambda device: device.online)
        tell(connected=len(self.devices), at=time.time())
        self.telling = True
        await asyncio.to_thread(sys.stdin.readline)
        await self._until(lambda device: not device.online)
        tell(cut=time.time())
        await self._until(lambda device: device.online)
        tell(reconnected=time.time(), refused=self.refused)
        await self._until(lambda device: device.settled)
        tell(settled=time.time(), cursors=self.cursors, cpu_s=time.process_time())
        for task in living:
            task.cancel()

    async def _until(self, condition: Any) -> None:
        while not all(condition(device) for device in self.devices):
            await asyncio.sleep(0.05)


def _seq(body: bytes) -> int:
    """What a cursor confirms; its signature is the agents' affair."""
    payload = body[2 + int.from_bytes(body[:2], "big") + 2 :]
    return int(json.loads(base64.b64decode(json.loads(payload)["payload"]))["seq"])


def main() -> None:
    part, options = sys.argv[1], json.loads(sys.argv[2])
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if part == "feed":
        asyncio.run(feed(**options))
    elif part == "consume":
        consume(**options)
    else:
        asyncio.run(Crowd(**options).run())


if __name__ == "__main__":
    main()
