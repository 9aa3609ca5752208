"""The loudspeakers of ``benchmarks.speaker`` in a process of their own: one JSON line in, one out.

``{"on": N}``: switch the first N on; answers when all hold their orders. ``{"item": ID}``: what each did
with an item. ``{"stop": true}``: say goodbye and end.
"""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import resource
import sys
import time
from pathlib import Path
from typing import Any

import msgspec

from devices.simulator import Fleet, Profile
from devices.speaker.identity import Identity

PATIENCE_S = 120.0
AT_ONCE = 100  # switched on together: the broker of a trial takes so many greetings
LEAN = Profile.parse("seed = 1\n[sensors]\nload = false\n")


async def serve(folder: Path) -> None:
    identities = msgspec.json.decode((folder / "identities.json").read_bytes(), type=list[Identity])
    before = memory_kb()
    fleet = Fleet(identities, folder / "boxes", durable=False, profile=LEAN)
    loop = asyncio.get_running_loop()
    on = 0
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        match json.loads(line):
            case {"on": int(count)}:
                answer(await switch_on(fleet, on, count, before))
                on = count
            case {"item": str(item)}:
                answer(seen(fleet, item))
            case _:
                break
    await fleet.stop()


async def switch_on(fleet: Fleet, first: int, last: int, before_kb: int) -> dict[str, Any]:
    began, cpu = time.monotonic(), time.process_time()
    speakers = list(fleet.speakers.values())[:last]
    for start in range(first, last, AT_ONCE):
        batch = speakers[start : min(start + AT_ONCE, last)]
        for speaker in batch:
            await speaker.begin()
        await waited(lambda batch=batch: all(map(has_orders, batch)))
    await waited(lambda: all(map(has_orders, speakers)))
    gc.collect()
    gc.freeze()  # what stands now is not searched again: a search would stop thousands of boxes at once
    return {
        "loudspeakers": last,
        "seconds": round(time.monotonic() - began, 1),
        "cpu_ms_each": round((time.process_time() - cpu) * 1000 / max(1, last - first), 2),
        "memory_kb_each": round((memory_kb() - before_kb) / last, 1),
    }


async def waited(holds: Any) -> None:
    limit = time.monotonic() + PATIENCE_S
    while not holds() and time.monotonic() < limit:
        await asyncio.sleep(0.05)


def has_orders(speaker: Any) -> bool:
    return bool(speaker.is_connected and speaker.has_plan)


def seen(fleet: Fleet, item: str) -> dict[str, Any]:
    """Instants in UTC ms of every loudspeaker that got so far."""
    found: dict[str, list[int]] = {"armed": [], "started": [], "done": []}
    for speaker in fleet.speakers.values():
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
