"""FEMA: alerts are rejected because a certificate has ended, and nobody had noticed that it would.

The month in which the server's key ends passes in leaps of the clock. It is told 30, 7 and 1 day before;
the new key takes over while both count, also for a box that was away; after that what only the ended key
has signed is refused. Every week each loudspeaker is asked under seal to examine itself.
"""

from __future__ import annotations

import datetime as dt
import json

import msgspec
import pytest
from sqlalchemy import func, select

from broadcast.demo_texts import CODE
from broadcast.models import Alarm, AlertsDocument, Broadcast, Bulk, JournalRow
from broadcast.plans import documents
from broadcast.signing import keyring
from broadcast.speakers.alarms import Kind
from broadcast.storage.moments import to_ms
from broadcast.units import policies
from devices.envelope import SigningKey, seal
from devices.messages import Action, Alert, Alerts, ItemState
from devices.speaker.ports import Message
from schedules.types import LOCAL

FORGED = "u-forged"
BY_DAY = {"windows": [{"start": "05:00", "end": "21:30"}]}  # at night a self-test is silent, and short


@pytest.fixture
def station(make_station, sqlite_url):
    """The server's key ends on a night in a little more than a month."""
    made = make_station(sqlite_url, loudspeakers=2)
    tonight = dt.datetime.combine(made.now().astimezone(LOCAL), dt.time(22, 30), tzinfo=LOCAL)
    made.ends = tonight + dt.timedelta(days=32)
    age_the_key(made)
    with made.database.transaction() as session:
        binh = made.person(session, made.cast.binh_id)
        policies.save(session, binh, made.cast.commune_id, values=BY_DAY, now=made.now())
    made.leap(made.ends - dt.timedelta(days=31))
    made.serve_here()
    made.start_fleet()
    return made


def age_the_key(station) -> None:
    """As if it had been made two years ago."""
    listed = station.settings.keys_dir / keyring.SET_FILE
    content = json.loads(listed.read_text())
    [key] = content["keys"]
    key["not_after"] = to_ms(station.ends)
    key["created_at"] = to_ms(station.ends - keyring.VALID)
    listed.write_text(json.dumps(content))


def test_the_end_of_a_key_is_told_in_time_another_takes_over_and_the_old_one_counts_no_more(station):
    here, away = [identity.device for identity in station.identities]
    flood = station.prepared_urgent("Lũ về. Bà con di chuyển lên cao.")
    old = station.wire.keys.current.newest.signing
    week = self_tested(station)
    station.fleet.power_off(away)
    for days in (30, 7, 1):
        station.leap(station.ends - dt.timedelta(days=days))
        with_care(station, lambda days=days: warnings(station)[-1:] == [days], f"the alarm of {days} days")
    assert warnings(station) == [30, 7, 1]
    assert self_tested(station) > week

    keyring.rotate(station.settings.keys_dir, station.now())
    with_care(station, lambda: Kind.SERVER_KEY_EXPIRES not in station.alarms(), "the alarm is over")
    station.fleet.power_on(away)  # it knows the old key alone
    station.wait_online(2)
    first = station.send_urgent(flood)
    station.wait_over(first)
    assert {each.state for each in station.deliveries(first)} == {ItemState.DONE}

    station.leap(station.ends + dt.timedelta(days=1))
    sign_with_the_ended_key(station, old, first)
    station.wait_for(lambda: all(answers(station, each) for each in (here, away)), "both have seen it")
    assert answers(station, here) | answers(station, away) == {"bad_signature"}
    station.wait_for(lambda: "bad_signature" in station.alarms(), "the alarm of the forgery")
    second = station.send_urgent(flood)
    station.wait_over(second)
    assert {each.state for each in station.deliveries(second)} == {ItemState.DONE}


def with_care(station, holds, what: str) -> None:
    """Until it holds, with the server seeing again and again to what it sees to every ten minutes."""

    def looked() -> bool:
        station.hurry("care")
        return holds()

    station.wait_for(looked, what)


def warnings(station) -> list[int]:
    """The days of all alarms of the server's key so far."""
    query = select(Alarm).where(Alarm.kind == Kind.SERVER_KEY_EXPIRES).order_by(Alarm.id)
    with station.database.transaction(read_only=True) as session:
        return [alarm.detail["days"] for alarm in session.scalars(query)]


def self_tested(station) -> int:
    """How often the weekly self-test was ordered so far, once each order was answered."""
    with_care(station, lambda: results(station) >= orders(station) > 0, "the self-test of the week")
    return orders(station)


def orders(station) -> int:
    weekly = Bulk.action == Action.SELF_TEST, Bulk.person_id.is_(None)
    with station.database.transaction(read_only=True) as session:
        return session.scalar(select(func.count(Bulk.id)).where(*weekly)) or 0


def results(station) -> int:
    found = JournalRow.event == "self_test"
    with station.database.transaction(read_only=True) as session:
        return session.scalar(select(func.count(JournalRow.id)).where(found)) or 0


def sign_with_the_ended_key(station, key: SigningKey, broadcast_id: int) -> None:
    """The announcement of before once more, by somebody who has found the old key."""
    now = to_ms(station.now())
    with station.database.transaction(read_only=True) as session:
        item = documents.item(session.get_one(Broadcast, broadcast_id), station.wire)
        rev = session.get_one(AlertsDocument, station.cast.commune_id).rev
    item = msgspec.structs.replace(item, id=FORGED, start=now, not_before=now, expires=now + 600_000)
    forged = Alerts(group=CODE, epoch=1, rev=rev + 9, issued_at=now, alerts=(Alert(item=item),))
    topic = station.wire.topics.alerts(CODE)
    station.system.link.publish_many([Message(topic, seal(forged, key), retain=False)])


def answers(station, device: str) -> set[str]:
    """What a loudspeaker's journal says to it."""
    journal = station.fleet.fleet.speakers[device].journal
    return {each.event for each in journal if each.item == FORGED or each.event == "bad_signature"}
