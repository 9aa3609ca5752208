"""Fuzzes the loudspeaker's store: power cuts, wrong cursors, damaged files; and what is kept in it."""

from __future__ import annotations

import random
import shutil
import tempfile
from pathlib import Path

import msgspec

from benchmarks._fuzz_decoder import Violation
from benchmarks._fuzz_mutation import Mutator
from devices.errors import StoreFailed
from devices.messages import JournalEvent
from devices.speaker import core
from devices.speaker.ports import JournalEntry
from devices.speaker.store import SqliteStore

_KINDS = (
    "desired",
    "plan",
    "alerts",
    "revision",
    "command",
    "tombstone",
    "item",
    "number",
    "used",
    "holds",
    "x",
)
_NUMBERS = (0, 1, 2, 5, 2**53, -1, -(2**53))
_TEXTS = ("", "done", "\0", "đã phát", "x" * 500, "\U0001f4e2")


def one(rng: random.Random) -> str:
    """One life of a store. Raises Violation, and whatever is not StoreFailed."""
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    try:
        return _damaged(rng, folder) if rng.random() < 0.4 else _lived(rng, folder)
    finally:
        shutil.rmtree(folder)


def _lived(rng: random.Random, folder: Path) -> str:
    """Write, sync, confirm and lose power in any order: what was synced and not confirmed is there.

    A confirmation that was not synced may be lost with the power; then the server only hears twice.
    """
    path = folder / "store"
    store = SqliteStore(path, fsync=False)
    least: dict[int, JournalEvent] = {}  # must be there
    most: dict[int, JournalEvent] = {}  # may be there
    fresh: dict[int, JournalEvent] = {}
    for step in range(rng.randint(1, 40)):
        match rng.randrange(8):
            case 0:
                store.sync()
                least, most, fresh = least | fresh, most | fresh, {}
            case 1:
                store.abandon()
                store, fresh = SqliteStore(path, fsync=False), {}
            case 2:
                least, most, fresh = least | fresh, most | fresh, {}
                least = _confirm(rng, store, least)
            case _:
                event = _event(rng, store.last_seq() + 1)
                store.append(JournalEntry(f"boot{step // 10}", event))
                fresh[event.seq] = event
    kept = {entry.event.seq: entry.event for entry in store.pending(1000)}
    store.close()
    if not (least | fresh).keys() <= kept.keys() or not kept.items() <= (most | fresh).items():
        raise Violation(f"kept {sorted(kept)}, should have kept {sorted(least | fresh)}")
    return "taken"


def _confirm(
    rng: random.Random, store: SqliteStore, least: dict[int, JournalEvent]
) -> dict[int, JournalEvent]:
    known = {entry.boot for entry in store.pending(1000)}  # what is told is synced
    boot = rng.choice((*known, "nobody's", ""))
    seq = rng.choice((*least, *_NUMBERS))
    store.confirm(boot, seq)
    return {each: event for each, event in least.items() if boot not in known or each > seq}


def _event(rng: random.Random, seq: int) -> JournalEvent:
    return JournalEvent(
        seq=seq,
        at=rng.choice(_NUMBERS),
        event=rng.choice(_TEXTS),
        item=rng.choice(_TEXTS),
        reason=rng.choice(_TEXTS),
        started=rng.choice(_NUMBERS),
        energies=rng.choice(_TEXTS),
    )


def _damaged(rng: random.Random, folder: Path) -> str:
    """A file, or facts in it, that were changed behind our back: refused with a type, or read."""
    path = folder / "store"
    store = SqliteStore(path, fsync=False)
    mutator = Mutator(rng)
    for number in range(rng.randint(1, 12)):
        store.append(JournalEntry("boot", _event(rng, number + 1)))
        body = msgspec.json.encode({"id": "a", "state": "ready", "n": number})
        store.keep(rng.choice(_KINDS), rng.choice(("", "a", "b")), mutator.bytes(body))
    core.recall(store.facts())
    store.close()
    if rng.random() < 0.7:
        path.write_bytes(_scratched(rng, path.read_bytes()))
    try:
        again = SqliteStore(path, fsync=False)
    except StoreFailed:
        return "refused"
    try:
        core.recall(again.facts())
        again.pending(1000)
        again.append(JournalEntry("boot", _event(rng, again.last_seq() + 1)))
        again.close()
    except StoreFailed:
        return "refused"
    finally:
        again.abandon()
    return "taken"


def _scratched(rng: random.Random, data: bytes) -> bytes:
    for _ in range(rng.randint(1, 6)):
        at = rng.randrange(len(data))
        data = data[:at] + rng.randbytes(rng.choice((1, 1, 8, 64))) + data[at + 1 :]
    return data[: rng.choice((len(data), len(data), len(data) // 2))]
