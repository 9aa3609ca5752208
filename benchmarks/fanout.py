"""How long one signed order needs to the last of N loudspeakers, against a bare publish to one subscriber.

Prints one JSON object. Everything runs on loopback: the server's link here, a real broker, and all
loudspeaker connections in a second process. Times are those of a shared machine: trust the ratios.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import queue
import resource
import select
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks._waiting import free_port
from devices.broker import Account, Broker, embedded_broker, hash_password
from devices.envelope import SigningKey, seal
from devices.link import Inbound, ServerLink
from devices.link_async import SpeakerLink
from devices.messages import Action, Command
from devices.speaker.ports import Message
from devices.topics import Topics

TOPICS = Topics("bench")
SIZES = (24, 200, 1_000)
PASSWORD = "only on loopback and only for a minute"
PATIENCE = 10.0  # seconds for one round; what has not come by then counts as lost


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="fanout", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--broker", choices=["auto", "mosquitto", "amqtt"], default="auto")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--listen", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.listen:
        asyncio.run(listen(**json.loads(options.listen)))
    else:
        print(json.dumps(measure(options.rounds, options.broker, tuple(options.sizes)), indent=2))


def measure(rounds: int = 15, kind: str = "auto", sizes: Sequence[int] = SIZES) -> dict[str, Any]:
    """The whole measurement; takes well under a minute with mosquitto."""
    began = time.monotonic()
    with running_broker(kind, sizes) as broker, server_link(broker) as link:
        bare = run_group(link, broker.url, "one", 1, rounds, bare=True)
        groups = [run_group(link, broker.url, f"all-{size}", size, rounds) for size in sizes]
    reference = bare["last_ms"]["median"]
    for group in groups:
        group["ratio_to_bare"] = round(group["last_ms"]["median"] / reference, 2)
    return {
        "benchmark": "fanout",
        "broker": broker.name,
        "rounds": rounds,
        "bare": bare,
        "groups": groups,
        "seconds": round(time.monotonic() - began, 1),
    }


@contextlib.contextmanager
def running_broker(kind: str, sizes: Sequence[int]) -> Iterator[Broker]:
    hashed = hash_password(PASSWORD, b"twelve bytes")
    accounts = [Account("server", hashed, TOPICS.server_reads, TOPICS.server_writes)]
    for group, size in [("one", 1), *((f"all-{size}", size) for size in sizes)]:
        accounts += [Account(f"{group}.{n}", hashed, (TOPICS.group_cmd(group),), ()) for n in range(size)]
    with tempfile.TemporaryDirectory() as directory:
        broker = embedded_broker(Path(directory), free_port(), accounts, kind)  # type: ignore[arg-type]
        broker.start()
        try:
            yield broker
        finally:
            broker.stop()


@contextlib.contextmanager
def server_link(broker: Broker) -> Iterator[ServerLink]:
    inbox: queue.Queue[Inbound] = queue.Queue()
    link = ServerLink(broker.url, "server", PASSWORD, TOPICS, inbox)
    link.start()
    link.wait_connected(30)
    try:
        yield link
    finally:
        link.stop()


def run_group(
    link: ServerLink, url: str, group: str, size: int, rounds: int, *, bare: bool = False
) -> dict[str, Any]:
    """Publish ``rounds`` times to ``size`` connections; the listening process tells when each heard it."""
    key = SigningKey.generate()
    payload_bytes = 0
    confirmed, first, last, received = [], [], [], 0
    with listening(url, group, size) as listener:
        connected = json.loads(listener.readline())
        for number in range(rounds):
            begun = time.monotonic()
            payload = b"x" * 600 if bare else seal(order(group, number), key)
            link.publish(TOPICS.group_cmd(group), payload, timeout_s=PATIENCE)
            confirmed.append((time.monotonic() - begun) * 1000)
            payload_bytes = len(payload)
            if not select.select([listener], [], [], 2 * PATIENCE)[0]:
                continue  # nobody heard it: it stays in the difference of expected and received
            heard = json.loads(listener.readline())
            received += heard["count"]
            first.append((heard["first"] - begun) * 1000)
            last.append((heard["last"] - begun) * 1000)
    return {
        "loudspeakers": size,
        "signed": not bare,
        "bytes": payload_bytes,
        "confirmed_ms": spread(confirmed),
        "first_ms": spread(first),
        "last_ms": spread(last),
        "received": received,
        "expected": size * rounds,
        "connections": connected,
    }


def order(group: str, number: int) -> Command:
    now = time.time_ns() // 1_000_000
    return Command(
        id=f"bench-{number}", target=group, issued_at=now, expires_at=now + 60_000, action=Action.REPORT
    )


@contextlib.contextmanager
def listening(url: str, group: str, size: int) -> Iterator[Any]:
    settings = json.dumps({"url": url, "group": group, "size": size})
    command = [sys.executable, "-m", "benchmarks.fanout", "--listen", settings]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE) as child:
        try:
            yield child.stdout
        finally:
            child.kill()


async def listen(url: str, group: str, size: int) -> None:
    """The second process: ``size`` connections; one line when all stand, then one line a round."""
    memory, cpu, began = peak_kb(), time.process_time(), time.monotonic()
    topic = TOPICS.group_cmd(group)
    names = [f"{group}.{number}" for number in range(size)]
    links = [SpeakerLink(url, name, PASSWORD) for name in names]
    will = Message(TOPICS.state("nobody"), b"")
    await asyncio.gather(*(link.connect(will, [topic]) for link in links))
    report(
        seconds=round(time.monotonic() - began, 2),
        cpu_ms_each=round((time.process_time() - cpu) * 1000 / size, 2),
        memory_kb_each=round((peak_kb() - memory) / size, 1),
    )
    heard: asyncio.Queue[float] = asyncio.Queue()
    listeners = [asyncio.create_task(hear(link, heard)) for link in links]
    while listeners:
        times = [await heard.get()]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                times += [await heard.get() for _ in links[1:]]
        report(count=len(times), first=min(times), last=max(times))


async def hear(link: SpeakerLink, heard: asyncio.Queue[float]) -> None:
    while True:
        await link.receive()
        heard.put_nowait(time.monotonic())


def report(**values: float) -> None:
    print(json.dumps(values), flush=True)


def peak_kb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def spread(values: list[float]) -> dict[str, float]:
    if not values:
        return {"median": PATIENCE * 1000, "p95": PATIENCE * 1000}
    ordered = sorted(values)
    return {
        "median": round(statistics.median(ordered), 2),
        "p95": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))], 2),
    }


if __name__ == "__main__":
    main()
