"""The server side of ``benchmarks.speaker``: a province in a folder of its own, and its announcement."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from benchmarks._bounded import Late, Limit
from benchmarks._waiting import free_port
from broadcast import bootstrap, demo, settings
from broadcast.authoring import bulletins
from broadcast.errors import Unavailable
from broadcast.joining import trial
from broadcast.models import (
    Area,
    AreaKind,
    AsRun,
    Broadcast,
    Bulletin,
    Loudspeaker,
    OutboxMessage,
    RenderState,
    Role,
)
from broadcast.orders.outbox import Wire
from broadcast.scheduling import programme, urgent
from broadcast.scheduling.intents import Intent
from broadcast.storage.database import Database
from broadcast.units import areas, people
from devices.messages import AlertStatus, ItemState
from devices.speaker.identity import Identity
from schedules.types import LOCAL, Frequency, Rule

AT_ONCE = 100  # loudspeakers entered in one transaction: meanwhile the server cannot write
TEXT = "Nước sông lên nhanh."
STARTING_S = 60.0
GOOD_BYE_S = 30.0


@dataclass(frozen=True, slots=True)
class Sent:
    """An announcement on its way; instants in seconds of UTC."""

    item: str
    start: float
    end: float
    document: bytes  # as it leaves for the area


@dataclass(frozen=True, slots=True)
class Planned:
    """A broadcast of the programme; instants in seconds of UTC."""

    item: str
    start: float
    end: float
    had_before: int  # loudspeakers that were on when it was planned
    in_every_store_s: float = 0.0  # until the last of those had it


class Province:
    """Each size is an area that lies in the next larger one."""

    def __init__(self, folder: Path, sizes: Sequence[int]) -> None:
        self.folder = folder
        self.environ = {
            "TRUYEN_THANH_DATA_DIR": str(folder / "data"),
            "TRUYEN_THANH_PORT": str(free_port()),
            "TRUYEN_THANH_MQTT_PORT": str(free_port()),
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
        self.pids: dict[str, int] = {}
        with self.database.transaction() as session:
            self._found(session, sizes)

    def _found(self, session: Session, sizes: Sequence[int]) -> None:
        """The areas, each with a village for the loudspeakers that the smaller one in it lacks."""
        parent = None
        for level, size in enumerate(sorted(sizes, reverse=True)):
            parent = self.areas[size] = self._area(session, f"B{level}", parent)
            self._area(session, f"V{size}", parent)
        officer = people.create_person(session, username="lan", name="Trần Thị Lan", now=now())
        leader = people.create_person(session, username="binh", name="Nguyễn Văn Bình", now=now())
        for person, role in ((officer, Role.EDITOR), (officer, Role.URGENT), (leader, Role.APPROVER)):
            people.grant(session, person, role, self.areas[max(sizes)], now=now())
        self.officer, self.leader = officer.id, leader.id
        for area in session.scalars(select(Area.id)).all():  # it is measured by night too
            areas.set_window(session, area, start="00:00", end="00:00", now=now(), person_id=leader.id)

    def _area(self, session: Session, code: str, parent: int | None) -> int:
        return areas.create(
            session, code=code, name=f"Vùng {code}", kind=AreaKind.COMMUNE, parent_id=parent, now=now()
        ).id

    def enter(self, size: int, files: Sequence[Path], limit: Limit) -> int:
        """Register as many as are missing to this size; their identities go in turn to the files.

        Raises Late.
        """
        found: list[Identity] = []
        while self.entered < size:
            count = min(AT_ONCE, size - self.entered)
            if not limit.left_s:
                raise Late(f"{size - self.entered} loudspeakers to be entered")
            with contextlib.suppress(Unavailable):  # the server writes for long: once more
                found += self._enter(f"V{size}", count)
                self.entered += count
        for number, file in enumerate(files):
            file.write_bytes(msgspec.json.encode(found[number :: len(files)]))
        return len(found)

    def _enter(self, village: str, count: int) -> list[Identity]:
        with self.database.transaction() as session:
            return trial.enter(
                session,
                wire=self.wire,
                area_id=areas.by_code(session, village).id,
                count=count,
                first=self.entered + 1,
                now=now(),
            )

    @contextlib.contextmanager
    def server(self, limit: Limit) -> Iterator[None]:
        """The server with its broker in processes of their own. Raises Late."""
        with (self.folder / "server.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "web.cli", "run"],
                stdout=log,
                stderr=log,
                env={**os.environ, **self.environ},
            )
        try:
            limit.within(STARTING_S).wait(self._broker, "the broker")
            self.pids = {"server": process.pid, "broker": self._broker()}
            yield
        except Late:
            sys.stderr.write((self.folder / "server.log").read_text()[-4000:])
            raise
        finally:
            process.terminate()
            try:
                process.wait(GOOD_BYE_S)
            except subprocess.TimeoutExpired:
                process.kill()
            self.database.dispose()

    def announcement(self, limit: Limit) -> int:
        """The id of a bulletin that has been spoken. Raises Late."""
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

        self._wait_spoken(bulletin, limit)
        return bulletin

    def news(self, limit: Limit) -> int:
        """The id of a bulletin for the programme: written, spoken and approved. Raises Late."""
        with self.database.transaction() as session:
            officer = people.get_person(session, self.officer)
            area = self.areas[max(self.areas)]
            bulletin = bulletins.create(
                session, officer, area_id=area, title="Lịch họp thôn", text=TEXT, now=now()
            ).id
        self._wait_spoken(bulletin, limit)
        cast = demo.Cast(area, self.officer, self.leader)
        with self.database.transaction() as session:
            demo.approve(session, cast, [bulletin], now())
        return bulletin

    def _wait_spoken(self, bulletin: int, limit: Limit) -> None:
        def spoken() -> bool:
            with self.database.transaction(read_only=True) as session:
                return session.get_one(Bulletin, bulletin).current.render_state is RenderState.READY

        limit.within(STARTING_S).wait(spoken, "the voice")

    def plan(self, bulletin: int, size: int, start: dt.datetime, limit: Limit) -> Planned:
        """Put a bulletin into the programme, and wait until all that are on have it. Raises Late."""
        local, began = start.astimezone(LOCAL), time.monotonic()
        rule = Rule(Frequency.ONCE, local.date(), (local.time(),))
        with self.database.transaction() as session:
            programme.create_schedule(
                session,
                people.get_person(session, self.officer),
                Intent(self.areas[size], [bulletin], rule),
                title="Chương trình thử",
                now=now(),
            )
        limit.wait(lambda: self._slot(start) is not None, "the plan")
        limit.wait(lambda: self._with_plan() >= self.entered, "the plan in every loudspeaker")
        slot = self._slot(start)
        assert slot is not None
        return replace(slot, in_every_store_s=round(time.monotonic() - began, 1))

    def _slot(self, start: dt.datetime) -> Planned | None:
        query = select(Broadcast.occurrence, Broadcast.duration_ms).where(
            Broadcast.start == start, Broadcast.schedule_id.is_not(None)
        )
        with self.database.transaction(read_only=True) as session:
            found = session.execute(query).first()
        at = start.timestamp()
        return Planned(found[0], at, at + found[1] / 1000, self.entered) if found else None

    def _with_plan(self) -> int:
        """How many loudspeakers say that something is planned and its audio verified."""
        with self.database.transaction(read_only=True) as session:
            states = [report.get("state", {}) for report in session.scalars(select(Loudspeaker.report))]
        return sum(state.get("ready", 0) == state.get("planned", 0) > 0 for state in states)

    def send(self, bulletin: int, size: int, lead_s: float) -> Sent:
        """What the officer's button does, with so long a lead that all can arm."""
        with self.database.transaction() as session:
            broadcast = urgent.send(
                session,
                people.get_person(session, self.officer),
                wire=replace(self.wire, urgent_lead=dt.timedelta(seconds=lead_s)),
                bulletin_id=bulletin,
                status=AlertStatus.ACTUAL,
                area_id=self.areas[size],
                expires_in=dt.timedelta(minutes=5),
                now=now(),
            )
            start = broadcast.start.timestamp()
            return Sent(
                broadcast.occurrence,
                start,
                start + broadcast.duration_ms / 1000,
                self._document(session, broadcast),
            )

    def _document(self, session: Session, broadcast: Broadcast) -> bytes:
        topic = self.wire.topics.alerts(session.get_one(Area, broadcast.area_id).code)
        newest = select(OutboxMessage.payload).where(OutboxMessage.topic == topic)
        return session.scalars(newest.order_by(OutboxMessage.id.desc())).first() or b""

    def reported(self, item: str) -> int:
        """How many loudspeakers have said that they played all of it."""
        query = select(func.count(AsRun.id)).where(AsRun.occurrence == item, AsRun.result == ItemState.DONE)
        with self.database.transaction(read_only=True) as session:
            return session.scalar(query) or 0

    def usage(self) -> dict[str, tuple[float, float]]:
        """Of the server and of the broker."""
        return {name: usage(pid) for name, pid in self.pids.items()}

    def _broker(self) -> int:
        """The broker is a child of the server: found by the folder that it works in; 0 before it is there."""
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit():
                    line = (entry / "cmdline").read_bytes().split(b"\0")
                    if line[0].endswith(b"mosquitto") and str(self.folder).encode() in b" ".join(line):
                        return int(entry.name)
        return 0


def usage(pid: int) -> tuple[float, float]:
    """Seconds of CPU so far and MB of memory now."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = os.sysconf("SC_CLK_TCK")
    return (int(fields[11]) + int(fields[12])) / ticks, int(fields[21]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
