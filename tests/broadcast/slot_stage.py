"""Shortcuts for tests of slots: sounds, slots and validity made, plans read as loudspeakers read them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from broadcast.authoring import validity
from broadcast.models import Broadcast, BroadcastClip, BroadcastState, Bulletin, Clip, Sound
from broadcast.plans import documents
from broadcast.plans.planner import Planner
from broadcast.scheduling import programme
from broadcast.scheduling.intents import Intent
from devices.envelope import decode_plan
from devices.messages import BulletinClass, Item
from schedules.slots import Airings, Entry, Kind, Slot
from schedules.types import LOCAL, Frequency, Rule

DAYS = 7
MINUTE = 60_000
FLOW = Entry(Kind.FLOW, classes=frozenset({"priority", "routine"}), fixed=False)
PRIORITY = BulletinClass.PRIORITY


def make_sound(stage: Any, kind: Kind = Kind.TUNE, seconds: float = 20, area_id: int | None = None) -> Entry:
    """A sound in the library of a unit, as an entry of a slot."""
    with stage.database.transaction() as session:
        number = session.query(Clip).count() + 1
        clip = Clip(
            sha256=f"{number:064x}",
            key="",
            media_type="audio/mpeg",
            size=1000,
            duration_ms=int(seconds * 1000),
            engine="",
            engine_version="",
            loudness=-16.0,
            true_peak=-1.5,
            peaks=[],
            created_at=stage.now,
        )
        session.add(clip)
        session.flush()
        made = Sound(
            area_id=area_id or stage.cast.commune,
            kind=kind,
            title=f"{kind} {number}",
            clip_id=clip.id,
            created_by=stage.cast.lan.id,
            created_at=stage.now,
        )
        session.add(made)
        session.flush()
        return Entry(kind, str(made.id), clip.duration_ms)


def make_slot(
    stage: Any,
    *entries: Entry,
    minutes: float = 30,
    order: Sequence[int] = (),
    times: Sequence[str] = ("17:00",),
    area_id: int | None = None,
    languages: Sequence[str] = (),
    **rule: Any,
) -> int:
    with stage.database.transaction() as session:
        made = programme.create_schedule(
            session,
            stage.cast.lan,
            Intent(
                area_id or stage.cast.commune,
                order,
                Rule(
                    Frequency.DAILY,
                    dt.date(2026, 3, 2),
                    tuple(dt.time.fromisoformat(time) for time in times),
                    **rule,
                ),
                slot=Slot(int(minutes * MINUTE), entries or (FLOW,), tuple(languages)),
            ),
            title="Chương trình chiều",
            now=stage.now,
        )
        return made.id


def hold(
    stage: Any,
    bulletin_id: int,
    until: dt.datetime | None = None,
    airings: Airings | None = None,
    since: dt.datetime | None = None,
) -> None:
    with stage.database.transaction() as session:
        validity.save(
            session,
            stage.cast.lan,
            bulletin_id,
            valid_from=since,
            valid_until=until,
            airings=airings,
            now=stage.now,
        )


def move_to(stage: Any, bulletin_id: int, area_id: int) -> None:
    """Let a bulletin be a village's own."""
    with stage.database.transaction() as session:
        session.get_one(Bulletin, bulletin_id).area_id = area_id


def local(at: dt.datetime) -> str:
    return f"{at.astimezone(LOCAL):%d %H:%M}"


def aired(stage: Any, bulletin_id: int) -> list[str]:
    """When a bulletin is on the air by what is planned."""
    query = (
        select(Broadcast.start)
        .join(BroadcastClip, BroadcastClip.broadcast_id == Broadcast.id)
        .where(BroadcastClip.bulletin_id == bulletin_id, Broadcast.state != BroadcastState.CANCELLED)
        .order_by(Broadcast.start)
    )
    with stage.database.transaction(read_only=True) as session:
        return [local(at) for at in session.scalars(query)]


def plans(stage: Any) -> dict[str, list[Item]]:
    """By device, the items of the plan that it is told."""
    with stage.database.transaction(read_only=True) as session:
        return {
            wish.row.device: list(decode_plan(wish.body).items)
            for wish in documents.wanted(session, stage.wire, stage.now, DAYS)
        }


def told(stage: Any, item: Item) -> list[str]:
    """The titles of what an item plays."""
    with stage.database.transaction(read_only=True) as session:
        titles = {
            clip.sha256: bulletin.current.title
            for bulletin in session.scalars(select(Bulletin))
            if (clip := bulletin.current.clip) is not None
        }
        sounds_ = {each.clip.sha256: each.title for each in session.scalars(select(Sound))}
        return [(titles | sounds_)[clip.sha256] for clip in item.clips]


def inspect(stage: Any) -> Any:
    with stage.database.transaction(read_only=True) as session:
        return Planner(session, stage.wire, stage.now, DAYS).inspect()
