"""Reports through a real broker into the database, beside a bare paho consumer of the same messages.

Where journals are among them also beside one that does nothing but verify these: no server can do with
less. ``day`` is what a loudspeaker says in a day. Then 5,000 devices that lose the broker and come back at
once, each with a journal that nobody has: how long until everything is stored and confirmed, and whether
anything is lost. The devices, the feeder and the bare consumer are processes of their own; all on loopback.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import IO, Any

from sqlalchemy import func, select

from benchmarks._ingest_mixes import MIXES, STATES, TOPICS, Fleet, Mix, events
from benchmarks._waiting import free_port
from benchmarks.fanout import PASSWORD
from broadcast.evidence.inbox import Inbox
from broadcast.joining import registry
from broadcast.models import AreaKind, JournalRow, Loudspeaker
from broadcast.orders.outbox import Wire
from broadcast.plans.dispatch import Dispatcher
from broadcast.signing.keyring import Keyring
from broadcast.storage import lease
from broadcast.storage.database import Database
from broadcast.storage.lease import Leadership
from broadcast.units import areas
from devices.broker import Account, Broker, embedded_broker, hash_password
from devices.envelope import SigningKey, seal
from devices.link import ServerLink
from devices.messages import Journal
from devices.speaker.identity import Identity

SPEAKERS = 1_000
ROUNDS = 3
RETURNING = 5_000
PATIENCE_S = 300.0
TICK_S = 0.2  # of the worker


def measure() -> dict[str, Any]:
    """Some minutes; every number of messages per second has its baseline from the same minute."""
    mixes = {name: through_the_broker(mix) for name, mix in MIXES.items()}
    return {
        "loudspeakers": SPEAKERS,
        "rounds": ROUNDS,
        "events_in_a_journal_message": len(STATES),
        **mixes,
        "reconnect": reconnect(RETURNING),
    }


# --- the station under measurement ---------------------------------------------


@dataclass
class Station:
    """Broker, database and the two duties of the leader that reports need."""

    database: Database
    broker: Broker
    link: ServerLink
    inbox: Inbox
    dispatcher: Dispatcher
    leadership: Leadership
    identities: list[Identity]
    folder: Path

    @property
    def port(self) -> int:
        return int(self.broker.url.rsplit(":", 1)[1])

    def count(self, query: Any) -> int:
        with self.database.transaction(read_only=True) as session:
            return session.scalar(query) or 0


@contextlib.contextmanager
def station(speakers: int) -> Iterator[Station]:
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        database = Database(f"sqlite:///{folder / 'bench.db'}")
        database.migrate()
        url = f"mqtt://127.0.0.1:{port}"
        wire = Wire(TOPICS, Keyring.of(SigningKey.generate()), "http://127.0.0.1", url)
        identities = register(database, wire, speakers)
        broker = embedded_broker(folder / "broker", port, accounts(identities))
        broker.start()
        inbox = Inbox(database, wire, utc_now)
        link = ServerLink(url, "server", PASSWORD, TOPICS, inbox.queue)
        with database.transaction() as session:
            token = lease.acquire(session, "air", "bench", utc_now(), dt.timedelta(hours=9))
        leadership = Leadership("air", "bench", token or 0)
        dispatcher = Dispatcher(database, link, wire, 7, utc_now)
        try:
            yield Station(database, broker, link, inbox, dispatcher, leadership, identities, folder)
        finally:
            link.stop()
            broker.stop()
            database.dispose()


def register(database: Database, wire: Wire, speakers: int) -> list[Identity]:
    with database.transaction() as session:
        area = areas.create(
            session, code="B1", name="Xã đo", kind=AreaKind.COMMUNE, parent_id=None, now=utc_now()
        )
        return [
            registry.add(
                session, None, wire=wire, device=f"d{n}", name=f"Loa {n}", area_id=area.id, now=utc_now()
            )
            for n in range(speakers)
        ]


def accounts(identities: Sequence[Identity]) -> list[Account]:
    """One password for all: who may connect is measured elsewhere, that it is checked is not left out."""
    hashed = hash_password(PASSWORD, b"twelve bytes")
    everything = tuple(f"ttcs/1/bench/d/+/{kind}" for kind in ("state", "tele", "evt"))
    return [
        Account("server", hashed, TOPICS.server_reads, TOPICS.server_writes),
        Account("bare", hashed, TOPICS.server_reads, ()),
        Account("feeder", hashed, (), everything),
        *(
            Account(
                each.device,
                hashed,
                TOPICS.device_reads(each.device, ["B1"]),
                TOPICS.device_writes(each.device),
            )
            for each in identities
        ),
    ]


# --- messages per second ---------------------------------------------------------


def through_the_broker(mix: Mix) -> dict[str, Any]:
    ours: list[Spent] = []
    bare: list[Spent] = []
    floor: list[Spent] = []
    sent = 0
    with station(SPEAKERS) as it:
        fleet = Fleet(it.identities)
        for number in range(1, ROUNDS + 1):
            sent += fleet.write(it.folder / "messages", number, mix)
            bare.append(consumed(it, mix.messages))
            if mix.has_journals:
                floor.append(consumed(it, mix.messages, verifies=True))
            ours.append(stored(it, mix.messages))
        newest = Loudspeaker.session == ROUNDS
        current = it.count(select(func.count()).select_from(Loudspeaker).where(newest))
        rows = it.count(TOLD)
    return {
        "messages_a_round": mix.messages,
        **compared(mix.messages, ours, bare, floor),
        "journal_events_per_s": round(median(sent / ROUNDS / each.took for each in ours)),
        "journal_events_sent": sent,
        "journal_events_stored": rows,
        "loudspeakers_with_their_last_word": current,
    }


def compared(
    messages: int, ours: Sequence[Spent], bare: Sequence[Spent], floor: Sequence[Spent]
) -> dict[str, Any]:
    """Rounds beside their neighbours; ``floor`` is empty where nothing was to be verified."""
    found = {
        "messages_per_s": round(median(messages / each.took for each in ours)),
        "bare_paho_messages_per_s": round(median(messages / each.took for each in bare)),
        "ratio_to_bare": round(median(b.took / o.took for o, b in zip(ours, bare, strict=True)), 2),
        "cpu_us_a_message": round(median(each.cpu / messages * 1e6 for each in ours)),
        "bare_cpu_us_a_message": round(median(each.cpu / messages * 1e6 for each in bare)),
        "ratio_of_cpu": round(median(b.cpu / o.cpu for o, b in zip(ours, bare, strict=True)), 2),
    }
    if floor:
        found["verifying_paho_messages_per_s"] = round(median(messages / each.took for each in floor))
        ratios = [f.took / o.took for o, f in zip(ours, floor, strict=True)]
        found["ratio_to_verifying"] = round(median(ratios), 2)
    return found


@dataclass(frozen=True)
class Spent:
    """Seconds of one round: by the clock, and of this process's share of the processors."""

    took: float
    cpu: float


def consumed(it: Station, messages: int, *, verifies: bool = False) -> Spent:
    """Seconds in which a bare paho client hears all messages, and verifies the journals if it is to."""
    keys = {each.device: each.key.public for each in it.identities} if verifies else {}
    options = {"topics": TOPICS.server_reads, "count": messages, "keys": keys, **credentials(it, "bare")}
    with child("consume", options) as consumer, feeder(it) as go:
        line(consumer)
        go()
        heard = line(consumer)
    return Spent(heard["took"], heard["cpu"])


def stored(it: Station, messages: int) -> Spent:
    """Seconds from the first message that came until all of them are in the database."""
    it.link.start()
    it.link.wait_connected(30)
    before = it.inbox.stored
    with feeder(it) as go:
        go()
        wait(lambda: not it.inbox.queue.empty())
        first, cpu = time.time(), time.process_time()
        while it.inbox.stored - before < messages and time.time() - first < PATIENCE_S:
            if not it.inbox.store(it.leadership):
                time.sleep(TICK_S)
        spent = Spent(time.time() - first, time.process_time() - cpu)
    it.link.stop()
    return spent


# --- everybody comes back ------------------------------------------------------------


def reconnect(count: int) -> dict[str, Any]:
    """The broker is ended and started again under ``count`` devices that have something to tell."""
    with station(count) as it:
        (it.folder / "crowd").write_text(json.dumps(crowd(it.identities)))
        it.link.start()
        it.link.wait_connected(30)
        stop = threading.Event()
        duties = [
            threading.Thread(target=repeat, args=(stop, duty))
            for duty in (lambda: it.inbox.store(it.leadership), lambda: it.dispatcher.flush(it.leadership))
        ]
        for duty in duties:
            duty.start()
        try:
            return returned(it, count)
        finally:
            stop.set()
            for duty in duties:
                duty.join()


def returned(it: Station, count: int) -> dict[str, Any]:
    options = {"path": str(it.folder / "crowd"), **credentials(it, "")}
    del options["name"]
    with child("crowd", options) as devices:
        line(devices)
        wait(lambda: it.count(ONLINE) == count)
        assert devices.stdin is not None
        devices.stdin.write("go\n")
        devices.stdin.flush()
        it.broker.stop()
        line(devices)
        it.broker.start()
        began = time.time()
        back = line(devices)
        wait(lambda: it.count(TOLD) == count * EVENTS and it.count(ONLINE) == count)
        all_stored = time.time()
        settled = line(devices)
        online = it.count(ONLINE)  # before their process ends, and their last wills come
    return {
        "devices": count,
        "journal_events_each": EVENTS,
        "all_connected_s": round(back["reconnected"] - began, 1),
        "all_stored_s": round(all_stored - began, 1),
        "all_confirmed_to_the_devices_s": round(settled["settled"] - began, 1),
        "journal_events_lost": count * EVENTS - it.count(TOLD),
        "online_in_the_database": online,
        "refused_connections": back["refused"],
    }


JOURNALS = 2
EVENTS = JOURNALS * len(STATES)
ONLINE = select(func.count()).select_from(Loudspeaker).where(Loudspeaker.online)
TOLD = select(func.count()).select_from(JournalRow)


def crowd(identities: Sequence[Identity]) -> dict[str, Any]:
    rows = {}
    for each in identities:
        sealed = [
            seal(
                Journal(device=each.device, boot="b", events=events(n * len(STATES) + 1, STATES, f"s{n}")),
                each.key,
            )
            for n in range(JOURNALS)
        ]
        rows[each.device] = {
            "state": TOPICS.state(each.device),
            "evt": TOPICS.evt(each.device),
            "reads": TOPICS.device_reads(each.device, ["B1"]),
            "journals": [payload.decode() for payload in sealed],
            "last": EVENTS,
        }
    return rows


def repeat(stop: threading.Event, duty: Callable[[], bool]) -> None:
    """As the worker's ticks: at once while there is more, else a little later."""
    while not stop.is_set():
        if not duty():
            stop.wait(TICK_S)


# --- processes ------------------------------------------------------------------------


def credentials(it: Station, name: str) -> dict[str, Any]:
    return {"broker": ("127.0.0.1", it.port), "name": name, "password": PASSWORD}


@contextlib.contextmanager
def child(part: str, options: dict[str, Any]) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "benchmarks._ingest_children", part, json.dumps(options)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@contextlib.contextmanager
def feeder(it: Station) -> Iterator[Callable[[], None]]:
    options = {"path": str(it.folder / "messages"), **credentials(it, "feeder")}
    with child("feed", options) as process:

        def go() -> None:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()

        yield go


def line(process: subprocess.Popen[str]) -> dict[str, Any]:
    output: IO[str] | None = process.stdout
    assert output is not None
    text = output.readline()
    if not text:
        raise RuntimeError("a process of the measurement ended")
    return dict(json.loads(text))


def wait(condition: Callable[[], bool]) -> None:
    deadline = time.time() + PATIENCE_S
    while not condition():
        if time.time() > deadline:
            raise RuntimeError("it did not happen in time")
        time.sleep(0.05)


def utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
