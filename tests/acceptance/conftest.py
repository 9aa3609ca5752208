"""A commune on the air: a real server process, a real broker, real audio, simulated loudspeakers."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from broadcast import bootstrap, demo, settings
from broadcast.authoring import bulletins
from broadcast.demo_texts import Announcement
from broadcast.joining import registry
from broadcast.models import Bulletin, Loudspeaker, RenderState
from broadcast.orders import commanding
from broadcast.scheduling import programme, urgent
from broadcast.scheduling.intents import Intent
from broadcast.speakers.fleet import Filter
from broadcast.storage.database import Database
from devices.messages import Action, AlertStatus
from devices.simulator import Fault, FleetThread, Truth
from devices.speaker.identity import Identity
from schedules.types import LOCAL, Frequency, Rule
from tests.acceptance.outcomes import Outcomes, wait_until
from tests.acceptance.visitor import Visitor
from tests.waiting import free_port
from web.app import create_app
from web.server import WebServer, take_port
from web.sse import Feed

PROGRAM = Path(__file__).parent / "server_process.py"


def utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class Station(Outcomes):
    """One commune with its server and its loudspeakers; everything it does goes through the use cases.

    Its clock may be ahead of the machine's, and leaps; servers in a process of their own do not follow.
    """

    def __init__(
        self, home: Path, database_url: str, loudspeakers: int, rate: float, environ: dict[str, str]
    ) -> None:
        self.home = home
        self.ahead = dt.timedelta()
        self.http_port, self.mqtt_port = free_port(), free_port()
        self.environ = {
            "TRUYEN_THANH_DATA_DIR": str(home / "data"),
            "TRUYEN_THANH_DATABASE_URL": database_url,
            "TRUYEN_THANH_PORT": str(self.http_port),
            "TRUYEN_THANH_MQTT_PORT": str(self.mqtt_port),
            "TRUYEN_THANH_ENGINES": "espeak",
            "TRUYEN_THANH_LOG_LEVEL": "INFO",
            "TRUYEN_THANH_HEARTBEAT_S": "10",
            **environ,
        }
        self.settings = settings.load(self.environ)
        self.settings.data_dir.mkdir(parents=True)
        self.database = Database(database_url)
        self.wire = bootstrap.wire(self.settings)
        self._servers: list[subprocess.Popen[str]] = []
        self._here = ExitStack()
        self.system: bootstrap.System | None = None
        with self.database.transaction() as session:
            self.cast = demo.cast(session, utc_now())
            places = demo.places(session, self.cast.commune_id)[:loudspeakers]
            self.identities = [
                self.register(session, each.device, each.name, each.area_id) for each in places
            ]
        self._rate = rate
        self._fleet: FleetThread | None = None

    def register(self, session, device: str, name: str, area_id: int) -> Identity:
        return registry.add(
            session, None, wire=self.wire, device=device, name=name, area_id=area_id, now=self.now()
        )

    def now(self) -> dt.datetime:
        return utc_now() + self.ahead

    # --- processes -----------------------------------------------------------

    def serve(
        self,
        *,
        die_at: str = "",
        roles: Collection[str] = bootstrap.ALL_ROLES,
        pages: bool = True,
        ahead_s: float = 0.0,
    ) -> subprocess.Popen[str]:
        """Start a server process and wait until it runs."""
        order = {
            "environ": self.environ,
            "roles": sorted(roles),
            "pages": pages,
            "die_at": die_at,
            "ahead_s": ahead_s,
            "flag": str(self.flag),
        }
        log = (self.home / f"server-{len(self._servers)}.log").open("w")
        server = subprocess.Popen(
            [sys.executable, str(PROGRAM), json.dumps(order)],
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        log.close()
        self._servers.append(server)
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n", Path(log.name).read_text()[-3000:]
        return server

    def serve_here(self) -> bootstrap.System:
        """A server in this process, by the station's clock; its ticks can be hurried."""
        listener = take_port(self.settings.host, self.settings.port)
        self._here.callback(listener.close)
        self.system = system = bootstrap.build(self.settings, bootstrap.ALL_ROLES, clock=self.now)
        self.settings.broker_dir.mkdir(mode=0o700, exist_ok=True)
        system.start()
        self._here.callback(system.stop)
        app = create_app(system)
        feed: Feed = app.extensions["live_feed"]
        pages = WebServer(app, listener, self.settings.threads, on_stop=feed.shut)
        thread = threading.Thread(target=pages.serve)
        thread.start()
        self._here.callback(thread.join)
        self._here.callback(pages.stop)
        return system

    def hurry(self, tick: str) -> None:
        """Have the server in this process do now what it does now and then."""
        if self.system is not None:
            self.system.kick(tick)

    def leap(self, to: dt.datetime) -> None:
        """The server in this process and every loudspeaker are suddenly at ``to``."""
        self.ahead = to - utc_now()
        self.hurry("lead")
        if self._fleet:
            for device in self._fleet.fleet.speakers:
                self._fleet.mend(device, Fault.WRONG_CLOCK)  # which has it look at its clock

    @property
    def flag(self) -> Path:
        return self.home / "die"

    def start_fleet(self, **options: Any) -> None:
        """``options`` are those of FleetThread."""
        options.setdefault("truth", Truth(wall=lambda: self.now().timestamp()))
        options.setdefault("rate", self._rate)
        self._fleet = FleetThread(self.identities, self.home / "boxes", **options)
        self._fleet.start()
        self.wait_online(len(self.identities))

    def stop_fleet(self) -> None:
        """All loudspeakers at once; they keep what they have stored."""
        self.fleet.stop()
        self._fleet = None

    @property
    def fleet(self) -> FleetThread:
        assert self._fleet, "the loudspeakers are not there yet"
        return self._fleet

    def stop_servers(self) -> None:
        self.system = None
        self._here.close()
        for server in self._servers:
            if server.poll() is None:
                server.send_signal(signal.SIGCONT)
                server.terminate()
        for server in self._servers:
            try:
                server.wait(15)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
            assert server.stdout is not None
            server.stdout.close()

    def close(self) -> None:
        self.stop_servers()
        if self._fleet:
            self.stop_fleet()
        self.database.dispose()

    # --- the work of the commune ---------------------------------------------

    def approved_bulletin(self, title: str, text: str) -> int:
        """Lan writes it, the server reads it, Bình approves it."""
        with self.database.transaction() as session:
            [bulletin_id] = demo.write(session, self.cast, [Announcement(title, text)], self.now())
        self.wait_rendered(bulletin_id)
        with self.database.transaction() as session:
            demo.approve(session, self.cast, [bulletin_id], self.now())
        return bulletin_id

    def wait_rendered(self, bulletin_id: int) -> None:
        def ready() -> bool:
            with self.database.transaction(read_only=True) as session:
                bulletin = session.get_one(Bulletin, bulletin_id)
                return bulletin.current.render_state is RenderState.READY

        wait_until(ready, "the audio of a bulletin")

    def schedule(self, bulletin_id: int, starts: Sequence[dt.datetime]) -> int:
        """On the air once at each of these instants of one local day; returns the schedule's id."""
        local = [start.astimezone(LOCAL) for start in starts]
        times = tuple(each.time().replace(microsecond=0) for each in local)
        rule = Rule(Frequency.ONCE, local[0].date(), times)
        return self.schedule_by(rule, [bulletin_id])

    def schedule_by(self, rule: Rule, bulletin_ids: Sequence[int], area_id: int | None = None) -> int:
        with self.database.transaction() as session:
            made = programme.create_schedule(
                session,
                self.person(session),
                Intent(area_id or self.cast.commune_id, bulletin_ids, rule),
                title="Chương trình thử",
                now=self.now(),
            ).id
        self.hurry("plan")
        return made

    def order(self, action: Action, **detail: Any) -> None:
        """Lan orders every loudspeaker of the commune."""
        with self.database.transaction() as session:
            commanding.order(
                session,
                self.person(session),
                wire=self.wire,
                action=action,
                detail=detail,
                chosen=Filter(area_id=self.cast.commune_id),
                now=self.now(),
            )

    def bring_into_every_store(self, count: int) -> None:
        """Lan has every loudspeaker fetch at once what it would fetch at leisure."""

        def told(what: str) -> bool:
            with self.database.transaction(read_only=True) as session:
                reports = session.scalars(select(Loudspeaker.report).where(Loudspeaker.online))
                return all(each.get("state", {}).get(what) == count for each in reports)

        self.wait_for(lambda: told("planned"), "the plan in every loudspeaker")
        self.order(Action.FETCH)
        self.wait_for(lambda: told("ready"), "the audio in every loudspeaker")

    def prepared_urgent(self, text: str, status: AlertStatus = AlertStatus.ACTUAL) -> int:
        with self.database.transaction() as session:
            bulletin_id = urgent.prepare(
                session,
                self.person(session),
                area_id=self.cast.commune_id,
                text=text,
                status=status,
                title="Thông báo khẩn",
                now=self.now(),
            ).id
        self.wait_rendered(bulletin_id)
        return bulletin_id

    def send_urgent(self, bulletin_id: int, status: AlertStatus = AlertStatus.ACTUAL) -> int:
        """Returns the broadcast's id."""
        with self.database.transaction() as session:
            return urgent.send(
                session,
                self.person(session),
                wire=self.wire,
                bulletin_id=bulletin_id,
                status=status,
                area_id=self.cast.commune_id,
                expires_in=dt.timedelta(minutes=5),
                now=self.now(),
            ).id

    def stop_all(self, hold_s: int = 0) -> None:
        with self.database.transaction() as session:
            urgent.stop(
                session,
                self.person(session),
                wire=self.wire,
                area_id=self.cast.commune_id,
                hold_s=hold_s,
                now=self.now(),
            )

    def withdraw(self, bulletin_id: int) -> None:
        with self.database.transaction() as session:
            lan = self.person(session)
            bulletins.withdraw(session, lan, bulletin_id, wire=self.wire, now=self.now())

    def sign_in(self, person_id: int) -> Visitor:
        with self.database.transaction() as session:
            token = demo.sign_in_token(session, person_id, self.now())
        return Visitor(f"http://127.0.0.1:{self.http_port}", token)


@pytest.fixture
def make_station(tmp_path: Path) -> Iterator[Callable[..., Station]]:
    """Makes a station with so many loudspeakers; everything ends with the test."""
    made: list[Station] = []

    def make(database_url: str, loudspeakers: int = 3, rate: float = 4.0, **environ: str) -> Station:
        station = Station(tmp_path / f"station-{len(made)}", database_url, loudspeakers, rate, environ)
        made.append(station)
        return station

    yield make
    for station in made:
        station.close()


@pytest.fixture
def sqlite_url(tmp_path: Path, empty_sqlite: Path) -> str:
    path = tmp_path / "station.db"
    path.write_bytes(empty_sqlite.read_bytes())
    return f"sqlite:///{path}"


@pytest.fixture
def station(make_station: Callable[..., Station], sqlite_url: str) -> Station:
    """Three loudspeakers on the air with a server of its own, on SQLite."""
    made: Station = make_station(sqlite_url)
    made.serve_here()
    made.start_fleet()
    return made


@pytest.fixture
def postgresql_url(cluster) -> Iterator[str]:
    name = f"station{os.urandom(6).hex()}"
    yield cluster.create(name)
    cluster.drop(name)


@pytest.fixture
def free_ports() -> Callable[[], int]:
    """A free port at every call."""
    return free_port
