"""Reports per second into SQLite: heartbeats and sealed journals, beside bare inserts in the same run."""

from __future__ import annotations

import datetime as dt
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from broadcast import areas, registry
from broadcast.database import Database
from broadcast.keyring import Keyring
from broadcast.models import AreaKind, JournalRow
from broadcast.outbox import Wire
from broadcast.reports import ingest
from devices.envelope import SigningKey, encode_report, seal
from devices.link import Inbound
from devices.messages import Have, Journal, JournalEvent, State
from devices.speaker.identity import Identity
from devices.topics import Topics

SPEAKERS = 1_000
BATCH = 1_000  # messages in one transaction, as the worker takes them
ROUNDS = 5
NOW = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)
STATES = ("armed", "starting", "playing", "done")


def measure() -> dict[str, Any]:
    """Messages per second, signatures checked, proof recomputed, cursors queued."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'bench.db'}")
        database.migrate()
        wire = Wire(
            Topics("bench"), Keyring.of(SigningKey.generate()), "http://127.0.0.1", "mqtt://127.0.0.1:1883"
        )
        identities = _register(database, wire)
        bare = _rate(lambda batch: _insert(database, batch), [_rows(n) for n in range(ROUNDS)])
        beats = _rate(lambda batch: _store(database, wire, batch), _heartbeats(identities))
        journals = _rate(lambda batch: _store(database, wire, batch), _journals(identities))
        database.dispose()
    events = journals * len(STATES)
    return {
        "loudspeakers": SPEAKERS,
        "batch": BATCH,
        "bare_inserts_per_s": round(bare),
        "heartbeats_per_s": round(beats),
        "journals_per_s": round(journals),
        "journal_events_per_s": round(events),
        "heartbeat_to_bare": round(beats / bare, 3),
        "journal_event_to_bare": round(events / bare, 3),
    }


def _register(database: Database, wire: Wire) -> list[Identity]:
    with database.transaction() as session:
        area = areas.create(session, code="B1", name="Xã đo", kind=AreaKind.COMMUNE, parent_id=None, now=NOW)
        return [
            registry.add(session, None, wire=wire, device=f"d{n}", name=f"Loa {n}", area_id=area.id, now=NOW)
            for n in range(SPEAKERS)
        ]


def _rate(work: Callable[[Sequence[Any]], None], batches: Iterator[Sequence[Any]] | list[Any]) -> float:
    """Items per second over the batches, which are made before the watch starts."""
    made = list(batches)
    began = time.perf_counter()
    for batch in made:
        work(batch)
    return sum(len(batch) for batch in made) / (time.perf_counter() - began)


def _store(database: Database, wire: Wire, batch: Sequence[Inbound]) -> None:
    with database.transaction() as session:
        ingest(session, batch, wire, NOW)


def _insert(database: Database, rows: Sequence[dict[str, Any]]) -> None:
    with database.transaction() as session:
        session.execute(insert(JournalRow), rows)


def _rows(number: int) -> list[dict[str, Any]]:
    return [
        {
            "loudspeaker_id": 1,
            "boot": f"bare{number}",
            "seq": seq,
            "at": NOW,
            "event": "playing",
            "occurrence": "",
            "body": {"seq": seq},
            "received_at": NOW,
        }
        for seq in range(1, BATCH + 1)
    ]


def _heartbeats(identities: Sequence[Identity]) -> Iterator[list[Inbound]]:
    topics = Topics("bench")
    for number in range(ROUNDS):
        at = NOW + dt.timedelta(minutes=number)
        ms = int(at.timestamp() * 1000)
        yield [
            Inbound(
                topics.state(each.device),
                encode_report(
                    State(
                        device=each.device, online=True, boot="b", session=1, at=ms, have=Have(epoch=1, rev=1)
                    )
                ),
                at,
            )
            for each in identities
        ]


def _journals(identities: Sequence[Identity]) -> Iterator[list[Inbound]]:
    topics = Topics("bench")
    for number in range(ROUNDS):
        seqs = range(number * len(STATES) + 1, (number + 1) * len(STATES) + 1)
        events = tuple(
            JournalEvent(
                seq=seq,
                at=seq,
                event=event,
                item=f"s1.{number}",
                planned=1,
                started=2,
                played_ms=1000,
                volume=80,
                samples=48_000,
            )
            for seq, event in zip(seqs, STATES, strict=True)
        )
        yield [
            Inbound(
                topics.evt(each.device),
                seal(Journal(device=each.device, boot="b", events=events), each.key),
                NOW,
            )
            for each in identities
        ]
