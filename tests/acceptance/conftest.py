"""A commune on the air: a real server process, a real broker, real audio, simulated loudspeakers."""

from __future__ import annotations

import datetime as dt
import http.cookiejar
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from broadcast import bootstrap, bulletins, demo, people, programme, registry, settings, urgent
from broadcast.database import Database
from broadcast.demo_texts import Announcement
from broadcast.models import AsRun, Broadcast, BroadcastClip, Bulletin, Delivery, Loudspeaker, RenderState
from devices.messages import AlertStatus
from devices.simulator import FleetThread
from devices.speaker.identity import Identity
from schedules.types import LOCAL, Frequency, Rule

PROGRAM = Path(__file__).parent / "server_process.py"
PATIENCE = 40.0  # seconds; everything waited for happens much sooner


def utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def wait_until(holds: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
    """Look again and again until it holds; fails with ``what`` was waited for."""
    limit = time.monotonic() + patience
    while not holds():
        if time.monotonic() > limit:
            pytest.fail(f"waited {patience:.0f} s in vain: {what}")
        time.sleep(0.05)


def free_port() -> int:
    """A free port below those that outgoing connections are given: none of them takes it meanwhile."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        return port


class Visitor:
    """Somebody who is signed in to the pages."""

    def __init__(self, address: str, token: str) -> None:
        self._address = address
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        )
        form = self.get(f"/link/{token}")
        found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', form)
        assert found, form
        data = urllib.parse.urlencode({"csrf_token": found[1]}).encode()
        self._opener.open(f"{address}/link/{token}", data, timeout=10).close()

    def get(self, path: str) -> str:
        with self._opener.open(self._address + path, timeout=10) as answer:
            return answer.read().decode()


class Station:
    """One commune with its server and its loudspeakers; everything it does goes through the use cases."""

    def __init__(self, home: Path, database_url: str, loudspeakers: int, rate: float) -> None:
        self.home = home
        self.http_port, self.mqtt_port = free_port(), free_port()
        self.environ = {
            "TRUYEN_THANH_DATA_DIR": str(home / "data"),
            "TRUYEN_THANH_DATABASE_URL": database_url,
            "TRUYEN_THANH_PORT": str(self.http_port),
            "TRUYEN_THANH_MQTT_PORT": str(self.mqtt_port),
            "TRUYEN_THANH_ENGINES": "espeak",
            "TRUYEN_THANH_LOG_LEVEL": "INFO",
            "TRUYEN_THANH_HEARTBEAT_S": "10",
        }
        self.settings = settings.load(self.environ)
        self.settings.data_dir.mkdir(parents=True)
        self.database = Database(database_url)
        self.wire = bootstrap.wire(self.settings)
        self._servers: list[subprocess.Popen[str]] = []
        with self.database.transaction() as session:
            self.cast = demo.cast(session, utc_now())
            places = demo.places(session, self.cast.commune_id)[:loudspeakers]
            self.identities = [self._register(session, place) for place in places]
        self._rate = rate
        self._fleet: FleetThread | None = None

    def _register(self, session, place) -> Identity:
        return registry.add(
            session,
            None,
            wire=self.wire,
            device=place.device,
            name=place.name,
            area_id=place.area_id,
            now=utc_now(),
        )

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

    @property
    def flag(self) -> Path:
        return self.home / "die"

    def start_fleet(self, **options: Any) -> None:
        """``options`` are those of FleetThread."""
        self._fleet = FleetThread(self.identities, self.home / "boxes", rate=self._rate, **options)
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
            self._fleet.stop()
        self.database.dispose()

    # --- the work of the commune ---------------------------------------------

    def approved_bulletin(self, title: str, text: str) -> int:
        """Lan writes it, the server reads it, Bình approves it."""
        with self.database.transaction() as session:
            [bulletin_id] = demo.write(session, self.cast, [Announcement(title, text)], utc_now())
        self.wait_rendered(bulletin_id)
        with self.database.transaction() as session:
            demo.approve(session, self.cast, [bulletin_id], utc_now())
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
        with self.database.transaction() as session:
            return programme.create_schedule(
                session,
                people.get_person(session, self.cast.lan_id),
                area_id=self.cast.commune_id,
                title="Chương trình thử",
                bulletin_ids=[bulletin_id],
                rule=Rule(Frequency.ONCE, local[0].date(), times),
                now=utc_now(),
            ).id

    def prepared_urgent(self, text: str, status: AlertStatus = AlertStatus.ACTUAL) -> int:
        with self.database.transaction() as session:
            bulletin_id = urgent.prepare(
                session,
                people.get_person(session, self.cast.lan_id),
                area_id=self.cast.commune_id,
                text=text,
                status=status,
                title="Thông báo khẩn",
                now=utc_now(),
            ).id
        self.wait_rendered(bulletin_id)
        return bulletin_id

    def send_urgent(self, bulletin_id: int, status: AlertStatus = AlertStatus.ACTUAL) -> int:
        """Returns the broadcast's id."""
        with self.database.transaction() as session:
            return urgent.send(
                session,
                people.get_person(session, self.cast.lan_id),
                wire=self.wire,
                bulletin_id=bulletin_id,
                status=status,
                area_id=self.cast.commune_id,
                expires_in=dt.timedelta(minutes=5),
                now=utc_now(),
            ).id

    def stop_all(self, hold_s: int = 0) -> None:
        with self.database.transaction() as session:
            urgent.stop(
                session,
                people.get_person(session, self.cast.lan_id),
                wire=self.wire,
                area_id=self.cast.commune_id,
                hold_s=hold_s,
                now=utc_now(),
            )

    def withdraw(self, bulletin_id: int) -> None:
        with self.database.transaction() as session:
            lan = people.get_person(session, self.cast.lan_id)
            bulletins.withdraw(session, lan, bulletin_id, wire=self.wire, now=utc_now())

    def sign_in(self, person_id: int) -> Visitor:
        with self.database.transaction() as session:
            token = demo.sign_in_token(session, person_id, utc_now())
        return Visitor(f"http://127.0.0.1:{self.http_port}", token)

    # --- what came of it -------------------------------------------------------

    wait_for = staticmethod(wait_until)

    def planned(self, schedule_id: int, count: int) -> list[Broadcast]:
        """The broadcasts of a schedule, once so many are planned."""
        wait_until(lambda: len(self.broadcasts(schedule_id)) == count, f"{count} broadcasts planned")
        return self.broadcasts(schedule_id)

    def broadcasts(self, schedule_id: int) -> list[Broadcast]:
        with self.database.transaction(read_only=True) as session:
            query = select(Broadcast).where(Broadcast.schedule_id == schedule_id).order_by(Broadcast.start)
            return list(session.scalars(query))

    def broadcast(self, broadcast_id: int) -> Broadcast:
        with self.database.transaction(read_only=True) as session:
            return session.get_one(Broadcast, broadcast_id)

    def clips(self, broadcast_id: int) -> list[BroadcastClip]:
        with self.database.transaction(read_only=True) as session:
            query = select(BroadcastClip).where(BroadcastClip.broadcast_id == broadcast_id)
            return list(session.scalars(query))

    def deliveries(self, broadcast_id: int) -> list[Delivery]:
        with self.database.transaction(read_only=True) as session:
            query = select(Delivery).where(Delivery.broadcast_id == broadcast_id).order_by(Delivery.id)
            return list(session.scalars(query))

    def as_runs(self, broadcast_id: int) -> list[AsRun]:
        with self.database.transaction(read_only=True) as session:
            return list(session.scalars(select(AsRun).where(AsRun.broadcast_id == broadcast_id)))

    def wait_online(self, count: int) -> None:
        def online() -> bool:
            with self.database.transaction(read_only=True) as session:
                return len(session.scalars(select(Loudspeaker.id).where(Loudspeaker.online)).all()) == count

        wait_until(online, f"{count} loudspeakers online")

    def wait_states(self, broadcast_id: int, states: Collection[str], patience: float = PATIENCE) -> None:
        def over() -> bool:
            found = self.deliveries(broadcast_id)
            return bool(found) and all(each.state.value in states for each in found)

        wait_until(over, f"deliveries in {sorted(states)}", patience)

    def starts_heard(self, occurrence: str) -> dict[str, int]:
        """By device, how often it began to play this, by its own journal."""
        return {
            device: sum(each.item == occurrence and each.event == "playing" for each in speaker.journal)
            for device, speaker in self.fleet.fleet.speakers.items()
        }


@pytest.fixture
def make_station(tmp_path: Path) -> Iterator[Callable[..., Station]]:
    """Makes a station with so many loudspeakers; everything ends with the test."""
    made: list[Station] = []

    def make(database_url: str, loudspeakers: int = 3, rate: float = 4.0) -> Station:
        station = Station(tmp_path / f"station-{len(made)}", database_url, loudspeakers, rate)
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
    made.serve()
    made.start_fleet()
    return made


@pytest.fixture
def postgresql_url(cluster) -> Iterator[str]:
    name = f"station{os.urandom(6).hex()}"
    yield cluster.create(name)
    cluster.drop(name)
