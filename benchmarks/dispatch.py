"""One slot for 5,000 loudspeakers: from the planner's tick to the last publish, beside a bare paho loop.

A rule of the whole province is entered; one tick plans it, which signs a new document for each
loudspeaker, and the dispatcher hands all of them to a real broker, settled in the database. The baseline
publishes the very same messages with paho-mqtt alone, in the same run, against the same broker.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import json
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import func, select

from benchmarks._province import NOW, Province, province
from benchmarks._waiting import free_port
from benchmarks.fanout import PASSWORD, server_link
from broadcast.models import Delivery, OutboxMessage, Schedule, ScheduleItem
from broadcast.plans.dispatch import Dispatcher
from broadcast.plans.planner import Planner
from broadcast.storage import events, lease
from broadcast.storage.lease import Leadership
from devices.broker import Account, Broker, embedded_broker, hash_password
from devices.link import ServerLink
from devices.messages import Evidence
from devices.topics import Topics
from schedules import recurrence
from schedules.types import Frequency, Rule

COMMUNES = 100
DAYS = 7
ROUNDS = 3
TOPICS = Topics("bench")
LEASE_TTL = dt.timedelta(days=1)
PATIENCE_S = 120.0

Messages = Sequence[tuple[str, bytes]]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="dispatch", description=__doc__)
    parser.add_argument("--communes", type=int, default=COMMUNES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args(arguments)
    print(json.dumps(measure(options.communes, options.rounds), indent=2))


def measure(communes: int = COMMUNES, rounds: int = ROUNDS) -> dict[str, Any]:
    """A minute; each round is followed by its baseline."""
    with running_broker() as broker, server_link(broker) as link, province(communes) as made:
        leadership = take_lead(made)
        tick(made)
        flush(made, link, leadership)
        found = [measure_round(made, broker, link, leadership, number) for number in range(rounds)]
        sent = count_sent(made)
    ours, bare = (median(each[name]["wall_s"] for each in found) for name in ("dispatch", "bare_paho"))
    return {
        "benchmark": "dispatch",
        "broker": broker.name,
        "loudspeakers": made.size.loudspeakers,
        "rounds": found,
        "publishes": found[-1]["publishes"],
        "deliveries_at_e0": sent,
        "tick_to_last_publish_s": round(median(each["tick_to_last_publish_s"] for each in found), 3),
        "dispatch_s": round(ours, 3),
        "bare_paho_s": round(bare, 3),
        "dispatch_to_bare": round(ours / bare, 2),
        "tick_to_last_publish_to_bare": round(
            median(each["tick_to_last_publish_s"] for each in found) / bare, 2
        ),
    }


def measure_round(
    made: Province, broker: Broker, link: ServerLink, leadership: Leadership, number: int
) -> dict[str, Any]:
    enter_slot(made, number)
    began = time.monotonic()
    with stopwatch() as planning:
        tick(made)
    messages = waiting(made)
    with stopwatch() as dispatching:
        flush(made, link, leadership)
    return {
        "publishes": len(messages),
        "bytes": sum(len(payload) for _, payload in messages),
        "tick": planning.as_dict(),
        "dispatch": dispatching.as_dict(),
        "tick_to_last_publish_s": round(planning.wall_s + dispatching.wall_s, 3),
        "bare_paho": publish_bare(broker, messages),
        "round_s": round(time.monotonic() - began, 2),
    }


def enter_slot(made: Province, number: int) -> None:
    """One broadcast for everybody, on the day after tomorrow."""
    rule = Rule(Frequency.ONCE, NOW.date() + dt.timedelta(days=2), (dt.time(18, number),))
    with made.database.transaction() as session:
        schedule = Schedule(
            area_id=1,
            title="Tin của tỉnh",
            rule=recurrence.to_dict(rule),
            created_by=1,
            created_at=NOW,
            items=[ScheduleItem(position=0, bulletin_id=1)],
        )
        session.add(schedule)
        session.flush()
        events.emit(session, now=NOW, kind="schedule", area_id=1, subject=schedule.id)


def tick(made: Province) -> None:
    with made.database.transaction() as session:
        Planner(session, made.wire, NOW, DAYS).plan()


def flush(made: Province, link: ServerLink, leadership: Leadership) -> None:
    dispatcher = Dispatcher(made.database, link, made.wire, DAYS, lambda: NOW)
    while dispatcher.flush(leadership):
        pass
    if left := len(waiting(made)):
        raise RuntimeError(f"{left} messages have not left")


def take_lead(made: Province) -> Leadership:
    with made.database.transaction() as session:
        token = lease.acquire(session, "air", "bench", NOW, LEASE_TTL)
    if token is None:
        raise RuntimeError("another leads in an empty database")
    return Leadership("air", "bench", token)


def waiting(made: Province) -> list[tuple[str, bytes]]:
    with made.database.transaction(read_only=True) as session:
        rows = session.execute(select(OutboxMessage.topic, OutboxMessage.payload).order_by(OutboxMessage.id))
        return [(topic, payload) for topic, payload in rows]


def count_sent(made: Province) -> int:
    """How many loudspeakers' deliveries the dispatcher has marked as sent."""
    with made.database.transaction(read_only=True) as session:
        query = select(func.count()).select_from(Delivery).where(Delivery.evidence == int(Evidence.SENT))
        return session.scalar(query) or 0


def publish_bare(broker: Broker, messages: Messages) -> dict[str, float]:
    """The same topics and payloads, QoS 1 and retained, until the broker has confirmed the last."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="bare")
    client.username_pw_set("bare", PASSWORD)
    client.max_inflight_messages_set(0)
    left, done, connected = len(messages), threading.Event(), threading.Event()

    def confirmed(*_: Any) -> None:
        nonlocal left
        left -= 1
        if not left:
            done.set()

    client.on_publish = confirmed
    client.on_connect = lambda *_: connected.set()
    host, port = broker.url.removeprefix("mqtt://").split(":")
    client.connect(host, int(port))
    client.loop_start()
    try:
        if not connected.wait(PATIENCE_S):
            raise RuntimeError("the broker did not answer")
        with stopwatch() as taken:
            for topic, payload in messages:
                client.publish(topic, payload, qos=1, retain=True)
            if not done.wait(PATIENCE_S):
                raise RuntimeError(f"{left} messages were not confirmed")
    finally:
        client.disconnect()
        client.loop_stop()
    return taken.as_dict()


@contextlib.contextmanager
def running_broker() -> Iterator[Broker]:
    hashed = hash_password(PASSWORD, b"twelve bytes")
    accounts = [
        Account(name, hashed, TOPICS.server_reads, TOPICS.server_writes) for name in ("server", "bare")
    ]
    with tempfile.TemporaryDirectory() as folder:
        broker = embedded_broker(Path(folder), free_port(), accounts, "auto")
        broker.start()
        try:
            yield broker
        finally:
            broker.stop()


@dataclass(slots=True)
class Taken:
    cpu_s: float = 0.0
    wall_s: float = 0.0

    def as_dict(self) -> dict[str, float]:
        return {"cpu_s": round(self.cpu_s, 3), "wall_s": round(self.wall_s, 3)}


@contextlib.contextmanager
def stopwatch() -> Iterator[Taken]:
    taken, cpu, wall = Taken(), time.process_time(), time.monotonic()
    yield taken
    taken.cpu_s, taken.wall_s = time.process_time() - cpu, time.monotonic() - wall


if __name__ == "__main__":
    main()
