"""Thousands of simulated loudspeakers and one urgent announcement, from the order to the last report.

The server with its broker, and the loudspeakers, are processes of their own; the connections, the downloads,
the signatures and the reports are real, only the sound is not heard. For comparison, in the same run, as many
bare MQTT subscribers receive one publish. Everything shares the cores of one machine: the lead of the
announcement is long enough for all to arm, and how long that took is what is measured.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from benchmarks import fanout
from benchmarks._waiting import free_port, wait
from broadcast import areas, bootstrap, people, settings, trial, urgent
from broadcast.database import Database
from broadcast.models import AreaKind, AsRun, Bulletin, RenderState, Role
from broadcast.outbox import Wire
from devices.messages import AlertStatus, ItemState
from devices.speaker.identity import Identity

SIZES = (1_250, 2_500, 5_000)
ROUNDS = 2  # publishes of the baseline
FLEETS = 2  # processes that share the loudspeakers
LEAD_S = 6.0  # of the announcement, and so much more for each thousand loudspeakers:
LEAD_PER_THOUSAND_S = 6.0
AT_ONCE = 250  # loudspeakers entered in one transaction, that the server may go on
TEXT = "Nước sông lên nhanh."

Ask = Callable[[Sequence[dict[str, Any]]], list[dict[str, Any]]]


def measure(sizes: Sequence[int] = SIZES) -> dict[str, Any]:
    """Three minutes on two idle cores."""
    baseline = bare_subscribers(sizes)
    with tempfile.TemporaryDirectory() as name:
        bench = Bench(Path(name), sizes)
        with bench.server(), bench.fleet() as ask:
            bulletin = bench.announcement()
            runs = [bench.run(ask, size, bulletin) for size in sorted(sizes)]
    for run in runs:
        bare = baseline[run["loudspeakers"]]
        run["bare_publish_to_last_ms"] = bare
        run["armed_to_bare"] = round(run["publish_to_armed_s"]["max"] * 1000 / bare, 1)
    return {"loudspeakers": list(sizes), "runs": runs}


def bare_subscribers(sizes: Sequence[int]) -> dict[int, float]:
    """Milliseconds from one publish to the last of so many subscribers that do nothing with it."""
    with fanout.running_broker("auto", sizes) as broker, fanout.server_link(broker) as link:
        return {
            size: fanout.run_group(link, broker.url, f"all-{size}", size, ROUNDS)["last_ms"]["median"]
            for size in sizes
        }


class Bench:
    """A province in a folder of its own; each size is an area that lies in the next larger one."""

    def __init__(self, folder: Path, sizes: Sequence[int]) -> None:
        self.folder = folder
        port, mqtt_port = free_port(), free_port()
        self.environ = {
            "TRUYEN_THANH_DATA_DIR": str(folder / "data"),
            "TRUYEN_THANH_PORT": str(port),
            "TRUYEN_THANH_MQTT_PORT": str(mqtt_port),
            "TRUYEN_THANH_ENGINES": "espeak",
            "TRUYEN_THANH_LOG_LEVEL": "WARNING",
        }
        loaded = settings.load(self.environ)
        loaded.data_dir.mkdir(parents=True)
        self.database = Database(loaded.database_url)
        self.database.migrate()
        self.wire: Wire = bootstrap.wire(loaded)
        self.entered = 0
        self.areas: dict[int, int] = {}
        with self.database.transaction() as session:
            self._found(session, sizes)

    def _found(self, session: Session, sizes: Sequence[int]) -> None:
        """The areas, each with a village for the loudspeakers that the smaller one in it lacks."""
        parent = None
        for level, size in enumerate(sorted(sizes, reverse=True)):
            parent = self.areas[size] = self._area(session, f"B{level}", parent)
            self._area(session, f"V{size}", parent)
        officer = people.create_person(session, username="lan", name="Trần Thị Lan", now=now())
        for role in (Role.EDITOR, Role.URGENT):
            people.grant(session, officer, role, self.areas[max(sizes)], now=now())
        self.officer = officer.id

    def _area(self, session: Session, code: str, parent: int | None) -> int:
        return areas.create(
            session, code=code, name=f"Vùng {code}", kind=AreaKind.COMMUNE, parent_id=parent, now=now()
        ).id

    def enter(self, size: int) -> list[Path]:
        """Register as many as are missing to this size, a few in each transaction."""
        found: list[Identity] = []
        while self.entered < size:
            count = min(AT_ONCE, size - self.entered)
            with self.database.transaction() as session:
                village = areas.by_code(session, f"V{size}").id
                found += trial.enter(
                    session,
                    wire=self.wire,
                    area_id=village,
                    count=count,
                    first=self.entered + 1,
                    now=now(),
                )
            self.entered += count
        files = [self.folder / f"identities-{size}-{number}.json" for number in range(FLEETS)]
        for number, file in enumerate(files):
            file.write_bytes(msgspec.json.encode(found[number::FLEETS]))
        return files

    @contextlib.contextmanager
    def server(self) -> Iterator[None]:
        with (self.folder / "server.log").open("wb") as log:
            self._server = subprocess.Popen(
                [sys.executable, "-m", "web.cli", "run"],
                stdout=log,
                stderr=log,
                env={**os.environ, **self.environ},
            )
        try:
            wait(lambda: self._broker() is not None, "the broker")
            yield
        except TimeoutError:
            sys.stderr.write((self.folder / "server.log").read_text()[-4000:])
            raise
        finally:
            self._server.terminate()
            self._server.wait(30)
            self.database.dispose()

    @contextlib.contextmanager
    def fleet(self) -> Iterator[Ask]:
        """The loudspeakers' processes; a question goes to all of them, the answers come in their order."""
        command = [sys.executable, "-m", "benchmarks._speaker_fleet"]
        with contextlib.ExitStack() as stack:
            children = [
                stack.enter_context(
                    subprocess.Popen(
                        [*command, str(self.folder / f"fleet-{number}")],
                        stdin=subprocess.PIPE,
                        stdout=subprocess.PIPE,
                        text=True,
                    )
                )
                for number in range(FLEETS)
            ]
            for child in children:
                stack.callback(child.kill)
            yield lambda questions: [answer(child) for child in told(children, questions)]

    def announcement(self) -> int:
        """The id of a bulletin that has been spoken."""
        with self.database.transaction() as session:
            bulletin = urgent.prepare(
                session,
                people.get_person(session, self.officer),
                area_id=self.areas[max(self.areas)],
                text=TEXT,
                status=AlertStatus.ACTUAL,
                title="Thông báo khẩn",
                now=now(),
            ).id

        def spoken() -> bool:
            with self.database.transaction(read_only=True) as session:
                return session.get_one(Bulletin, bulletin).current.render_state is RenderState.READY

        wait(spoken, "the voice")
        return bulletin

    def run(
        self, ask: Callable[[dict[str, Any]], dict[str, Any]], size: int, bulletin: int
    ) -> dict[str, Any]:
        connected = ask([{"join": str(file)} for file in self.enter(size)])
        before = {name: usage(pid) for name, pid in self._processes().items()}
        fleet_before = ask([{"item": ""}] * FLEETS)
        lead = LEAD_S + LEAD_PER_THOUSAND_S * size / 1000
        began = time.time()
        with self.database.transaction() as session:
            broadcast = urgent.send(
                session,
                people.get_person(session, self.officer),
                wire=replace(self.wire, urgent_lead=dt.timedelta(seconds=lead)),
                bulletin_id=bulletin,
                status=AlertStatus.ACTUAL,
                area_id=self.areas[size],
                expires_in=dt.timedelta(minutes=5),
                now=now(),
            )
            item, start, ends = broadcast.occurrence, broadcast.start, broadcast.duration_ms / 1000
        time.sleep(max(0.0, start.timestamp() - time.time() + ends))
        reported = self._reported(item, size)
        last = time.time() - start.timestamp() - ends
        after = {name: usage(pid) for name, pid in self._processes().items()}
        seen = ask([{"item": item}] * FLEETS)
        armed = [at for each in seen for at in each["armed"]]
        started = [at for each in seen for at in each["started"]]
        return {
            "loudspeakers": size,
            "connecting": connected,
            "lead_s": lead,
            "publish_to_armed_s": spread([at / 1000 - began for at in armed]),
            "armed": len(armed),
            "armed_before_the_start": sum(at < start.timestamp() * 1000 for at in armed),
            "start_ms_after_the_plan": spread([at - start.timestamp() * 1000 for at in started]),
            "reports_complete": reported,
            "last_report_s_after_the_end": round(last, 1),
            **{
                name: {
                    "cpu_s": round(after[name][0] - before[name][0], 2),
                    "memory_mb": round(after[name][1]),
                }
                for name in after
            },
            "simulator": {
                "cpu_s": round(total(seen, "cpu_s") - total(fleet_before, "cpu_s"), 2),
                "memory_mb": total(seen, "memory_mb"),
            },
        }

    def _reported(self, item: str, size: int) -> int:
        query = select(func.count(AsRun.id)).where(AsRun.occurrence == item, AsRun.result == ItemState.DONE)

        def count() -> int:
            with self.database.transaction(read_only=True) as session:
                return session.scalar(query) or 0

        with contextlib.suppress(TimeoutError):
            wait(lambda: count() >= size, "reports")
        return count()

    def _processes(self) -> dict[str, int]:
        return {"server": self._server.pid, "broker": self._broker() or 0}

    def _broker(self) -> int | None:
        """The broker is a child of the server: found by the folder that it works in."""
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit():
                    line = (entry / "cmdline").read_bytes().split(b"\0")
                    if line[0].endswith(b"mosquitto") and str(self.folder).encode() in b" ".join(line):
                        return int(entry.name)
        return None


def told(
    children: Sequence[subprocess.Popen[str]], questions: Sequence[dict[str, Any]]
) -> Sequence[subprocess.Popen[str]]:
    for child, question in zip(children, questions, strict=True):
        assert child.stdin is not None
        child.stdin.write(json.dumps(question) + "\n")
        child.stdin.flush()
    return children


def answer(child: subprocess.Popen[str]) -> dict[str, Any]:
    assert child.stdout is not None
    said: dict[str, Any] = json.loads(child.stdout.readline())
    return said


def total(answers: Sequence[dict[str, Any]], name: str) -> float:
    return sum(float(each[name]) for each in answers)


def usage(pid: int) -> tuple[float, float]:
    """Seconds of CPU so far and MB of memory now."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = os.sysconf("SC_CLK_TCK")
    return (int(fields[11]) + int(fields[12])) / ticks, int(fields[21]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def spread(values: Sequence[float]) -> dict[str, float]:
    ordered = sorted(values) or [0.0]
    p95 = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return {"p50": round(statistics.median(ordered), 3), "p95": round(p95, 3), "max": round(ordered[-1], 3)}


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
