"""Slots that fill themselves, from what officers write to the signed plan of each village."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from broadcast import documents, programme, validity
from broadcast.models import Broadcast, BroadcastClip, BroadcastState, Bulletin, Clip, Sound
from broadcast.planner import NOTHING, Planner
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
    **rule: Any,
) -> int:
    with stage.database.transaction() as session:
        made = programme.create_slot(
            session,
            stage.cast.lan,
            area_id=area_id or stage.cast.commune,
            title="Chương trình chiều",
            slot=Slot(int(minutes * MINUTE), entries or (FLOW,)),
            order=order,
            rule=Rule(
                Frequency.DAILY,
                dt.date(2026, 3, 2),
                tuple(dt.time.fromisoformat(time) for time in times),
                **rule,
            ),
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


def test_priority_goes_first_then_the_officers_order_then_what_holds(stage: Any) -> None:
    stage.loudspeakers(1)
    late, first = stage.bulletin("Sau"), stage.bulletin("Trước")
    holding = stage.bulletin("Còn hạn")
    hold(stage, holding, stage.now + dt.timedelta(days=30))
    stage.bulletin("Không ai xếp")
    stage.bulletin("Ưu tiên", klass=PRIORITY)
    tune, closing = make_sound(stage), make_sound(stage, Kind.CLOSING)
    make_slot(stage, tune, FLOW, closing, order=[first, late])
    stage.plan()
    [items] = plans(stage).values()
    assert len(items) == 8
    assert told(stage, items[0]) == ["tune 6", "Ưu tiên", "Trước", "Sau", "Còn hạn", "closing 7"]
    assert items[0].klass is PRIORITY
    assert items[0].duration_ms == 4 * MINUTE + 40_000
    assert inspect(stage) == NOTHING


def test_a_slot_with_nothing_to_say_is_not_aired(stage: Any) -> None:
    stage.loudspeakers(1)
    make_slot(stage, make_sound(stage), FLOW)
    stage.plan()
    assert stage.broadcasts() == []
    stage.bulletin("Ưu tiên", klass=PRIORITY)
    stage.plan()
    assert len(stage.broadcasts()) == 8


def test_two_villages_hear_their_own_in_the_same_slot_and_all_others_what_is_common(stage: Any) -> None:
    east, west, middle = stage.loudspeakers(3)
    common = stage.bulletin("Chung", seconds=120)
    theirs = [stage.bulletin(title, seconds=seconds) for title, seconds in (("Đông", 60), ("Đoài", 90))]
    for bulletin_id, village in zip(theirs, stage.cast.villages, strict=False):
        move_to(stage, bulletin_id, village)
        hold(stage, bulletin_id, stage.now + dt.timedelta(days=30))
    make_slot(stage, order=[common])
    stage.plan()
    heard = {device: items[0] for device, items in plans(stage).items()}
    assert len({item.id for item in heard.values()}) == 1
    assert {device: told(stage, item) for device, item in heard.items()} == {
        east.device: ["Chung", "Đông"],
        west.device: ["Chung", "Đoài"],
        middle.device: ["Chung"],
    }
    assert all(len({item.id for item in items}) == len(items) == 8 for items in plans(stage).values())
    [duration] = {broadcast.duration_ms for broadcast in stage.broadcasts()}
    assert duration == 210_000
    assert inspect(stage) == NOTHING


def test_only_those_who_have_something_of_their_own_are_asked_to_play_it(stage: Any) -> None:
    east, *others = stage.loudspeakers(3)
    theirs = stage.bulletin("Đông")
    move_to(stage, theirs, stage.cast.villages[0])
    hold(stage, theirs, stage.now + dt.timedelta(days=30))
    make_slot(stage)
    stage.plan()
    assert {device: len(items) for device, items in plans(stage).items()} == {
        east.device: 8,
        **{box.device: 0 for box in others},
    }
    with stage.database.transaction(read_only=True) as session:
        addressed = session.scalars(select(Broadcast)).first().deliveries
        assert [each.loudspeaker.device for each in addressed] == [east.device]
    assert inspect(stage) == NOTHING
    stage.bulletin("Ưu tiên", klass=PRIORITY)
    stage.plan()
    assert {len(items) for items in plans(stage).values()} == {8}
    assert len(stage.deliveries(stage.broadcasts()[0])) == 3
    assert inspect(stage) == NOTHING
