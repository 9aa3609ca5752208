"""The whole way with everything real: speech, database, broker, downloads, and loudspeakers that report."""

from __future__ import annotations

import datetime as dt
import http.server
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from broadcast import bootstrap, settings
from broadcast.authoring import bulletins
from broadcast.bootstrap import System
from broadcast.joining import registry
from broadcast.models import (
    Alarm,
    AreaKind,
    Broadcast,
    Bulletin,
    Delivery,
    Loudspeaker,
    Person,
    PlanDocument,
    Role,
)
from broadcast.scheduling import programme, urgent
from broadcast.scheduling.intents import Intent
from broadcast.units import areas, people
from devices.messages import AlertStatus, Evidence, ItemState
from devices.simulator import FleetThread
from devices.speaker.identity import Identity
from schedules.types import LOCAL, Frequency, Rule
from tests.waiting import free_port, until

SPEAKERS = 4


class Files(http.server.BaseHTTPRequestHandler):
    """Serves clips and plans by their names, as the web server does."""

    system: System

    def do_GET(self) -> None:
        _, kind, name = self.path.split("/")
        sha256 = name.split(".")[0]
        if kind == "media":
            body = self.system.library.path(sha256).read_bytes()
        else:
            with self.system.database.transaction(read_only=True) as session:
                body = session.get_one(PlanDocument, sha256).body
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def make_settings(directory: Path, database_url: str, **more: str) -> settings.Settings:
    named = {
        "DATA_DIR": str(directory / "data"),
        "DATABASE_URL": database_url,
        "PORT": str(free_port()),
        "MQTT_PORT": str(free_port()),
        "ENGINES": "espeak",
        "HEARTBEAT_S": "5",
        **more,
    }
    return settings.load({f"TRUYEN_THANH_{name}": value for name, value in named.items()})


@pytest.fixture
def system(tmp_path: Path, database_url: str) -> Iterator[System]:
    """A running server: broker, worker and downloads."""
    chosen = make_settings(tmp_path, database_url)
    built = bootstrap.build(chosen)
    handler = type("Handler", (Files,), {"system": built})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", chosen.port), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    built.start()
    yield built
    built.stop()
    server.shutdown()
    server.server_close()
    thread.join()


class Commune:
    """One commune that may sound at any hour, two people and some loudspeakers."""

    def __init__(self, system: System) -> None:
        self.system = system
        now = bootstrap.utc_now()
        with system.database.transaction() as session:
            self.area_id = areas.create(
                session,
                code="H40.1",
                name="Xã An Hòa",
                kind=AreaKind.COMMUNE,
                parent_id=None,
                now=now,
                window_start="00:00",
                window_end="00:00",
            ).id
            self.lan = self._person(session, "lan", (Role.EDITOR, Role.URGENT))
            self.binh = self._person(session, "binh", (Role.APPROVER,))
            self.identities = [self._speaker(session, n) for n in range(1, SPEAKERS + 1)]

    def _person(self, session: Any, username: str, roles: tuple[Role, ...]) -> Person:
        person = people.create_person(session, username=username, name=username, now=bootstrap.utc_now())
        for role in roles:
            people.grant(session, person, role, self.area_id, now=bootstrap.utc_now())
        return person

    def _speaker(self, session: Any, number: int) -> Identity:
        return registry.add(
            session,
            None,
            wire=self.system.wire,
            device=f"loa-{number}",
            name=f"Loa {number}",
            area_id=self.area_id,
            now=bootstrap.utc_now(),
        )

    def approved(self, text: str) -> int:
        """Written, spoken by the worker, submitted and approved."""
        database = self.system.database
        with database.transaction() as session:
            bulletin_id = bulletins.create(
                session, self.lan, area_id=self.area_id, title="Tin thử", text=text, now=bootstrap.utc_now()
            ).id
        self.wait_for_audio(bulletin_id)
        with database.transaction() as session:
            version = bulletins.submit(session, self.lan, bulletin_id, now=bootstrap.utc_now()).current
            assert version.clip is not None
            bulletins.approve(
                session,
                self.binh,
                bulletin_id,
                version=version.number,
                text_sha256=version.text_sha256,
                audio_sha256=version.clip.sha256,
                now=bootstrap.utc_now(),
            )
        return bulletin_id

    def wait_for_audio(self, bulletin_id: int) -> None:
        def spoken() -> bool:
            with self.system.database.transaction(read_only=True) as session:
                return session.get_one(Bulletin, bulletin_id).current.clip_id is not None

        until(spoken)

    def schedule(self, bulletin_id: int, seconds: float) -> None:
        start = (bootstrap.utc_now() + dt.timedelta(seconds=seconds)).astimezone(LOCAL).replace(microsecond=0)
        rule = Rule(Frequency.ONCE, start.date(), (start.time(),))
        with self.system.database.transaction() as session:
            programme.create_schedule(
                session,
                self.lan,
                Intent(self.area_id, [bulletin_id], rule),
                title="Bản tin",
                now=bootstrap.utc_now(),
            )
        self.system.kick("plan")

    def urgent(self, text: str) -> Broadcast:
        with self.system.database.transaction() as session:
            bulletin_id = urgent.prepare(
                session,
                self.lan,
                area_id=self.area_id,
                text=text,
                status=AlertStatus.ACTUAL,
                title="Khẩn",
                now=bootstrap.utc_now(),
            ).id
        self.wait_for_audio(bulletin_id)
        with self.system.database.transaction() as session:
            return urgent.send(
                session,
                self.lan,
                wire=self.system.wire,
                bulletin_id=bulletin_id,
                status=AlertStatus.ACTUAL,
                area_id=self.area_id,
                expires_in=dt.timedelta(minutes=5),
                now=bootstrap.utc_now(),
            )

    def states(self, broadcast: Broadcast | None = None) -> list[tuple[ItemState, int | None]]:
        query = select(Delivery)
        if broadcast is not None:
            query = query.where(Delivery.broadcast_id == broadcast.id)
        with self.system.database.transaction(read_only=True) as session:
            return [(each.state, each.evidence) for each in session.scalars(query)]

    def online(self) -> int:
        with self.system.database.transaction(read_only=True) as session:
            return len(session.scalars(select(Loudspeaker).where(Loudspeaker.online)).all())


@pytest.fixture
def commune(system: System) -> Commune:
    return Commune(system)


def test_a_scheduled_bulletin_is_spoken_planned_fetched_played_and_proved_on_every_loudspeaker(
    commune: Commune, tmp_path: Path
) -> None:
    with FleetThread(commune.identities, tmp_path / "fleet"):
        until(lambda: commune.online() == SPEAKERS)
        commune.schedule(commune.approved("Mời bà con đi họp."), seconds=8)
        until(lambda: commune.states() == [(ItemState.DONE, Evidence.ELECTRICAL)] * SPEAKERS)
    with commune.system.database.transaction(read_only=True) as session:
        assert session.scalars(select(Alarm)).all() == []


def test_an_urgent_announcement_preempts_the_programme_which_resumes_and_stop_silences(
    commune: Commune, tmp_path: Path
) -> None:
    long_text = "Hôm nay trạm y tế tiêm chủng cho trẻ em. " * 8
    with FleetThread(commune.identities, tmp_path / "fleet"):
        until(lambda: commune.online() == SPEAKERS)
        commune.schedule(commune.approved(long_text), seconds=8)
        until(lambda: commune.states() == [(ItemState.PLAYING, 2)] * SPEAKERS)
        sent = commune.urgent("Nước lũ đang lên nhanh.")
        until(lambda: commune.states(sent) == [(ItemState.DONE, Evidence.ELECTRICAL)] * SPEAKERS)
        until(lambda: [s for s, _ in commune.states()].count(ItemState.PLAYING) == SPEAKERS)
        asked = time.monotonic()
        with commune.system.database.transaction() as session:
            urgent.stop(
                session,
                commune.lan,
                wire=commune.system.wire,
                area_id=commune.area_id,
                now=bootstrap.utc_now(),
            )
        until(lambda: ItemState.PLAYING not in [s for s, _ in commune.states()], seconds=10)
        assert time.monotonic() - asked < 10
    assert {e for _, e in commune.states()} == {Evidence.ELECTRICAL}


def test_a_new_loudspeaker_may_connect_within_two_seconds(commune: Commune, tmp_path: Path) -> None:
    with commune.system.database.transaction() as session:
        newcomer = commune._speaker(session, 99)
    time.sleep(2)
    with FleetThread([newcomer], tmp_path / "fleet"):
        until(lambda: commune.online() == 1, seconds=5)
