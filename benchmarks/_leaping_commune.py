"""A commune whose days leap: its people, villages and simulated loudspeakers at a server in virtual time."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from benchmarks._leaping_server import SPARSE, LeapingServer
from broadcast import settings
from broadcast.authoring import bulletins, rendering
from broadcast.joining import registry
from broadcast.models import AreaKind, Bulletin, Person, Role, Schedule
from broadcast.scheduling import programme, urgent
from broadcast.scheduling.intents import Intent
from broadcast.units import areas, people
from devices.messages import AlertStatus
from devices.simulator import Fault, Fleet, Surroundings, Truth, VirtualLoop
from devices.simulator.profile import Traits
from schedules.types import LOCAL, Rule

GLANCE = 600.0  # seconds between two looks of a box at its clock and disk
PEOPLE = {
    "lan": ("Trần Thị Lan", "commune", (Role.EDITOR, Role.URGENT)),
    "binh": ("Nguyễn Văn Bình", "commune", (Role.APPROVER, Role.ADMIN)),
    "hoa": ("Lê Thị Hòa", "district", (Role.EDITOR, Role.URGENT)),
    "dung": ("Phạm Tiến Dũng", "district", (Role.APPROVER,)),
}
ENVIRON = {
    "TRUYEN_THANH_ENGINES": "espeak",
    "TRUYEN_THANH_HEARTBEAT_S": "3600",
    "TRUYEN_THANH_LOG_LEVEL": "ERROR",
}


def at(text: str) -> dt.datetime:
    """An instant by the clocks of Vietnam, such as ``2027-02-05 23:50``."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=LOCAL)


def local(text: str) -> dt.datetime:
    """As people see it, without a zone."""
    return dt.datetime.fromisoformat(text)


class Commune:
    """Everything is done through the use cases, by the person who may, in a transaction of its own."""

    def __init__(
        self, folder: Path, loop: VirtualLoop, villages: Sequence[str], sparse: float = SPARSE
    ) -> None:
        environ = {**ENVIRON, "TRUYEN_THANH_DATA_DIR": str(folder / "server")}
        self.loop = loop
        self.folder = folder
        self.server = LeapingServer(settings.load(environ), loop, sparse)
        self.areas: dict[str, int] = {}
        self._people: dict[str, int] = {}
        self.speakers: dict[str, int] = {}
        self._fleet: Fleet | None = None
        with self.server.system.database.transaction() as session:
            self._furnish(session, villages)

    @property
    def now(self) -> dt.datetime:
        return self.server.now()

    @property
    def wire(self) -> Any:
        return self.server.system.wire

    @property
    def fleet(self) -> Fleet:
        assert self._fleet is not None
        return self._fleet

    def do(self, work: Callable[[Session], Any]) -> Any:
        """One act, after which the planner looks."""
        with self.server.system.database.transaction() as session:
            done = work(session)
        if self.server.link.connected:
            self.server.system.kick("plan")
        return done

    def later(self, when: str, work: Callable[[], Any]) -> None:
        self.server.call_at(at(when), lambda: work() and None)

    def person(self, session: Session, name: str) -> Person:
        return people.get_person(session, self._people[name])

    # --- loudspeakers ----------------------------------------------------------

    def hang(self, places: Mapping[str, str], traits: Mapping[str, Traits]) -> None:
        """One loudspeaker for each name, in a village."""
        with self.server.system.database.transaction() as session:
            identities = [
                registry.add(
                    session,
                    None,
                    wire=self.wire,
                    device=device,
                    name=f"Loa {device}",
                    area_id=self.areas[village],
                    now=self.now,
                )
                for device, village in places.items()
            ]
            self.speakers = {each.device: number for number, each in enumerate(identities, start=1)}
        around = Surroundings(
            self.folder / "boxes",
            random.Random(7),
            glance_s=GLANCE,
            durable=False,
            truth=Truth(self.loop.wall, self.loop.time),
            make_link=lambda _: self.server.link.broker.link(),
            fetcher=self.server.pages,
        )
        self._fleet = Fleet(identities, self.folder / "boxes", traits=traits, surroundings=around)

    def break_(self, fault: Fault, *devices: str) -> None:
        for device in devices:
            self._spawn(self.fleet.break_(device, fault))

    def mend(self, fault: Fault, *devices: str) -> None:
        for device in devices:
            self._spawn(self.fleet.mend(device, fault))

    def _spawn(self, work: Any) -> None:
        self._task = asyncio.get_running_loop().create_task(work)

    # --- bulletins and schedules -----------------------------------------------

    def write(self, title: str, text: str, *, by: str = "lan", area: str = "commune", **more: Any) -> int:
        """Write a bulletin and have it spoken; it is not approved yet."""
        found: Bulletin = self.do(
            lambda session: bulletins.create(
                session,
                self.person(session, by),
                area_id=self.areas[area],
                title=title,
                text=text,
                now=self.now,
                **more,
            )
        )
        self.speak()
        return found.id

    def speak(self) -> None:
        """Have all waiting audio made: in virtual time that takes none."""
        system = self.server.system
        while rendering.render_next(
            system.database, system.library, system.synthesiser, "speaker", system.clock
        ):
            pass

    def approve(self, bulletin_id: int, *, author: str = "lan", approver: str = "binh") -> None:
        def work(session: Session) -> None:
            version = bulletins.submit(
                session, self.person(session, author), bulletin_id, now=self.now
            ).current
            assert version.clip is not None
            bulletins.approve(
                session,
                self.person(session, approver),
                bulletin_id,
                version=version.number,
                text_sha256=version.text_sha256,
                audio_sha256=version.clip.sha256,
                now=self.now,
            )

        self.do(work)

    def edit(self, bulletin_id: int, text: str) -> None:
        def work(session: Session) -> None:
            lan = self.person(session, "lan")
            version = bulletins.get(session, lan, bulletin_id).version_number
            bulletins.edit(session, lan, bulletin_id, expected_version=version, text=text, now=self.now)

        self.do(work)
        self.speak()

    def schedule(
        self, title: str, rule: Rule, *bulletin_ids: int, by: str = "lan", area: str = "commune"
    ) -> int:
        made: Schedule = self.do(
            lambda session: programme.create_schedule(
                session,
                self.person(session, by),
                Intent(self.areas[area], bulletin_ids, rule),
                title=title,
                now=self.now,
            )
        )
        return made.id

    def announce(self, text: str, status: AlertStatus, *, by: str = "lan", area: str = "commune") -> int:
        """Prepare and send an urgent announcement; returns its broadcast."""
        prepared: int = self.do(
            lambda session: (
                urgent.prepare(
                    session,
                    self.person(session, by),
                    area_id=self.areas[area],
                    text=text,
                    status=status,
                    title="Thông báo khẩn",
                    now=self.now,
                ).id
            )
        )
        self.speak()
        sent: int = self.do(
            lambda session: (
                urgent.send(
                    session,
                    self.person(session, by),
                    wire=self.wire,
                    bulletin_id=prepared,
                    status=status,
                    area_id=self.areas[area],
                    expires_in=dt.timedelta(minutes=10),
                    now=self.now,
                ).id
            )
        )
        return sent

    def as_(self, name: str, service: Callable[..., Any], /, *args: Any, **more: Any) -> Any:
        """A use case by a person, now."""
        return self.do(
            lambda session: service(session, self.person(session, name), *args, now=self.now, **more)
        )

    def _furnish(self, session: Session, villages: Sequence[str]) -> None:
        def area(key: str, code: str, name: str, kind: AreaKind, above: str | None) -> None:
            parent = self.areas[above] if above else None
            made = areas.create(session, code=code, name=name, kind=kind, parent_id=parent, now=self.now)
            self.areas[key] = made.id

        area("district", "H99", "Huyện Suối Mây", AreaKind.DISTRICT, None)
        area("commune", "H99.24", "Xã Suối Mây", AreaKind.COMMUNE, "district")
        for number, village in enumerate(villages, start=1):
            area(village, f"H99.24.{number}", f"Thôn {village}", AreaKind.VILLAGE, "commune")
        for username, (name, place, roles) in PEOPLE.items():
            person = people.create_person(session, username=username, name=name, now=self.now)
            for role in roles:
                people.grant(session, person, role, self.areas[place], now=self.now)
            self._people[username] = person.id
