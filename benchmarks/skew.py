"""How closely 24 loudspeakers start together, each a process of its own, against bare sleeping processes.

The whole way is real: server, broker, audio over HTTP, ``truyen-thanh-speaker run`` with the silent
output, whose measured start is the instant at which the first block of sound was handed over. The
baseline are as many processes that only sleep until an instant and note when they woke. Starts are
reported in whole milliseconds.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Select, select

from benchmarks._waiting import free_port, wait
from broadcast import demo, settings
from broadcast.bootstrap import ALL_ROLES, System, build
from broadcast.demo_texts import Announcement
from broadcast.joining import registry
from broadcast.models import AsRun, Broadcast, Delivery, Loudspeaker
from broadcast.scheduling import programme
from broadcast.scheduling.intents import Intent
from broadcast.units import people
from devices.messages import Evidence
from schedules.types import LOCAL, Frequency, Rule
from web.app import create_app
from web.server import WebServer, take_port

SLOTS = 5
EVERY_S = 6  # seconds between two starts
LEAD_S = 14  # until the first start: all processes must have the plan and the audio
TEXT = "Bà con chú ý."
ONLINE = select(Loudspeaker.id).where(Loudspeaker.online)
PROVED = select(Delivery.id).where(Delivery.evidence >= int(Evidence.RENDERED))
SLEEPER = (
    "import sys,time\nfor t in map(float,sys.argv[1:]): time.sleep(max(0,t-time.time())); print(time.time())"
)


def measure() -> dict[str, Any]:
    """About a minute and a half; nothing but loopback."""
    with tempfile.TemporaryDirectory() as folder, station(Path(folder)) as system:
        identities = furnish(system, Path(folder))
        with loudspeakers(identities, Path(folder)):
            wait(lambda: count(system, ONLINE) == len(identities), "all online")
            starts = air(system)
        lateness = measured(system, starts)
    asleep = sleepers(len(identities))
    return {
        "loudspeakers": len(identities),
        "starts": sum(map(len, lateness)),
        "start_ms_after_the_first": spread(lateness),
        "start_ms_after_the_plan": summary([ms for slot in lateness for ms in slot]),
        "baseline_sleep_ms_after_the_first": spread(asleep),
        "ratio_p95": round(spread(lateness)["p95"] / max(0.001, spread(asleep)["p95"]), 1),
    }


def spread(slots: Sequence[Sequence[float]]) -> dict[str, float]:
    return summary([ms - min(slot) for slot in slots for ms in slot])


def summary(values: Sequence[float]) -> dict[str, float]:
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return {"p50": round(statistics.median(ordered), 2), "p95": round(p95, 2), "max": round(ordered[-1], 2)}


@contextlib.contextmanager
def station(folder: Path) -> Iterator[System]:
    """The server with its pages, on free ports."""
    port, mqtt_port = free_port(), free_port()
    loaded = settings.load(
        {
            "TRUYEN_THANH_DATA_DIR": str(folder / "data"),
            "TRUYEN_THANH_PORT": str(port),
            "TRUYEN_THANH_MQTT_PORT": str(mqtt_port),
            "TRUYEN_THANH_ENGINES": "espeak",
        }
    )
    with contextlib.closing(take_port("127.0.0.1", port)) as listener:
        system = build(loaded, ALL_ROLES)
        loaded.broker_dir.mkdir(mode=0o700, exist_ok=True)
        system.start()
        app = create_app(system)
        server = WebServer(app, listener, loaded.threads, on_stop=app.extensions["live_feed"].shut)
        thread = threading.Thread(target=server.serve)
        thread.start()
        try:
            yield system
        finally:
            server.stop()
            thread.join()
            system.stop()
            system.synthesiser.close()


def furnish(system: System, folder: Path) -> list[Path]:
    """The commune of the demonstration; returns the identity file of each loudspeaker."""
    files = []
    with system.database.transaction() as session:
        cast = demo.cast(session, now())
        for place in demo.places(session, cast.commune_id):
            identity = registry.add(
                session,
                None,
                wire=system.wire,
                device=place.device,
                name=place.name,
                area_id=place.area_id,
                now=now(),
            )
            files.append(folder / f"{place.device}.json")
            identity.save(files[-1])
    return files


@contextlib.contextmanager
def loudspeakers(identities: Sequence[Path], folder: Path) -> Iterator[None]:
    program = [str(Path(sys.executable).with_name("truyen-thanh-speaker")), "run", "--sink", "silent"]
    with (folder / "loudspeakers.log").open("wb") as log:
        running = [
            subprocess.Popen(
                [*program, "--identity", str(file), "--data", str(file.with_suffix(""))],
                stdout=log,
                stderr=log,
            )
            for file in identities
        ]
    try:
        yield
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(20)


def air(system: System) -> list[dt.datetime]:
    """Have one bulletin spoken, approved and aired in every slot; returns when all have been reported."""
    with system.database.transaction() as session:
        cast = demo.cast(session, now())
        ids = demo.write(session, cast, [Announcement("Bản tin đo", TEXT)], now())

    def rendered() -> bool:
        with system.database.transaction(read_only=True) as session:
            return all(map(demo.is_rendered, demo.rendering(session, ids)))

    wait(rendered, "the audio")
    first = (now() + dt.timedelta(seconds=LEAD_S)).replace(microsecond=0)
    starts = [first + dt.timedelta(seconds=EVERY_S * slot) for slot in range(SLOTS)]
    with system.database.transaction() as session:
        demo.approve(session, cast, ids, now())
        times = tuple(start.astimezone(LOCAL).time() for start in starts)
        programme.create_schedule(
            session,
            people.get_person(session, cast.lan_id),
            Intent(cast.commune_id, ids, Rule(Frequency.ONCE, first.astimezone(LOCAL).date(), times)),
            title="Đo độ lệch",
            now=now(),
        )
    system.kick("plan")
    time.sleep(max(0.0, (starts[-1] - now()).total_seconds()))
    wait(lambda: count(system, PROVED) == SLOTS * count(system, ONLINE), "proof")
    return starts


def measured(system: System, starts: Sequence[dt.datetime]) -> list[list[float]]:
    """By slot, the milliseconds after the planned start of every loudspeaker."""
    with system.database.transaction(read_only=True) as session:
        return [
            [
                (at - start).total_seconds() * 1000
                for at in session.scalars(
                    select(AsRun.started_at)
                    .join(Broadcast, Broadcast.id == AsRun.broadcast_id)
                    .where(Broadcast.start == start, AsRun.started_at.is_not(None))
                )
                if at is not None
            ]
            for start in starts
        ]


def sleepers(number: int) -> list[list[float]]:
    first = time.time() + 3
    instants = [first + slot for slot in range(SLOTS)]
    command = [sys.executable, "-c", SLEEPER, *map(str, instants)]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(number)]
    woken = [[float(line) for line in process.communicate()[0].split()] for process in running]
    return [[(each[slot] - instants[slot]) * 1000 for each in woken] for slot in range(SLOTS)]


def count(system: System, query: Select[int]) -> int:
    with system.database.transaction(read_only=True) as session:
        return len(session.scalars(query).all())


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
