"""A province in a database file of its own, written in bulk: communes, villages, loudspeakers and rules."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from broadcast.models import (
    Approval,
    Area,
    AreaClosure,
    AreaKind,
    Base,
    Bulletin,
    BulletinState,
    BulletinVersion,
    Clip,
    Loudspeaker,
    Person,
    RenderState,
    Schedule,
    ScheduleItem,
)
from broadcast.orders.outbox import Wire
from broadcast.signing.keyring import Keyring
from broadcast.storage.database import Database
from devices.envelope import SigningKey
from devices.messages import BulletinClass
from devices.topics import Topics
from schedules import recurrence
from schedules.types import Frequency, Rule

NOW = dt.datetime(2026, 3, 2, 1, 0, tzinfo=dt.UTC)  # Monday 08:00 in Vietnam
VILLAGES = 10  # in a commune
LOUDSPEAKERS = 5  # in a village
COMMUNE_RULES = 20  # and one of each village


@dataclass(frozen=True, slots=True)
class Size:
    """How much of the whole province there is."""

    communes: int

    @property
    def rules(self) -> int:
        return self.communes * (COMMUNE_RULES + VILLAGES)

    @property
    def loudspeakers(self) -> int:
        return self.communes * VILLAGES * LOUDSPEAKERS


@dataclass(frozen=True, slots=True)
class Province:
    """A database with everything but a plan."""

    database: Database
    wire: Wire
    size: Size


@contextlib.contextmanager
def province(communes: int, *, rules: bool = True) -> Iterator[Province]:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'province.db'}")
        try:
            database.migrate()
            with database.transaction() as session:
                _people(session)
                _areas(session, communes)
                _loudspeakers(session, communes)
                if rules:
                    _bulletins(session, communes)
                    _schedules(session, communes)
            yield Province(database, make_wire(), Size(communes))
        finally:
            database.dispose()


def make_wire(topics: str = "bench") -> Wire:
    return Wire(
        topics=Topics(topics),
        keys=Keyring.of(SigningKey.generate()),
        public_url="http://127.0.0.1:8080",
        broker_url="mqtt://127.0.0.1:1883",
    )


def rule(number: int) -> Rule:
    """Of every five: two daily, two weekly on one to three days, one on a single day of the month."""
    times = (dt.time(5 + number % 13, number * 7 % 60),)
    since = NOW.date() - dt.timedelta(days=30)
    if number % 5 < 2:
        return Rule(Frequency.DAILY, since, times)
    if number % 5 < 4:
        return Rule(Frequency.WEEKLY, since, times, frozenset({number % 7, number * 3 % 7, 2}))
    return Rule(Frequency.ONCE, NOW.date() + dt.timedelta(days=number % 30), times)


def commune_id(number: int) -> int:
    return 2 + number * (1 + VILLAGES)


def schedule_area(number: int) -> int:
    """Rules take turns: those of a commune, then one of each of its villages."""
    commune, place = divmod(number, COMMUNE_RULES + VILLAGES)
    return commune_id(commune) + max(0, place - COMMUNE_RULES + 1)


def _people(session: Session) -> None:
    for name in ("lan", "binh"):
        session.add(Person(username=name, name=name, created_at=NOW))
    session.flush()


def _areas(session: Session, communes: int) -> None:
    rows = [_area(1, "H40", AreaKind.PROVINCE, None, 0)]
    pairs = [(1, 1, 0)]
    for number in range(communes):
        id_ = commune_id(number)
        rows.append(_area(id_, f"H40.{number}", AreaKind.COMMUNE, 1, 1))
        pairs += [(id_, id_, 0), (1, id_, 1)]
        for village in range(id_ + 1, id_ + 1 + VILLAGES):
            rows.append(_area(village, f"H40.{number}.{village - id_}", AreaKind.VILLAGE, id_, 2))
            pairs += [(village, village, 0), (id_, village, 1), (1, village, 2)]
    session.execute(insert(Area), rows)
    names = ("ancestor_id", "descendant_id", "depth")
    session.execute(insert(AreaClosure), [dict(zip(names, pair, strict=True)) for pair in pairs])


def _area(id_: int, code: str, kind: AreaKind, parent_id: int | None, level: int) -> dict[str, Any]:
    return {"id": id_, "code": code, "name": code, "kind": kind, "parent_id": parent_id, "level": level}


def _loudspeakers(session: Session, communes: int) -> None:
    villages = (commune_id(number) + 1 + place for number in range(communes) for place in range(VILLAGES))
    rows = [
        {
            "device": f"loa-{area_id}-{number}",
            "name": f"Loa {number}",
            "area_id": area_id,
            "public_key": "",
            "broker_hash": "",
            "created_at": NOW - dt.timedelta(days=30),
        }
        for area_id in villages
        for number in range(LOUDSPEAKERS)
    ]
    session.execute(insert(Loudspeaker), rows)


def _bulletins(session: Session, communes: int) -> None:
    """One for each rule, spoken and approved."""
    numbers = range(communes * (COMMUNE_RULES + VILLAGES))
    ids = {number: number + 1 for number in numbers}
    texts = {number: f"Thông báo số {number}. Mời bà con lắng nghe." for number in numbers}
    hashes = {number: hashlib.sha256(texts[number].encode()).hexdigest() for number in numbers}
    sounds = {number: hashlib.sha256(b"clip %d" % number).hexdigest() for number in numbers}
    _rows(
        session,
        Clip,
        [
            {
                "id": ids[number],
                "sha256": sounds[number],
                "key": sounds[number],
                "media_type": "audio/mpeg",
                "size": 360_000,
                "duration_ms": 60_000 + number,
                "engine": "espeak",
                "engine_version": "1",
                "loudness": -16.0,
                "true_peak": -1.5,
                "peaks": [],
                "created_at": NOW,
            }
            for number in numbers
        ],
    )
    _rows(
        session,
        Bulletin,
        [
            {
                "id": ids[number],
                "area_id": schedule_area(number),
                "author_id": 1,
                "klass": BulletinClass.PRIORITY if number % 10 == 0 else BulletinClass.ROUTINE,
                "state": BulletinState.APPROVED,
                "created_at": NOW,
                "updated_at": NOW,
            }
            for number in numbers
        ],
    )
    _rows(
        session,
        BulletinVersion,
        [
            {
                "id": ids[number],
                "bulletin_id": ids[number],
                "number": 1,
                "title": f"Thông báo {number}",
                "text": texts[number],
                "text_sha256": hashes[number],
                "author_id": 1,
                "created_at": NOW,
                "render_state": RenderState.READY,
                "clip_id": ids[number],
            }
            for number in numbers
        ],
    )
    _rows(
        session,
        Approval,
        [
            {
                "version_id": ids[number],
                "person_id": 2,
                "approved": True,
                "text_sha256": hashes[number],
                "audio_sha256": sounds[number],
                "at": NOW,
            }
            for number in numbers
        ],
    )


def _schedules(session: Session, communes: int) -> None:
    numbers = range(communes * (COMMUNE_RULES + VILLAGES))
    _rows(
        session,
        Schedule,
        [
            {
                "id": number + 1,
                "area_id": schedule_area(number),
                "title": f"Bản tin {number}",
                "rule": recurrence.to_dict(rule(number)),
                "created_by": 1,
                "created_at": NOW,
            }
            for number in numbers
        ],
    )
    entries = [{"schedule_id": n + 1, "position": 0, "bulletin_id": n + 1} for n in numbers]
    _rows(session, ScheduleItem, entries)


def _rows(session: Session, table: type[Base], rows: list[dict[str, Any]]) -> None:
    session.execute(insert(table), rows)
