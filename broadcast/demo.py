"""The demonstration's commune, made and run through the same use cases as a real one."""

from __future__ import annotations

import datetime as dt
import math
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from devices.messages import Evidence
from schedules.types import LOCAL, Frequency, Rule

from . import console, setup
from .authoring import bulletins
from .demo_texts import CODE, COMMUNE, PLACES, ROAD, VILLAGES, Announcement
from .evidence import proof
from .evidence.proof import Verdict
from .models import AsRun, Broadcast, Bulletin, Delivery, LinkPurpose, RenderState, Role
from .scheduling import programme
from .scheduling.intents import Intent
from .units import areas, people

SIGN_IN_VALID = dt.timedelta(hours=12)
DAILY = (dt.time(5, 30), dt.time(17))
GAP_S = 2  # between two bulletins
DAYTIME = range(6, 20)  # hours in which a demonstration needs no exception from the allowed window
LAN_ROLES = (Role.EDITOR, Role.URGENT)


@dataclass(frozen=True, slots=True)
class Cast:
    """Who acts and where, by id."""

    commune_id: int
    lan_id: int
    binh_id: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a loudspeaker hangs."""

    device: str
    name: str
    area_id: int
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """One broadcast as its loudspeakers have reported it so far; offsets in ms after the earliest start."""

    title: str
    seconds: float
    speakers: int
    evidence: tuple[int, ...]  # of each loudspeaker; -1 while nothing left the server
    offsets_ms: tuple[float, ...]
    ended: int  # loudspeakers that have said their last word
    states: dict[str, int] = field(default_factory=dict)
    partly: int = 0  # loudspeakers that proved sound, but not to the end

    @property
    def proved(self) -> int:
        return sum(grade >= Evidence.RENDERED for grade in self.evidence) - self.partly

    @property
    def lowest(self) -> int:
        return min(self.evidence, default=-1)


def cast(session: Session, now: dt.datetime) -> Cast:
    """Who acts: as an earlier run left them, else a new commune."""
    token = setup.ensure_setup_link(session, now, renew=True)
    if token is not None:
        return _furnish(session, token, now)
    commune = areas.by_code(session, CODE)
    return Cast(commune.id, console.person(session, "lan").id, console.person(session, "binh").id)


def _furnish(session: Session, token: str, now: dt.datetime) -> Cast:
    """A commune of three villages, its leader binh and its officer lan."""
    binh = setup.set_up(
        session,
        token,
        commune=COMMUNE,
        code=CODE,
        villages=[village.name for village in VILLAGES],
        name="Nguyễn Văn Bình",
        username="binh",
        password=secrets.token_urlsafe(16),
        now=now,
    )
    commune = areas.by_code(session, CODE)
    if now.astimezone(LOCAL).hour not in DAYTIME:
        # whoever tries the demonstration at night must hear it too; real communes keep their hours
        for area_id in sorted(areas.descendants(session, commune.id)):
            areas.set_window(session, area_id, start="00:00", end="00:00", now=now, person_id=binh.id)
    lan = people.create_person(
        session, username="lan", name="Trần Thị Lan", title="Công chức văn hóa – xã hội", now=now, by=binh.id
    )
    for role in LAN_ROLES:
        people.grant(session, lan, role, commune.id, now=now, by=binh.id)
    return Cast(commune.id, lan.id, binh.id)


def places(session: Session, commune_id: int) -> list[Place]:
    """Where the loudspeakers of the demonstration hang: along the road of each village."""
    villages = sorted(areas.descendants(session, commune_id) - {commune_id})
    found = []
    for (number, area_id), (spot, label) in product(enumerate(villages), enumerate(PLACES)):
        village = VILLAGES[number]
        north, east = turned(ROAD[spot], 2.1 * number)
        found.append(
            Place(
                device=f"loa-{number + 1}{spot + 1:02}",
                name=f"Loa {label} {village.name.removeprefix('Thôn ')}",
                area_id=area_id,
                latitude=round(village.latitude + north, 6),
                longitude=round(village.longitude + east, 6),
            )
        )
    return found


def turned(point: tuple[float, float], angle: float) -> tuple[float, float]:
    north, east = point
    return (
        north * math.cos(angle) - east * math.sin(angle),
        north * math.sin(angle) + east * math.cos(angle),
    )


def write(session: Session, cast: Cast, announcements: Sequence[Announcement], now: dt.datetime) -> list[int]:
    """Lan writes the bulletins; returns their ids."""
    lan = people.get_person(session, cast.lan_id)
    return [
        bulletins.create(
            session,
            lan,
            area_id=cast.commune_id,
            title=each.title,
            text=each.text,
            klass=each.klass,
            source=each.source,
            document_number=each.number,
            now=now,
        ).id
        for each in announcements
    ]


def rendering(session: Session, bulletin_ids: Sequence[int]) -> list[Bulletin]:
    """The bulletins with their current versions, to see how far their audio is."""
    query = select(Bulletin).where(Bulletin.id.in_(bulletin_ids)).options(joinedload(Bulletin.current))
    return list(session.scalars(query.order_by(Bulletin.id).execution_options(populate_existing=True)))


def is_rendered(bulletin: Bulletin) -> bool:
    return bulletin.current.render_state is RenderState.READY


def approve(session: Session, cast: Cast, bulletin_ids: Sequence[int], now: dt.datetime) -> None:
    """Lan submits; binh approves the very text and the very audio."""
    lan, binh = (people.get_person(session, each) for each in (cast.lan_id, cast.binh_id))
    for bulletin_id in bulletin_ids:
        version = bulletins.submit(session, lan, bulletin_id, now=now).current
        bulletins.approve(
            session,
            binh,
            bulletin_id,
            version=version.number,
            text_sha256=version.text_sha256,
            audio_sha256=version.clip.sha256 if version.clip else "",
            now=now,
        )


def schedule(
    session: Session,
    cast: Cast,
    bulletin_ids: Sequence[int],
    *,
    first: dt.datetime,
    speed_up: float,
    now: dt.datetime,
) -> dt.datetime:
    """One airing of each bulletin, one after the other from ``first`` on; returns when the last one ends."""
    lan = people.get_person(session, cast.lan_id)
    start = first.replace(microsecond=0)
    for bulletin in rendering(session, bulletin_ids):
        clip = bulletin.current.clip
        local = start.astimezone(LOCAL)
        rule = Rule(Frequency.ONCE, local.date(), (local.time().replace(tzinfo=None),))
        programme.create_schedule(
            session,
            lan,
            Intent(cast.commune_id, [bulletin.id], rule),
            title=bulletin.current.title,
            now=now,
        )
        seconds = (clip.duration_ms if clip else 0) / 1000 / speed_up
        start += dt.timedelta(seconds=math.ceil(seconds) + GAP_S)
    return start


def keep_on_air(session: Session, cast: Cast, bulletin_ids: Sequence[int], now: dt.datetime) -> None:
    """What the commune plays every day from now on, so that the pages of the programme show one."""
    rule = Rule(Frequency.DAILY, now.astimezone(LOCAL).date(), DAILY)
    lan = people.get_person(session, cast.lan_id)
    programme.create_schedule(
        session,
        lan,
        Intent(cast.commune_id, bulletin_ids, rule),
        title="Chương trình hằng ngày",
        now=now,
    )


def outcomes(session: Session, since: dt.datetime) -> list[Outcome]:
    """Every broadcast that was made since then, in order of start."""
    query = select(Broadcast).where(Broadcast.created_at >= since).order_by(Broadcast.start, Broadcast.id)
    return [_outcome(session, broadcast) for broadcast in session.scalars(query)]


def _outcome(session: Session, broadcast: Broadcast) -> Outcome:
    deliveries = list(session.scalars(select(Delivery).where(Delivery.broadcast_id == broadcast.id)))
    began = list(
        session.scalars(
            select(AsRun.started_at).where(AsRun.broadcast_id == broadcast.id, AsRun.started_at.is_not(None))
        )
    )
    starts = sorted(at for at in began if at is not None)
    states: dict[str, int] = {}
    for delivery in deliveries:
        states[delivery.state.value] = states.get(delivery.state.value, 0) + 1
    return Outcome(
        title=broadcast.title,
        seconds=broadcast.duration_ms / 1000,
        speakers=len(deliveries),
        evidence=tuple(-1 if each.evidence is None else each.evidence for each in deliveries),
        offsets_ms=tuple((at - starts[0]).total_seconds() * 1000 for at in starts),
        ended=sum(each.state in proof.FINAL for each in deliveries),
        states=states,
        partly=sum(proof.verdict(each.state, each.evidence) is Verdict.PARTLY for each in deliveries),
    )


def sign_in_token(session: Session, person_id: int, now: dt.datetime) -> str:
    return people.issue_link(
        session, purpose=LinkPurpose.SIGN_IN, person_id=person_id, now=now, valid=SIGN_IN_VALID
    )
