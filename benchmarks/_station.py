"""A station by hand to measure loudspeakers: a real broker, real HTTP, signed plans, what they journal."""

from __future__ import annotations

import base64
import contextlib
import functools
import hashlib
import http.server
import queue
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks._waiting import free_port
from devices.broker import Account, Broker, embedded_broker, hash_password
from devices.envelope import KeySet, SigningKey, encode_plan, open_report, seal
from devices.link import Inbound, ServerLink
from devices.messages import (
    AllowedWindow,
    ClipRef,
    Cursor,
    Desired,
    GuardPolicy,
    Item,
    Journal,
    JournalEvent,
    Plan,
    PlanPointer,
    State,
)
from devices.speaker.identity import Identity
from devices.topics import Kind, Topics

TOPICS = Topics("bench")
PASSWORD = "only on loopback and only for a few minutes"
ALL_DAY = GuardPolicy(
    windows=(AllowedWindow(start="00:00", end="24:00"),), night_volume=100, minutes_a_day=24 * 60
)
WEEK = 7 * 24 * 3600 * 1000


class Station:
    """Use through ``running``; books are filled by a thread."""

    def __init__(self, broker: Broker, devices: Sequence[str], keys: dict[str, SigningKey]) -> None:
        self.broker = broker
        self.devices = devices
        self.states: dict[str, State] = {}
        self.journal: dict[str, list[JournalEvent]] = defaultdict(list)
        self._key = SigningKey.generate()
        self._device_keys = keys
        self._files: dict[str, bytes] = {}
        self._revision = 0
        handler = functools.partial(_Files, self._files)
        self._http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        self._inbox: queue.Queue[Inbound | None] = queue.Queue()
        self._link = ServerLink(broker.url, "server", PASSWORD, TOPICS, self._inbox)  # type: ignore[arg-type]
        self._link.start()
        self._link.wait_connected(30)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def close(self) -> None:
        self._inbox.put(None)
        self._reader.join()
        self._link.stop()
        self._http.shutdown()
        self._http.server_close()

    def identity(self, device: str) -> Identity:
        return Identity(
            device=device,
            tenant="bench",
            broker=self.broker.url,
            password=PASSWORD,
            private_key=base64.b64encode(self._device_keys[device].private_bytes()).decode(),
            server_keys=(self._key.public,),
        )

    def clip(self, body: bytes, seconds: float) -> ClipRef:
        sha256 = self._serve(body)
        return ClipRef(
            sha256=sha256, size=len(body), duration_ms=round(seconds * 1000), url=self._url(sha256)
        )

    def program(self, items: Sequence[Item]) -> None:
        """Order the same plan for all loudspeakers, at full volume."""
        now = now_ms()
        body = encode_plan(Plan(start=now - 3_600_000, end=now + WEEK, items=tuple(items)))
        sha256 = self._serve(body)
        self._revision += 1
        rev = self._revision
        pointer = PlanPointer(epoch=1, rev=rev, sha256=sha256, size=len(body), url=self._url(sha256))
        for device in self.devices:
            desired = Desired(
                device=device,
                epoch=1,
                rev=rev,
                issued_at=now,
                groups=("xa",),
                policy=ALL_DAY,
                plan=pointer,
                volume=100,
            )
            self._link.publish(TOPICS.desired(device), seal(desired, self._key), retain=True)

    def last(self, device: str, item: str) -> JournalEvent | None:
        told = [event for event in self.journal[device] if event.item == item]
        return told[-1] if told else None

    def _serve(self, body: bytes) -> str:
        sha256 = hashlib.sha256(body).hexdigest()
        self._files[sha256] = body
        return sha256

    def _url(self, sha256: str) -> str:
        return f"http://127.0.0.1:{self._http.server_port}/{sha256}"

    def _read(self) -> None:
        while (inbound := self._inbox.get()) is not None:
            kind, device = TOPICS.parse(inbound.topic)
            sealed = kind in (Kind.EVT, Kind.ACK)
            report = open_report(
                inbound.payload, KeySet([self._device_keys[device].public]) if sealed else None
            )
            if isinstance(report, State):
                self.states[device] = report
            elif isinstance(report, Journal):
                self.journal[device] += report.events
                cursor = Cursor(
                    device=device, boot=report.boot, seq=report.events[-1].seq, issued_at=now_ms()
                )
                self._link.publish(TOPICS.cursor(device), seal(cursor, self._key), retain=True)


class _Files(http.server.BaseHTTPRequestHandler):
    def __init__(self, files: dict[str, bytes], *arguments: object) -> None:
        self._files = files
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        body = self._files[self.path.strip("/")]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class names it
        """Nobody reads it."""


@contextlib.contextmanager
def running(folder: Path, devices: Sequence[str]) -> Iterator[Station]:
    hashed = hash_password(PASSWORD, b"twelve bytes")
    keys = {device: SigningKey.generate() for device in devices}
    accounts = [Account("server", hashed, TOPICS.server_reads, TOPICS.server_writes)]
    for device in devices:
        reads, writes = TOPICS.device_reads(device, ("xa",)), TOPICS.device_writes(device)
        accounts.append(Account(device, hashed, tuple(reads), tuple(writes)))
    broker = embedded_broker(folder / "broker", free_port(), accounts, "auto")
    broker.start()
    try:
        station = Station(broker, devices, keys)
        try:
            yield station
        finally:
            station.close()
    finally:
        broker.stop()


@contextlib.contextmanager
def program(
    station: Station, device: str, folder: Path, python: Path, *options: str, nice: int = 0
) -> Iterator[int]:
    """One ``truyen-thanh-speaker run`` of an environment; gives its process id."""
    identity = folder / f"{device}.json"
    station.identity(device).save(identity)
    command = ["nice", "-n", str(nice)] if nice else []
    command += [str(python), "-c", "from devices.speaker.cli import main; main()", "run"]
    command += ["--identity", str(identity), "--data", str(folder / device), *options]
    with (folder / f"{device}.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder)
    try:
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


def now_ms() -> int:
    return time.time_ns() // 1_000_000
