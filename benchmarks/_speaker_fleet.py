"""The loudspeakers of ``benchmarks.speaker`` in a process of their own: one JSON line in, one out.

``{"join": FILE, "within": S}``: switch those of a file of identities on too; answers when all hold their
orders, or so many seconds later.
``{"item": ID}``: when each armed, began and ended an item. ``{"stop": true}``: end.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import random
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from devices.simulator import Fleet, Profile, SimulatedSpeaker, Surroundings
from devices.speaker.identity import Identity

AT_ONCE = 250  # switched on together: the broker takes so many greetings at a time
LEAN = Profile.parse("seed = 1\n[sensors]\nload = false\n")


async def serve(folder: Path) -> None:
    gc.set_threshold(100_000, 20, 20)  # thousands of boxes are alive all the time: looking frees nothing
    before = memory_kb()
    around = Surroundings(folder / "boxes", random.Random(1), durable=False)
    speakers: list[SimulatedSpeaker] = []
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        match json.loads(line):
            case {"join": str(name), "within": within}:
                limit = time.monotonic() + within
                found = msgspec.json.decode(Path(name).read_bytes(), type=list[Identity])
                joining = Fleet(found, folder, profile=LEAN, surroundings=around).speakers.values()
                speakers += joining
                told = await switch_on(list(joining), limit)
                answer({**told, "memory_kb_each": round((memory_kb() - before) / len(speakers), 1)})
            case {"item": str(item)}:
                answer(seen(speakers, item))
            case _:
                break


async def switch_on(joining: Sequence[SimulatedSpeaker], limit: float) -> dict[str, Any]:
    began, cpu = time.monotonic(), time.process_time()
    for start in range(0, len(joining), AT_ONCE):
        batch = joining[start : start + AT_ONCE]
        for speaker in batch:
            await speaker.begin()
        await waited(batch, limit)
    gc.collect()
    gc.freeze()  # what stands now is not searched again: a search would stop thousands of boxes at once
    return {
        "joined": len(joining),
        "with_orders": sum(map(has_orders, joining)),
        "seconds": round(time.monotonic() - began, 1),
        "cpu_ms_each": round((time.process_time() - cpu) * 1000 / max(1, len(joining)), 2),
    }


async def waited(batch: Sequence[SimulatedSpeaker], limit: float) -> None:
    while not all(map(has_orders, batch)) and time.monotonic() < limit:
        await asyncio.sleep(0.05)


def has_orders(speaker: SimulatedSpeaker) -> bool:
    return speaker.is_connected and speaker.has_plan


def seen(speakers: Sequence[SimulatedSpeaker], item: str) -> dict[str, Any]:
    """Instants in UTC ms of every loudspeaker that got so far."""
    found: dict[str, list[int]] = {"armed": [], "started": [], "done": []}
    for speaker in speakers:
        for event in reversed(speaker.journal):
            if event.item == item and event.event in ("armed", "done"):
                found[event.event].append(event.at)
                if event.event == "done":
                    found["started"].append(event.started)
    return {**found, "cpu_s": time.process_time(), "memory_mb": memory_kb() // 1024}


def memory_kb() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 1024


def answer(value: object) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    logging.basicConfig(level=logging.ERROR)
    asyncio.run(serve(Path(sys.argv[1])))
