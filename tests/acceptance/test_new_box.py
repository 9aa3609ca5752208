"""A box out of its carton: it asks, an officer claims it, it plays along, changes its key, and is exchanged.

Everything is real: the server with its broker, the pages, and the box's own program in a process of its own.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from broadcast import demo
from broadcast.bootstrap import ALL_ROLES, System, build
from broadcast.joining import enrolment, registry
from broadcast.joining.placing import Place
from broadcast.models import Loudspeaker, Person
from broadcast.settings import load
from broadcast.signing import keyring
from devices.speaker.identity import Identity
from web.app import create_app
from web.server import WebServer, take_port

PROGRAM = "from devices.speaker.cli import main; main()"


PATIENCE = 60.0  # seconds; everything waited for happens much sooner


def wait_until(holds: Callable[[], bool], what: str) -> None:
    limit = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < limit, f"waited in vain: {what}"
        time.sleep(0.05)


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class House:
    """A running server, and the boxes around it."""

    def __init__(self, system: System, home: Path) -> None:
        self.system, self.home = system, home
        with system.database.transaction() as session:
            cast = demo.cast(session, now())
            self.area = demo.places(session, cast.commune_id)[0].area_id
            self.admin_id = session.scalars(select(Person.id).order_by(Person.id)).first()

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        with (self.home / "box.log").open("a") as log:
            return subprocess.Popen(
                [sys.executable, "-c", PROGRAM, *arguments], stdout=subprocess.PIPE, stderr=log, text=True
            )

    def enrol(self, name: str, take: Any) -> Identity:
        """Ask with the box's own program; ``take`` is what the officer does with the code."""
        file = self.home / f"{name}.json"
        box = self.start(
            "enrol", "--server", self.system.settings.public_url, "--identity", str(file), "--json"
        )
        assert box.stdout is not None
        with box.stdout as said:
            told = json.loads(said.readline())
            with self.system.database.transaction() as session:
                take(session, session.get_one(Person, self.admin_id), told["claim"])
            assert box.wait(30) == 0
        return self.identity(name)

    def identity(self, name: str) -> Identity:
        return Identity.load(self.home / f"{name}.json")

    @contextlib.contextmanager
    def running(self, name: str) -> Iterator[None]:
        files = ("--identity", str(self.home / f"{name}.json"), "--data", str(self.home / name))
        box = self.start("run", *files, "--sink", "silent")
        try:
            yield
            assert box.poll() is None
        finally:
            box.send_signal(signal.SIGTERM)
            box.communicate(timeout=30)

    @property
    def speaker(self) -> Loudspeaker:
        with self.system.database.transaction(read_only=True) as session:
            return session.scalars(select(Loudspeaker)).one()

    def follows(self) -> bool:
        """Whether the newest desired state is in force on the loudspeaker."""
        found = self.speaker
        said = found.report.get("state", {}).get("have", {})
        return found.online and found.desired_rev > 0 and said.get("rev") == found.desired_rev

    def order(self, volume: int) -> None:
        before = self.speaker  # the planning may come at any moment after
        with self.system.database.transaction() as session:
            person = session.get_one(Person, self.admin_id)
            registry.set_volume(session, person, before.id, volume, now())
        self.system.kick("plan")
        wait_until(lambda: self.speaker.desired_rev > before.desired_rev, "a new desired state")
        wait_until(self.follows, "the new desired state in force")


@pytest.fixture
def house(tmp_path: Path, free_ports: Callable[[], int]) -> Iterator[House]:
    settings = load(
        {
            "TRUYEN_THANH_DATA_DIR": str(tmp_path / "data"),
            "TRUYEN_THANH_PORT": str(free_ports()),
            "TRUYEN_THANH_MQTT_PORT": str(free_ports()),
            "TRUYEN_THANH_ENGINES": "espeak",
            "TRUYEN_THANH_HEARTBEAT_S": "5",
        }
    )
    listener = take_port(settings.host, settings.port)
    system = build(settings, ALL_ROLES)
    settings.broker_dir.mkdir(mode=0o700, exist_ok=True)
    system.start()
    server = WebServer(create_app(system), listener, settings.threads)
    thread = threading.Thread(target=server.serve)
    thread.start()
    try:
        yield House(system, tmp_path)
    finally:
        server.stop()
        thread.join()
        listener.close()
        system.stop()


def test_a_new_box_is_claimed_renews_its_key_follows_the_server_s_and_is_exchanged(house: House) -> None:
    place = Place(area_id=house.area, name="Cột điện đình làng")
    first = house.enrol("one", lambda s, p, code: enrolment.claim_new(s, p, code, place, now()))
    assert house.speaker.public_key == first.key.public
    with house.running("one"):
        wait_until(house.follows, "the new box connected")

    with house.system.database.transaction() as session:
        session.scalars(select(Loudspeaker)).one().key_expires_at = now() + dt.timedelta(days=20)
    with house.running("one"):
        house.order(61)  # the box hears with this when its key ends
    with house.running("one"):
        wait_until(lambda: house.speaker.public_key != first.key.public, "the box asked for another key")
        wait_until(
            lambda: house.speaker.public_key == house.identity("one").key.public, "the box has the key"
        )
        wait_until(house.follows, "the box is back with its new key")
        assert house.identity("one").password != first.password

        keys = house.system.settings.keys_dir
        old = keyring.load(keys).newest.signing.keyid
        keyring.rotate(keys, now())
        house.order(62)
        keyring.retire(keys, old)
        house.order(63)  # signed by a key the box was not given with its identity

        given = house.speaker.id
        second = house.enrol(
            "two",
            lambda s, p, code: enrolment.claim_replacement(s, p, code, given, now=now()),
        )
        wait_until(lambda: not house.speaker.online, "the broker sent the exchanged box away")
    assert (house.home / "box.log").read_text().count("The key was replaced") == 1
    assert second.device == first.device
    with house.running("two"):
        wait_until(house.follows, "the new box in the old one's place")
