"""A commune on the air: loudspeakers with real keys, approved bulletins, schedules, and what boxes report."""

from __future__ import annotations

import datetime as dt
import hashlib
import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from broadcast.authoring import bulletins
from broadcast.evidence import reports
from broadcast.joining import registry
from broadcast.models import (
    Broadcast,
    Bulletin,
    Clip,
    Delivery,
    Loudspeaker,
    OutboxMessage,
    RenderState,
    Schedule,
)
from broadcast.orders.outbox import Wire
from broadcast.plans.planner import Planner
from broadcast.scheduling import programme
from broadcast.scheduling.intents import Intent
from broadcast.signing.keyring import Keyring
from broadcast.storage.database import Database
from devices.envelope import KeySet, SigningKey, encode_report, open_order, seal
from devices.link import Inbound
from devices.messages import (
    Ack,
    BulletinClass,
    Have,
    Journal,
    JournalEvent,
    Order,
    State,
    Telemetry,
)
from devices.speaker.identity import Identity
from devices.topics import Topics
from schedules.types import Frequency, Rule

DAYS = 7


def make_wire() -> Wire:
    numbers = itertools.count(1)
    return Wire(
        topics=Topics("xa-thu"),
        keys=Keyring.of(SigningKey.generate()),
        public_url="http://127.0.0.1:8080",
        broker_url="mqtt://127.0.0.1:1883",
        urgent_lead=dt.timedelta(seconds=2),
        new_id=lambda: f"{next(numbers):04d}",
    )


@pytest.fixture
def wire() -> Wire:
    return make_wire()


@dataclass
class Box:
    """What hangs on a pole, as far as the server can tell: it writes real messages with its real key."""

    identity: Identity
    topics: Topics
    boot: str = "b1"
    session: int = 1
    seq: int = 0

    @property
    def device(self) -> str:
        return self.identity.device

    def state(self, at: dt.datetime, *, online: bool = True, rev: int = 0, **fields: Any) -> Inbound:
        said = State(
            device=self.device,
            online=online,
            boot=self.boot,
            session=self.session,
            at=int(at.timestamp() * 1000),
            have=Have(epoch=1 if rev else 0, rev=rev),
            **fields,
        )
        return Inbound(self.topics.state(self.device), encode_report(said), at)

    def tele(self, at: dt.datetime) -> Inbound:
        said = Telemetry(device=self.device, boot=self.boot, at=int(at.timestamp() * 1000), uptime_s=5)
        return Inbound(self.topics.tele(self.device), encode_report(said), at)

    def event(self, at: dt.datetime, event: str, item: str = "", **fields: Any) -> JournalEvent:
        self.seq += 1
        return JournalEvent(seq=self.seq, at=int(at.timestamp() * 1000), event=event, item=item, **fields)

    def journal(self, at: dt.datetime, *events: JournalEvent, key: SigningKey | None = None) -> Inbound:
        sealed = seal(Journal(device=self.device, boot=self.boot, events=events), key or self.identity.key)
        return Inbound(self.topics.evt(self.device), sealed, at)

    def ack(self, at: dt.datetime, command: str, stage: str = "done") -> Inbound:
        sealed = seal(Ack(device=self.device, command=command, stage=stage), self.identity.key)
        return Inbound(self.topics.ack(self.device), sealed, at)

    def played(self, broadcast: Broadcast) -> list[JournalEvent]:
        """The journal of an item that was heard to its end."""
        start, ms = broadcast.start, broadcast.duration_ms
        planned = int(start.timestamp() * 1000)
        common: dict[str, Any] = {"planned": planned, "volume": 80}
        end = start + dt.timedelta(milliseconds=ms)
        item = broadcast.occurrence
        return [
            self.event(start - dt.timedelta(seconds=30), "armed", item, planned=planned),
            self.event(start, "starting", item, **common),
            self.event(start, "playing", item, started=planned + 3, **common),
            self.event(
                end,
                "done",
                item,
                started=planned + 3,
                ended=planned + ms,
                played_ms=ms,
                samples=ms * 48,
                **common,
            ),
        ]


@dataclass
class Stage:
    """Shortcuts through the real use cases, each in a transaction of its own."""

    database: Database
    cast: Any
    wire: Wire
    now: dt.datetime
    boxes: list[Box] = field(default_factory=list)
    _numbers: Iterable[int] = field(default_factory=lambda: itertools.count(1))

    def loudspeakers(self, count: int = 3, area_id: int | None = None) -> list[Box]:
        """Loudspeakers spread over the villages, or in one area, known for an hour."""
        made = []
        with self.database.transaction() as session:
            for _ in range(count):
                number = len(self.boxes) + 1
                village = area_id or self.cast.villages[(number - 1) % 3]
                identity = registry.add(
                    session,
                    None,
                    wire=self.wire,
                    device=f"loa-{number:03}",
                    name=f"Cụm loa {number}",
                    area_id=village,
                    now=self.now - dt.timedelta(hours=1),
                )
                made.append(Box(identity, self.wire.topics))
                self.boxes.append(made[-1])
        return made

    def bulletin(
        self,
        title: str = "Lịch tiêm chủng",
        *,
        seconds: float = 60,
        klass: BulletinClass = BulletinClass.ROUTINE,
        approved: bool = True,
        author: Any = None,
    ) -> int:
        """A bulletin with audio, approved by the leader."""
        lan, binh = author or self.cast.lan, self.cast.binh
        with self.database.transaction() as session:
            made = bulletins.create(
                session,
                lan,
                area_id=self.cast.commune,
                title=title,
                text=f"{title}. Mời bà con lắng nghe.",
                klass=klass,
                now=self.now,
            )
            self.speak(session, made, seconds)
            if approved:
                self._approve(session, made, lan, binh)
            return made.id

    def speak(self, session: Session, bulletin: Bulletin, seconds: float = 60) -> None:
        """Give the current version audio, as rendering does."""
        number = next(iter(self._numbers))
        digest = hashlib.sha256(f"clip {number}".encode()).hexdigest()
        clip = Clip(
            sha256=digest,
            key=digest,
            media_type="audio/mpeg",
            size=6000,
            duration_ms=int(seconds * 1000),
            engine="espeak",
            engine_version="1",
            loudness=-16.0,
            true_peak=-1.5,
            peaks=[],
            created_at=self.now,
        )
        session.add(clip)
        session.flush()
        bulletin.current.clip_id, bulletin.current.render_state = clip.id, RenderState.READY
        session.flush()
        session.refresh(bulletin.current)

    def _approve(self, session: Session, bulletin: Bulletin, lan: Any, binh: Any) -> None:
        version = bulletins.submit(session, lan, bulletin.id, now=self.now).current
        assert version.clip is not None
        bulletins.approve(
            session,
            binh,
            bulletin.id,
            version=version.number,
            text_sha256=version.text_sha256,
            audio_sha256=version.clip.sha256,
            now=self.now,
        )

    def approve(self, bulletin_id: int, seconds: float = 60) -> None:
        """Speak and approve the current version of a draft."""
        with self.database.transaction() as session:
            bulletin = session.get_one(Bulletin, bulletin_id)
            self.speak(session, bulletin, seconds)
            self._approve(session, bulletin, self.cast.lan, self.cast.binh)

    def schedule(
        self,
        *times: str,
        bulletin_ids: Iterable[int] | None = None,
        area_id: int | None = None,
        frequency: Frequency = Frequency.DAILY,
        **rule: Any,
    ) -> Schedule:
        bulletin_ids = list(bulletin_ids) if bulletin_ids is not None else [self.bulletin()]
        with self.database.transaction() as session:
            return programme.create_schedule(
                session,
                self.cast.lan,
                Intent(
                    area_id or self.cast.commune,
                    bulletin_ids,
                    Rule(
                        frequency,
                        rule.pop("starts_on", dt.date(2026, 3, 2)),
                        tuple(dt.time.fromisoformat(time) for time in times or ("17:00",)),
                        **rule,
                    ),
                ),
                title="Bản tin sáng",
                now=self.now,
            )

    def plan(self, now: dt.datetime | None = None, **options: Any) -> int:
        """One planning, as the leader does it; returns how many desired states changed."""
        at = now or self.now
        with self.database.transaction() as session:
            return Planner(session, self.wire, at, DAYS).plan(**options)

    def hear(self, *messages: Inbound, now: dt.datetime | None = None) -> reports.Ingested:
        with self.database.transaction() as session:
            return reports.ingest(session, messages, self.wire, now or self.now)

    def broadcasts(self) -> list[Broadcast]:
        with self.database.transaction(read_only=True) as session:
            return list(session.scalars(select(Broadcast).order_by(Broadcast.start, Broadcast.id)))

    def deliveries(self, broadcast: Broadcast | None = None) -> list[Delivery]:
        query = select(Delivery).order_by(Delivery.broadcast_id, Delivery.loudspeaker_id)
        if broadcast is not None:
            query = query.where(Delivery.broadcast_id == broadcast.id)
        with self.database.transaction(read_only=True) as session:
            return list(session.scalars(query))

    def loudspeaker(self, box: Box) -> Loudspeaker:
        with self.database.transaction(read_only=True) as session:
            found = session.scalar(select(Loudspeaker).where(Loudspeaker.device == box.device))
            assert found is not None
            return found

    def outbox(self) -> list[tuple[str, Order]]:
        """What waits to leave, opened as a loudspeaker would, in the order of leaving."""
        keys = KeySet([self.wire.key.public])
        with self.database.transaction(read_only=True) as session:
            rows = session.scalars(select(OutboxMessage).order_by(OutboxMessage.urgency, OutboxMessage.id))
            return [(row.topic, open_order(row.payload, keys)) for row in rows if row.payload]

    def clear_outbox(self) -> None:
        with self.database.transaction() as session:
            for row in session.scalars(select(OutboxMessage)):
                session.delete(row)


@pytest.fixture
def stage(database: Database, cast: Any, wire: Wire, now: dt.datetime) -> Stage:
    return Stage(database, cast, wire, now)
