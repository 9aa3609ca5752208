"""Yunnan: a fault in the playout of a province sounds the loudspeakers of ten prefectures at midnight.

28 November 2024. Whatever the server sends is signed and in order: the programme of the day set to 00:00,
a drill dressed as an emergency, a tone for everybody. Each loudspeaker keeps the quiet hours by itself, and
what is counted is not what they report but the samples that leave their outputs.
"""

from __future__ import annotations

import datetime as dt

import msgspec
import pytest
from sqlalchemy import select

from broadcast.demo_texts import CODE
from broadcast.evidence.proof import FINAL
from broadcast.models import AreaKind, Broadcast, CommandOrder
from broadcast.orders.command_effects import LAST
from broadcast.plans import documents
from broadcast.storage.moments import to_ms
from broadcast.units import areas, policies
from devices.envelope import seal
from devices.messages import Action, Alert, Alerts, AlertStatus, BulletinClass, ItemState
from devices.speaker.ports import RATE, Message
from schedules.types import LOCAL, Frequency, Rule

PREFECTURES = 10
IN_EACH = 3
ALL = PREFECTURES * IN_EACH
QUIET = {"quiet": [{"start": "22:00", "end": "05:00"}]}


@pytest.fixture
def province(make_station, sqlite_url):
    """Ten prefectures on an evening: open around the clock, but for the quiet nights of the province."""
    station = make_station(sqlite_url, loudspeakers=0)
    evening = dt.datetime.combine(station.now().astimezone(LOCAL), dt.time(20), tzinfo=LOCAL)
    station.leap(evening)
    with station.database.transaction() as session:
        binh = station.person(session, station.cast.binh_id)
        root = station.cast.commune_id
        areas.set_window(session, root, start="00:00", end="00:00", now=station.now(), person_id=binh.id)
        policies.save(session, binh, root, values=QUIET, now=station.now())
        station.identities = [
            station.register(session, f"loa-{number}-{pole}", f"Loa {pole}", prefecture)
            for number, prefecture in enumerate(prefectures(session, station))
            for pole in range(IN_EACH)
        ]
    station.serve_here()
    station.start_fleet(durable=False)
    return station


def prefectures(session, station) -> list[int]:
    return [
        areas.create(
            session,
            code=f"{CODE}.8{number}",
            name=f"Châu {number}",
            kind=AreaKind.DISTRICT,
            parent_id=station.cast.commune_id,
            now=station.now(),
            window_start="00:00",
            window_end="00:00",
        ).id
        for number in range(PREFECTURES)
    ]


def test_at_midnight_not_one_sample_sounds_in_ten_prefectures(province):
    province.order(Action.IDENTIFY)
    bulletin = province.approved_bulletin(
        "Chương trình ngày", "Bà con chú ý. Đây là chương trình trong ngày."
    )
    day = province.now().astimezone(LOCAL).date() + dt.timedelta(days=1)
    rule = Rule(Frequency.ONCE, day, (dt.time(0),))
    [programme] = province.planned(province.schedule_by(rule, [bulletin]), 1)
    province.bring_into_every_store(1)
    province.wait_for(lambda: province.samples_heard == ALL * RATE, "the tone of the evening")

    province.leap(programme.start - dt.timedelta(seconds=4))
    dress_a_drill_as_an_emergency(province, programme.id)
    province.order(Action.IDENTIFY)
    province.wait_over(programme.id)
    province.wait_for(lambda: len(tones(province)) == 2 * ALL, "every loudspeaker's answer to the tone")
    province.wait_for(lambda: len(drills(province)) == ALL, "what became of the drill everywhere")

    assert province.samples_heard == ALL * RATE
    told = {(each.state, each.reason) for each in province.deliveries(programme.id)}
    assert told == {(ItemState.REFUSED, "outside_hours")}
    assert set(drills(province)) == {ItemState.REFUSED}
    assert tones(province).count("outside_hours") == ALL


def dress_a_drill_as_an_emergency(province, broadcast_id: int) -> None:
    """What no officer can send: the fault is in the machine that signs."""
    with province.database.transaction(read_only=True) as session:
        item = documents.item(session.get_one(Broadcast, broadcast_id), province.wire)
    drill = msgspec.structs.replace(
        item, id="u-drill", klass=BulletinClass.EMERGENCY, status=AlertStatus.EXERCISE
    )
    root = CODE
    order = Alerts(group=root, epoch=1, rev=1, issued_at=to_ms(province.now()), alerts=(Alert(item=drill),))
    sealed = seal(order, *province.wire.keys.current.signers)
    province.system.link.publish_many([Message(province.wire.topics.alerts(root), sealed, retain=True)])


def drills(province) -> list[str]:
    """What became of it where it is over, by the journals of the loudspeakers."""
    last = province.fleet.fleet.heard("u-drill").values()
    return [event.event for event in last if event.event in FINAL]


def tones(province) -> list[str]:
    """The last word of each loudspeaker on each order of a tone."""
    over = CommandOrder.action == Action.IDENTIFY, CommandOrder.state.in_(LAST)
    with province.database.transaction(read_only=True) as session:
        return list(session.scalars(select(CommandOrder.code).where(*over)))
