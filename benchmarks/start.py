"""When the first sample of a planned item really comes: with the machine idle, and with every core busy.

Fifty programs ``truyen-thanh-speaker run`` hang on a real broker, fetch a plan and start its items by
their own clocks; their journals say when the first block of sound was handed over. Beside them as many
processes of bare asyncio sleep until instants between: what they are late is the machine's share. Both
have the priority that the service's unit file gives the program, where the machine lets us. A card
that runs 100 ppm fast or slow is followed for a quarter of an hour in virtual time, with and without the
servo. All programs share the cores of one machine, which boxes on their poles do not.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import random
import statistics
import subprocess
import sys
import tempfile
import wave
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from devices.messages import Item
from devices.speaker.ports import RATE
from devices.speaker.sink_mixer import Mixer, Sound

from . import _station as st
from ._waiting import wait

LOUDSPEAKERS = 50
SLOTS = 6
EVERY_MS = 7_000
NICE = -10
LEAD_MS = 15_000  # to fetch the plan and the audio, and for the busy loops to begin
BETWEEN_MS = 5_000  # the bare sleepers wake between two starts, when the journals have been sent
QUARTER_S = 15 * 60
TARGETS = {"p95_ms": 20, "max_ms": 100, "drift_ms_after_15_min": 10}
BUSY = "while True: pass"
SLEEPER = (
    "import asyncio, sys, time\n"
    "async def main():\n"
    " for t in map(float, sys.argv[1:]):\n"
    "  await asyncio.sleep(max(0, t - time.time()))\n"
    "  print(time.time() - t)\n"
    "asyncio.run(main())"
)


def measure() -> dict[str, Any]:
    """About three minutes."""
    devices = [f"loa-{number:02}" for number in range(LOUDSPEAKERS)]
    with (
        tempfile.TemporaryDirectory() as name,
        st.running(Path(name), devices) as station,
        programs(station, Path(name)) as pids,
    ):
        nice = os.getpriority(os.PRIO_PROCESS, pids[0])
        wait(lambda: len(station.states) == LOUDSPEAKERS, "all loudspeakers")
        idle = starts(station, "idle")
        with children([sys.executable, "-c", BUSY], os.cpu_count() or 1):
            busy = starts(station, "busy")
    return {
        "loudspeakers": LOUDSPEAKERS,
        "nice": nice,
        "idle": idle,
        "every_core_busy": busy,
        "late_ms_at_the_end_of_15_virtual_minutes": {
            f"{ppm:+} ppm": {
                "servo": round(1000 * drift(ppm), 2),
                "no_servo": round(1000 * drift(ppm, drifts=False), 2),
            }
            for ppm in (100, -100)
        },
        "targets": TARGETS,
    }


@contextlib.contextmanager
def programs(station: st.Station, folder: Path) -> Iterator[list[int]]:
    pids: list[int] = []
    with contextlib.ExitStack() as stack:
        for number, device in enumerate(station.devices):
            python = Path(sys.executable)
            running = st.program(station, device, folder, python, "--sink", "silent", nice=NICE)
            pids.append(stack.enter_context(running))
            wait(lambda n=number: len(station.states) > n - 8, "the loudspeakers before")  # type: ignore[misc]
        yield pids


def starts(station: st.Station, name: str) -> dict[str, Any]:
    """One plan of some slots for all; returns how late its starts and the sleepers between them were."""
    first = (st.now_ms() + LEAD_MS) // 1000 * 1000
    instants = [first + EVERY_MS * slot for slot in range(SLOTS)]
    clip = station.clip(silence(), 1.0)
    items = [
        Item(
            id=f"{name}.{slot}",
            title=name,
            start=at,
            not_before=at,
            expires=at + 60_000,
            clips=(clip,),
        )
        for slot, at in enumerate(instants)
    ]
    station.program(items)
    naps = [str((at + BETWEEN_MS) / 1000) for at in instants]
    sleeper = ["nice", "-n", str(NICE), sys.executable, "-c", SLEEPER, *naps]
    with children(sleeper, LOUDSPEAKERS, stdout=subprocess.PIPE) as bare:
        slept = [float(line) * 1000 for process in bare for line in process.communicate()[0].split()]
    wait(lambda: len(late(station, items)) == LOUDSPEAKERS * SLOTS, f"all starts of {name}")
    played = late(station, items)
    return {
        "start_late_ms": summary(played),
        "bare_asyncio_late_ms": summary(slept),
        "ratio_p95": round(summary(played)["p95"] / max(0.001, summary(slept)["p95"]), 2),
    }


def late(station: st.Station, items: Sequence[Item]) -> list[float]:
    """Milliseconds after the plan of every start that was journaled; one that failed is no start."""
    found = []
    for device in station.devices:
        for item in items:
            told = station.last(device, item.id)
            if told is not None and told.started:
                found.append(float(told.started - item.start))
    return found


def summary(values: Sequence[float]) -> dict[str, float]:
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return {
        "count": len(ordered),
        "p50": round(statistics.median(ordered), 2),
        "p95": round(p95, 2),
        "max": round(ordered[-1], 2),
    }


def drift(ppm: int, *, drifts: bool = True) -> float:
    """How late, in seconds, the last sample sounds on a card that is so many ppm fast."""
    return asyncio.run(_drift(ppm, drifts=drifts))


async def _drift(ppm: int, *, drifts: bool) -> float:
    chance = random.Random(ppm)
    block, latency, begin = RATE // 50, 0.08, 2.0
    block_s = block / RATE / (1 + ppm * 1e-6)
    mixer = Mixer(latency, latency, drifts=drifts)
    number, ended = 0, 0.0
    sound = Sound(memoryview(bytes(2 * QUARTER_S * RATE)).cast("h"), begin, 1.0)
    mixer.add(sound)
    while mixer.busy:
        before = sound.rendered.samples
        mixer.render(block, number * block_s + chance.uniform(0, 0.01))
        if before < QUARTER_S * RATE == sound.rendered.samples:
            ended = number * block_s + (QUARTER_S * RATE - before) / RATE + latency
        number += 1
    return ended - begin - QUARTER_S


@contextlib.contextmanager
def children(
    command: Sequence[str], number: int, stdout: int | None = None
) -> Iterator[list[subprocess.Popen[bytes]]]:
    running = [subprocess.Popen(command, stdout=stdout) for _ in range(number)]
    try:
        yield running
    finally:
        for process in running:
            process.kill()
        for process in running:
            process.wait()
            if process.stdout is not None:
                process.stdout.close()


def silence() -> bytes:
    """A WAV file of one second."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(bytes(2 * RATE))
    return file.getvalue()
